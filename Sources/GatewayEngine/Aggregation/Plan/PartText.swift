internal import JSONStream

/// A text with references in braces: the path of a part, a query parameter, a header field. `{{` stands for a brace.
///
/// A value is put in by its kind: a string as it is, numbers and booleans as they are written, an array as its elements
/// with commas between them. What is null, an object, or not there at all, is missing: it is never put in as a word.
struct PartText: Sendable {
    enum Piece: Sendable {
        case literal([UInt8])
        case reference(PartReference)
    }

    enum Problem: Error {
        case openBrace
        case reference(PartReference.Problem, String)
    }

    /// What values must look like where they are put.
    enum Place {
        /// One segment of a path, or a part of one.
        case path
        /// A value of a query.
        case query
        /// A header field, whose value must be valid as a whole.
        case field
    }

    let pieces: [Piece]

    init(pieces: [Piece]) { self.pieces = pieces }

    init(_ text: String, in scope: PartReference.Scope) throws(Problem) {
        let braced: BracedText
        do { braced = try BracedText(text) } catch { throw .openBrace }
        var pieces: [Piece] = []
        for piece in braced.pieces {
            switch piece {
            case .literal(let bytes): pieces.append(.literal(bytes))
            case .name(let name):
                do {
                    pieces.append(.reference(try PartReference(name, in: scope)))
                } catch {
                    throw .reference(error, name)
                }
            }
        }
        self.pieces = pieces
    }

    var references: [PartReference] {
        pieces.compactMap { if case .reference(let reference) = $0 { reference } else { nil } }
    }

    /// The literal text with a letter for each reference: what the configuration itself has decided.
    var outline: [UInt8] {
        pieces.flatMap { piece in
            switch piece {
            case .literal(let bytes): bytes
            case .reference: [UInt8(ascii: "x")]
            }
        }
    }

    /// Why a text has no value.
    enum Missing: Error, Equatable {
        /// The client did not send it.
        case fromRequest
        /// A claim or another part does not have it.
        case fromElsewhere
    }

    /// Appends the text with its values; on an error something may have been appended.
    func write(_ values: PartValues, _ place: Place, into output: inout [UInt8]) throws(Missing) {
        for piece in pieces {
            switch piece {
            case .literal(let bytes): output += place == .field ? bytes : PartEncoding.literal(bytes, place)
            case .reference(let reference):
                let isRest = values.isRest(reference)
                let texts = values.texts(of: reference)
                guard !texts.isEmpty else { throw reference.missing }
                for (index, text) in texts.enumerated() {
                    if index > 0 { output.append(UInt8(ascii: ",")) }
                    // An empty segment would make another path.
                    if place == .path, text.isEmpty { throw reference.missing }
                    switch place {
                    case .path: PartEncoding.append(text, keepsSlashes: isRest, to: &output)
                    case .query: PartEncoding.append(text, keepsSlashes: false, to: &output)
                    case .field: output += text
                    }
                }
            }
        }
    }
}

extension PartReference {
    var missing: PartText.Missing {
        switch self {
        case .parameter, .header, .query, .method: .fromRequest
        case .input(let input, _): input == AggregateInput.request ? .fromRequest : .fromElsewhere
        }
    }
}

/// Bytes as they stand in a target.
enum PartEncoding {
    /// All but what RFC 3986 §2.3 reserves for nothing.
    static func append(_ bytes: [UInt8], keepsSlashes: Bool, to output: inout [UInt8]) {
        for byte in bytes {
            if PathBytes.isUnreserved(byte) || keepsSlashes && byte == UInt8(ascii: "/") {
                output.append(byte)
            } else {
                output += [UInt8(ascii: "%"), PathBytes.hexDigit(byte >> 4), PathBytes.hexDigit(byte & 15)]
            }
        }
    }

    /// Text of the configuration: what is reserved means itself there.
    static func literal(_ bytes: [UInt8], _ place: PartText.Place) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        for byte in bytes {
            if place == .query {
                append([byte], keepsSlashes: true, to: &output)
            } else if byte > 0x20, byte < 0x7F {
                output.append(byte)
            } else {
                append([byte], keepsSlashes: true, to: &output)
            }
        }
        return output
    }

    /// Whether a path has a segment `.` or `..`, which would lead somewhere else.
    static func hasDotSegment(_ target: [UInt8]) -> Bool {
        let path = target.prefix { $0 != UInt8(ascii: "?") }
        return path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).contains {
            $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8)
        }
    }

    /// Percent-decoded; `+` stays, which is a blank only in queries.
    static func decoded(_ bytes: Span<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            guard byte == UInt8(ascii: "%"), index + 1 < bytes.count else {
                output.append(byte)
                continue
            }
            let (high, low) = (PathBytes.hexValue(bytes[index]), PathBytes.hexValue(bytes[index + 1]))
            guard high < 16, low < 16 else {
                output.append(byte)
                continue
            }
            output.append(high << 4 | low)
            index += 2
        }
        return output
    }
}

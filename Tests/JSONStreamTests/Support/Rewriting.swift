import JSONStream

/// What came out, and the error that ended it.
struct Rewritten: Equatable, CustomStringConvertible {
    var output: [UInt8] = []
    var error: JSONError?

    var description: String { text(output) + (error.map { " error \($0.code) at \($0.offset)" } ?? "") }
}

func rewrite(
    _ input: [UInt8], _ plan: JSONRewritePlan, cuts: [Int] = [], bufferLimit: Int = JSONRewriter.defaultBufferLimit,
    limits: JSONLimits = JSONLimits(), resolve: (Int) -> JSONNode? = { _ in nil }
) -> Rewritten {
    let rewriter = JSONRewriter(plan, limits: limits, bufferLimit: bufferLimit)
    return rewrite(input, with: rewriter, cuts: cuts, resolve: resolve)
}

extension JSONRewritePlan.Operation {
    /// A constant, as text.
    static func set(_ target: String, _ text: [UInt8]) -> Self { .set(target, constant(text)) }
    static func `default`(_ target: String, _ text: [UInt8]) -> Self { .default(target, constant(text)) }

    private static func constant(_ text: [UInt8]) -> JSONTemplateValue {
        guard let node = try? JSONDocument(text).root else { preconditionFailure("no JSON") }
        return JSONTemplateValue(node)
    }
}

func rewrite(
    _ input: [UInt8], with rewriter: JSONRewriter, cuts: [Int] = [], resolve: (Int) -> JSONNode? = { _ in nil }
) -> Rewritten {
    var result = Rewritten()
    var begun = 0
    let ends = cuts + [input.count]
    do {
        for (number, end) in ends.enumerated() {
            // Each piece in a memory of its own, so that nothing may be kept of the last.
            let piece = Array(input[begun..<end])
            begun = end
            try rewriter.push(piece.span, isLast: number == ends.count - 1, resolve: resolve) { span in
                for index in span.indices { result.output.append(span[index]) }
            }
        }
    } catch {
        result.error = error
    }
    return result
}

/// Without the white space between tokens.
func minified(_ document: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    var inString = false
    var isEscape = false
    for byte in document {
        if inString {
            output.append(byte)
            if isEscape {
                isEscape = false
            } else if byte == 0x5C {
                isEscape = true
            } else if byte == 0x22 {
                inString = false
            }
        } else if byte > 0x20 {
            output.append(byte)
            inString = byte == 0x22
        }
    }
    return output
}

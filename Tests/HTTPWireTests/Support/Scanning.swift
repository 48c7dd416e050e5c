import HTTPWire

/// All that a request scan says, in values that can be compared.
struct ScannedRequest: Equatable, CustomStringConvertible {
    var error: WireError?
    /// How many bytes belong to the head, or nil if it did not get complete.
    var consumed: Int?
    var method = Method.other
    var methodText = ""
    var target = ""
    var path = ""
    var query: String?
    var authority = ""
    var version = 1
    var keepAlive = false
    var expectsContinue = false
    var secure: Bool?
    var fields: [PlainField] = []

    var description: String {
        if let error { return "error \(error.label)" }
        guard let consumed else { return "not complete" }
        return "\(methodText) \(target) path=\(path) query=\(query ?? "-") authority=\(authority) 1.\(version) "
            + "keepAlive=\(keepAlive) expects=\(expectsContinue) secure=\(secure as Any) \(fields) (\(consumed))"
    }
}

/// Feeds `input` in the pieces that `cuts` make, each in a memory of its own.
func scanRequest(_ input: [UInt8], cuts: [Int] = [], limits: HeadLimits = HeadLimits()) -> ScannedRequest {
    let head = RequestHead()
    var scanner = RequestScanner()
    var result = ScannedRequest()
    var start = 0
    for end in cuts + [input.count] {
        // A prefix that is not the scanner's business checks that `offset` is heeded.
        let piece = [0x0A, 0x00] + Array(input[start..<end])
        do {
            if case .complete(let consumed) = try scanner.scan(piece.span, from: 2, into: head, limits: limits) {
                result.consumed = start + consumed
                break
            }
        } catch {
            return ScannedRequest(error: error)
        }
        start = end
    }
    guard result.consumed != nil else { return result }
    let block = head.fields
    result.method = head.method
    result.methodText = text(block.bytes(head.methodText))
    result.target = text(block.bytes(head.target))
    result.path = text(block.bytes(head.path))
    result.query = head.hasQuery ? text(block.bytes(head.query)) : nil
    result.authority = text(block.bytes(head.authority))
    result.version = Int(head.minorVersion)
    result.keepAlive = head.keepAlive
    result.expectsContinue = head.expectsContinue
    result.secure = head.hasScheme ? head.isSecureScheme : nil
    result.fields = block.plain
    return result
}

struct ScannedResponse: Equatable {
    var error: WireError?
    var consumed: Int?
    var status = 0
    var reason = ""
    var version = 1
    var keepAlive = false
    var fields: [PlainField] = []
}

func scanResponse(_ input: [UInt8], cuts: [Int] = [], limits: HeadLimits = HeadLimits()) -> ScannedResponse {
    let head = ResponseHead()
    var scanner = ResponseScanner()
    var result = ScannedResponse()
    var start = 0
    for end in cuts + [input.count] {
        let piece = [0x0A, 0x00] + Array(input[start..<end])
        do {
            if case .complete(let consumed) = try scanner.scan(piece.span, from: 2, into: head, limits: limits) {
                result.consumed = start + consumed
                break
            }
        } catch {
            return ScannedResponse(error: error)
        }
        start = end
    }
    guard result.consumed != nil else { return result }
    let block = head.fields
    result.status = head.status
    result.reason = text(block.bytes(head.reason))
    result.version = Int(head.minorVersion)
    result.keepAlive = head.keepAlive
    result.fields = block.plain
    return result
}

/// What a body decoder made of its input.
struct DecodedBody: Equatable {
    var error: WireError?
    var payload: [UInt8] = []
    var trailers: [PlainField] = []
    /// How many bytes belong to the body, or nil if it did not get complete.
    var consumed: Int?
}

func decode(
    _ input: [UInt8], _ framing: BodyFraming, cuts: [Int] = [], limits: HeadLimits = HeadLimits(),
    closing: Bool = false
) -> DecodedBody {
    var decoder = BodyDecoder(framing, limits: limits)
    let trailers = HeaderBlock()
    var result = DecodedBody()
    var start = 0
    do {
        feeding: for end in cuts + [input.count] {
            let piece = Array(input[start..<end])
            var offset = 0
            while true {
                let before = offset
                switch try decoder.next(piece.span, from: &offset, trailers: trailers) {
                case .payload(let from, let count):
                    precondition(
                        count > 0 && from >= before && from + count == offset, "payload outside of what was used")
                    result.payload += piece[from..<from + count]
                    continue
                case .needMore:
                    precondition(offset == piece.count, "asked for more with input left")
                case .end(let consumedTo):
                    precondition(consumedTo == offset && decoder.isComplete)
                    result.consumed = start + offset
                    break feeding
                }
                break
            }
            start = end
        }
        if closing && result.consumed == nil {
            try decoder.endOfStream()
            result.consumed = input.count
        }
    } catch {
        return DecodedBody(error: error)
    }
    if result.consumed != nil { result.trailers = trailers.plain }
    return result
}

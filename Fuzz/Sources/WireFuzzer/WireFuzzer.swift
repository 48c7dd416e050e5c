import HTTPWire

/// What the fuzzer calls with each input. The first byte chooses what is read (a request, a response, a chunked body)
/// and at which steps the rest is cut; the rest is what comes from the network.
///
/// Beside traps and wrong memory accesses, which the sanitizer finds, three things are held: the outcome does not
/// depend on how the bytes are cut; what is let through is written in a form that is read as the same fields; and no
/// head holds more memory than its limits allow.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    guard size > 1 else { return 0 }
    // The fuzzer keeps the bytes for the time of the call.
    let choice = unsafe data[0]
    let bytes = unsafe Array(UnsafeBufferPointer(start: data + 1, count: size - 1))
    let step = 1 + Int(choice >> 2)
    switch choice & 3 {
    case 0, 1: check(readRequest(bytes, step: bytes.count) == readRequest(bytes, step: step), "request depends on cuts")
    case 2: check(readResponse(bytes, step: bytes.count) == readResponse(bytes, step: step), "response depends on cuts")
    default: check(readBody(bytes, step: bytes.count) == readBody(bytes, step: step), "body depends on cuts")
    }
    return 0
}

func check(_ holds: Bool, _ rule: StaticString) {
    guard holds else { fatalError(rule.description) }
}

func array(_ span: Span<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    for index in span.indices { result.append(span[index]) }
    return result
}

/// What came of an input, in a form that can be compared.
struct Reading: Equatable {
    var error: WireError?
    var consumed: Int?
    var parts: [[UInt8]] = []
}

let limits = HeadLimits(requestLine: 300, head: 2000, fields: 20)

func fields(_ block: HeaderBlock) -> [[UInt8]] {
    var parts: [[UInt8]] = []
    for index in 0..<block.count where !block.field(index).isRemoved {
        parts.append(array(block.name(index)))
        parts.append(array(block.value(index)))
    }
    return parts
}

func readRequest(_ bytes: [UInt8], step: Int) -> Reading {
    let head = RequestHead()
    var scanner = RequestScanner()
    var reading = Reading()
    var start = 0
    do {
        while start < bytes.count {
            let piece = Array(bytes[start..<min(bytes.count, start + step)])
            let outcome = try scanner.scan(piece.span, from: 0, into: head, limits: limits)
            check(head.fields.capacity < 64 * 1024, "a head takes too much memory")
            if case .complete(let consumed) = outcome {
                reading.consumed = start + consumed
                break
            }
            start += piece.count
        }
        guard reading.consumed != nil else { return reading }
        let block = head.fields
        for range in [head.methodText, head.target, head.path, head.query, head.authority] {
            reading.parts.append(array(block.bytes(range)))
        }
        reading.parts += fields(block)
        let framing = try Framing.ofRequest(head)
        reading.parts.append(Array("\(framing) \(head.keepAlive) \(head.expectsContinue)".utf8))
    } catch { return Reading(error: error) }
    checkRewriting(head.fields)
    return reading
}

/// Strips and writes a section, and reads it again.
func checkRewriting(_ block: HeaderBlock) {
    FieldRules.stripHopByHop(block)
    let buffer = WireBuffer(capacity: 16)
    buffer.append("GET / HTTP/1.0\r\n")
    let before = buffer.count
    block.write(into: buffer)
    check(buffer.count - before == block.wireSize, "the size is not that of what is written")
    buffer.append("\r\n")
    let again = RequestHead()
    var scanner = RequestScanner()
    let bytes = array(buffer.span)
    let outcome = try? scanner.scan(bytes.span, from: 0, into: again, limits: HeadLimits(head: 1 << 20, fields: 1000))
    check(outcome == .complete(consumed: bytes.count), "what is written is not one head")
    check(fields(again.fields) == fields(block), "what is written is not what was read")
}

func readResponse(_ bytes: [UInt8], step: Int) -> Reading {
    let head = ResponseHead()
    var scanner = ResponseScanner()
    var reading = Reading()
    var start = 0
    do {
        while start < bytes.count {
            let piece = Array(bytes[start..<min(bytes.count, start + step)])
            let outcome = try scanner.scan(piece.span, from: 0, into: head, limits: limits)
            if case .complete(let consumed) = outcome {
                reading.consumed = start + consumed
                break
            }
            start += piece.count
        }
        guard reading.consumed != nil else { return reading }
        let framing = try Framing.ofResponse(head, to: .get)
        let block = head.fields
        reading.parts = [array(block.bytes(head.reason)), Array("\(head.status) \(framing) \(head.keepAlive)".utf8)]
        reading.parts += fields(block)
    } catch { return Reading(error: error) }
    return reading
}

func readBody(_ bytes: [UInt8], step: Int) -> Reading {
    var decoder = BodyDecoder(.chunked, limits: limits)
    let trailers = HeaderBlock()
    var reading = Reading()
    var payload: [UInt8] = []
    var start = 0
    do {
        feeding: while start < bytes.count {
            let piece = Array(bytes[start..<min(bytes.count, start + step)])
            var offset = 0
            while true {
                switch try decoder.next(piece.span, from: &offset, trailers: trailers) {
                case .payload(let from, let count):
                    check(count > 0 && from + count == offset, "payload is not what was used")
                    payload += piece[from..<from + count]
                    continue
                case .needMore: check(offset == piece.count, "asks for more with input left")
                case .end(let consumedTo):
                    reading.consumed = start + consumedTo
                    break feeding
                }
                break
            }
            start += piece.count
        }
    } catch { return Reading(error: error) }
    check(trailers.capacity < 64 * 1024, "trailers take too much memory")
    reading.parts = [payload]
    if reading.consumed != nil { reading.parts += fields(trailers) }
    return reading
}

import HTTPWire
import Testing

/// A message and what it must come to, under the rule that says so.
struct Case: Sendable, CustomTestStringConvertible {
    let rule: String
    let input: String
    let error: WireError?

    init(_ rule: String, _ input: String, _ error: WireError?) {
        self.rule = rule
        self.input = input
        self.error = error
    }

    var testDescription: String { rule }
}

/// Scans whole, byte by byte, and cut at each place; says what came of it, which must always be the same.
func scanRequestEveryWay(_ input: [UInt8], limits: HeadLimits = HeadLimits()) -> ScannedRequest {
    let whole = scanRequest(input, limits: limits)
    #expect(scanRequest(input, cuts: Array(0..<input.count), limits: limits) == whole, "byte by byte")
    guard input.count <= 600 else { return whole }
    for cut in 0..<input.count {
        #expect(scanRequest(input, cuts: [cut], limits: limits) == whole, "cut at \(cut)")
    }
    return whole
}

func scanResponseEveryWay(_ input: [UInt8], limits: HeadLimits = HeadLimits()) -> ScannedResponse {
    let whole = scanResponse(input, limits: limits)
    #expect(scanResponse(input, cuts: Array(0..<input.count), limits: limits) == whole, "byte by byte")
    guard input.count <= 600 else { return whole }
    for cut in 0..<input.count {
        #expect(scanResponse(input, cuts: [cut], limits: limits) == whole, "cut at \(cut)")
    }
    return whole
}

func decodeEveryWay(
    _ input: [UInt8], _ framing: BodyFraming, limits: HeadLimits = HeadLimits(), closing: Bool = false
) -> DecodedBody {
    let whole = decode(input, framing, limits: limits, closing: closing)
    let single = decode(input, framing, cuts: Array(0..<input.count), limits: limits, closing: closing)
    #expect(single == whole, "byte by byte")
    guard input.count <= 600 else { return whole }
    for cut in 0..<input.count {
        #expect(decode(input, framing, cuts: [cut], limits: limits, closing: closing) == whole, "cut at \(cut)")
    }
    return whole
}

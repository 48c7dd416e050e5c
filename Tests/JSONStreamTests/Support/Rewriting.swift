import JSONStream

/// What came out, and the error that ended it.
struct Rewritten: Equatable, CustomStringConvertible {
    var output: [UInt8] = []
    var error: JSONError?

    var description: String { text(output) + (error.map { " error \($0.code) at \($0.offset)" } ?? "") }
}

func rewrite(
    _ input: [UInt8], _ plan: JSONRewritePlan, cuts: [Int] = [], bufferLimit: Int = JSONRewriter.defaultBufferLimit,
    limits: JSONLimits = JSONLimits()
) -> Rewritten {
    let rewriter = JSONRewriter(plan, limits: limits, bufferLimit: bufferLimit)
    return rewrite(input, with: rewriter, cuts: cuts)
}

func rewrite(_ input: [UInt8], with rewriter: JSONRewriter, cuts: [Int] = []) -> Rewritten {
    var result = Rewritten()
    var begun = 0
    let ends = cuts + [input.count]
    do {
        for (number, end) in ends.enumerated() {
            // Each piece in a memory of its own, so that nothing may be kept of the last.
            let piece = Array(input[begun..<end])
            begun = end
            try rewriter.push(piece.span, isLast: number == ends.count - 1) { span in
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

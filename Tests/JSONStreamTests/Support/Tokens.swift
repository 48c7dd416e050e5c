import JSONStream

/// What came of a document: its tokens, fragments joined, or why it was refused.
struct Reading: Equatable, CustomStringConvertible {
    struct Item: Equatable {
        var kind: JSONToken.Kind
        var text: [UInt8]
        var isEscaped: Bool
    }

    var items: [Item] = []
    var error: JSONError?

    var description: String {
        let texts = items.map { "\($0.kind):\(String(decoding: $0.text, as: UTF8.self))" }.joined(separator: " ")
        return error.map { "\(texts) error \($0.code) at \($0.offset)" } ?? texts
    }
}

/// Feeds `input` in the pieces that `cuts` make, each in a memory of its own; the last is empty if asked.
func read(_ input: [UInt8], cuts: [Int] = [], limits: JSONLimits = JSONLimits(), emptyLast: Bool = false) -> Reading {
    var tokenizer = JSONTokenizer(limits: limits)
    var reading = Reading()
    var begun = 0
    var isComplete = true
    let ends = cuts + [input.count] + (emptyLast ? [input.count] : [])
    do {
        for (number, end) in ends.enumerated() {
            let piece = Array(input[begun..<end])
            begun = end
            var offset = 0
            pieces: while true {
                let token = try tokenizer.next(piece.span, from: &offset, isLast: number == ends.count - 1)
                switch token.kind {
                case .needMore, .end: break pieces
                default:
                    isComplete = token.isLast
                    let text = Array(piece[token.start..<token.end])
                    if token.isFirst {
                        reading.items.append(.init(kind: token.kind, text: text, isEscaped: token.isEscaped))
                    } else {
                        reading.items[reading.items.count - 1].text += text
                        reading.items[reading.items.count - 1].isEscaped = token.isEscaped
                    }
                }
            }
        }
    } catch {
        reading.error = error
        // Whether something of an unfinished text came before the error depends on the cuts.
        if !isComplete { reading.items.removeLast() }
    }
    return reading
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

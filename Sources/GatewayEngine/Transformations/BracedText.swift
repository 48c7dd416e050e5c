/// A text with names in braces, taken apart: `tenant-{header.x-tenant}`. `{{` stands for a brace. What the names mean is
/// for those who use it.
struct BracedText {
    enum Piece {
        /// Never empty, unless it is the only one.
        case literal([UInt8])
        case name(String)
    }

    struct OpenBrace: Error {}

    let pieces: [Piece]

    init(_ text: String) throws(OpenBrace) {
        var pieces: [Piece] = []
        var literal: [UInt8] = []
        var rest = Substring(text)
        while let character = rest.popFirst() {
            if character == "{", rest.first == "{" {
                rest.removeFirst()
                literal.append(UInt8(ascii: "{"))
            } else if character == "{" {
                guard let end = rest.firstIndex(of: "}") else { throw OpenBrace() }
                if !literal.isEmpty { pieces.append(.literal(literal)) }
                literal = []
                pieces.append(.name(String(rest[..<end])))
                rest = rest[rest.index(after: end)...]
            } else {
                literal += Array(String(character).utf8)
            }
        }
        if !literal.isEmpty || pieces.isEmpty { pieces.append(.literal(literal)) }
        self.pieces = pieces
    }
}

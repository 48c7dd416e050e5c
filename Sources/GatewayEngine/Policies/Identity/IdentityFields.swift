internal import GatewayConfiguration
internal import HTTPWire

/// The header fields that tell services who is asking: everything that any authentication of the configuration may set.
///
/// Services believe these fields because only the gateway can have set them. So they are taken out of every request that
/// comes in, on every route, excluded ones and those without authentication too, before anything else looks at it. Names
/// are compared as `IdentityName` says: in any case, and with any sign for the hyphen.
///
/// Most names are told apart by their length alone, which is one bit test, and most requests as a whole by the lengths of
/// all their unusual names.
struct IdentityFields: Sendable {
    /// Folded, each once.
    private let names: [[UInt8]]
    /// Bit n: a name of n bytes is there; the last bit for all that are longer.
    private let lengths: UInt64
    /// One of them is a name with a `KnownField`, whose length the block does not note.
    private let hasKnownName: Bool

    init(_ configuration: GatewayConfiguration) {
        self.init(IdentityName.headers(of: configuration))
    }

    init(_ names: Set<String>) {
        self.names = names.sorted().map { Array($0.utf8) }
        lengths = self.names.reduce(0) { $0 | HeaderBlock.lengthBit($1.count) }
        hasKnownName = self.names.contains { KnownField.lookup($0.span) != .none }
    }

    var isEmpty: Bool { lengths == 0 }

    /// Removes them, of a head or of trailers.
    func strip(_ fields: HeaderBlock) {
        guard hasKnownName || fields.mayHoldOther(ofLengths: lengths) else { return }
        for index in 0..<fields.count {
            let field = fields.field(index)
            if lengths & HeaderBlock.lengthBit(Int(field.name.count)) == 0 || field.isRemoved { continue }
            let name = fields.name(index)
            if contains(name) { fields.remove(at: index) }
        }
    }

    func contains(_ name: Span<UInt8>) -> Bool {
        for index in names.indices {
            let folded = names[index]
            if Self.equal(name, folded.span) { return true }
        }
        return false
    }

    private static func equal(_ name: Span<UInt8>, _ folded: Span<UInt8>) -> Bool {
        guard name.count == folded.count else { return false }
        for index in name.indices where IdentityName.folded(name[index]) != folded[index] { return false }
        return true
    }
}

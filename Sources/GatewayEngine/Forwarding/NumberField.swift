internal import HTTPWire

/// A header field whose name the configuration chooses and whose value is a number of the gateway's.
struct NumberField: Sendable {
    private let name: [UInt8]
    private let lowercaseName: [UInt8]

    init(_ name: String) {
        self.name = Array(name.utf8)
        lowercaseName = Bytes.lowercased(name)
    }

    /// Replaces what others have set under this name, in any spelling of it.
    func set(_ value: Int, in fields: HeaderBlock, scratch: WireBuffer) {
        let (name, lowercaseName) = (self.name, self.lowercaseName)
        fields.removeAll(named: lowercaseName.span, foldingUnderscores: true)
        scratch.removeAll()
        scratch.append(decimal: value)
        fields.append(name: name.span, value: scratch.span)
    }
}

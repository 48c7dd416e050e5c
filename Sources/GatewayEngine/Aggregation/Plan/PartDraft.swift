internal import GatewayConfiguration
internal import JSONStream

/// A part while it is compiled: its own texts are understood, who needs it is not known yet.
struct PartDraft {
    var configuration: PartConfiguration
    var path: PartText
    var query: [(name: [UInt8], value: PartText)] = []
    var headers: [(name: [UInt8], value: PartText)] = []
    var body: JSONTemplate?
    var each: (input: Int, path: JSONPath)?
    var pick: JSONPath?
    var fallback = CompiledPart.Fallback.fail
    var forward: [[UInt8]] = []

    private var texts: [PartText] { [path] + query.map(\.value) + headers.map(\.value) }

    /// Of all that it refers to.
    private var inputs: Set<Int> {
        var inputs = body?.inputs ?? []
        if let each { inputs.insert(each.input) }
        for case .input(let input, _) in texts.flatMap(\.references) { inputs.insert(input) }
        return inputs
    }

    var references: [Int] {
        inputs.filter { $0 >= AggregateInput.firstPart }.map { $0 - AggregateInput.firstPart }.sorted()
    }

    var reads: CompiledAggregate.Reads {
        var reads: CompiledAggregate.Reads = forward.isEmpty ? [] : .fields
        if inputs.contains(AggregateInput.request) { reads.formUnion(.document) }
        if inputs.contains(AggregateInput.claims) { reads.insert(.claims) }
        for reference in texts.flatMap(\.references) {
            switch reference {
            case .header: reads.insert(.fields)
            case .query: reads.insert(.query)
            case .parameter, .method, .input: break
            }
        }
        return reads
    }

    /// Names of the fields of the client's request that the call depends on.
    var varies: [[UInt8]] {
        forward
            + texts.flatMap(\.references).compactMap {
                if case .header(let name) = $0 { name } else { nil }
            }
    }
}

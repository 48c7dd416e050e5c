package import GatewayConfiguration
internal import HTTPWire
internal import JSONStream

/// An aggregate, compiled: what is called, in which order, and what is made of the answers. Immutable and shared by all
/// workers; what one request makes of it is an `AggregateMachine`.
package final class CompiledAggregate: Sendable {
    package let configuration: AggregateConfiguration
    let parts: [CompiledPart]
    /// The parts by the step in which they can first be called.
    package let steps: [[Int]]
    /// For each part, those that refer to it.
    let dependents: [[Int]]
    /// nil: one member a part.
    let shape: JSONTemplate?
    /// Nanoseconds; -1: the route's.
    let timeout: Int64
    /// `"errors":`; nil: the answer has no list of failed parts.
    let failedMember: [UInt8]?
    /// What has to be taken out of the client's request.
    let reads: Reads
    /// Names in lower case of the request fields that parts get or refer to: the answer depends on them.
    let varies: [[UInt8]]

    struct Reads: OptionSet, Sendable {
        let rawValue: UInt8
        static let fields = Reads(rawValue: 1)
        static let query = Reads(rawValue: 2)
        static let body = Reads(rawValue: 4)
        static let claims = Reads(rawValue: 8)
        static let document: Reads = [.fields, .query, .body]
    }

    init(
        _ configuration: AggregateConfiguration, parts: [CompiledPart], shape: JSONTemplate?, reads: Reads,
        varies: [[UInt8]]
    ) {
        self.configuration = configuration
        self.parts = parts
        self.shape = shape
        self.reads = reads
        self.varies = varies
        let references = parts.map(\.references)
        steps = PartOrder.steps(references)
        dependents = PartOrder.dependents(of: references)
        timeout = configuration.timeout?.nanoseconds ?? -1
        failedMember = configuration.failedParts.map { JSONStream.JSONText.quoted($0) + [UInt8(ascii: ":")] }
    }
}

/// One part, compiled.
final class CompiledPart: Sendable {
    enum Fallback: Sendable {
        case fail
        case omit
        /// JSON text.
        case value([UInt8])
        case pass
    }

    let configuration: PartConfiguration
    /// `"user":`
    let member: [UInt8]
    /// The place in the snapshot's services.
    let service: Int
    let method: Method
    let methodText: [UInt8]
    let path: PartText
    /// Names encoded, with their `=`.
    let query: [(name: [UInt8], value: PartText)]
    let headers: [(name: [UInt8], value: PartText)]
    let body: JSONTemplate?
    /// The array that is called for, element by element.
    let each: (input: Int, path: JSONPath)?
    let pick: JSONPath?
    let fallback: Fallback
    /// Nanoseconds; -1: the service's.
    let timeout: Int64
    /// Names in lower case, each once.
    let forward: [[UInt8]]
    /// The parts that it refers to, each once.
    let references: [Int]
    /// Somebody looks into its answer; else it is spliced in as it came.
    let isIndexed: Bool
    /// The name in the snapshot's `AccessLabels`.
    let label: Int32

    init(_ draft: PartDraft, service: Int, isIndexed: Bool, label: Int32) {
        configuration = draft.configuration
        member = JSONStream.JSONText.quoted(draft.configuration.name) + [UInt8(ascii: ":")]
        self.service = service
        let text = Array(draft.configuration.method.utf8)
        methodText = text
        method = Method.lookup(text.span)
        path = draft.path
        query = draft.query
        headers = draft.headers
        body = draft.body
        each = draft.each
        pick = draft.pick
        fallback = draft.fallback
        timeout = draft.configuration.timeout?.nanoseconds ?? -1
        forward = draft.forward
        references = draft.references
        self.isIndexed = isIndexed
        self.label = label
    }

    var name: String { configuration.name }
}

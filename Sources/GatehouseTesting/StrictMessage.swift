/// A request as it reached an origin, taken apart by the kit's own strict reader.
public struct StrictRequest: Sendable {
    public var method: String
    /// As on the wire.
    public var target: String
    public var version: String
    public var fields: FieldList
    public var framing: BodyFraming
    /// Without chunk framing.
    public var body: [UInt8] = []
    public var trailers = FieldList()
    /// The sizes of the chunks, when the body came chunked.
    public var chunkSizes: [Int] = []
    /// What stood behind chunk sizes, such as ";name=value".
    public var chunkExtensions: [String] = []
    /// The head's bytes, the empty line included.
    public var rawHead: [UInt8]

    public var bodyText: String { String(decoding: body, as: UTF8.self) }
}

/// A response as it reached a client.
public struct StrictResponse: Sendable {
    public var version: String
    public var status: Int
    public var reason: String
    public var fields: FieldList
    public var framing: BodyFraming
    /// The 1xx responses that came before it.
    public var informational: [StrictResponse] = []
    /// Without chunk framing.
    public var body: [UInt8] = []
    public var trailers = FieldList()
    public var chunkSizes: [Int] = []
    public var rawHead: [UInt8]

    public var bodyText: String { String(decoding: body, as: UTF8.self) }
}

/// How a message's body is delimited.
public enum BodyFraming: Sendable, Hashable {
    case none
    case length(Int)
    case chunked
    case untilClose
}

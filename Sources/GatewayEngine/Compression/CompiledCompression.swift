internal import ContentCodings
internal import GatewayConfiguration
internal import HTTPWire

/// What is compressed, and how; compiled once.
final class CompiledCompression: Sendable {
    /// The best first.
    let codings: [ContentCoding]
    /// For each of these.
    let levels: [Int]
    let minSize: Int
    private let types: [MediaPattern]

    init(_ configuration: CompressionConfiguration) {
        codings = configuration.algorithms.map(\.coding)
        levels = configuration.algorithms.map {
            configuration.levels[$0] ?? ContentEncoder.defaultLevel(of: $0.coding)
        }
        minSize = configuration.minSize
        types = configuration.types.map(MediaPattern.init)
    }

    /// Whether bodies of the type that the fields name are compressed.
    func names(_ fields: HeaderBlock) -> Bool {
        let index = fields.firstIndex(of: .contentType)
        guard index >= 0 else { return false }
        let type = MediaPattern.type(of: fields.value(index))
        for index in types.indices where types[index].matches(type) { return true }
        return false
    }

    /// For bodies that came compressed and were read on their way: nothing is asked again but what the client accepts.
    static let standard = CompiledCompression(CompressionConfiguration())
}

/// `text/html`, `text/*`, `application/*+json`; in lower case, without parameters.
struct MediaPattern: Sendable, Hashable {
    private let start: [UInt8]
    private let end: [UInt8]
    private let isExact: Bool

    init(_ text: String) {
        let text = text.lowercased()
        guard text != "*/*" else {
            start = []
            end = []
            isExact = false
            return
        }
        let halves = text.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
        start = Array(halves[0].utf8)
        end = halves.count > 1 ? Array(halves[1].utf8) : []
        isExact = halves.count == 1
    }

    func matches(_ type: Span<UInt8>) -> Bool {
        guard type.count >= start.count + end.count, !isExact || type.count == start.count else { return false }
        for index in start.indices where Self.lowercase(type[index]) != start[index] { return false }
        let offset = type.count - end.count
        for index in end.indices where Self.lowercase(type[offset + index]) != end[index] { return false }
        return true
    }

    /// The value of `Content-Type` without its parameters.
    @_lifetime(copy value)
    static func type(of value: Span<UInt8>) -> Span<UInt8> {
        var end = 0
        while end < value.count, value[end] != UInt8(ascii: ";") { end += 1 }
        while end > 0, value[end - 1] == 0x20 || value[end - 1] == 0x09 { end -= 1 }
        return value.extracting(0..<end)
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }
}

/// The compression of all routes, each distinct one once.
struct CompressionRules {
    private(set) var all: [CompiledCompression] = []
    private var places: [CompressionConfiguration: Int32] = [:]
    private let general: CompressionConfiguration?

    init(_ general: CompressionConfiguration?) { self.general = general }

    /// -1: nothing is compressed.
    mutating func add(_ route: RouteConfiguration) -> Int32 {
        guard let configuration = route.compression ?? general, configuration.isEnabled,
            !configuration.algorithms.isEmpty
        else { return -1 }
        if let place = places[configuration] { return place }
        let place = Int32(truncatingIfNeeded: all.count)
        places[configuration] = place
        all.append(CompiledCompression(configuration))
        return place
    }
}

extension CompressionConfiguration.Algorithm {
    fileprivate var coding: ContentCoding {
        switch self {
        case .zstd: .zstd
        case .br: .br
        case .gzip: .gzip
        }
    }
}

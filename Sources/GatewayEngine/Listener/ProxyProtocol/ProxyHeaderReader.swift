internal import GatewayConfiguration
internal import Reactor

/// Which connections of a listener begin with a PROXY header, as the data plane reads it.
struct CompiledProxyProtocol: Sendable {
    /// What a peer's address decides, before a byte is read: nothing is guessed from the bytes themselves, which a client
    /// could choose.
    enum Peer { case sendsHeader, isClient, isRefused }

    let versions: ProxyVersions
    let timeout: Int64
    private let trusted: [NetworkPrefix]
    private let servesOthers: Bool

    init(_ configuration: ProxyProtocolConfiguration, trustedProxies: [NetworkPrefix]) {
        versions =
            switch configuration.version {
            case .v1: .v1
            case .v2: .v2
            case .any: .any
            }
        timeout = configuration.timeout.nanoseconds
        trusted = configuration.trusted ?? trustedProxies
        servesOthers = configuration.others == .serve
    }

    func judge(_ address: SocketAddress) -> Peer {
        if trusted.contains(where: { $0.contains(high: address.high, low: address.low) }) { return .sendsHeader }
        return servesOthers ? .isClient : .isRefused
    }
}

/// Collects the PROXY header at the beginning of one connection, in whatever pieces it comes.
///
/// The header is read apart from what follows: the pieces are looked at while they still lie in the system, and only as
/// many bytes are taken as belong to it. So TLS finds its first record where it expects it, and nothing has to be passed
/// on by hand. It holds `ProxyHeaderParser.longestBlock` bytes at most.
final class ProxyHeaderReader {
    enum Progress {
        /// All bytes of the piece belong to the header.
        case needMore
        /// The header ends with the first `taken` bytes of the piece.
        case complete(ProxyHeader, taken: Int)
        case refused(ProxyHeaderResult)
    }

    let timeout: Int64
    private let versions: ProxyVersions
    private var bytes: [UInt8] = []

    init(_ rules: CompiledProxyProtocol) {
        timeout = rules.timeout
        versions = rules.versions
    }

    /// What it means that no more comes.
    var resultAtEnd: ProxyHeaderResult { bytes.isEmpty ? .closed : .incomplete }

    func read(_ piece: Span<UInt8>) -> Progress {
        let before = bytes.count
        // The parser answers before there are more: see its bounds.
        let count = min(piece.count, ProxyHeaderParser.longestBlock - before)
        for index in 0..<count { bytes.append(piece[index]) }
        switch ProxyHeaderParser.parse(bytes, accepting: versions) {
        case .needMore: return count < piece.count ? .refused(.tooLong) : .needMore
        case .complete(let header, let length): return .complete(header, taken: length - before)
        case .refused(let result): return .refused(result)
        }
    }
}

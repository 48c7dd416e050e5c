internal import HTTPWire
internal import Synchronization

/// The pages of the admin listener. Each is answered by the same exchange as any other request.
final class AdminPages: Sendable {
    /// What stands beside the pages.
    let api = AdminAPI()
    private let metrics: Metrics
    private let ready = Atomic<Bool>(false)

    init(metrics: Metrics) {
        self.metrics = metrics
    }

    /// Whether traffic should be sent here: after the start, until a drain begins.
    func setReady(_ ready: Bool) {
        self.ready.store(ready, ordering: .relaxed)
    }

    var isReady: Bool { ready.load(ordering: .relaxed) }

    /// Whether a path is answered whoever asks: probes have no credentials, and learn nothing.
    static func isOpen(_ path: Span<UInt8>) -> Bool {
        switch name(of: path) {
        case .live, .ready: true
        case .metrics, nil: false
        }
    }

    enum Page {
        case found(status: Int, contentType: StaticString)
        case methodNotAllowed
        case notFound
    }

    /// Writes the page's body and says what it is.
    func write(_ path: Span<UInt8>, method: Method, into buffer: WireBuffer) -> Page {
        guard let name = Self.name(of: path) else { return .notFound }
        guard method == .get || method == .head else { return .methodNotAllowed }
        switch name {
        case .metrics:
            metrics.write(into: buffer)
            return .found(status: 200, contentType: Metrics.contentType)
        case .live:
            buffer.append("{\"status\": \"alive\"}\n")
            return .found(status: 200, contentType: "application/json")
        case .ready:
            let ready = isReady
            buffer.append(ready ? "{\"status\": \"ready\"}\n" : "{\"status\": \"draining\"}\n")
            return .found(status: ready ? 200 : 503, contentType: "application/json")
        }
    }

    private enum Name { case metrics, live, ready }

    private static func name(of path: Span<UInt8>) -> Name? {
        if equals(path, "/metrics") { return .metrics }
        if equals(path, "/livez") { return .live }
        if equals(path, "/readyz") { return .ready }
        return nil
    }

    private static func equals(_ path: Span<UInt8>, _ text: StaticString) -> Bool {
        guard path.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { bytes in
            for index in 0..<path.count where unsafe path[index] != bytes[index] { return false }
            return true
        }
    }
}

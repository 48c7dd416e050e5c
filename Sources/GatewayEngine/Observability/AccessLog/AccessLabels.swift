package import GatewayConfiguration

/// The names that access records point at by index: routes with the line of the configuration that made them, services,
/// endpoints. Built once with a snapshot and never changed, so that any loop may read it.
///
/// Each name is kept as the finished piece of JSON that goes into a line (`,"route":"users","rule":"gateway.yaml:12"`),
/// all of them in one arena: 100,000 routes cost their text and four bytes each, and writing one is a single copy.
package final class AccessLabels: Sendable {
    private let arena: [UInt8]
    /// One more than there are names: the end of each is the start of the next.
    private let routes: [UInt32]
    private let services: [UInt32]
    private let endpoints: [UInt32]
    private let limits: [UInt32]
    private let parts: [UInt32]

    /// - Parameters:
    ///   - routes: name and place of each route, in the order of its index.
    ///   - endpoints: `host:port` of all endpoints of all services, in the order of the index that the engine gave them.
    package init(
        routes: [(name: String, location: SourceLocation)], services: [String], endpoints: [String],
        limits: [String] = [], parts: [String] = []
    ) {
        var arena: [UInt8] = []
        var piece = LineWriter(capacity: 256)
        var starts: [UInt32] = []

        // Finishes the piece in `piece`. The configuration is limited to far below the 4 GiB that an offset can name.
        func keep(_ piece: inout LineWriter, in arena: inout [UInt8], _ starts: inout [UInt32]) {
            starts.append(UInt32(truncatingIfNeeded: arena.count))
            // The pointer is used within the call only.
            unsafe piece.span.withUnsafeBufferPointer { unsafe arena.append(contentsOf: $0) }
            piece.reset()
        }

        starts.reserveCapacity(routes.count + 1)
        for route in routes {
            piece.append(",\"route\":")
            piece.append(quotedJSON: route.name)
            if route.location.line > 0 {
                piece.append(",\"rule\":\"")
                piece.append(json: route.location.file)
                piece.append(byte: UInt8(ascii: ":"))
                piece.append(decimal: route.location.line)
                piece.append(byte: UInt8(ascii: "\""))
            }
            keep(&piece, in: &arena, &starts)
        }
        starts.append(UInt32(truncatingIfNeeded: arena.count))
        self.routes = starts

        starts = []
        for service in services {
            piece.append(",\"service\":")
            piece.append(quotedJSON: service)
            keep(&piece, in: &arena, &starts)
        }
        starts.append(UInt32(truncatingIfNeeded: arena.count))
        self.services = starts

        starts = []
        for endpoint in endpoints {
            piece.append(",\"endpoint\":")
            piece.append(quotedJSON: endpoint)
            keep(&piece, in: &arena, &starts)
        }
        starts.append(UInt32(truncatingIfNeeded: arena.count))
        self.endpoints = starts

        starts = []
        for limit in limits {
            piece.append(",\"limit\":")
            piece.append(quotedJSON: limit)
            keep(&piece, in: &arena, &starts)
        }
        starts.append(UInt32(truncatingIfNeeded: arena.count))
        self.limits = starts

        starts = []
        for part in parts {
            piece.append("{\"part\":")
            piece.append(quotedJSON: part)
            keep(&piece, in: &arena, &starts)
        }
        starts.append(UInt32(truncatingIfNeeded: arena.count))
        self.parts = starts
        self.arena = arena
    }

    package static let empty = AccessLabels(routes: [], services: [], endpoints: [])

    func writeRoute(_ index: Int32, into line: inout LineWriter) { write(routes, index, into: &line) }
    func writeService(_ index: Int32, into line: inout LineWriter) { write(services, index, into: &line) }
    func writeLimit(_ index: Int32, into line: inout LineWriter) { write(limits, index, into: &line) }
    /// Begins an object.
    func writePart(_ index: Int32, into line: inout LineWriter) { write(parts, index, into: &line) }
    func writeEndpoint(_ index: Int32, into line: inout LineWriter) { write(endpoints, index, into: &line) }

    /// An index without a name writes nothing: a line with a gap serves its reader better than a trap.
    private func write(_ starts: [UInt32], _ index: Int32, into line: inout LineWriter) {
        let index = Int(index)
        guard index >= 0, index < starts.count - 1 else { return }
        let bytes = arena
        line.append(bytes.span.extracting(Int(starts[index])..<Int(starts[index + 1])))
    }
}

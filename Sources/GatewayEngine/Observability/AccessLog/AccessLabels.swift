package import GatewayConfiguration

/// The names that access records point at by index: routes with the line of the configuration that made them, services,
/// endpoints, limits, consumers. Built once with a snapshot and never changed, so that any loop may read it.
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
    private let consumers: [UInt32]
    private let handlers: [UInt32]

    /// - Parameters:
    ///   - routes: name and place of each route, in the order of its index.
    ///   - endpoints: `host:port` of all endpoints of all services, in the order of the index that the engine gave them.
    package init(
        routes: [(name: String, location: SourceLocation)], services: [String], endpoints: [String],
        limits: [String] = [], parts: [String] = [], consumers: [String] = [],
        handlers: [String] = []
    ) {
        var arena: [UInt8] = []
        var piece = LineWriter(capacity: 256)

        // Puts a piece for each item into the arena. The configuration is limited to far below the 4 GiB that an offset can
        // name.
        func keep<Item>(_ items: [Item], _ write: (Item, inout LineWriter) -> Void) -> [UInt32] {
            var starts: [UInt32] = []
            starts.reserveCapacity(items.count + 1)
            for item in items {
                starts.append(UInt32(truncatingIfNeeded: arena.count))
                write(item, &piece)
                // The pointer is used within the call only.
                unsafe piece.span.withUnsafeBufferPointer { unsafe arena.append(contentsOf: $0) }
                piece.reset()
            }
            starts.append(UInt32(truncatingIfNeeded: arena.count))
            return starts
        }

        func keep(_ names: [String], after member: StaticString) -> [UInt32] {
            keep(names) { name, piece in
                piece.append(member)
                piece.append(quotedJSON: name)
            }
        }

        self.routes = keep(routes) { route, piece in
            piece.append(",\"route\":")
            piece.append(quotedJSON: route.name)
            guard route.location.line > 0 else { return }
            piece.append(",\"rule\":\"")
            piece.append(json: route.location.file)
            piece.append(byte: UInt8(ascii: ":"))
            piece.append(decimal: route.location.line)
            piece.append(byte: UInt8(ascii: "\""))
        }
        self.services = keep(services, after: ",\"service\":")
        self.endpoints = keep(endpoints, after: ",\"endpoint\":")
        self.limits = keep(limits, after: ",\"limit\":")
        self.parts = keep(parts, after: "{\"part\":")
        self.consumers = keep(consumers, after: ",\"consumer\":")
        self.handlers = keep(handlers, after: ",\"handler\":")
        self.arena = arena
    }

    package static let empty = AccessLabels(routes: [], services: [], endpoints: [])

    func writeRoute(_ index: Int32, into line: inout LineWriter) { write(routes, index, into: &line) }
    func writeService(_ index: Int32, into line: inout LineWriter) { write(services, index, into: &line) }
    func writeLimit(_ index: Int32, into line: inout LineWriter) { write(limits, index, into: &line) }
    /// Begins an object.
    func writePart(_ index: Int32, into line: inout LineWriter) { write(parts, index, into: &line) }
    func writeConsumer(_ index: Int32, into line: inout LineWriter) { write(consumers, index, into: &line) }
    func writeHandler(_ index: Int32, into line: inout LineWriter) { write(handlers, index, into: &line) }
    func writeEndpoint(_ index: Int32, into line: inout LineWriter) { write(endpoints, index, into: &line) }

    /// An index without a name writes nothing: a line with a gap serves its reader better than a trap.
    private func write(_ starts: [UInt32], _ index: Int32, into line: inout LineWriter) {
        let index = Int(index)
        guard index >= 0, index < starts.count - 1 else { return }
        let bytes = arena
        line.append(bytes.span.extracting(Int(starts[index])..<Int(starts[index + 1])))
    }
}

/// A server of a cluster, as the cluster names it.
package struct ClusterNode: Hashable, Sendable {
    package var host: String
    package var port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }
}

/// Which server of a cluster answers for which slots: what `CLUSTER SLOTS` says. Replicas are left out, as limits are
/// only ever counted at the master.
package struct ClusterTopology: Equatable, Sendable {
    /// Servers, at most. More are no cluster that could be worked with.
    static let mostNodes = 1_000
    private static let nobody: UInt16 = .max

    package private(set) var nodes: [ClusterNode] = []
    /// By slot: the place in `nodes`.
    private var owners = [UInt16](repeating: nobody, count: HashSlot.count)

    package init() {}

    /// nil: nobody is known to answer for it.
    package func owner(of slot: Int) -> ClusterNode? {
        guard owners.indices.contains(slot), owners[slot] != Self.nobody else { return nil }
        return nodes[Int(owners[slot])]
    }

    /// One slot has moved: what is known of the others stays.
    package mutating func move(_ slot: Int, to node: ClusterNode) {
        guard owners.indices.contains(slot), let place = place(of: node) else { return }
        owners[slot] = place
    }

    private mutating func place(of node: ClusterNode) -> UInt16? {
        if let known = nodes.firstIndex(of: node) { return UInt16(known) }
        guard nodes.count < Self.mostNodes else { return nil }
        nodes.append(node)
        return UInt16(nodes.count - 1)
    }

    /// Reads the whole answer that begins at `start`.
    ///
    /// - Parameter asked: the host that was asked, which stands for the server that does not know its own name.
    package init(
        _ bytes: Span<UInt8>, from start: Int, reader: RESPReader, asked: String
    ) throws(RESPReader.Fault) {
        var position = start
        let ranges = try Self.list(bytes, &position, reader)
        for _ in 0..<ranges {
            let count = try Self.list(bytes, &position, reader)
            guard count >= 3 else { throw .unexpected }
            let first = try Self.number(bytes, &position, reader, HashSlot.count - 1)
            let last = try Self.number(bytes, &position, reader, HashSlot.count - 1)
            let node = try Self.node(bytes, &position, reader, asked)
            for _ in 3..<count { position = try reader.end(bytes, from: position) ?? position }
            guard first <= last, let place = place(of: node) else { throw .unexpected }
            for slot in first...last { owners[slot] = place }
        }
    }

    private static func node(
        _ bytes: Span<UInt8>, _ position: inout Int, _ reader: RESPReader, _ asked: String
    ) throws(RESPReader.Fault) -> ClusterNode {
        let count = try list(bytes, &position, reader)
        guard count >= 2 else { throw .unexpected }
        var host = asked
        switch try reader.next(bytes, at: &position) {
        case .bulk(let range):
            let text = ClusterRedirection.text(bytes.extracting(range))
            guard let text else { throw .unexpected }
            // A server that has not been told its address says nothing, or "?".
            if !text.isEmpty, text != "?" { host = text }
        case .null: break
        default: throw .unexpected
        }
        let port = try number(bytes, &position, reader, 65_535)
        for _ in 2..<count { position = try reader.end(bytes, from: position) ?? position }
        return ClusterNode(host: host, port: UInt16(port))
    }

    private static func list(
        _ bytes: Span<UInt8>, _ position: inout Int, _ reader: RESPReader
    ) throws(RESPReader.Fault) -> Int {
        guard case .array(let count) = try reader.next(bytes, at: &position) else { throw .unexpected }
        return count
    }

    private static func number(
        _ bytes: Span<UInt8>, _ position: inout Int, _ reader: RESPReader, _ most: Int
    ) throws(RESPReader.Fault) -> Int {
        guard case .integer(let value) = try reader.next(bytes, at: &position), (0...Int64(most)).contains(value) else {
            throw .unexpected
        }
        return Int(value)
    }
}

/// Where a server of a cluster sends a question on to: `MOVED 3999 127.0.0.1:6381` for good, `ASK …` for this once.
package struct ClusterRedirection: Hashable, Sendable {
    package var isForOnce: Bool
    package var slot: Int
    package var node: ClusterNode

    /// - Parameter asked: the host that said so, which is meant where none is named.
    package init?(_ message: Span<UInt8>, asked: String) {
        guard let text = Self.text(message) else { return nil }
        let words = text.split(separator: " ")
        guard words.count >= 3, words[0] == "MOVED" || words[0] == "ASK", let slot = Int(words[1]),
            (0..<HashSlot.count).contains(slot), let colon = words[2].lastIndex(of: ":"),
            let port = UInt16(words[2][words[2].index(after: colon)...])
        else { return nil }
        let host = String(words[2][..<colon])
        isForOnce = words[0] == "ASK"
        self.slot = slot
        node = ClusterNode(host: host.isEmpty || host == "?" ? asked : host, port: port)
    }

    /// Printable ASCII; nil for anything else, and for what is longer than any name.
    static func text(_ bytes: Span<UInt8>) -> String? {
        guard bytes.count <= 300 else { return nil }
        var text: [UInt8] = []
        for index in bytes.indices {
            guard (0x20...0x7E).contains(bytes[index]) else { return nil }
            text.append(bytes[index])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

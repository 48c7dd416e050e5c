@testable import Reactor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A name server for tests: one UDP socket on loopback, on the same loop as what is tested, that answers as it is told.
final class DNSServer: DescriptorHandler {
    enum Kind: UInt16 {
        case a = 1
        case cname = 5
        case aaaa = 28
    }

    struct Record {
        var name: String
        var kind: Kind
        var timeToLive: UInt32
        var data: [UInt8]

        static func a(_ name: String, _ text: String, ttl: UInt32 = 300) -> Record {
            let address = SocketAddress(literal: text, port: 0)!
            let data = (0..<4).map { UInt8(truncatingIfNeeded: address.low >> (24 - 8 * UInt64($0))) }
            return Record(name: name, kind: .a, timeToLive: ttl, data: data)
        }
        static func aaaa(_ name: String, _ text: String, ttl: UInt32 = 300) -> Record {
            let address = SocketAddress(literal: text, port: 0)!
            let data = [address.high, address.low].flatMap { word in
                (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) }
            }
            return Record(name: name, kind: .aaaa, timeToLive: ttl, data: data)
        }
        static func cname(_ name: String, _ target: String, ttl: UInt32 = 300) -> Record {
            Record(name: name, kind: .cname, timeToLive: ttl, data: DNSServer.encode(target))
        }
    }

    enum Reply {
        case records([Record])
        /// A response code without records: 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED.
        case code(UInt8)
        case silence
        /// "Ask again by TCP", where nobody listens.
        case truncated
        /// A good answer, changed on its way.
        case changed([Record], (inout [UInt8]) -> Void)
        /// A good answer behind one with another question's number.
        case afterForgery([Record])
    }

    struct Question: Hashable {
        var name: String
        var kind: UInt16
    }

    private(set) var address = SocketAddress.loopback
    private(set) var questions: [Question] = []
    var reply: (Question) -> Reply
    private let loop: EventLoop

    init(_ loop: EventLoop, reply: @escaping (Question) -> Reply) {
        self.loop = loop
        self.reply = reply
        super.init()
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        var (storage, length) = SocketAddress.loopback.storage
        let bound = unsafe withUnsafePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, length) }
        }
        precondition(bound == 0, "no port for the name server: \(errno)")
        address = ListeningSocket.address(of: descriptor)!
        _ = loop.descriptors.addLevel(self, read: true, write: false)
    }

    /// Answers A and AAAA questions from one list, with the aliases that lead there; other names do not exist.
    convenience init(_ loop: EventLoop, zone: [Record]) {
        self.init(loop) { DNSServer.answer($0, from: zone) }
    }

    static func answer(_ question: Question, from zone: [Record]) -> Reply {
        var name = question.name
        var found: [Record] = []
        while let alias = zone.first(where: { $0.kind == .cname && $0.name == name }) {
            found.append(alias)
            guard let target = zone.first(where: { encode($0.name) == alias.data })?.name else { break }
            name = target
        }
        found += zone.filter { $0.name == name && $0.kind.rawValue == question.kind }
        return zone.contains { $0.name == question.name } ? .records(found) : .code(3)
    }

    func close() {
        guard descriptor >= 0 else { return }
        loop.descriptors.remove(self)
        _ = systemClose(descriptor)
        descriptor = -1
    }

    override func descriptorIsReady(_ readiness: Readiness) {
        while descriptor >= 0 {
            var packet = [UInt8](repeating: 0, count: 4_096)
            var (sender, _) = SocketAddress.loopback.storage
            var length = socklen_t(MemoryLayout.size(ofValue: sender))
            let count = unsafe withUnsafeMutablePointer(to: &sender) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe recvfrom(descriptor, &packet, packet.count, 0, $0, &length)
                }
            }
            if count < 0 { return }
            for response in respond(Array(packet[..<count])) {
                _ = unsafe withUnsafePointer(to: &sender) { pointer in
                    unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        unsafe sendto(descriptor, response, response.count, 0, $0, length)
                    }
                }
            }
        }
    }

    private func respond(_ query: [UInt8]) -> [[UInt8]] {
        guard let (question, end) = Self.question(in: query) else { return [] }
        questions.append(question)
        let asked = Array(query[12..<end])
        func response(_ records: [Record], code: UInt8 = 0, flags: UInt8 = 0) -> [UInt8] {
            // Same number, "response, recursion desired and available", one question, the answers.
            var bytes = [query[0], query[1], 0x81 | flags, 0x80 | code, 0, 1]
            bytes += [UInt8(records.count >> 8), UInt8(records.count & 0xFF), 0, 0, 0, 0] + asked
            for record in records {
                bytes += Self.encode(record.name) + [0, UInt8(record.kind.rawValue), 0, 1]
                bytes += (0..<4).map { UInt8(truncatingIfNeeded: record.timeToLive >> (24 - 8 * UInt32($0))) }
                bytes += [UInt8(record.data.count >> 8), UInt8(record.data.count & 0xFF)] + record.data
            }
            return bytes
        }
        switch reply(question) {
        case .records(let records): return [response(records)]
        case .code(let code): return [response([], code: code)]
        case .silence: return []
        case .truncated: return [response([], flags: 0x02)]
        case .changed(let records, let change):
            var bytes = response(records)
            change(&bytes)
            return [bytes]
        case .afterForgery(let records):
            var forged = response([.a(question.name, "203.0.113.66")])
            forged[1] ^= 0xFF
            return [forged, response(records)]
        }
    }

    private static func question(in query: [UInt8]) -> (Question, Int)? {
        var labels: [String] = []
        var index = 12
        while index < query.count, query[index] != 0 {
            let end = index + 1 + Int(query[index])
            guard end < query.count else { return nil }
            labels.append(String(decoding: query[(index + 1)..<end], as: UTF8.self))
            index = end
        }
        guard index + 5 <= query.count else { return nil }
        let kind = UInt16(query[index + 1]) << 8 | UInt16(query[index + 2])
        return (Question(name: labels.joined(separator: "."), kind: kind), index + 5)
    }

    static func encode(_ name: String) -> [UInt8] {
        name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }
}

private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }

import Foundation
import GatehouseTesting
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A name server on loopback that knows one name: every A question is answered with its addresses, every other question
/// about it with nothing, and every other name with NXDOMAIN. It ends with the test.
private final class OneNameServer: Sendable {
    let port: UInt16
    private let descriptor: Int32

    init(name: String, addresses: [[UInt8]]) throws {
        #if canImport(Glibc)
            let kind = Int32(SOCK_DGRAM.rawValue)
        #else
            let kind = SOCK_DGRAM
        #endif
        let descriptor = socket(AF_INET, kind, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // The address is a local variable; the calls keep no pointer to it.
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        try #require(isBound)
        self.descriptor = descriptor
        port = UInt16(bigEndian: address.sin_port)
        // A thread of its own: those of tasks may all be held by tests that wait.
        Thread.detachNewThread { OneNameServer.serve(descriptor, OneNameServer.encoded(name), addresses) }
    }

    deinit {
        _ = shutdown(descriptor, Int32(SHUT_RDWR))
        _ = close(descriptor)
    }

    private static func encoded(_ name: String) -> [UInt8] {
        name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    private static func serve(_ descriptor: Int32, _ name: [UInt8], _ addresses: [[UInt8]]) {
        var question = [UInt8](repeating: 0, count: 512)
        while true {
            var peer = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            // Buffer and address are local variables.
            let count = unsafe withUnsafeMutablePointer(to: &peer) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe recvfrom(descriptor, &question, question.count, 0, $0, &length)
                }
            }
            guard count > 12 else { return }
            let answer = reply(Array(question[..<count]), name, addresses)
            _ = unsafe withUnsafePointer(to: &peer) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe sendto(descriptor, answer, answer.count, 0, $0, length)
                }
            }
        }
    }

    /// RFC 1035 §4: the header with the question copied, then the records, whose name points to the question.
    private static func reply(_ message: [UInt8], _ name: [UInt8], _ addresses: [[UInt8]]) -> [UInt8] {
        let nameEnd = (message[12...].firstIndex(of: 0) ?? message.count - 5) + 1
        let asked = message[12..<nameEnd].map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
        let isKnown = asked == name
        let records = isKnown && message[nameEnd + 1] == 1 ? addresses : []
        let flags: [UInt8] = [0x85, isKnown ? 0x80 : 0x83]
        let head = message[..<2] + flags + [0, 1, 0, UInt8(records.count), 0, 0, 0, 0]
        return head + message[12..<nameEnd + 4]
            + records.flatMap { [0xC0, 12, 0, 1, 0, 1, 0, 0, 1, 0, 0, 4] + $0 }
    }
}

/// Endpoints with names.
@Suite struct Names {
    @Test func localhostNeedsNoServer() throws {
        let origin = try ScriptedUpstream(named: "origin")
        let url = origin.url.replacingHost(by: "localhost")
        try withGateway(service(at: url), origin) { gateway in
            #expect(gateway.ask("GET /a") == "origin GET /a")
        }
    }

    /// Two of the three addresses refuse connections: every request gets through all the same.
    @Test func allAddressesAreTried() throws {
        let origin = try ScriptedUpstream(named: "origin")
        let server = try OneNameServer(
            name: "shop.test", addresses: [[127, 0, 0, 9], [127, 0, 0, 1], [127, 0, 0, 10]])
        let gateway = try GatewayProcess(
            service(at: origin.url.replacingHost(by: "shop.test"), "timeouts: { keep_alive: 0s }"),
            environment: ["GATEHOUSE_NAME_SERVERS": "127.0.0.1:\(server.port)"])
        for index in 0..<9 { #expect(gateway.ask("GET /\(index)") == "origin GET /\(index)") }
        try gateway.stop()
        try origin.check()
    }

    @Test func aNameThatDoesNotExistIsSaid() throws {
        let server = try OneNameServer(name: "shop.test", addresses: [])
        let gateway = try GatewayProcess(
            service(at: "http://nowhere.test:80"),
            environment: ["GATEHOUSE_NAME_SERVERS": "127.0.0.1:\(server.port)"])
        #expect(gateway.ask("GET /a") == "502 name_not_resolved")
        try gateway.stop()
    }
}

extension String {
    /// The same URL of the kit's origins with another host.
    fileprivate func replacingHost(by host: String) -> String {
        "http://\(host):\(self.split(separator: ":").last ?? "")"
    }
}

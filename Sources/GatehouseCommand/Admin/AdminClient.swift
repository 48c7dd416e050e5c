internal import CSystem
internal import HTTPWire
internal import Reactor

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Asks a running gateway's admin API, one call at a time, and waits for each.
struct AdminClient {
    let target: AdminTarget
    let addresses: [SocketAddress]

    /// A reload waits for files, and for every worker.
    private static let patience: Int64 = 60_000_000_000
    private static let connectTime: Int64 = 5_000_000_000

    struct Reply {
        var status: Int
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }

        /// - Throws: `Outcome` when it is something else: another program answers there.
        func decoded<Value: Decodable>(_ type: Value.Type) throws(Outcome) -> Value {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            do {
                return try decoder.decode(type, from: Data(body))
            } catch {
                throw Outcome(.cannotStart, "what answers there does not speak this version of the admin API")
            }
        }
    }

    /// An error as the API tells it.
    private struct Refusal: Decodable {
        struct Finding: Decodable {
            var file: String
            var line: Int
            var column: Int
            var message: String
            var fix: String?
        }
        var error: String
        var message: String
        var known: [String]?
        var errors: [Finding]?
    }

    /// The reply of a call that was done.
    ///
    /// - Parameter path: behind the API's prefix, its segments encoded.
    /// - Throws: `Outcome` with the reason when it was not.
    func call(_ method: String, _ path: String, body: String? = nil) throws(Outcome) -> Reply {
        let reply = try send(method, "/api/v1" + path, body: body)
        if reply.status == 200 { return reply }
        guard let refusal = try? reply.decoded(Refusal.self) else {
            throw Outcome(.cannotStart, "what answers at \(target.authority) is no admin API (status \(reply.status))")
        }
        var lines = [refusal.message]
        for finding in refusal.errors ?? [] {
            let place = finding.line > 0 ? "\(finding.file):\(finding.line):\(finding.column)" : finding.file
            lines.append("\(place): error: \(finding.message)")
            if let fix = finding.fix { lines.append("    fix: \(fix)") }
        }
        if let known = refusal.known, !known.isEmpty { lines.append("    there is: \(known.joined(separator: ", "))") }
        if refusal.error == "unauthorized" {
            lines.append("    fix: give the token by --token-file or GATEHOUSE_ADMIN_TOKEN")
        }
        throw Outcome(.refused, lines.joined(separator: "\n"))
    }

    /// One segment of a path.
    static func segment(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: ":"):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func send(_ method: String, _ path: String, body: String?) throws(Outcome) -> Reply {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: \(target.authority)\r\nAccept: application/json\r\n"
        if let token = target.token { head += "Authorization: Bearer \(token)\r\n" }
        if let body { head += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
        head += "Connection: close\r\n\r\n\(body ?? "")"
        var failure = AdminConversation.Failure.connect(ECONNREFUSED)
        for address in addresses {
            let conversation = AdminConversation(Array(head.utf8))
            do throws(AdminConversation.Failure) {
                return try conversation.run(
                    with: address, connectTime: Self.connectTime, patience: Self.patience)
            } catch {
                failure = error
                // Something that was sent is not sent again elsewhere.
                guard case .connect = error else { break }
            }
        }
        throw Outcome(.cannotStart, "\(failure.sentence(target.authority))")
    }
}

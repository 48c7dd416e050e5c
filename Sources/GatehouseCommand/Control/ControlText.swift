internal import CSystem
internal import GatewayConfiguration
internal import GatewayEngine
internal import Reactor

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The words that are spoken on the control socket.
enum ControlText {
    /// `listener 0 8080 127.0.0.1`, `admin 1 9901 ::1`: whose sockets come with it. Several messages with one number are
    /// one listener's.
    static func describe(_ sockets: PassedSockets, number: Int) -> String {
        "\(sockets.isAdmin == true ? "admin" : "listener") \(number) \(sockets.wanted.port) \(sockets.wanted.host)"
    }

    /// `drained http://10.0.0.1:8080 users`: an operator has taken it out. The name comes last, since it may hold spaces.
    static func describe(_ endpoint: DrainedEndpoint) -> String { "drained \(endpoint.url) \(endpoint.service)" }

    /// nil when the message is something else.
    static func drained(_ message: LocalSocket.Message) -> DrainedEndpoint? {
        let words = message.text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count == 3, words[0] == "drained", message.descriptors.isEmpty else { return nil }
        return DrainedEndpoint(service: String(words[2]), url: String(words[1]))
    }

    /// Adds what a message brings; false when it is something else.
    static func take(_ message: LocalSocket.Message, into all: inout [PassedSockets]) -> Bool {
        let words = message.text.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard words.count == 4, words[0] == "listener" || words[0] == "admin", let number = Int(words[1]),
            let port = UInt16(words[2]), number >= 0, number == all.count || number == all.count - 1
        else { return false }
        let before = number < all.count ? all.removeLast().descriptors : []
        all.append(
            PassedSockets(
                wanted: SocketAddressConfiguration(host: String(words[3]), port: port), isAdmin: words[0] == "admin",
                descriptors: before + message.descriptors))
        return true
    }

    /// What would change, as JSON.
    static func encode(_ report: ReloadReport) -> String {
        (try? JSONLines.pretty(ComparisonDocument(report))) ?? "{}"
    }

    static func decode(_ text: String) -> ComparisonDocument? {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try? decoder.decode(ComparisonDocument.self, from: Data(text.utf8))
    }

    static func reason(_ failure: LocalSocket.Failure) -> String {
        if failure.code == 0 { return "the other side ended it" }
        guard let text = unsafe strerror(failure.code) else { return "error \(failure.code)" }
        // A constant of the system, ended by a null.
        return unsafe String(cString: text).lowercased()
    }
}

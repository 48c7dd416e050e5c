internal import GatewayConfiguration

/// What limits are called in logs, metrics and response fields. A name belongs to one limit.
struct LimitNames: Sendable {
    private(set) var all: [String] = []
    private var uses: [String: Int] = [:]

    /// `/login`, `POST /login`, or `users`, the route.
    static func name(of override: LimitOverrideConfiguration) -> String {
        let methods = override.methods.joined(separator: ",")
        var place = override.path?.text ?? override.route ?? ""
        let who = override.consumer.map { "consumer \($0)" } ?? override.group.map { "group \($0)" }
        if let who { place = place.isEmpty ? who : "\(who) \(place)" }
        return methods.isEmpty ? place : "\(methods) \(place)"
    }

    /// The name as it may stand in a structured field (RFC 9651 §3.3.3), and its place among all.
    mutating func add(_ wanted: String) -> (name: String, label: Int32) {
        let bytes = wanted.utf8.map { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C ? $0 : UInt8(ascii: "_") }
        let base = bytes.isEmpty ? "limit" : String(decoding: bytes.prefix(56), as: UTF8.self)
        uses[base, default: 0] += 1
        let count = uses[base, default: 1]
        all.append(count == 1 ? base : "\(base)#\(count)")
        return (all[all.count - 1], Int32(truncatingIfNeeded: all.count - 1))
    }
}

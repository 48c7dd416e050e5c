internal import GatewayConfiguration
internal import Identity

/// The consumers of a configuration, and how credentials of every kind lead to them. Immutable, shared by all loops.
///
/// A consumer is known by its place, the order of the file: access records, limits and the lists of who may pass hold
/// that number.
final class ConsumerTable: Sendable {
    struct Consumer: Sendable {
        /// As services are told it.
        let name: [UInt8]
        /// Its groups with commas between; empty: none.
        let groups: [UInt8]
        /// nil: no password will do.
        let password: PasswordHash?
        let series: SeriesID
    }

    let consumers: [Consumer]
    let keys: APIKeyTable
    /// Whoever is nobody else; -1: nobody is that.
    let anonymous: Int32
    private let subjects: [[UInt8]: Int32]
    private let names: [[UInt8]: Int32]
    private let groups: [String: [Int]]

    init(_ configurations: [ConsumerConfiguration], metrics: Metrics, diagnostics: inout [Diagnostic]) {
        let series = metrics.assignConsumers(configurations.map(\.name))
        var consumers: [Consumer] = []
        var entries: [APIKeyTable.Entry] = []
        var subjects: [[UInt8]: Int32] = [:]
        var names: [[UInt8]: Int32] = [:]
        var groups: [String: [Int]] = [:]
        var anonymous: Int32 = -1
        for (place, configuration) in configurations.enumerated() {
            let number = Int32(truncatingIfNeeded: place)
            consumers.append(
                Consumer(
                    name: Array(configuration.name.utf8),
                    groups: Array(configuration.groups.joined(separator: ",").utf8),
                    password: Self.password(configuration, &diagnostics), series: series[place]))
            entries += configuration.apiKeys.map { APIKeyTable.Entry(stored: $0, consumer: place) }
            for subject in configuration.subjects { subjects[Array(subject.utf8)] = number }
            names[Array(configuration.name.utf8)] = number
            for group in configuration.groups { groups[group, default: []].append(place) }
            if configuration.name == ConsumerConfiguration.anonymous { anonymous = number }
        }
        self.consumers = consumers
        self.subjects = subjects
        self.names = names
        self.groups = groups
        self.anonymous = anonymous
        do throws(APIKeyTable.Fault) {
            keys = try APIKeyTable(entries)
        } catch {
            // Loading has looked at each of them; a configuration that was made in a program has not been loaded.
            diagnostics.append(
                Diagnostic(
                    .error, at: configurations.first?.location ?? .none,
                    "api_keys: not the hash of a key, or one twice",
                    fix: "write each key's hash once, as \"gatehouse key new\" gives it"))
            keys = APIKeyTable.empty
        }
    }

    var isEmpty: Bool { consumers.isEmpty }

    private static func password(
        _ configuration: ConsumerConfiguration, _ diagnostics: inout [Diagnostic]
    ) -> PasswordHash? {
        guard let secret = configuration.password else { return nil }
        if let hash = PasswordHash(String(decoding: secret.bytes, as: UTF8.self)) { return hash }
        diagnostics.append(
            Diagnostic(
                .error, at: configuration.location,
                "password: the hash is damaged, or asks for too little work or too much",
                fix: "make it anew: gatehouse key password"))
        return nil
    }

    /// Who that is; -1: no consumer.
    func place(ofSubject subject: [UInt8]) -> Int32 { subjects.isEmpty ? -1 : subjects[subject] ?? -1 }

    func place(ofUser user: [UInt8]) -> Int32 { names[user] ?? -1 }

    /// For each consumer, whether it or a group of its own is named.
    func places(of named: [String]) -> [Bool] {
        var found = [Bool](repeating: false, count: consumers.count)
        for name in named {
            let own = place(ofUser: Array(name.utf8))
            if own >= 0 { found[Int(own)] = true }
            for member in groups[name] ?? [] { found[member] = true }
        }
        return found
    }
}

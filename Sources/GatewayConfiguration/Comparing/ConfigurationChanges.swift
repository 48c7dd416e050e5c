/// What one configuration has otherwise than another: what a reload would do, or has done, by name.
///
/// Objects are compared by what they mean, with defaults filled in and references resolved; where they stand in the
/// file, and in which notation, is no difference. The order of routes is none either, since they are ranked by their
/// paths and not by their order.
package struct ConfigurationChanges: Sendable, Hashable {
    /// The objects of one kind.
    package struct Objects: Sendable, Hashable {
        package var added: [String] = []
        package var removed: [String] = []
        package var changed: [String] = []
        /// How many are as they were.
        package var kept = 0

        package var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }

        /// `1 added, 2 changed`, or `unchanged`.
        package var summary: String {
            let parts = [(added, "added"), (removed, "removed"), (changed, "changed")].filter { !$0.0.isEmpty }
            return parts.isEmpty ? "unchanged" : parts.map { "\($0.0.count) \($0.1)" }.joined(separator: ", ")
        }
    }

    package var listeners: Objects
    package var services: Objects
    package var routes: Objects
    /// Other sections that differ, by their key: `limits`, `timeouts`, `access_log` …
    package var settings: [String]

    package var isEmpty: Bool { listeners.isEmpty && services.isEmpty && routes.isEmpty && settings.isEmpty }

    package init(from old: GatewayConfiguration, to new: GatewayConfiguration) {
        listeners = Self.compare(old.listeners, new.listeners, \.name)
        services = Self.compare(old.services, new.services, \.name)
        routes = Self.compare(old.routes, new.routes, \.name)
        settings = [
            ("admin", old.admin == new.admin),
            ("workers", old.workers == new.workers),
            ("access_log", old.accessLog == new.accessLog),
            ("limits", old.limits == new.limits),
            ("timeouts", old.timeouts == new.timeouts),
            ("trusted_proxies", old.trustedProxies == new.trustedProxies),
            ("forwarding", old.forwarding == new.forwarding),
            ("auth", old.auth == new.auth),
            ("consumers", old.consumers == new.consumers),
            ("rate_limiting", old.rateLimiting == new.rateLimiting),
            ("policies", old.policies == new.policies),
            ("transformations", old.transformations == new.transformations),
            ("validate", old.validations == new.validations && old.schemaDocuments == new.schemaDocuments),
        ].filter { !$0.1 }.map(\.0)
        // A section that this list does not know must not pass as no change.
        var known = old
        known.listeners = new.listeners
        known.services = new.services
        known.routes = new.routes
        if settings.isEmpty && known != new { settings = ["other settings"] }
    }

    /// Names are unique within a kind.
    private static func compare<Object: Hashable>(
        _ old: [Object], _ new: [Object], _ name: KeyPath<Object, String>
    ) -> Objects {
        var result = Objects()
        var before: [String: Object] = [:]
        for object in old { before[object[keyPath: name]] = object }
        for object in new {
            guard let known = before.removeValue(forKey: object[keyPath: name]) else {
                result.added.append(object[keyPath: name])
                continue
            }
            if known == object { result.kept += 1 } else { result.changed.append(object[keyPath: name]) }
        }
        // In the order of the old configuration.
        result.removed = old.map { $0[keyPath: name] }.filter { before[$0] != nil }
        return result
    }
}

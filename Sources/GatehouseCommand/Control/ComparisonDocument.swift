internal import GatewayConfiguration
internal import GatewayEngine

/// What one configuration has otherwise than another, as `check --against` prints it: as lines, or as JSON.
struct ComparisonDocument: Codable, Equatable {
    struct Objects: Codable, Equatable {
        var added: [String]
        var removed: [String]
        var changed: [String]
        var kept: Int

        init(_ objects: ConfigurationChanges.Objects) {
            added = objects.added
            removed = objects.removed
            changed = objects.changed
            kept = objects.kept
        }
    }

    /// Why there is nothing to compare: findings, each in one line or two.
    var errors: [String]
    var listeners: Objects?
    var services: Objects?
    var routes: Objects?
    /// Keys of other sections that differ.
    var settings: [String]

    init(_ changes: ConfigurationChanges) {
        errors = []
        listeners = Objects(changes.listeners)
        services = Objects(changes.services)
        routes = Objects(changes.routes)
        settings = changes.settings
    }

    init(_ report: ReloadReport) {
        switch report.outcome {
        case .applied(let changes):
            self.init(changes)
        case .unchanged:
            self.init(errors: [])
        case .refused(let diagnostics):
            self.init(errors: diagnostics.map(\.description))
        case .failed(let reason):
            self.init(errors: [reason])
        }
    }

    init(errors: [String]) {
        self.errors = errors
        settings = []
    }

    var isEmpty: Bool {
        let all = [listeners, services, routes].compactMap { $0 }
        return settings.isEmpty && all.allSatisfy { $0.added.isEmpty && $0.removed.isEmpty && $0.changed.isEmpty }
    }

    /// `+ route users`, `~ service orders`, `- listener old`, and a line for what stays.
    func lines(colour: Bool) -> [String] {
        if !errors.isEmpty { return errors }
        var lines: [String] = []
        var kept: [String] = []
        for (noun, objects) in [("listener", listeners), ("service", services), ("route", routes)] {
            guard let objects else { continue }
            lines += objects.removed.map { Paint.bad("- \(noun) \($0)", colour) }
            lines += objects.changed.map { Paint.caution("~ \(noun) \($0)", colour) }
            lines += objects.added.map { Paint.good("+ \(noun) \($0)", colour) }
            if objects.kept > 0 { kept.append("\(objects.kept) \(noun)\(objects.kept == 1 ? "" : "s")") }
        }
        lines += settings.map { Paint.caution("~ \($0)", colour) }
        if isEmpty { return ["nothing would change"] }
        if !kept.isEmpty { lines.append("unchanged: \(kept.joined(separator: ", "))") }
        return lines
    }
}

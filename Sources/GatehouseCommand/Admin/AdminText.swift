/// What the commands print of the API's answers.
enum AdminText {
    static func status(
        _ status: StatusDocument, _ services: [ServiceDocument], _ splits: [SplitDocument], colour: Bool
    ) -> String {
        var lines = ["gatehouse \(status.version), \(status.state), up \(time(status.uptimeSeconds))"]
        let configuration = status.configuration
        var source = "\(configuration.services) services, \(configuration.routes) routes"
        if let path = configuration.path { source = "\(path): \(source)" }
        if let reload = configuration.lastReloadAt { source += ", reloaded \(reload)" }
        lines.append(source)
        if configuration.reloadsFailed > 0 {
            lines.append(Paint.caution("\(configuration.reloadsFailed) reloads failed", colour))
        }
        for listener in status.listeners {
            lines.append(
                listener.isAdmin
                    ? "admin on http://\(listener.address)"
                    : "listening on \(listener.isTls ? "https" : "http")://\(listener.address) (listener \"\(listener.name)\")"
            )
        }
        for table in [certificates(status.certificates ?? []), self.services(services), self.splits(splits)]
        where !table.isEmpty {
            lines += [""] + table.lines(colour: colour)
        }
        return lines.joined(separator: "\n")
    }

    private static func certificates(_ certificates: [StatusDocument.Certificate]) -> TextTable {
        var table = TextTable("CERTIFICATE", "LISTENER", "STATE", "UNTIL", "RENEWED", "LAST ERROR")
        for certificate in certificates {
            let more = certificate.names.count - 1
            let paint: Paint =
                switch certificate.state {
                case "valid": .good
                case "expires_soon", "ordering": .caution
                default: .bad
                }
            table.add(
                (certificate.names.first.map { more > 0 ? "\($0) +\(more)" : $0 } ?? "-", .strong),
                (certificate.listener, nil), (certificate.state, paint),
                (certificate.notAfter.map { String($0.prefix(10)) } ?? "-", nil),
                (certificate.isManaged ? "by acme" : "by hand", nil),
                (certificate.lastError ?? "", certificate.lastError == nil ? nil : .bad))
        }
        return table
    }

    private static func services(_ services: [ServiceDocument]) -> TextTable {
        var table = TextTable("SERVICE", "ENDPOINT", "STATE", "HEALTH", "WEIGHT", "IN FLIGHT", "BREAKER")
        for service in services {
            for (index, endpoint) in service.endpoints.enumerated() {
                let isFirst = index == 0
                table.add(
                    (isFirst ? service.name : "", .strong), (endpoint.url, nil), (endpoint.state, paint(endpoint)),
                    (endpoint.health, nil), ("\(endpoint.weight)", nil), ("\(endpoint.requestsInFlight)", nil),
                    (isFirst ? service.breaker : "", service.breaker == "open" ? .bad : nil))
            }
        }
        return table
    }

    private static func paint(_ endpoint: EndpointDocument) -> Paint {
        switch endpoint.state {
        case "available": .good
        case "draining", "without_weight", "unchecked": .caution
        default: .bad
        }
    }

    static func splits(_ splits: [SplitDocument]) -> TextTable {
        var table = TextTable("ROUTE", "SIDE", "WEIGHT", "IN THE FILE", "SET BY", "ANSWERS", "ERRORS")
        for split in splits {
            for (index, side) in split.sides.enumerated() {
                table.add(
                    (index == 0 ? split.route : "", .strong), (side.service, nil), ("\(side.weight)", nil),
                    ("\(side.configuredWeight)", nil), (index == 0 ? split.setBy : "", nil), ("\(side.answers)", nil),
                    ("\(side.errors)", side.errors > 0 ? .caution : nil))
            }
        }
        return table
    }

    /// The table of a split, and what its canary does.
    static func split(_ split: SplitDocument, colour: Bool) -> String {
        var lines = splits([split]).lines(colour: colour)
        if let canary = split.canary {
            var text = "canary \(canary.candidate): \(canary.state)"
            if let step = canary.step { text += ", step \(step + 1) of \(canary.steps.count)" }
            if let wait = canary.waitsFor { text += ", waits for \(wait)" }
            lines.append(text)
            if let why = canary.why { lines.append("  \(why)") }
        }
        return lines.joined(separator: "\n")
    }

    static func endpoint(_ endpoint: EndpointDocument, of service: String) -> String {
        var text = "\(service) \(endpoint.url): \(endpoint.state)"
        if endpoint.state == "draining" { text += ", \(endpoint.requestsInFlight) requests under way" }
        return text
    }

    static func reload(_ reload: ReloadDocument, colour: Bool) -> String {
        if reload.outcome == "unchanged" { return "the configuration is as it was" }
        var lines: [String] = []
        let kinds = [("listener", reload.listeners), ("service", reload.services), ("route", reload.routes)]
        for (noun, changes) in kinds {
            lines += changes.removed.map { Paint.bad("- \(noun) \($0)", colour) }
            lines += changes.changed.map { Paint.caution("~ \(noun) \($0)", colour) }
            lines += changes.added.map { Paint.good("+ \(noun) \($0)", colour) }
        }
        lines += reload.settings.map { Paint.caution("~ \($0)", colour) }
        lines += reload.warnings.map { "\($0.file):\($0.line):\($0.column): warning: \($0.message)" }
        lines += reload.needsRestart.map { "needs a restart: \($0)" }
        lines.append("reloaded in \(reload.milliseconds) ms")
        return lines.joined(separator: "\n")
    }

    /// `3d 4h`, `4h 12m`, `12m 3s`, `3s`.
    static func time(_ seconds: Int) -> String {
        let parts = [
            (seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s"),
        ]
        let shown = parts.drop { $0.0 == 0 }.prefix(2)
        return shown.isEmpty ? "0s" : shown.map { "\($0.0)\($0.1)" }.joined(separator: " ")
    }
}

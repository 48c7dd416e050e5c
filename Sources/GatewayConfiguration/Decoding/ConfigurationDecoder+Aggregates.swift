/// Aggregates: their parts as they are written. What the parts refer to, and so their order, is for the engine to find.
extension ConfigurationDecoder {
    /// nil for one that is no mapping, which the checker has reported.
    mutating func decodeAggregate(_ id: NodeID) -> AggregateConfiguration? {
        guard isMapping(id) else { return nil }
        var aggregate = AggregateConfiguration(location: location(id))
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .parts:
                if isMapping(value), document.node(value).count == 0 {
                    findings.error(at: location(value), "parts: there are none", fix: "add a part")
                }
                aggregate.parts = entries(value).map { decodePart($0, $1) }
            case .timeout: aggregate.timeout = try? DurationValue.parse(text(value))
            case .forwardHeaders: aggregate.forwardHeaders = decodeForwarded(value)
            case .body: aggregate.body = template(value)
            case .failedParts: aggregate.failedParts = text(value)
            default: break
            }
        }
        for part in aggregate.parts where part.name == aggregate.failedParts {
            findings.error(
                at: part.location, "parts: \(quote(part.name)) is the member that lists failed parts",
                fix: "give failed_parts another name")
        }
        checkTimes(aggregate)
        return aggregate
    }

    private mutating func decodePart(_ name: NodeID, _ id: NodeID) -> PartConfiguration {
        var part = PartConfiguration(name: text(name), location: location(name))
        var fanOut: [NodeID] = []
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .service:
                requireService(value, name: "service")
                part.service = text(value)
            case .method: part.method = text(value)
            case .path: part.path = PartTextConfiguration("", text(value), location: location(value))
            case .query:
                part.query = entries(value).map {
                    PartTextConfiguration(text($0), text($1), location: location($1))
                }
            case .headers:
                part.headers = entries(value).map { name, value in
                    checkField(name, of: .request, isTarget: true)
                    checkForwarded(name)
                    return PartTextConfiguration(text(name), text(value), location: location(value))
                }
            case .body: part.body = template(value)
            case .each: part.each = PartTextConfiguration("", text(value), location: location(value))
            case .concurrency:
                assign(value, to: &part.concurrency)
                fanOut.append(key)
            case .maxItems:
                assign(value, to: &part.maxItems)
                fanOut.append(key)
            case .pick: part.pick = PartTextConfiguration("", text(value), location: location(value))
            case .onError: part.onError = decodeOnError(value)
            case .timeout: part.timeout = try? DurationValue.parse(text(value))
            case .forwardHeaders: part.forwardHeaders = decodeForwarded(value)
            default: break
            }
        }
        if part.each == nil {
            for key in fanOut {
                findings.error(
                    at: location(key), "\(text(key)): there is no array to call for",
                    fix: "add each, as in each: $orders.items")
            }
        }
        if let body = part.body, ["GET", "HEAD"].contains(part.method) {
            findings.error(
                at: body.location, "body: a \(part.method) request carries none that anyone would read",
                fix: "add method: POST")
        }
        return part
    }

    private func decodeOnError(_ id: NodeID) -> PartConfiguration.OnError {
        for (key, value) in entries(id) where document.key(key) == .value { return .value(template(value)) }
        return switch text(id) {
        case "omit": .omit
        case "null": .null
        case "pass": .pass
        default: .fail
        }
    }

    private mutating func decodeForwarded(_ id: NodeID) -> [String] {
        values(id).map { name in
            checkField(name, of: .request, isTarget: false)
            checkForwarded(name)
            return text(name)
        }
    }

    /// The gateway reads the answers of parts: it needs them whole, as they are, and not only if they have changed.
    private mutating func checkForwarded(_ id: NodeID) {
        let name = text(id).lowercased()
        guard Self.conditional.contains(name) else { return }
        findings.error(
            at: location(id), "\(quote(text(id))) would change what the gateway reads of the part's answer",
            fix: "remove it")
    }

    private static let conditional: Set<String> = [
        "accept-encoding", "content-encoding", "content-type", "if-match", "if-modified-since", "if-none-match",
        "if-range", "if-unmodified-since", "range",
    ]

    /// A part's own time beyond that of all is never used.
    private mutating func checkTimes(_ aggregate: AggregateConfiguration) {
        guard let all = aggregate.timeout else { return }
        for part in aggregate.parts {
            guard let own = part.timeout, own > all else { continue }
            findings.warning(
                at: part.location, "parts: \(quote(part.name)) has more time than all parts together",
                fix: "shorten its timeout, or lengthen the aggregate's")
        }
    }
}

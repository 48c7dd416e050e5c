/// `openapi`: documents by which requests are checked, and that may make the routes.
extension ConfigurationDecoder {
    private struct OpenAPIEntry {
        var file: NodeID
        var service: NodeID?
        var upstream: NodeID?
        var makesRoutes: Bool?
        var basePath: String?
        var stripPrefix: PathTemplate?
        var readsResponses = false
        var reporting = ValidationConfiguration.Reporting()
    }

    mutating func decodeOpenAPI(_ id: NodeID, into configuration: inout GatewayConfiguration) {
        for node in values(id) {
            guard let entry = decodeEntry(node) else { continue }
            read(entry, at: node, into: &configuration)
        }
    }

    private mutating func decodeEntry(_ id: NodeID) -> OpenAPIEntry? {
        guard isMapping(id) else { return document.scalar(id) == nil ? nil : OpenAPIEntry(file: id) }
        guard let file = entries(id).first(where: { document.key($0.key) == .file })?.value else { return nil }
        var entry = OpenAPIEntry(file: file)
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .service: entry.service = value
            case .upstream: entry.upstream = value
            case .routes: entry.makesRoutes = boolean(value)
            case .basePath:
                var base = text(value)
                while base.hasSuffix("/") { base.removeLast() }
                entry.basePath = base
            case .stripPrefix: entry.stripPrefix = try? PathTemplate.parse(text(value))
            case .responses: assign(value, to: &entry.readsResponses)
            default: decodeReporting(key, value, into: &entry.reporting)
            }
        }
        return entry
    }

    private mutating func read(
        _ entry: OpenAPIEntry, at id: NodeID, into configuration: inout GatewayConfiguration
    ) {
        let answer = decodeAnswer(of: entry)
        let makesRoutes = entry.makesRoutes ?? (entry.service != nil || entry.upstream != nil)
        if makesRoutes, entry.service == nil, entry.upstream == nil {
            findings.error(
                at: location(id), "openapi: routes need somebody who answers them", fix: "add service: or upstream:")
        }
        var own = Findings()
        let place = schemas.read(
            text(entry.file), namedAt: location(entry.file), isSchema: false,
            dialect: { OpenAPIDocument.dialect($0, &own) }, &findings)
        for error in own.errors { findings.error(error) }
        guard let place else { return }
        var reader = OpenAPIReader(
            OpenAPIDocument(schemas.documents, root: place), reporting: entry.reporting,
            readsResponses: entry.readsResponses)
        let operations = reader.read(basePath: entry.basePath)
        for error in reader.document.findings.errors { findings.error(error) }
        for operation in operations {
            guard makesRoutes, let answer else {
                configuration.validations.append(operation.validation)
                continue
            }
            var route = RouteConfiguration(
                name: operation.name, path: .pattern(operation.path), answer: answer, location: operation.location)
            route.methods = [operation.method]
            if let prefix = entry.stripPrefix { route.pathEdit = .stripPrefix(prefix) }
            route.validation = operation.validation
            route.validation?.path = nil
            route.validation?.methods = []
            configuration.routes.append(route)
        }
    }

    /// Who answers the routes that are made; nil: there is nobody, or it is wrong.
    private mutating func decodeAnswer(of entry: OpenAPIEntry) -> Answer? {
        if let service = entry.service {
            requireService(service, name: "service")
            return .service(text(service))
        }
        guard let upstream = entry.upstream else { return nil }
        let target = parsed(upstream, name: "upstream") { text throws(Problem) in try UpstreamTarget.parse(text) }
        guard var target else { return nil }
        target.endpoint.location = location(upstream)
        noteHost(target.endpoint.host, at: upstream)
        if target.path.hasParameters {
            findings.error(
                at: location(upstream), "openapi: an upstream with a placeholder fits one path only",
                fix: "name the upstream without its path")
            return nil
        }
        return .upstream(target)
    }
}

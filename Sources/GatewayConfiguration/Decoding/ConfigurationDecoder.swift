/// Turns the checked document into the typed model, defaults filled in, and checks what refers to what on the way.
///
/// The checker has already said everything about single values: a value that does not parse here was reported there, so
/// the decoder leaves the default and goes on, and errors in references still come out in the same run.
struct ConfigurationDecoder {
    let document: Document
    var findings: Findings
    private(set) var hostNames: [LoadResult.HostReference] = []
    private var knownHosts: Set<String> = []
    /// Names of the services, for references; filled before the routes are read.
    var serviceNames: Set<String> = []
    var listenerNames: Set<String> = []
    /// Fields that authentication sets, in lower case; filled before anything that edits fields is read.
    var identityFields: Set<String> = []
    /// Documents that schemas are in, as far as they were read.
    var schemas = SchemaFiles()
    /// For references; filled before anything that names them is checked.
    var consumerNames: [String] = []
    var groupNames: Set<String> = []
    var lastMethods: [String] = []
    var lastHosts: [String] = []

    init(document: Document, findings: Findings) {
        self.document = document
        self.findings = findings
    }

    mutating func decode(_ root: NodeID) -> GatewayConfiguration {
        var configuration = GatewayConfiguration()
        guard document.node(root).kind == .mapping else { return configuration }
        var routes: NodeID?
        var policies = PolicyNodes()
        var transformations: NodeID?
        var (validations, openAPI): (NodeID?, NodeID?)
        for (key, value) in document.entries(root) {
            switch document.key(key) {
            case .listeners: configuration.listeners = decodeListeners(value)
            case .admin: configuration.admin = decodeAdmin(value)
            case .workers: configuration.workers = integer(value)
            case .stateFile: configuration.stateFile = text(value)
            case .accessLog: configuration.accessLog = decodeAccessLog(value, at: key)
            case .limits: decodeLimits(value, into: &configuration.limits)
            case .timeouts: decodeTimeouts(value, into: &configuration.timeouts)
            case .trustedProxies: configuration.trustedProxies = decodePrefixes(value)
            case .forwarding: decodeForwarding(value, into: &configuration.forwarding)
            case .services: configuration.services = decodeServices(value)
            case .routes: routes = value
            case .auth:
                policies.auth = value
                if isMapping(value) { configuration.auth = decodeAuth(value) }
            case .consumers: policies.consumers = value
            case .rateLimiting: policies.rateLimiting = value
            case .transformations: transformations = value
            case .validate: validations = value
            case .openapi: openAPI = value
            case .cors: configuration.cors = decodeCORS(value)
            case .addresses: configuration.addresses = decodeAddresses(value)
            case .errors: configuration.errors = decodeErrors(value)
            case .compression: configuration.compression = decodeCompression(value)
            case .policies: configuration.policies = decodePolicyNames(value)
            case .securityHeaders: assign(value, to: &configuration.securityHeaders)
            default: break
            }
        }
        checkListeners(configuration)
        if let consumers = policies.consumers { configuration.consumers = decodeConsumers(consumers) }
        identityFields = IdentityHeaders(configuration).names
        if let transformations { configuration.transformations = decodeTransformations(transformations) }
        if let routes { configuration.routes = decodeRoutes(routes) }
        if let validations { configuration.validations = decodeValidations(validations) }
        if let openAPI { decodeOpenAPI(openAPI, into: &configuration) }
        configuration.schemaDocuments = schemas.documents
        configuration.schemaFiles = schemas.files
        finishRoutes(&configuration.routes)
        checkAuth(&configuration)
        checkPolicies(policies, configuration)
        if let limits = policies.rateLimiting {
            configuration.rateLimiting = decodeRateLimiting(limits, routes: configuration.routes)
        }
        return configuration
    }

    // MARK: Values

    func text(_ id: NodeID) -> String { document.text(id) }

    /// nil for anything but a whole number, so for `auto` too.
    func integer(_ id: NodeID) -> Int? {
        guard let scalar = document.scalar(id), scalar.type == .integer else { return nil }
        return CoreScalar.integer(scalar.text)
    }

    func boolean(_ id: NodeID) -> Bool? {
        guard let scalar = document.scalar(id), scalar.type == .boolean else { return nil }
        return CoreScalar.boolean(scalar.text)
    }

    /// Assigns what the value means; a refused value, which the checker reported, leaves the default.
    func assign(_ id: NodeID, to target: inout Int) {
        if let value = integer(id) { target = value }
    }

    func assign(_ id: NodeID, to target: inout Bool) {
        if let value = boolean(id) { target = value }
    }

    func assignSize(_ id: NodeID, to target: inout Int) {
        if let value = try? SizeValue.parse(text(id)) { target = value }
    }

    /// `0s` switches off.
    func assign(_ id: NodeID, to target: inout Duration?) {
        guard let value = try? DurationValue.parse(text(id)) else { return }
        target = value == .zero ? nil : value
    }

    func word<Word: RawRepresentable<String>>(_ id: NodeID, _ type: Word.Type = Word.self) -> Word? {
        Word(rawValue: text(id))
    }

    /// One value, or a list of them.
    func values(_ id: NodeID) -> [NodeID] {
        document.node(id).kind == .sequence ? Array(document.children(id)) : [id]
    }

    func entries(_ id: NodeID) -> [(key: NodeID, value: NodeID)] {
        document.node(id).kind == .mapping ? Array(document.entries(id)) : []
    }

    func location(_ id: NodeID) -> SourceLocation { document.location(id) }

    func isMapping(_ id: NodeID) -> Bool { document.node(id).kind == .mapping }

    // MARK: Findings

    /// For the few kinds that the checker leaves to the decoder: the value, or its problem reported.
    mutating func parsed<Value>(
        _ id: NodeID, name: String, _ parse: (String) throws(Problem) -> Value
    ) -> Value? {
        guard document.scalar(id)?.type == .string else { return nil }
        do throws(Problem) {
            return try parse(text(id))
        } catch {
            report(error, at: id, name: name)
            return nil
        }
    }

    mutating func report(_ problem: Problem, at id: NodeID, name: String) {
        if document.isUnresolved(id) { return }
        findings.error(
            document.diagnostic(
                problem, at: location(id), name: name, value: document.display(id),
                substituted: document.node(id).substituted))
    }

    /// The known name that was probably meant.
    func nearest(to name: String, among names: Set<String>) -> String? {
        guard findings.wantsSuggestion(among: names.count) else { return nil }
        // Sorted, so that of two equally near ones it is always the same.
        return EditDistance.nearest(to: name, among: names.sorted())
    }

    /// Remembers a name that must resolve when the gateway runs.
    mutating func noteHost(_ host: String, at id: NodeID) {
        guard IPAddress.parse(host) == nil, knownHosts.insert(host).inserted else { return }
        hostNames.append(LoadResult.HostReference(name: host, location: location(id)))
    }
}

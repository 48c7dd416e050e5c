/// What the admin API answers, as far as the commands read it. Members that this version does not know are skipped.
struct StatusDocument: Decodable {
    struct Listener: Decodable {
        var name: String
        var address: String
        var isAdmin: Bool
        var isTls: Bool
    }
    struct Configuration: Decodable {
        var path: String?
        var services: Int
        var routes: Int
        var lastReloadAt: String?
        var reloadsFailed: Int
    }
    struct Certificate: Decodable {
        var listener: String
        var names: [String]
        var notAfter: String?
        var state: String
        var isManaged: Bool
        var lastError: String?
    }
    var version: String
    var uptimeSeconds: Int
    var state: String
    var listeners: [Listener]
    /// Not told by older gateways.
    var certificates: [Certificate]?
    var configuration: Configuration
}

struct ServicesDocument: Decodable {
    var services: [ServiceDocument]
}

struct ServiceDocument: Decodable {
    var name: String
    var breaker: String
    var endpoints: [EndpointDocument]
}

struct EndpointDocument: Decodable {
    var url: String
    var state: String
    var health: String
    var weight: Int
    var priority: Int
    var requestsInFlight: Int
}

struct SplitsDocument: Decodable {
    var splits: [SplitDocument]
}

struct SplitDocument: Decodable {
    struct Side: Decodable {
        var service: String
        var weight: Int
        var configuredWeight: Int
        var answers: Int
        var errors: Int
    }
    struct Canary: Decodable {
        var candidate: String
        var state: String
        var step: Int?
        var steps: [Double]
        var waitsFor: String?
        var why: String?
    }
    var route: String
    var sides: [Side]
    var setBy: String
    var canary: Canary?
}

struct ReloadDocument: Decodable {
    struct Changes: Decodable {
        var added: [String]
        var removed: [String]
        var changed: [String]
    }
    struct Finding: Decodable {
        var file: String
        var line: Int
        var column: Int
        var message: String
    }
    var outcome: String
    var listeners: Changes
    var services: Changes
    var routes: Changes
    var settings: [String]
    var needsRestart: [String]
    var warnings: [Finding]
    var milliseconds: Int
}

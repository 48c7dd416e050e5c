/// Why a call of the admin API was not done. Nothing was changed then.
///
/// The codes are the API's own and promises like those of `GatewayError`, which are about clients' requests: a dashboard
/// that counts what clients met must not count an operator's slip.
struct AdminError: Error {
    enum Code: String, Sendable, CaseIterable {
        case badRequest = "bad_request"
        case unauthorized
        case originNotAllowed = "origin_not_allowed"
        case hostNotAllowed = "host_not_allowed"
        case notFound = "not_found"
        case methodNotAllowed = "method_not_allowed"
        case conflict
        case bodyTooLarge = "body_too_large"
        case unsupportedMediaType = "unsupported_media_type"
        case configurationRefused = "configuration_refused"
        case reloadFailed = "reload_failed"
        case notRunning = "not_running"

        var status: Int {
            switch self {
            case .badRequest: 400
            case .unauthorized: 401
            case .originNotAllowed, .hostNotAllowed: 403
            case .notFound: 404
            case .methodNotAllowed: 405
            case .conflict: 409
            case .bodyTooLarge: 413
            case .unsupportedMediaType: 415
            case .configurationRefused, .reloadFailed: 422
            case .notRunning: 503
            }
        }
    }

    var code: Code
    /// A sentence for a person.
    var message: String
    /// What belongs to this kind of error: `known` names, the `errors` of a configuration.
    var members: [(name: String, value: AdminJSON)] = []
    /// The methods that a path takes, with `methodNotAllowed`.
    var allow: String?

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    init(_ error: ReleaseError, known: [String]) {
        self.init(error.isNotFound ? .notFound : error.isConflict ? .conflict : .badRequest, error.description)
        if error.isNotFound { members = [("known", .texts(known.prefix(Self.mostNames)))] }
    }

    /// Names that an answer lists at most.
    static let mostNames = 100

    var body: AdminJSON {
        AdminJSON.object([("error", .text(code.rawValue)), ("message", .text(message))]).adding(members)
    }
}

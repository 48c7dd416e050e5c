internal import HTTPWire
internal import Synchronization

/// The admin API: what operators can see of a running gateway, and change about it, under `/api/v1`.
///
/// 1. `AdminGate` says who may call.
/// 2. `AdminRouter` finds the call in the table below.
/// 3. The exchange reads the body, when there is one (`Exchange+Admin.swift`).
/// 4. The handler answers, on the loop; what takes long goes elsewhere and answers later.
///
/// Handlers touch only what may be touched from any thread: the registries of services and releases, and the server's
/// state under its lock. None of them waits.
final class AdminAPI: Sendable {
    private struct Links {
        weak var server: GatewayServer?
        weak var reloads: ReloadController?
    }

    private let links = Mutex(Links())

    /// The server owns this object, and outlives all calls but those of its last moment.
    func attach(_ server: GatewayServer) { links.withLock { $0.server = server } }

    /// Lets `POST /reload` do something.
    func attach(_ reloads: ReloadController) { links.withLock { $0.reloads = reloads } }

    func perform(
        _ route: AdminRoute, _ parameters: [String], body: AdminBody, client: String
    ) throws(AdminError) -> AdminOutcome {
        let (server, reloads) = links.withLock { ($0.server, $0.reloads) }
        guard let server else { throw AdminError(.notRunning, "The gateway is not running.") }
        let call = AdminCall(
            server: server, reloads: reloads, parameters: parameters, body: try body.parsed(for: route),
            client: client)
        let outcome = try route.handler(call)
        if let change = route.change { Self.note(change, call) }
        return outcome
    }

    /// Who did what. What the change led to is told by those who carried it out.
    private static func note(_ change: AdminChange, _ call: AdminCall) {
        call.server.metrics.adminChanges.count(change)
        call.server.log.info(
            "ordered by the admin API",
            [
                "change": .text(change.rawValue), "what": .text(call.parameters.joined(separator: " ")),
                "client": .text(call.client),
            ])
    }

    static let router = AdminRouter(routes: routes)

    static let routes: [AdminRoute] = [
        AdminRoute(
            .get, "/status", "getStatus", "What runs: version, uptime, listeners, configuration.", answer: "Status",
            { (call) throws(AdminError) in .ok(call.status()) }),
        AdminRoute(
            .get, "/services", "listServices", "All services with their endpoints.", answer: "Services",
            { (call) throws(AdminError) in .ok(call.services()) }),
        AdminRoute(
            .get, "/services/{service}", "getService", "One service with its endpoints.", answer: "Service",
            errors: [.notFound],
            { (call) throws(AdminError) in .ok(call.describe(try call.service())) }),
        AdminRoute(
            .post, "/services/{service}/endpoints/{endpoint}/drain", "drainEndpoint",
            "Gives an endpoint nothing new; what is under way ends by itself. Holds until it is enabled.",
            answer: "Endpoint", errors: [.notFound], change: .drain,
            { (call) throws(AdminError) in .ok(try call.drain()) }),
        AdminRoute(
            .post, "/services/{service}/endpoints/{endpoint}/enable", "enableEndpoint",
            "Ends a drain, and an ejection. An endpoint that fails its health checks still gets nothing.",
            answer: "Endpoint", errors: [.notFound], change: .enable,
            { (call) throws(AdminError) in .ok(try call.enable()) }),
        AdminRoute(
            .get, "/splits", "listSplits", "All splits, with their canaries.", answer: "Splits",
            { (call) throws(AdminError) in .ok(call.splits()) }),
        AdminRoute(
            .get, "/splits/{route}", "getSplit", "The split of a route.", answer: "Split", errors: [.notFound],
            { (call) throws(AdminError) in .ok(try call.split()) }),
        AdminRoute(
            .put, "/splits/{route}", "setSplit",
            "Shares the requests of a route out anew. Sides that are not named get none.", body: "Weights",
            answer: "Split", errors: [.badRequest, .notFound, .conflict], change: .setWeights,
            { (call) throws(AdminError) in .ok(try call.setWeights()) }),
        AdminRoute(
            .delete, "/splits/{route}", "resetSplit", "The weights of the configuration again.", answer: "Split",
            errors: [.notFound, .conflict], change: .resetWeights,
            { (call) throws(AdminError) in .ok(try call.resetWeights()) }),
        AdminRoute(
            .get, "/canaries", "listCanaries", "All splits that have a canary.", answer: "Splits",
            { (call) throws(AdminError) in .ok(call.canaries()) }),
        canary("start", "Begins with the first step, also after a promotion or a roll-back.", .startCanary, .start),
        canary("pause", "Keeps the candidate's share as it is.", .pauseCanary, .pause),
        canary("resume", "Goes on with the step, which begins anew.", .resumeCanary, .resume),
        canary("promote", "Sends all requests to the candidate, at once.", .promoteCanary, .promote),
        canary("rollback", "Sends no request to the candidate, at once.", .rollBackCanary, .rollBack),
        AdminRoute(
            .post, "/reload", "reload",
            "Loads the configuration's files again: all of it is taken up, or nothing. Answers when it is done.",
            answer: "Reload", errors: [.conflict, .configurationRefused, .reloadFailed], change: .reload,
            { (call) throws(AdminError) in try call.reload() }),
        AdminRoute(
            .get, "/openapi.json", "getOpenAPI", "This description, as an OpenAPI 3.1 document.", answer: "Document",
            { (_) throws(AdminError) in .ok(AdminAPI.document) }),
    ]

    private static func canary(
        _ word: String, _ summary: String, _ change: AdminChange, _ order: CanaryOrder
    ) -> AdminRoute {
        AdminRoute(
            .post, "/canaries/{route}/\(word)", "\(word)Canary", summary, answer: "Split",
            errors: [.notFound, .conflict], change: change,
            { (call) throws(AdminError) in .ok(try call.order(order)) })
    }
}

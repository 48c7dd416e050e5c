internal import GatewayConfiguration
internal import GatewayEngine

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// The part of a gateway that is written in Swift: handlers, policies, and routes that stand in no file.
///
/// ```swift
/// var program = GatewayProgram()
/// program.handler("mobile-dashboard") { request, context in          // for `handler: mobile-dashboard` in the file
///     try await MobileDashboard(of: context)
/// }
/// program.route("/hello/{name}", .get) { request, context in         // a route of its own
///     Response(text: "Hello, \(try request.parameters.require("name"))")
/// }
/// program.policy("tenants", Tenants())
/// let gateway = try Gateway(file: "gateway.yaml", program: program)
/// ```
///
/// Handlers run on the thread of the event loop that has read the request: without a hop, and next to all other requests
/// of that loop. So they must not block. What computes for long, or calls what blocks, belongs to another executor:
/// `withTaskExecutorPreference(globalConcurrentExecutor) { … }`, or an actor of its own.
///
/// Bodies are JSON by ``encoder`` and ``decoder`` as they are when a handler is registered.
public struct GatewayProgram: Sendable {
    var table = ProgramTable()
    private(set) var problems: [Diagnostic] = []
    private var coding = JSONCoding()

    /// With nothing in it.
    public init() {}

    /// Writes the values that handlers return.
    public var encoder: JSONEncoder {
        get { coding.encoder }
        set { coding.encoder = newValue }
    }

    /// Reads bodies, of requests and of services.
    public var decoder: JSONDecoder {
        get { coding.decoder }
        set { coding.decoder = newValue }
    }

    // MARK: Handlers

    /// A handler for the routes that name it: `handler: <name>`.
    public mutating func handler(
        _ name: String, file: String = #fileID, line: Int = #line,
        _ body: @escaping @Sendable (Request, RequestContext) async throws -> Response
    ) {
        register(name, file, line, body)
    }

    /// One that returns a value, which is answered 200 as JSON.
    public mutating func handler<Value: Encodable & Sendable>(
        _ name: String, file: String = #fileID, line: Int = #line,
        _ body: @escaping @Sendable (Request, RequestContext) async throws -> Value
    ) {
        register(name, file, line, typed(body))
    }

    /// One that takes a value too: the request's body, as JSON.
    public mutating func handler<Input: Decodable & Sendable, Value: Encodable & Sendable>(
        _ name: String, body type: Input.Type, file: String = #fileID, line: Int = #line,
        _ body: @escaping @Sendable (Input, Request, RequestContext) async throws -> Value
    ) {
        register(name, file, line, typed { try await body(try $0.decode(type), $0, $1) })
    }

    // MARK: Routes

    /// A route of its own, answered by `body`.
    ///
    /// - Parameters:
    ///   - path: a path pattern, as in the configuration: `/users/{id}`, `/files/{path+}`, `/app/**`.
    ///   - methods: none for any; GET takes HEAD too.
    ///   - options: what else the route has.
    ///   - file: where `explain` and findings say that it stands; this call's place.
    ///   - line: likewise.
    ///   - body: answers; see <doc:WriteAHandler>.
    public mutating func route(
        _ path: String, _ methods: HTTPMethod..., options: RouteOptions = RouteOptions(), file: String = #fileID,
        line: Int = #line, _ body: @escaping @Sendable (Request, RequestContext) async throws -> Response
    ) {
        add(path, methods, options, file, line, body)
    }

    /// One that returns a value, which is answered 200 as JSON.
    public mutating func route<Value: Encodable & Sendable>(
        _ path: String, _ methods: HTTPMethod..., options: RouteOptions = RouteOptions(), file: String = #fileID,
        line: Int = #line, _ body: @escaping @Sendable (Request, RequestContext) async throws -> Value
    ) {
        add(path, methods, options, file, line, typed(body))
    }

    /// One that takes a value too: the request's body, as JSON.
    public mutating func route<Input: Decodable & Sendable, Value: Encodable & Sendable>(
        _ path: String, _ methods: HTTPMethod..., body type: Input.Type, options: RouteOptions = RouteOptions(),
        file: String = #fileID, line: Int = #line,
        _ body: @escaping @Sendable (Input, Request, RequestContext) async throws -> Value
    ) {
        add(path, methods, options, file, line, typed { try await body(try $0.decode(type), $0, $1) })
    }

    // MARK: Policies

    /// A policy for the routes that name it: `policies: [ <name> ]`.
    public mutating func policy(
        _ name: String, _ policy: some Policy, file: String = #fileID, line: Int = #line
    ) {
        let place = SourceLocation(file: file, line: line, column: 1)
        if table.policies[name] != nil {
            problem(place, "policy \"\(name)\" is registered twice", "give each a name of its own")
        }
        table.policies[name] = PolicyCode.made(of: policy, coding)
    }

    // MARK: Details

    private func typed<Value: Encodable & Sendable>(
        _ body: @escaping @Sendable (Request, RequestContext) async throws -> Value
    ) -> @Sendable (Request, RequestContext) async throws -> Response {
        let encoder = coding.encoder
        return { try Response.json(try await body($0, $1), encoder: encoder) }
    }

    private mutating func register(
        _ name: String, _ file: String, _ line: Int,
        _ body: @escaping @Sendable (Request, RequestContext) async throws -> Response
    ) {
        let place = SourceLocation(file: file, line: line, column: 1)
        if table.handlers[name] != nil {
            problem(place, "handler \"\(name)\" is registered twice", "give each a name of its own")
        }
        table.handlers[name] = HandlerCode.made(of: body, coding)
    }

    private mutating func add(
        _ path: String, _ methods: [HTTPMethod], _ options: RouteOptions, _ file: String, _ line: Int,
        _ body: @escaping @Sendable (Request, RequestContext) async throws -> Response
    ) {
        let place = SourceLocation(file: file, line: line, column: 1)
        // Several routes may have one path, for one method each.
        let name = options.name ?? (methods.map(\.rawValue) + [path]).joined(separator: " ")
        let (route, found) = options.route(path, methods, ProgramName(name, location: place))
        problems += found
        guard let route else { return }
        table.routes.append(route)
        register(name, file, line, body)
    }

    private mutating func problem(_ place: SourceLocation, _ message: String, _ fix: String?) {
        problems.append(Diagnostic(.error, at: place, message, fix: fix))
    }
}

internal import Gatehouse
internal import GatewayConfiguration
internal import GatewayEngine
internal import Reactor
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The demo while it runs: the sample services, the gateway, and the directory with its configuration.
final class Demo: Sendable {
    let configuration: DemoConfiguration
    /// The file that the user can read.
    let path: String
    /// What vouches for the gateway, for clients; nil without TLS.
    let certificate: String?
    let gateway: Gateway
    let services: [(instance: String, port: UInt16)]
    private let children: Mutex<[Subprocess]>
    private let directory: String

    private static let instances: [(instance: String, kind: DemoService.Kind)] = [
        ("users-1", .users), ("users-2", .users), ("orders-1", .orders), ("posts-1", .posts),
        ("products-v1", .products), ("products-v2", .products),
    ]

    /// 1. See that the port that is wanted is free. 2. Start the services, each of which says which port it has. 3. Find
    /// ports for the gateway: now, since they are taken only when it starts. 4. Write the configuration. 5. Start the gateway
    /// on it, its access log read by `log`.
    init(port: UInt16?, isTLS: Bool, log: LiveLog, prints: Bool) throws {
        try Self.check(port)
        var children: [Subprocess] = []
        var services: [(instance: String, port: UInt16)] = []
        var directory: String?
        do {
            for (instance, kind) in Self.instances {
                let child = try Subprocess(
                    Executable.path, ["demo-service", kind.rawValue, "--instance", instance, "--port", "0"])
                children.append(child)
                let line = child.readLine()
                guard let port = line.split(whereSeparator: \.isWhitespace).last.flatMap({ UInt16($0) }) else {
                    throw Outcome(.cannotStart, "the sample service \(instance) did not start")
                }
                services.append((instance, port))
            }
            let ports = try Self.choosePorts(port)
            configuration = DemoConfiguration(
                port: ports.front, stagedPort: ports.staged, adminPort: ports.admin,
                ports: Dictionary(uniqueKeysWithValues: services.map { ($0.instance, $0.port) }), isTLS: isTLS)
            let made = try ScratchDirectory.make("gatehouse-demo")
            directory = made
            path = made + "/gateway.yaml"
            certificate = isTLS ? try Self.makeCertificate(in: made) : nil
            try ScratchDirectory.write(configuration.text, to: path)
            var accepted = try Gateway.accepted(ConfigurationLoader.load(path: path))
            accepted.accessLog.path = log.path
            gateway = try Gateway(accepted, log: OperationLog())
            try gateway.start()
        } catch {
            for child in children { child.end() }
            if let directory { ScratchDirectory.remove(directory) }
            if let failure = error as? Gateway.Failure { throw RunCommand.outcome(failure, Console.error) }
            throw error
        }
        self.services = services
        self.directory = directory ?? ""
        self.children = Mutex(children)
        log.start(prints: prints)
    }

    /// Writes `demo.pem` and `demo.key`, good for a month, and returns where the certificate lies.
    private static func makeCertificate(in directory: String) throws(Outcome) -> String {
        guard let made = SelfSignedCertificate(dnsNames: ["localhost"], addresses: ["127.0.0.1"]) else {
            throw Outcome(.cannotStart, "a certificate could not be made")
        }
        let path = directory + "/demo.pem"
        try ScratchDirectory.write(String(decoding: made.certificate, as: UTF8.self), to: path)
        try ScratchDirectory.write(String(decoding: made.key, as: UTF8.self), to: directory + "/demo.key", mode: 0o600)
        return path
    }

    private static func check(_ wanted: UInt16?) throws(Outcome) {
        if let wanted, wanted != 0, FreePorts.probe(wanted) == nil {
            throw Outcome(.cannotStart, "port \(wanted) is taken or not permitted; choose another with --port")
        }
    }

    private static func choosePorts(_ wanted: UInt16?) throws(Outcome) -> (front: UInt16, staged: UInt16, admin: UInt16)
    {
        let first = wanted ?? 8080
        // Who names one gets that one, or a clear line.
        let named = wanted.flatMap { $0 == 0 ? nil : $0 }
        guard let front = named ?? FreePorts.find(from: first),
            let staged = FreePorts.find(from: first == 0 ? 0 : front &+ 1, besides: [front]),
            let admin = FreePorts.find(from: first == 0 ? 0 : 9901, besides: [front, staged])
        else { throw Outcome(.cannotStart, "no port is free") }
        return (front, staged, admin)
    }

    /// Ends the services and removes the directory. The gateway has ended before, or is about to with the program.
    func cleanUp() {
        let all = children.withLock { children in
            defer { children = [] }
            return children
        }
        for child in all { child.end() }
        if !all.isEmpty { ScratchDirectory.remove(directory) }
    }
}

/// A directory of the demo's own, with its few files.
enum ScratchDirectory {
    static func make(_ name: String) throws(Outcome) -> String {
        let parent = Console.variable("TMPDIR").flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        var template = Array("\(parent)/\(name)-XXXXXX".utf8CString)
        // mkdtemp changes the six letters in place.
        let made = unsafe mkdtemp(&template) != nil
        guard made else { throw Outcome(.cannotStart, "cannot make a directory in \(parent)") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func write(_ text: String, to path: String, mode: mode_t = 0o644) throws(Outcome) {
        // The path is read within the call.
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw Outcome(.cannotStart, "cannot write \(path)") }
        Console(descriptor: descriptor, hasColour: false).write(text)
        _ = close(descriptor)
    }

    static func remove(_ directory: String) {
        // The paths are read within the calls.
        for name in ["gateway.yaml", "demo.pem", "demo.key"] { _ = unsafe unlink("\(directory)/\(name)") }
        _ = unsafe rmdir(directory)
    }
}

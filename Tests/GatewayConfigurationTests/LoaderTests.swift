import Foundation
import Testing

@testable import GatewayConfiguration

/// Files, directories of fragments, and `${…}` references.
@Suite final class LoaderTests {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("gatehouse-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: directory.appendingPathComponent(name))
    }

    func messages(_ result: LoadResult) -> [String] {
        result.diagnostics.map { $0.description.replacingOccurrences(of: directory.path + "/", with: "") }
    }

    @Test func fragmentsAreJoinedInNameOrder() throws {
        try write(
            "20-orders.json",
            #"{ "services": { "orders": { "endpoints": ["http://127.0.0.1:2"] } }, "routes": [ { "path": "/o", "service": "orders" } ] }"#
        )
        try write(
            "10-users.yaml",
            "services: { users: { endpoints: [ http://127.0.0.1:1 ] } }\nroutes: [ { path: /u, service: users } ]\nworkers: 2\n"
        )
        try write(
            "30-more.yml", "services: { users: { endpoints: [ http://127.0.0.1:3 ], timeouts: { connect: 1s } } }\n")
        try write("40-empty.yaml", "# nothing\n")
        try write("notes.txt", "not: [ a configuration")
        try write(".hidden.yaml", "not: [ a configuration")
        let result = ConfigurationLoader.load(path: directory.path)
        #expect(messages(result) == [])
        let configuration = try #require(result.configuration)
        #expect(configuration.services.map(\.name) == ["users", "orders"])
        #expect(configuration.services[0].endpoints.map(\.port) == [1, 3])
        #expect(configuration.services[0].timeouts.connect == .seconds(1))
        #expect(configuration.routes.map(\.name) == ["/u", "/o"])
        #expect(configuration.workers == 2)
        #expect(configuration.routes[1].location.file.hasSuffix("/20-orders.json"))
    }

    @Test func theSameScalarTwiceIsAnError() throws {
        try write("a.yaml", "workers: 1\nlimits: { request_head: 32KiB, request_line: 1KiB }\n")
        try write("b.yaml", "workers: 1\nlimits: { request_head: 32KiB, connections: 5 }\nroutes: {}\n")
        try write("c.yaml", "routes: []\n")
        #expect(
            messages(ConfigurationLoader.load(path: directory.path)).map { $0.split(separator: "\n")[0] } == [
                "b.yaml:1:10: error: \"1\" is given a second time; first at a.yaml:1:10",
                "b.yaml:2:25: error: \"32KiB\" is given a second time; first at a.yaml:2:25",
                "b.yaml:3:9: error: routes: a mapping stands where a list must",
                "c.yaml:1:9: error: a list is given a second time; first at b.yaml:3:9",
            ])
    }

    @Test func aSharedValueIsNotChangedByAFragment() throws {
        try write("a.yaml", "services: { a: { endpoints: &e [ http://127.0.0.1:1 ] }, b: { endpoints: *e } }\n")
        try write("b.yaml", "services: { b: { endpoints: [ http://127.0.0.1:2 ] } }\n")
        let services = try #require(ConfigurationLoader.load(path: directory.path).configuration).services
        #expect(services.map { $0.endpoints.map(\.port) } == [[1], [1, 2]])
    }

    @Test func errorsOfAllFilesAreShown() throws {
        try write("a.yaml", "workers: [\n")
        try write("b.json", "{")
        #expect(ConfigurationLoader.load(path: directory.path).errors.count == 2)
    }

    @Test func anEmptyDirectoryAndAMissingFile() throws {
        #expect(messages(ConfigurationLoader.load(path: directory.path))[0].contains("holds no *.yaml"))
        let missing = ConfigurationLoader.load(path: directory.appendingPathComponent("no.yaml").path)
        #expect(missing.configuration == nil)
        #expect(messages(missing)[0].contains("does not exist"))
    }

    @Test func secretsFromFilesStandBesideTheConfiguration() throws {
        try write("key.txt", "s3cret\n")
        try write("two.txt", "a\n\n")
        try write(
            "gateway.yaml",
            "routes: [ { path: /, respond: { body: \"<${file:key.txt}|${file:two.txt}|$${x}|$5>\" } } ]\n")
        let result = ConfigurationLoader.load(path: directory.appendingPathComponent("gateway.yaml").path)
        guard case .respond(let response) = try #require(result.configuration).routes[0].answer else {
            Issue.record("not a response")
            return
        }
        #expect(response.body == "<s3cret|a\n|${x}|$5>")
    }

    @Test func aNumberMayComeFromTheEnvironment() throws {
        let loader = ConfigurationLoader(environment: { $0 == "N" ? "7" : nil })
        #expect(loader.load(text: "workers: ${env:N}\n").configuration?.workers == 7)
        #expect(
            loader.load(text: "listeners: [ { address: \":${env:N}\" } ]\n").configuration?.listeners[0].address.port
                == 7)
    }

    @Test func aSecretIsNeverShown() throws {
        let loader = ConfigurationLoader(environment: { _ in "hunter2{x}" })
        let places = [
            "access_log: { enabled: \"${env:X}\" }", "timeouts: { head: \"${env:X}\" }",
            "limits: { request_head: \"${env:X}\" }",
            "listeners: [ { address: \"${env:X}\" } ]", "services: { a: { endpoints: [ \"http://${env:X}/\" ] } }",
            "routes: [ { path: \"/${env:X}\", service: a } ]", "routes: [ { path: /, service: \"${env:X}\" } ]",
            "routes: [ { path: /, upstream: \"http://h/${env:X}\" } ]", "workers: \"${env:X}\"",
            "routes: [ { path: /, upstream: http://h, rewrite: \"/${env:X}\" } ]", "trusted_proxies: [ \"${env:X}\" ]",
            "routes: [ { path: /, upstream: http://h, hosts: \"${env:X}\" } ]", "routes: \"${env:X}\"",
            "routes: [ { path: /, upstream: http://h, methods: \"${env:X}\", listeners: \"${env:X}\" } ]",
        ]
        for place in places {
            let result = loader.load(text: place)
            #expect(!result.errors.isEmpty, "\(place)")
            for diagnostic in result.diagnostics { #expect(!diagnostic.description.contains("hunter2"), "\(place)") }
        }
    }
}

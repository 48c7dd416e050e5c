import Testing

@testable import GatewayConfiguration

/// What one configuration has otherwise than another.
@Suite struct ChangesTests {
    private static let base = """
        listeners: [ { name: public, address: "127.0.0.1:8080" } ]
        services:
          users: { endpoints: [ "http://127.0.0.1:1" ] }
          orders: { endpoints: [ "http://127.0.0.1:2" ] }
        routes:
          - { path: /users/**, service: users }
          - { path: /orders/**, service: orders }
        """

    private func changes(to text: String, from base: String = base) throws -> ConfigurationChanges {
        ConfigurationChanges(
            from: try GatewayConfiguration.parse(yaml: base), to: try GatewayConfiguration.parse(yaml: text))
    }

    @Test func placeNotationAndOrderAreNoChange() throws {
        let changes = try changes(
            to: """
                # A comment, another order, and a default written out.
                routes:
                  - path: /orders/**
                    service: orders
                  - path: /users/**
                    service: users
                services:
                  orders: { endpoints: [ { url: "http://127.0.0.1:2", weight: 1 } ] }
                  users: { endpoints: [ { url: "http://127.0.0.1:1" } ] }
                listeners: [ { address: "127.0.0.1:8080", name: public } ]
                timeouts: { head: 10s }
                """)
        #expect(changes.isEmpty)
        #expect(changes.routes.kept == 2 && changes.services.kept == 2 && changes.listeners.kept == 1)
    }

    @Test func objectsAreToldByName() throws {
        let changes = try changes(
            to: """
                listeners: [ { name: public, address: "127.0.0.1:8080", stage: prod }, { address: "127.0.0.1:8081" } ]
                services:
                  users: { endpoints: [ "http://127.0.0.1:1", "http://127.0.0.1:3" ] }
                  carts: { endpoints: [ "http://127.0.0.1:4" ] }
                routes: [ { path: /users/**, service: users }, { path: /carts/**, service: carts } ]
                """)
        #expect(changes.listeners.changed == ["public"] && changes.listeners.added == ["127.0.0.1:8081"])
        #expect(changes.services.changed == ["users"])
        #expect(changes.services.added == ["carts"])
        #expect(changes.services.removed == ["orders"])
        #expect(changes.routes.added == ["/carts/**"] && changes.routes.removed == ["/orders/**"])
        #expect(changes.routes.kept == 1)
        #expect(changes.settings.isEmpty)
        #expect(changes.routes.summary == "1 added, 1 removed")
    }

    @Test(arguments: [
        ("admin", "admin: { address: \"127.0.0.1:9901\" }"), ("workers", "workers: 3"),
        ("access_log", "access_log: { enabled: false }"), ("limits", "limits: { request_fields: 7 }"),
        ("timeouts", "timeouts: { head: 7s }"), ("trusted_proxies", "trusted_proxies: [ 10.0.0.0/8 ]"),
        ("forwarding", "forwarding: { via: false }"),
    ])
    func settingsAreToldByKey(_ key: String, _ line: String) throws {
        let changes = try changes(to: Self.base + "\n" + line)
        #expect(changes.settings == [key])
        #expect(!changes.isEmpty)
    }

    // MARK: What was read

    @Test func theFingerprintIsOfBytes() throws {
        func inputs(_ text: String, secret: String = "a") -> LoadInputs {
            ConfigurationLoader(environment: { $0 == "SECRET" ? secret : nil }).load(text: text).inputs
        }
        let text = "routes: [ { path: /, respond: { body: \"${env:SECRET}\" } } ]"
        #expect(inputs(text).fingerprint == inputs(text).fingerprint)
        #expect(inputs(text).fingerprint != inputs(text + "\n").fingerprint)
        #expect(inputs(text).fingerprint != inputs(text, secret: "b").fingerprint)
    }
}

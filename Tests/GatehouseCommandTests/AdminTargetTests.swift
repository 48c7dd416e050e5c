import GatehouseTesting
import Testing

@testable import GatehouseCommand

/// Where the commands look for the running gateway, and which token they show to whom.
@Suite struct AdminTargetTests {
    private let directory: TemporaryDirectory
    private let file: String

    init() throws {
        directory = try TemporaryDirectory()
        file = try directory.write(
            "admin: { address: \"0.0.0.0:9901\", credentials: { token: 0123456789abcdef } }\n", to: "gateway.yaml")
    }

    private func find(
        _ address: String? = nil, tokenFile: String? = nil, _ environment: [String: String] = [:],
        configuration: String? = nil
    ) -> Result<AdminTarget, Outcome> {
        Result { () throws(Outcome) in
            try AdminTarget.find(
                address: address, configuration: configuration ?? file, tokenFile: tokenFile,
                environment: { environment[$0] })
        }
    }

    @Test func theFirstThatNamesItDecides() throws {
        let ofFile = AdminTarget(host: "127.0.0.1", port: 9901, token: "0123456789abcdef")
        #expect(find() == .success(ofFile))
        // The file's token is for the file's address only.
        #expect(find("10.0.0.1:1") == .success(AdminTarget(host: "10.0.0.1", port: 1)))
        let environment = ["GATEHOUSE_ADMIN": "http://[::1]:2/", "GATEHOUSE_ADMIN_TOKEN": "of-environment"]
        #expect(find(nil, environment) == .success(AdminTarget(host: "::1", port: 2, token: "of-environment")))
        #expect(find(":3", environment) == .success(AdminTarget(host: "127.0.0.1", port: 3, token: "of-environment")))
        let tokenFile = try directory.write(" of-file\n", to: "token")
        #expect(
            find("localhost:4", tokenFile: tokenFile, environment)
                == .success(AdminTarget(host: "localhost", port: 4, token: "of-file")))
    }

    @Test func aFileWithErrorsStillTells() throws {
        let broken = try directory.write("admin: { address: 127.0.0.1:9902 }\nrutes: []\n", to: "broken.yaml")
        #expect(find(configuration: broken) == .success(AdminTarget(host: "127.0.0.1", port: 9902)))
    }

    @Test(arguments: [
        "nowhere", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:99999", "https://127.0.0.1:1", "a b:1", "a\r\nb:1",
    ])
    func addressesThatAreNone(text: String) {
        guard case .failure(let outcome) = find(text) else { return #expect(Bool(false), "accepted") }
        #expect(outcome.code == .usage)
    }

    @Test func tokensThatAreNone() throws {
        for content in ["", " \n", "two words", "two\nlines"] {
            let path = try directory.write(content, to: "token")
            guard case .failure(let outcome) = find(tokenFile: path) else { return #expect(Bool(false), "accepted") }
            #expect(outcome.code == .usage)
        }
    }

    @Test(arguments: [(0, "0s"), (59, "59s"), (61, "1m 1s"), (3_600, "1h 0m"), (90_061, "1d 1h")])
    func timesArePlain(seconds: Int, expected: String) {
        #expect(AdminText.time(seconds) == expected)
    }
}

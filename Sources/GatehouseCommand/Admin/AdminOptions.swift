internal import ArgumentParser

/// Where the running gateway is, and how to prove that one may speak to it; the same for all commands that do.
struct AdminOptions: ParsableArguments {
    @Option(help: "The admin listener's address. (default: GATEHOUSE_ADMIN, else by the file)")
    var admin: String?

    @Option(help: "The configuration that names it.", completion: .file())
    var config = "gateway.yaml"

    @Option(help: "A file with the token. (default: GATEHOUSE_ADMIN_TOKEN, else by the file)", completion: .file())
    var tokenFile: String?

    func client() throws(Outcome) -> AdminClient {
        try AdminTarget.find(address: admin, configuration: config, tokenFile: tokenFile).client()
    }
}

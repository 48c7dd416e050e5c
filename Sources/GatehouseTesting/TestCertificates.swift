/// Certificates for one test, made by the `openssl` program into a directory of their own: an authority, and whatever it
/// is asked to sign.
public final class TestCertificates: Sendable {
    public enum Kind: Sendable { case ecdsa, rsa }

    public let directory: TemporaryDirectory
    /// The authority's certificate.
    public let authority: String

    public init() throws {
        directory = try TemporaryDirectory()
        authority = directory.file("ca.pem")
        let key = directory.file("ca.key")
        try run(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
            authority, "-days", "30", "-subj", "/CN=Test authority", "-addext",
            "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    }

    /// A path in the directory, removed with it.
    public func path(_ name: String) -> String { directory.file(name) }

    /// A certificate and its key: `NAME.pem` and `NAME.key`.
    ///
    /// - Parameters:
    ///   - names: as `openssl` writes subject alternative names: `DNS:localhost,IP:127.0.0.1`.
    ///   - valid: from and until, as `YYYYMMDDHHMMSSZ`; by default from now on for `days`.
    @discardableResult
    public func make(
        _ name: String, _ names: String, kind: Kind = .ecdsa, days: Int = 60,
        valid: (from: String, until: String)? = nil
    ) throws -> (certificate: String, key: String) {
        let (certificate, key, request) = (path("\(name).pem"), path("\(name).key"), path("\(name).csr"))
        let algorithm =
            kind == .rsa ? ["rsa:2048"] : ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        try run(
            ["req", "-newkey"] + algorithm + ["-nodes", "-keyout", key, "-out", request, "-subj", "/CN=\(name)"])
        let settings = try directory.write(
            """
            [ca]
            default_ca = test
            [test]
            database = \(path("\(name).index"))
            new_certs_dir = \(directory.path)
            rand_serial = yes
            default_md = sha256
            policy = any
            x509_extensions = names
            copy_extensions = none
            unique_subject = no
            [any]
            commonName = supplied
            [names]
            subjectAltName = \(names)

            """, to: "\(name).cnf")
        _ = try directory.write("", to: "\(name).index")
        _ = path("\(name).index.attr")
        _ = path("\(name).index.old")
        _ = path("\(name).index.attr.old")
        let dates = valid.map { ["-startdate", $0.from, "-enddate", $0.until] } ?? ["-days", "\(days)"]
        try run(
            [
                "ca", "-batch", "-notext", "-config", settings, "-cert", authority, "-keyfile",
                "\(directory.path)/ca.key",
            ]
                + ["-in", request, "-out", certificate] + dates)
        try forgetCopy(of: certificate)
        return (certificate, key)
    }

    /// A list that revokes a certificate made before.
    public func revoke(_ name: String) throws -> String {
        let list = path("\(name).crl")
        let settings = "\(directory.path)/\(name).cnf"
        try run(
            "ca", "-config", settings, "-cert", authority, "-keyfile", "\(directory.path)/ca.key", "-revoke",
            "\(directory.path)/\(name).pem")
        try run(
            "ca", "-config", settings, "-cert", authority, "-keyfile", "\(directory.path)/ca.key", "-gencrl",
            "-crldays", "30", "-out", list)
        return list
    }

    /// What the authority says about a certificate made before: an OCSP response.
    public func respond(about name: String) throws -> String {
        let response = path("\(name).ocsp")
        try run(
            "ocsp", "-index", "\(directory.path)/\(name).index", "-rsigner", authority, "-rkey",
            "\(directory.path)/ca.key", "-CA", authority, "-issuer", authority, "-cert",
            "\(directory.path)/\(name).pem", "-ndays", "7", "-respout", response)
        return response
    }

    /// Runs `openssl` and gives what it wrote to its standard output.
    @discardableResult
    public func run(_ arguments: String...) throws -> String { try run(arguments) }

    @discardableResult
    public func run(_ arguments: [String]) throws -> String {
        let process = try ChildProcess("/usr/bin/env", ["openssl"] + arguments)
        guard try process.waitForExit() == .code(0) else {
            throw KitFailure(.program, "openssl \(arguments.first ?? ""): \(process.errors)")
        }
        return process.output
    }

    /// `openssl ca` leaves a copy of each certificate, named by its serial number.
    private func forgetCopy(of certificate: String) throws {
        let line = try run("x509", "-in", certificate, "-noout", "-serial")
        _ = path(line.drop { $0 != "=" }.dropFirst().prefix { !$0.isNewline } + ".pem")
    }
}

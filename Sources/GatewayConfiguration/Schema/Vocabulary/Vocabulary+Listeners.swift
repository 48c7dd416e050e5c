extension Vocabulary {
    static let listener = ObjectShape(
        "listener", "One address on which clients connect.",
        [
            Field(.name, .scalar(.name), "What routes call it.", default: "its address"),
            Field(
                .address, .scalar(.address), "`0.0.0.0:8080`, `:8080` for all addresses, `[::1]:8080`.", required: true),
            Field(
                .stageVariables, .map(keys: .name, values: .scalar(.fieldValue)),
                "What `{stage.NAME}`, as at AWS `$stageVariables.NAME`, stands for in requests of this listener."),
            Field(
                .stage, .oneOrList(.scalar(.stage)),
                "A first path segment, or several, of which one must be there (else 404) and is removed before matching:"
                    + " `/prod` becomes `/`."),
            Field(.tls, .object(listenerTLS), "Terminates TLS."),
            Field(.paths, .object(pathPolicy), "What happens to path characters that servers read differently."),
            Field(
                .maxConnections, .integer(1...10_000_000), "Open connections of this listener.", default: "10000"),
            Field(
                .http2, .boolean,
                "Accepts HTTP/2: with TLS by ALPN, in clear from clients that begin with it.", default: "true with tls"),
            Field(
                .proxyProtocol, .choice([.word("v1", "v2", "any"), .object(proxyProtocol)]),
                "Each connection begins with a PROXY protocol header that says who the client is; a version, or details.",
                default: "none"),
            Field(.redirectToHttps, .boolean, "Answers every request with a redirect to https.", default: "false"),
        ])

    static let proxyProtocol = ObjectShape(
        "proxy_protocol", "Headers in front of a connection, before TLS too, by which a balancer tells of the client.",
        [
            Field(.version, .word("v1", "v2", "any"), "Which version is taken.", default: "any"),
            Field(
                .trusted, .list(.scalar(.prefix)), "Who has to send it: what it says is believed.",
                default: "`trusted_proxies`"),
            Field(
                .others, .word("refuse", "serve"),
                "What becomes of peers that are not trusted: their connections are ended, or served as clients that send "
                    + "no header.", default: "refuse"),
            Field(.timeout, .scalar(.duration(off: false)), "For the whole header to come.", default: "5s"),
        ])

    static let pathPolicy = ObjectShape(
        "paths", "Per character: `keep` it as it is, or `reject` the request with 400.",
        [
            Field(.encodedSlash, pathAction, "`%2F`.", default: "keep"),
            Field(.encodedBackslash, pathAction, "`%5C`.", default: "reject"),
            Field(.encodedNull, pathAction, "`%00`.", default: "reject"),
            Field(.backslash, pathAction, "`\\`.", default: "reject"),
            Field(.emptySegments, pathAction, "`//`.", default: "keep"),
            Field(.semicolon, pathAction, "`;` in a segment.", default: "keep"),
        ])

    private static let pathAction = Shape.word("keep", "reject")

    static let listenerTLS = ObjectShape(
        "listener_tls", "TLS towards clients.", rules: [.atLeastOne([.certificates, .acme])],
        [
            Field(
                .certificates, .list(.object(certificate)),
                "Chosen by the name the client asks for; the first is the default."),
            Field(.profile, .word("intermediate", "modern"), "Mozilla's profile.", default: "intermediate"),
            Field(.minVersion, .word("1.2", "1.3"), "The lowest TLS version.", default: "\"1.2\""),
            Field(.clientCertificates, .object(clientCertificates), "Asks clients for a certificate."),
            Field(
                .hsts, .scalar(.duration(off: true)),
                "`max-age` of `Strict-Transport-Security`, sent with every response.", default: "not sent"),
            Field(
                .acme, .object(acme),
                "A certificate that the gateway gets, and renews, from an ACME authority (RFC 8555)."),
        ])

    static let certificate = ObjectShape(
        "certificate", "A certificate with its key, as PEM files.",
        [
            Field(
                .certificate, .scalar(.name), "The chain, leaf first. Paths are relative to the file that names them.",
                required: true),
            Field(.key, .scalar(.name), "The private key, without a passphrase.", required: true),
            Field(.ocsp, .scalar(.name), "A stapled OCSP response (DER)."),
        ])

    static let clientCertificates = ObjectShape(
        "client_certificates", "Certificates of clients.",
        [
            Field(.mode, .word("optional", "required"), "Whether a client may go without.", default: "required"),
            Field(.ca, .scalar(.name), "Authorities that are trusted, as a PEM file.", required: true),
            Field(.crl, .scalar(.name), "A revocation list, as a PEM file."),
        ])

    static let acme = ObjectShape(
        "acme", "A certificate that the gateway gets by itself. To name an authority is to agree to its terms.",
        [
            Field(.directory, .scalar(.httpURL), "The authority's directory URL.", required: true),
            Field(.email, .scalar(.name), "Where the authority may write to."),
            Field(
                .domains, .list(.scalar(.host)), "The names of the certificate; no wildcards and no addresses.",
                required: true),
            Field(
                .storage, .scalar(.name),
                "A directory for the account's key, certificates and their keys. Relative to the file that names it.",
                required: true),
            Field(
                .challenge, .word("tls-alpn-01", "http-01"),
                "How the authority sees that the names lead here: by port 443 (RFC 8737), or by port 80.",
                default: "tls-alpn-01"),
            Field(
                .ca, .scalar(.name), "Who vouches for the authority's own server, as a PEM file.",
                default: "the system's"),
            Field(.eab, .object(eab), "For authorities that take only accounts of their customers."),
        ])

    static let eab = ObjectShape(
        "eab",
        "Binds the account to one that the authority knows by other means (RFC 8555 §7.3.4). It says both values.",
        [
            Field(.keyID, .scalar(.name), "By what the authority knows the other account.", required: true),
            Field(
                .hmacKey, .scalar(.name),
                "The shared key, in base64 as authorities give it; take it from `${env:NAME}`.",
                required: true),
        ])
}

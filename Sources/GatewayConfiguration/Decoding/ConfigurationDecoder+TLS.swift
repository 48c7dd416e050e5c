/// TLS on both sides. Files are only named here: what is in them is looked at when the snapshot is compiled.
extension ConfigurationDecoder {
    func file(_ id: NodeID) -> FileReference {
        let location = location(id)
        return FileReference(path: FilePaths.resolve(text(id), besides: location.file), location: location)
    }

    mutating func decodeTLS(_ id: NodeID) -> ListenerTLSConfiguration? {
        guard isMapping(id) else { return nil }
        var tls = ListenerTLSConfiguration()
        tls.location = location(id)
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .certificates:
                guard document.node(value).kind == .sequence else { continue }
                tls.certificates = document.children(value).compactMap { decodeCertificate($0) }
                if document.node(value).count == 0 {
                    findings.error(
                        at: location(value), "certificates: the list is empty", fix: "name a certificate and its key")
                }
            case .profile: tls.profile = word(value) ?? tls.profile
            case .minVersion: tls.minVersion = word(value) ?? tls.minVersion
            case .clientCertificates: tls.clientCertificates = decodeClientCertificates(value)
            case .hsts: assign(value, to: &tls.hsts)
            case .acme: tls.acme = decodeACME(value)
            default: break
            }
        }
        return tls
    }

    /// The checker has reported one that lacks its key.
    private func decodeCertificate(_ id: NodeID) -> CertificateConfiguration? {
        var certificate: FileReference?
        var key: FileReference?
        var ocsp: FileReference?
        for (name, value) in entries(id) {
            switch document.key(name) {
            case .certificate: certificate = file(value)
            case .key: key = file(value)
            case .ocsp: ocsp = file(value)
            default: break
            }
        }
        guard let certificate, let key else { return nil }
        return CertificateConfiguration(certificate: certificate, key: key, ocsp: ocsp)
    }

    private func decodeClientCertificates(_ id: NodeID) -> ClientCertificatesConfiguration? {
        var ca: FileReference?
        var crl: FileReference?
        var mode = ClientCertificatesConfiguration.Mode.required
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .ca: ca = file(value)
            case .crl: crl = file(value)
            case .mode: mode = word(value) ?? mode
            default: break
            }
        }
        guard let ca else { return nil }
        var certificates = ClientCertificatesConfiguration(ca: ca)
        certificates.crl = crl
        certificates.mode = mode
        return certificates
    }

    /// Answers over TLS need no redirect to it.
    mutating func checkTLS(of listener: ListenerConfiguration) {
        if listener.tls != nil && listener.redirectToHTTPS {
            findings.error(
                at: listener.location, "redirect_to_https stands on a listener that has tls",
                fix: "put it on the listener without tls")
        }
    }

    mutating func decodeServiceTLS(_ id: NodeID) -> ServiceTLSConfiguration {
        var tls = ServiceTLSConfiguration()
        tls.location = location(id)
        var certificate: FileReference?
        var key: FileReference?
        for (name, value) in entries(id) {
            switch document.key(name) {
            case .ca: tls.ca = file(value)
            case .serverName: tls.serverName = text(value).lowercased()
            case .clientCertificate: certificate = file(value)
            case .clientKey: key = file(value)
            case .verify: assign(value, to: &tls.verify)
            default: break
            }
        }
        if let certificate, let key {
            tls.identity = CertificateConfiguration(certificate: certificate, key: key)
        } else if let lonely = certificate ?? key {
            findings.error(
                at: lonely.location, "client_certificate and client_key belong together, and one is missing",
                fix: "give both")
        }
        return tls
    }

    mutating func checkTLS(of service: ServiceConfiguration) {
        guard let tls = service.tls, !service.endpoints.isEmpty, !service.endpoints.contains(where: \.tls) else {
            return
        }
        findings.warning(
            at: tls.location, "tls: no endpoint of this service is https, so this has no effect",
            fix: "write https:// in the endpoints' URLs")
    }
}

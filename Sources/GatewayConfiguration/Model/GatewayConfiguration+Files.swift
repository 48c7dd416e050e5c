extension GatewayConfiguration {
    /// Paths of the files that the configuration names and that are read when it is compiled: certificates, keys, lists
    /// of authorities. Other bytes in them are another configuration, whatever its own text says.
    var namedFiles: [String] {
        var files: [FileReference?] = []
        for tls in listeners.compactMap(\.tls) {
            for entry in tls.certificates { files += [entry.certificate, entry.key, entry.ocsp] }
            files += [tls.clientCertificates?.ca, tls.clientCertificates?.crl, tls.acme?.ca]
        }
        for tls in services.compactMap(\.tls) + [rateLimiting.store?.tls].compactMap({ $0 }) {
            files += [tls.ca, tls.identity?.certificate, tls.identity?.key]
        }
        return files.compactMap { $0?.path } + schemaFiles
    }
}

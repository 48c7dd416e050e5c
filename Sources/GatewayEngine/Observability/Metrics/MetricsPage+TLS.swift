internal import Reactor
internal import Synchronization

/// TLS with clients, and the certificates for it.
extension MetricsPage {
    /// - Parameter listeners: those with TLS.
    func writeTLS(_ listeners: [ListenerTLS], to writer: inout PrometheusWriter) {
        writer.begin("gatehouse_tls_handshakes_total", .counter, "TLS handshakes with clients, by result.")
        writer.sample("", "result", "ok", sum(MetricLayout.tlsHandshakes))
        for failure in TLSFailure.allCases {
            writer.sample("", "result", failure.label, sum(MetricLayout.tlsFailures + Int(failure.rawValue)))
        }
        writer.begin(
            "gatehouse_proxy_headers_total", .counter,
            "Connections on listeners that expect a PROXY header, by what came.")
        for result in ProxyHeaderResult.allCases {
            writer.sample("", "result", result.label, sum(MetricLayout.proxyHeaders + Int(result.rawValue)))
        }
        writer.begin("gatehouse_tls_resumed_total", .counter, "TLS handshakes with clients that resumed a session.")
        writer.sample(sum(MetricLayout.tlsResumed))
        writer.begin(
            "gatehouse_tls_certificate_expiry_timestamp_seconds", .gauge,
            "When a listener's certificate expires, in seconds since 1970.")
        // One series for each file of a listener, however often it is named.
        var seen: Set<[String]> = []
        for certificate in listeners.flatMap(\.certificates)
        where seen.insert([certificate.listener, certificate.path]).inserted {
            let listener = PrometheusWriter.label("listener", certificate.listener)
            let path = PrometheusWriter.label("certificate", certificate.path)
            writer.sample("\(listener),\(path)", UInt64(clamping: certificate.notAfter))
        }
        writeOrders(listeners, to: &writer)
    }

    /// Certificates that the gateway gets by itself.
    private func writeOrders(_ listeners: [ListenerTLS], to writer: inout PrometheusWriter) {
        var managed: [ManagedCertificate] = []
        for certificate in listeners.compactMap(\.managed) where !managed.contains(where: { $0 === certificate }) {
            managed.append(certificate)
        }
        if managed.isEmpty { return }
        writer.begin("gatehouse_acme_orders_total", .counter, "Orders of certificates (ACME), by how they ended.")
        for certificate in managed {
            let label = PrometheusWriter.label("certificate", certificate.name)
            writer.sample(label, "result", "ok", certificate.succeeded.load(ordering: .relaxed))
            writer.sample(label, "result", "failed", certificate.failed.load(ordering: .relaxed))
        }
        writer.begin(
            "gatehouse_acme_failing", .gauge, "Orders of a certificate that have failed since the last that did not.")
        for certificate in managed {
            let label = PrometheusWriter.label("certificate", certificate.name)
            writer.sample(label, gauge: UInt64(clamping: certificate.report.failures))
        }
    }
}

/// PROXY protocol headers, of listeners and of services.
extension ConfigurationDecoder {
    /// A version alone, or a mapping.
    func decodeProxyProtocol(_ id: NodeID) -> ProxyProtocolConfiguration {
        var proxy = ProxyProtocolConfiguration()
        proxy.location = location(id)
        if !isMapping(id) { proxy.version = word(id) ?? proxy.version }
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .version: proxy.version = word(value) ?? proxy.version
            case .trusted: proxy.trusted = decodePrefixes(value)
            case .others: proxy.others = word(value) ?? proxy.others
            case .timeout: assign(value, to: &proxy.timeout)
            default: break
            }
        }
        return proxy
    }

    /// A header that anybody may send would let anybody be anybody: those who may are always named.
    mutating func checkProxyProtocol(of listener: ListenerConfiguration, _ configuration: GatewayConfiguration) {
        guard let proxy = listener.proxyProtocol, (proxy.trusted ?? configuration.trustedProxies).isEmpty else {
            return
        }
        findings.error(
            at: proxy.location, "proxy_protocol: nobody is trusted to send the header",
            fix: "name the balancers in its trusted, or in trusted_proxies")
    }
}

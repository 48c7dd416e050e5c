internal import CCares
internal import CSystem

/// Finds the addresses of a host, on the loop and without ever blocking it. One per loop.
///
/// 1. A literal address, in brackets or not, is its own answer.
/// 2. The hosts file answers before DNS does, and `localhost` is loopback whatever DNS says (RFC 6761, section 6.3).
/// 3. A and AAAA are asked for at the same time, with the search domains of the system. One family's answer is enough;
///    the other gets a short grace.
///
/// Two c-ares channels: one that only reads the hosts file, so that its answers can be told from those of DNS (c-ares
/// gives them a time to live of 0), and one that only asks servers.
package final class NameResolver {
    private let loop: EventLoop
    private let hosts: AresChannel
    private let servers: AresChannel
    private let grace: Int64

    /// A resolver that could not be set up answers every look-up with the reason.
    package init(loop: EventLoop, options: NameResolverOptions = NameResolverOptions()) {
        self.loop = loop
        grace = options.grace * 1_000_000
        hosts = AresChannel(loop: loop, source: .hostsFile, options: options)
        servers = AresChannel(loop: loop, source: .servers, options: options)
    }

    deinit {
        close()
    }

    /// Ends every look-up under way with `.cancelled`.
    package func close() {
        hosts.close()
        servers.close()
    }

    /// Look-ups under way.
    package var pendingCount: Int { servers.pendingCount }

    /// Finds the addresses of `host`. `completion` is called exactly once, on the loop: before this returns when no server
    /// has to be asked, later otherwise, and never from inside another handler's call.
    package func resolve(
        _ host: String, port: UInt16, completion: @escaping (Result<Resolution, ResolutionError>) -> Void
    ) {
        guard let name = HostName(host) else {
            completion(.failure(.badName))
            return
        }
        if let literal = name.literal(port: port) {
            completion(.success(Resolution(addresses: [literal], timeToLive: Resolution.localTimeToLive)))
            return
        }
        let local = localAddresses(of: name, port: port)
        if !local.isEmpty {
            completion(.success(Resolution(addresses: local, timeToLive: Resolution.localTimeToLive)))
            return
        }
        let lookUp = NameLookUp(on: loop, port: port, grace: grace, completion: completion)
        for family in [AF_INET, AF_INET6] {
            servers.ask(name.text, family: family) { [loop] answer in
                // c-ares is on the stack here: whoever is told must be free to close the resolver.
                loop.afterThis { lookUp.add(answer, family: family) }
            }
        }
    }

    private func localAddresses(of name: HostName, port: UInt16) -> [SocketAddress] {
        var found: [SocketAddress] = []
        for family in [AF_INET, AF_INET6] {
            // The hosts file is read while this is on the stack, and the answer given before it returns.
            hosts.ask(name.text, family: family) { answer in
                if case .success(let resolution) = answer { found += resolution.addresses }
            }
        }
        if found.isEmpty && name.isLocalhost {
            found = [
                SocketAddress(ipv4: 0x7F00_0001, port: 0), SocketAddress(high: 0, low: 1, port: 0, isIPv6: true),
            ]
        }
        return found.withPort(port)
    }
}

extension [SocketAddress] {
    /// The same addresses, each once, with a port.
    func withPort(_ port: UInt16) -> [SocketAddress] {
        var seen: Set<SocketAddress> = []
        return compactMap { address in
            var address = address
            address.port = port
            return seen.insert(address).inserted ? address : nil
        }
    }
}

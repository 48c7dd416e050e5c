internal import CCares
internal import CSystem

/// What c-ares answers, in the words of this module.
enum AresAnswer {
    /// More addresses than this are left out: one answer must not fill memory.
    private static let limit = 256

    /// Copies an answer and gives its memory back to c-ares.
    @unsafe static func take(_ status: Int32, _ found: UnsafeMutablePointer<ares_addrinfo>?) -> AresChannel.Answer {
        defer { if let found = unsafe found { unsafe ares_freeaddrinfo(found) } }
        guard status == ARES_SUCCESS else { return .failure(error(status)) }
        guard let found = unsafe found else { return .failure(.badResponse) }
        var addresses: [SocketAddress] = []
        var timeToLive = Int32.max
        var node = unsafe found.pointee.nodes
        while let entry = unsafe node, addresses.count < limit {
            if let address = unsafe address(entry.pointee) {
                addresses.append(address)
                timeToLive = min(timeToLive, unsafe entry.pointee.ai_ttl)
            }
            unsafe node = entry.pointee.ai_next
        }
        if addresses.isEmpty { return .failure(.noAddress) }
        var alias = unsafe found.pointee.cnames
        while let entry = unsafe alias {
            timeToLive = min(timeToLive, unsafe entry.pointee.ttl)
            unsafe alias = entry.pointee.next
        }
        return .success(Resolution(addresses: addresses, timeToLive: Int(timeToLive)))
    }

    private static func address(_ node: ares_addrinfo_node) -> SocketAddress? {
        guard let source = unsafe node.ai_addr else { return nil }
        var storage = sockaddr_storage()
        // c-ares says how long the address is; the storage is as long as any address can be.
        let size = min(Int(unsafe node.ai_addrlen), MemoryLayout<sockaddr_storage>.size)
        unsafe withUnsafeMutableBytes(of: &storage) { target in
            unsafe target.copyMemory(from: UnsafeRawBufferPointer(start: source, count: size))
        }
        return SocketAddress(storage)
    }

    static func error(_ status: Int32) -> ResolutionError {
        switch status {
        case ARES_ENOTFOUND: .notFound
        case ARES_ENODATA: .noAddress
        case ARES_ESERVFAIL, ARES_EREFUSED, ARES_ENOTIMP, ARES_EFORMERR, ARES_ECONNREFUSED:
            .serverFailure
        case ARES_ETIMEOUT: .timedOut
        case ARES_EBADNAME, ARES_EBADQUERY: .badName
        case ARES_EBADRESP: .badResponse
        case ARES_EDESTRUCTION, ARES_ECANCELLED: .cancelled
        default: .system(status)
        }
    }
}

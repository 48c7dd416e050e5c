internal import CCares
internal import CSystem

/// A c-ares channel driven by a loop: its descriptors are watched level-triggered, its timeouts are in the timer wheel.
///
/// c-ares calls back from inside `ares_getaddrinfo`, `ares_process_fd` and `ares_destroy`; what it calls here does no more
/// than note things, so that none of those three is ever entered from its own callback.
@safe final class AresChannel {
    enum Source {
        case hostsFile
        case servers
    }

    typealias Answer = Result<Resolution, ResolutionError>

    private let loop: EventLoop
    private var channel: ares_channel?
    /// Why there is no channel.
    private var status: Int32 = 0
    private var watched: [Int32: AresDescriptor] = [:]
    private let timer = AresTimer()
    fileprivate(set) var pendingCount = 0

    /// Once for the process; c-ares wants it before anything else.
    private static let library: Int32 = ares_library_init(ARES_LIB_INIT_ALL)

    init(loop: EventLoop, source: Source, options: NameResolverOptions) {
        self.loop = loop
        timer.channel = self
        status = Self.library
        if status == 0 { open(source, options) }
        if status == 0, source == .servers, let servers = options.servers {
            let list = servers.map(\.description).joined(separator: ",")
            status = unsafe ares_set_servers_ports_csv(channel, list)
        }
        if status != 0 { close() }
    }

    deinit {
        unsafe precondition(channel == nil, "a c-ares channel was released while open")
    }

    private func open(_ source: Source, _ options: NameResolverOptions) {
        var settings = unsafe ares_options()
        var mask = ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES
        mask |= ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ
        // Without EDNS a dozen addresses do not fit into 512 bytes and cost a TCP connection; 1232 is what passes
        // everywhere without fragments.
        unsafe settings.flags = ARES_FLAG_EDNS
        unsafe settings.ednspsz = 1_232
        unsafe settings.timeout = options.timeout
        unsafe settings.tries = options.tries
        // The channel is destroyed before this object goes, and calls back no more after that.
        unsafe settings.sock_state_cb_data = Unmanaged.passUnretained(self).toOpaque()
        unsafe settings.sock_state_cb = { context, descriptor, reads, writes in
            guard let context = unsafe context else { return }
            let channel = unsafe Unmanaged<AresChannel>.fromOpaque(context).takeUnretainedValue()
            channel.watch(descriptor, read: reads != 0, write: writes != 0)
        }
        var domains: [UnsafeMutablePointer<CChar>?] = unsafe []
        for domain in options.searchDomains ?? [] { unsafe domains.append(strdup(domain)) }
        if options.searchDomains != nil { mask |= ARES_OPT_DOMAINS }
        var lookups: [CChar] = [source == .hostsFile ? 0x66 : 0x62, 0]  // "f" or "b"
        // c-ares copies all of it.
        unsafe lookups.withUnsafeMutableBufferPointer { lookups in
            unsafe settings.lookups = lookups.baseAddress
            unsafe domains.withUnsafeMutableBufferPointer { domains in
                unsafe settings.domains = domains.baseAddress
                unsafe settings.ndomains = Int32(domains.count)
                status = unsafe ares_init_options(&channel, &settings, mask)
            }
        }
        for index in unsafe domains.indices { unsafe free(domains[index]) }
    }

    /// Questions under way end with `.cancelled`.
    func close() {
        if status == 0 { status = ARES_EDESTRUCTION }
        guard let channel = unsafe channel else { return }
        unsafe self.channel = nil
        unsafe ares_destroy(channel)
        for descriptor in watched.values { loop.descriptors.remove(descriptor) }
        watched = [:]
        loop.timers.disarm(timer)
    }

    /// Asks for the addresses of one family. `answer` is called once, perhaps before this returns.
    func ask(_ name: String, family: Int32, answer: @escaping (Answer) -> Void) {
        guard let channel = unsafe channel else {
            answer(.failure(AresAnswer.error(status)))
            return
        }
        var hints = ares_addrinfo_hints()
        hints.ai_family = family
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        // c-ares would sort by opening a socket to each address; the order is the servers' to give.
        hints.ai_flags = ARES_AI_NOSORT
        pendingCount += 1
        let question = AresQuestion(channel: self, answer: answer)
        // Released by the callback, which comes exactly once.
        let context = unsafe Unmanaged.passRetained(question).toOpaque()
        unsafe ares_getaddrinfo(
            channel, name, nil, &hints,
            { context, status, _, found in
                guard let context = unsafe context else { return }
                let question = unsafe Unmanaged<AresQuestion>.fromOpaque(context).takeRetainedValue()
                question.channel.pendingCount -= 1
                question.answer(unsafe AresAnswer.take(status, found))
            }, context)
        rearm()
    }

    fileprivate func process(readable: Int32, writable: Int32) {
        guard let channel = unsafe channel else { return }
        unsafe ares_process_fd(channel, readable, writable)
        rearm()
    }

    private func watch(_ descriptor: Int32, read: Bool, write: Bool) {
        if let known = watched[descriptor] {
            if read || write {
                loop.descriptors.changeLevel(known, read: read, write: write)
            } else {
                loop.descriptors.remove(known)
                watched[descriptor] = nil
            }
        } else if read || write {
            let new = AresDescriptor(descriptor, channel: self)
            // Not being able to watch it shows as a timeout, and the next try opens another.
            if loop.descriptors.addLevel(new, read: read, write: write) { watched[descriptor] = new }
        }
    }

    private func rearm() {
        guard let channel = unsafe channel else { return }
        var left = timeval()
        guard unsafe ares_timeout(channel, nil, &left) != nil else {
            loop.timers.pause(timer)
            return
        }
        let wait = Int64(left.tv_sec) * 1_000_000_000 + Int64(left.tv_usec) * 1_000
        // The clock itself, not the turn's time: c-ares counts from its own look at the clock.
        loop.timers.arm(timer, at: gh_monotonic_ns() + wait)
    }

    /// A socket of c-ares; opened and closed by it.
    private final class AresDescriptor: DescriptorHandler {
        /// The loop forgets this object before the channel goes.
        private unowned let channel: AresChannel

        init(_ descriptor: Int32, channel: AresChannel) {
            self.channel = channel
            super.init()
            self.descriptor = descriptor
        }

        override func descriptorIsReady(_ readiness: Readiness) {
            // An error (a port unreachable) is found by reading.
            let reads = !readiness.isDisjoint(with: [.readable, .end, .error])
            let writes = readiness.contains(.writable)
            channel.process(readable: reads ? descriptor : -1, writable: writes ? descriptor : -1)
        }
    }

    private final class AresTimer: TimerNode {
        weak var channel: AresChannel?

        override func timerDidFire() {
            channel?.process(readable: -1, writable: -1)
        }
    }
}

/// One question under way; c-ares carries it.
private final class AresQuestion {
    let channel: AresChannel
    let answer: (AresChannel.Answer) -> Void

    init(channel: AresChannel, answer: @escaping (AresChannel.Answer) -> Void) {
        self.channel = channel
        self.answer = answer
    }
}

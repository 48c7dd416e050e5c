internal import GatewayConfiguration
internal import RateLimits
internal import Reactor

/// One loop's connection to the store: questions go out as they come and are answered in their order, so any number of
/// them is under way at once. What a turn of the loop asks leaves in one system call at its end.
///
/// 1. A server is chosen (`LinkMachine`), its name resolved, its addresses are tried one after the other.
/// 2. The greeting goes out in one piece: user and password, database, who the server is, the script. Questions wait.
/// 3. With the last answer of the greeting the link is ready.
/// 4. Whatever is wrong ends the connection. Questions that were sent are given up, since nobody knows whether they were
///    counted; those that wait go on waiting while there is hope.
final class LimitLink: StreamHandler {
    /// What the server owes an answer to.
    enum Expected {
        case authentication, selection, greeting, script
        case slots
        case asking
        case question(LimitQuestion)
        /// What a request was charged elsewhere is given back; nobody waits for that.
        case refund
    }

    unowned let owner: RemoteLimits
    let servers: [LimitStoreConfiguration.Server]
    var machine: LinkMachine
    var socket: StreamSocket?
    var expected = FIFO<Expected>()
    /// Not sent yet.
    private var waiting = FIFO<LimitQuestion>()
    /// The first part of an answer whose rest has not come.
    var input: [UInt8] = []
    /// What the server calls the script.
    var script: [UInt8] = []
    private var output: [UInt8] = []
    private var flushIsDue = false
    /// Addresses of the server that have not been tried.
    private var addresses: [SocketAddress] = []
    private var peers: [TLSPeer?]
    /// Which attempt an answer about a name belongs to.
    private var attempt: UInt64 = 0

    var worker: Worker { owner.worker }
    var server: LimitStoreConfiguration.Server { servers[machine.server] }
    var isReady: Bool { if case .ready = machine.state { true } else { false } }

    init(_ owner: RemoteLimits, _ servers: [LimitStoreConfiguration.Server]) {
        self.owner = owner
        self.servers = servers
        machine = LinkMachine(servers: servers.count)
        peers = servers.map(owner.store.peer)
    }

    /// New connections are made by the newest certificates.
    func renewPeers() { peers = servers.map(owner.store.peer) }

    func start() { perform(machine.begin()) }

    // MARK: Questions

    /// False: nobody should wait for it now.
    func ask(_ question: LimitQuestion) -> Bool {
        guard !machine.isDown else { return false }
        question.link = self
        if isReady { send(question) } else { waiting.append(question) }
        return true
    }

    /// To be read when the answer has come: `decide` of a cluster's map.
    func askForSlots() {
        guard isReady else { return }
        RESPRequest.append([Array("CLUSTER".utf8), Array("SLOTS".utf8)], to: &output)
        expected.append(.slots)
        flushLater()
    }

    /// Gives back what a question was charged. One that cannot be sent is lost.
    func refund(_ question: LimitQuestion, count: Int) {
        guard isReady else { return }
        RESPRequest.append(question.check, .named(script), in: owner.store.space, count: -count, to: &output)
        expected.append(.refund)
        flushLater()
    }

    func send(_ question: LimitQuestion) {
        if question.isAsking {
            RESPRequest.append([Array("ASKING".utf8)], to: &output)
            expected.append(.asking)
        }
        question.sentAt = worker.loop.now
        RESPRequest.append(
            question.check, question.needsText ? .text : .named(script), in: owner.store.space,
            count: question.count, to: &output)
        expected.append(.question(question))
        flushLater()
    }

    /// It was certainly not counted, and may be asked of whoever is connected next.
    func askAgain(_ question: LimitQuestion) { waiting.append(question) }

    private func flushLater() {
        guard !flushIsDue else { return }
        flushIsDue = true
        worker.loop.afterThis { [self] in
            flushIsDue = false
            guard let socket, !output.isEmpty else { return }
            // Taken out and put back, so that its memory stays and is nobody else's meanwhile.
            var bytes: [UInt8] = []
            swap(&bytes, &output)
            socket.write(bytes.span)
            bytes.removeAll(keepingCapacity: bytes.count <= 64 * 1024)
            swap(&bytes, &output)
        }
    }

    // MARK: Connecting

    private func perform(_ step: LinkMachine.Step) {
        switch step {
        case .nothing: break
        case .rest(let nanoseconds): worker.loop.timers.arm(self, at: worker.loop.now + nanoseconds)
        case .connect:
            worker.loop.timers.arm(self, at: worker.loop.now + owner.store.connectTimeout)
            attempt &+= 1
            let number = attempt
            // Never from inside of the failure of another attempt: a list of servers that all fail at once must not
            // become a tower of calls.
            worker.loop.afterThis { [weak self] in self?.resolve(number) }
        }
    }

    private func resolve(_ number: UInt64) {
        guard number == attempt, machine.state == .trying else { return }
        worker.resolver.resolve(server.host, port: server.port) { [weak self] result in
            guard let self, number == attempt, machine.state == .trying else { return }
            switch result {
            case .failure: fail(.nameNotResolved)
            case .success(let resolution):
                addresses = resolution.addresses
                connect(.connect)
            }
        }
    }

    /// Tries the next address of the server.
    private func connect(_ failure: StoreFailure) {
        while !addresses.isEmpty {
            var error: Int32 = 0
            let address = addresses.removeFirst()
            socket = StreamSocket.connect(
                to: address, loop: worker.loop, handler: self, tls: peers[machine.server], error: &error)
            if socket != nil { return }
        }
        fail(failure)
    }

    override func socketDidConnect() {
        addresses = []
        greet()
        flushLater()
    }

    private func greet() {
        let configuration = owner.store.configuration
        if let password = server.password ?? configuration.password {
            var words = [Array("AUTH".utf8)]
            let user = server.password != nil ? server.username : configuration.username
            if let user { words.append(Array(user.utf8)) }
            RESPRequest.append(words + [password.bytes], to: &output)
            expected.append(.authentication)
        }
        if server.database != 0 {
            RESPRequest.append([Array("SELECT".utf8), Array("\(server.database)".utf8)], to: &output)
            expected.append(.selection)
        }
        RESPRequest.append([Array("HELLO".utf8), Array("2".utf8)], to: &output)
        expected.append(.greeting)
        RESPRequest.appendLoad(to: &output)
        expected.append(.script)
    }

    /// The greeting has been answered.
    func becomeReady() {
        machine.isReady()
        worker.loop.timers.pause(self)
        for question in waiting.takeAll() { send(question) }
        owner.linkIsReady(self)
    }

    // MARK: Events

    override func socketDidReceive(_ bytes: Span<UInt8>) { receive(bytes) }

    override func socketDidReachEnd() { fail(.closed) }

    override func socketDidFail(_ error: Int32) {
        if machine.state == .trying, socket?.tlsFailure == nil, expected.isEmpty, !addresses.isEmpty {
            socket = nil
            return connect(.connect)
        }
        let isConnecting = machine.state == .trying && expected.isEmpty
        fail(socket?.tlsFailure != nil ? .tls : isConnecting ? .connect : .closed)
    }

    override func timerDidFire() {
        switch machine.state {
        case .trying: fail(.timeout)
        case .resting: perform(machine.begin())
        case .idle, .ready, .closed: break
        }
    }

    /// The connection is given up, or could not be made.
    ///
    /// - Parameter leavesWaiting: false: nobody should wait any longer.
    func fail(_ failure: StoreFailure, leavesWaiting: Bool = true) {
        guard machine.state != .closed else { return }
        worker.metrics.limitStoreFailed(failure)
        let server = server.name
        let lost = disconnect()
        let step = machine.failed(leavesWaiting: leavesWaiting, random: worker.identifiers.next())
        owner.linkDidFail(self, failure, server: server)
        giveUp(lost, failure)
        perform(step)
        owner.deliver()
    }

    /// Somebody has waited too long. If he was asked about, the server hangs, and is asked no more; if not, connecting
    /// takes longer than anybody should wait, and goes on without anybody.
    func timedOut() {
        if isReady { return fail(.timeout, leavesWaiting: false) }
        worker.metrics.limitStoreFailed(.timeout)
        machine.giveUpHope()
        owner.linkDidFail(self, .timeout, server: server.name)
        giveUp([], .timeout)
    }

    /// The end.
    func close() {
        guard machine.state != .closed else { return }
        let lost = disconnect()
        machine.close()
        worker.loop.timers.disarm(self)
        giveUp(lost, .closed)
    }

    private func disconnect() -> [Expected] {
        attempt &+= 1
        socket?.close()
        socket = nil
        addresses = []
        input = []
        output.removeAll(keepingCapacity: true)
        worker.loop.timers.pause(self)
        return expected.takeAll()
    }

    private func giveUp(_ lost: [Expected], _ failure: StoreFailure) {
        for entry in lost {
            if case .question(let question) = entry { owner.failed(question, failure) }
        }
        guard machine.isDown else { return }
        for question in waiting.takeAll() { owner.failed(question, failure) }
    }
}

internal import Reactor

/// One worker's end of a bound address, and what every connection that came by it holds.
///
/// It says under which view, and as which listener of it, the next request is served: indices of listeners mean nothing
/// without the snapshot that they count in, so the two are changed in one step. An address that a reload takes away
/// leaves its slot the last view in which it existed, for the requests that are still under way on its connections.
final class ListenerSlot {
    let binding: ListenerBinding
    private(set) var view: WorkerView
    /// In the view's snapshot; `ListenerBinding.adminIndex` for the admin listener.
    private(set) var index: Int
    /// No further requests on its connections: the gateway ends, or the address went.
    private(set) var isDraining = false
    private var sockets: [ListeningSocket] = []

    init(_ binding: ListenerBinding, view: WorkerView, index: Int) {
        self.binding = binding
        self.view = view
        self.index = index
    }

    /// An operator's listener, not the clients'.
    var isAdmin: Bool { binding.isAdmin }

    /// What new connections are to speak; nil: in clear.
    var tls: ListenerTLS? { isAdmin ? nil : view.snapshot.listeners[index].tls }

    /// Clients that know so beforehand may speak HTTP/2 in clear. Operators may always.
    var takesHTTP2: Bool { index == ListenerBinding.adminIndex || view.snapshot.listeners[index].takesHTTP2InClear }

    /// Which new connections begin with a PROXY header; nil: none.
    var proxyProtocol: CompiledProxyProtocol? { isAdmin ? nil : view.snapshot.listeners[index].proxyProtocol }

    func add(_ socket: ListeningSocket) { sockets.append(socket) }

    /// The next request is served by this.
    func adopt(_ view: WorkerView, index: Int) {
        self.view = view
        self.index = index
    }

    /// Nothing more is accepted, and what is connected ends with its present request.
    func drain() {
        isDraining = true
        closeSockets()
    }

    private func closeSockets() {
        for socket in sockets { socket.close() }
        sockets.removeAll()
    }

    func pauseAccepting() {
        for socket in sockets { socket.pauseAccepting() }
    }

    func resumeAccepting() {
        for socket in sockets { socket.resumeAccepting() }
    }
}

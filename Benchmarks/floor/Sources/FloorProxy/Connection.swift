/// One side of a proxied exchange. A client's connection and an upstream one have the same shape, so that the proxy
/// can go from either to the other.
final class Connection {
    enum Side { case downstream, upstream }

    let descriptor: Int32
    let token: UInt64
    let side: Side
    /// The other side, while an exchange is under way.
    var peer: Connection?
    /// Upstream: the bytes of the response still to come. -1: its head has not come yet.
    var remaining = -1
    /// Downstream: the client wants the connection closed after the response.
    var closing = false
    var closed = false
    /// Part of a head that has not arrived whole.
    var partial: [UInt8] = []
    /// What the socket would not take yet, from `sent` on.
    var outbox: [UInt8] = []
    var sent = 0

    init(descriptor: Int32, token: UInt64, side: Side) {
        self.descriptor = descriptor
        self.token = token
        self.side = side
    }
}

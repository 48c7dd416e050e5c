internal import CSystem
internal import HTTPWire

/// What a client hears when there is no place for its connection: one write, best effort, and the end.
enum ConnectionRefusal {
    /// The error in the same form as every other, put together once.
    private static let answer: [UInt8] = {
        let error = GatewayError.connectionLimit
        let body = WireBuffer(capacity: 256)
        ErrorBody.write(error, into: body)
        let text = WireBuffer(capacity: 512)
        text.append("HTTP/1.1 ")
        text.append(decimal: error.status)
        text.append(
            " Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\nProxy-Status: gatehouse; ")
        text.append(error.proxyStatus)
        text.append("\r\nConnection: close\r\nContent-Length: ")
        text.append(decimal: body.count)
        text.append("\r\n\r\n")
        text.append(body.span)
        return (0..<text.count).map { text.span[$0] }
    }()

    /// What a client hears that speaks HTTP in clear where TLS is spoken.
    static let plainAnswer: [UInt8] = {
        let error = GatewayError.tlsRequired
        let body = WireBuffer(capacity: 256)
        ErrorBody.write(error, into: body)
        let text = WireBuffer(capacity: 512)
        text.append("HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nProxy-Status: gatehouse; ")
        text.append(error.proxyStatus)
        text.append("\r\nConnection: close\r\nContent-Length: ")
        text.append(decimal: body.count)
        text.append("\r\n\r\n")
        text.append(body.span)
        return (0..<text.count).map { text.span[$0] }
    }()

    /// - Parameter isTLS: the client expects a handshake, which would cost more than it is worth: it sees the end only.
    static func answer(_ descriptor: Int32, isTLS: Bool) {
        if isTLS {
            _ = close(descriptor)
            return
        }
        // The bytes live as long as the program.
        unsafe answer.withUnsafeBufferPointer { bytes in _ = unsafe gh_send(descriptor, bytes.baseAddress, bytes.count)
        }
        _ = close(descriptor)
    }
}

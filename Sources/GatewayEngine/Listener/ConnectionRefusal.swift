internal import CSystem

/// What a client hears when there is no place for its connection: one write, best effort, and the end.
enum ConnectionRefusal {
    private static let body: StaticString = """
        {"error": "connection_limit", "message": "The gateway has as many connections as it may have."}

        """

    static func answer(_ descriptor: Int32) {
        let head =
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
            + "Content-Length: \(body.utf8CodeUnitCount)\r\nConnection: close\r\n\r\n"
        var text = head
        text.withUTF8 { bytes in _ = unsafe gh_send(descriptor, bytes.baseAddress, bytes.count) }
        body.withUTF8Buffer { bytes in _ = unsafe gh_send(descriptor, bytes.baseAddress, bytes.count) }
        _ = close(descriptor)
    }
}

/// How large a head may be. The numbers are the listener's; these defaults are the documented ones.
package struct HeadLimits: Sendable {
    /// Bytes of the request or status line, its line end left out.
    package var requestLine: Int
    /// Bytes of the whole head, its final empty line included; also of a trailer section.
    package var head: Int
    /// Fields in it.
    package var fields: Int

    package init(requestLine: Int = 8192, head: Int = 61440, fields: Int = 100) {
        self.requestLine = requestLine
        self.head = head
        self.fields = fields
    }
}

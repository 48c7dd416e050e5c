/// What one call of an aggregate was, beside the record of the whole: plain numbers again.
package struct PartRecord: Sendable {
    /// Indices in the snapshot's `AccessLabels`; -1: none.
    package var part: Int32 = -1
    package var service: Int32 = -1
    package var endpoint: Int32 = -1
    /// What the service answered; 0: nothing.
    package var status: UInt16 = 0
    package var error: GatewayError?
    package var attempts: UInt16 = 0
    /// From the first byte of the client's request to the beginning of the call.
    package var start: Int64 = 0
    /// As those of the whole; -1 where there is none.
    package var connect: Int64 = -1
    package var firstByte: Int64 = -1
    package var total: Int64 = -1
    /// Of the answer's body.
    package var bytes = 0

    package init() {}
}

extension AccessLogEncoder {
    /// Calls that a line names: a fan-out may have many more, which are counted.
    static let partLimit = 32
}

/// Why a step of a test could not be taken: always a sentence that says what was awaited and what came instead.
///
/// The kit throws nothing else. A wait that runs out of patience, a peer that closes too early and a message that
/// breaks the protocol are three different things to a test, so the kind tells them apart.
public struct KitFailure: Error, CustomStringConvertible, Sendable {
    public enum Kind: Sendable, Hashable {
        /// The deadline passed.
        case timeout
        /// The peer ended the connection (FIN) where more bytes were due.
        case closed
        /// The peer reset the connection (RST).
        case reset
        /// The bytes read break RFC 9110 or RFC 9112.
        case violation
        /// The operating system refused: the message holds its words.
        case system
        /// The program under test did not do what the step needs, such as starting up.
        case program
    }

    public let kind: Kind
    public let message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    public var description: String { "\(kind): \(message)" }
}

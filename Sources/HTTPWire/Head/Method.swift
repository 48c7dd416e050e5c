/// The request method, as far as the gateway treats methods differently. Methods are case-sensitive (RFC 9110 §9.1):
/// `get` is not GET but `other`, whose text the head keeps.
package enum Method: UInt8, Sendable, CaseIterable {
    case get, head, post, put, delete, options, patch, trace, connect, query, other

    /// RFC 9110 §9.2.1; QUERY by its own specification. Nothing is assumed of a method that is not known.
    package var isSafe: Bool {
        switch self {
        case .get, .head, .options, .trace, .query: true
        case .post, .put, .delete, .patch, .connect, .other: false
        }
    }

    /// RFC 9110 §9.2.2: sending it twice is as good as sending it once, so a broken connection may be tried again.
    package var isIdempotent: Bool {
        switch self {
        case .get, .head, .options, .trace, .query, .put, .delete: true
        case .post, .patch, .connect, .other: false
        }
    }

    /// As on the wire; empty for `other`.
    package var text: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .patch: "PATCH"
        case .trace: "TRACE"
        case .connect: "CONNECT"
        case .query: "QUERY"
        case .other: ""
        }
    }

    /// The method of this name.
    package static func lookup(_ name: Span<UInt8>) -> Method {
        // Eight bytes hold every method there is a case for, so a name is one number.
        guard name.count >= 3 && name.count <= 7 else { return .other }
        var word: UInt64 = 0
        for index in name.indices { word = word &<< 8 | UInt64(name[index]) }
        switch word {
        case 0x47_4554: return .get
        case 0x4845_4144: return .head
        case 0x504F_5354: return .post
        case 0x50_5554: return .put
        case 0x4445_4C45_5445: return .delete
        case 0x4F_5054_494F_4E53: return .options
        case 0x50_4154_4348: return .patch
        case 0x54_5241_4345: return .trace
        case 0x43_4F4E_4E45_4354: return .connect
        case 0x51_5545_5259: return .query
        default: return .other
        }
    }
}

internal import ContentCodings
internal import JSONStream

/// What came of reading a message's body as JSON.
enum ReadBody {
    case document(JSONDocument)
    case fault(BodyReadingFault)
}

/// Why a body could not be read, as each side's error.
enum BodyReadingFault {
    case malformed
    case coding(CodingFault)

    /// For who only watches.
    var message: String {
        switch self {
        case .malformed: "is no JSON"
        case .coding(.malformed): "is not what its Content-Encoding says"
        case .coding(.tooLarge): "expands to more than is read"
        case .coding(.outOfMemory): "could not be decoded"
        }
    }

    var ofRequest: GatewayError {
        switch self {
        case .malformed: .requestBodyMalformed
        case .coding(let fault): .ofRequest(fault)
        }
    }

    /// nil: it is a verdict like any other.
    var ofResponse: GatewayError? {
        switch self {
        case .malformed: nil
        case .coding(let fault): .ofResponse(fault)
        }
    }
}

extension GatewayError {
    static func ofRequest(_ fault: CodingFault) -> GatewayError {
        switch fault {
        case .malformed: .requestBodyUndecodable
        case .tooLarge: .requestExpansionLimit
        case .outOfMemory: .overloaded
        }
    }

    static func ofResponse(_ fault: CodingFault) -> GatewayError {
        switch fault {
        case .malformed: .responseUndecodable
        case .tooLarge: .responseExpansionLimit
        case .outOfMemory: .overloaded
        }
    }
}

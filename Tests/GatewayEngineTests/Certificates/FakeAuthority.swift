@testable import GatewayEngine

/// An authority in memory: answers the calls of an order as RFC 8555 has it, and looks whether it may be called so. What
/// goes wrong is the script's choice.
struct FakeAuthority {
    /// What it does with a call; asked once for each.
    enum Mood: Equatable {
        case good
        /// `badNonce`
        case refusesNonce
        /// Nothing in the answer to go on with.
        case forgetsNonce
        case notYet
        case status(Int, String)
        case nonsense
    }

    var names: [String]
    var challenge = "http-01"
    /// Names that it has seen before.
    var known: Set<String> = []
    var isInvalid = false
    var wantsExternalAccount = false
    /// It has an account of this key already.
    var knowsAccount = false
    /// It says when to renew, and so knows what is replaced.
    var saysWhen = false
    /// What is to be replaced has been.
    var hasReplaced = false
    /// What came with the account, and with orders.
    private(set) var bindings: [String] = []
    private(set) var replaced: [String] = []

    private(set) var calls: [String] = []
    private(set) var faults: [String] = []
    private var nonces: Set<String> = []
    private var issued = 0
    private var validated: Set<Int> = []
    private var told: Set<Int> = []
    private var isFinalized = false
    private(set) var hasSentCertificate = false
    /// Set by whoever drives the order.
    var presented: [ACMEChallenge] = []

    init(_ names: [String]) { self.names = names }

    mutating func answer(_ call: ACMECall, _ mood: Mood) -> ACMEAnswer {
        let path = String(call.url.dropFirst("https://ca/".count))
        calls.append(path)
        var answer = ACMEAnswer(status: 200)
        if mood != .forgetsNonce && path != "dir" { answer.nonce = makeNonce() }
        if case .post(_, let nonce, let signer) = call.kind {
            if nonces.remove(nonce) == nil { faults.append("\(path): a nonce that is not good") }
            let isFirst = path == "account"
            if isFirst != (signer == .key) { faults.append("\(path): signed by \(signer)") }
            if !isFirst && signer != .account("https://ca/account/1") { faults.append("\(path): \(signer)") }
        }
        switch mood {
        case .refusesNonce:
            return problem(400, "badNonce", &answer)
        case .status(let status, let kind): return problem(status, kind, &answer)
        // What a chain is worth is for others to see.
        case .nonsense where path != "certificate":
            answer.body = Array("{\"status\":".utf8)
            return answer
        case .good, .forgetsNonce, .notYet, .nonsense: break
        }
        respond(call, path, mood, &answer)
        return answer
    }

    private mutating func makeNonce() -> String {
        issued += 1
        nonces.insert("n\(issued)")
        return "n\(issued)"
    }

    private func problem(_ status: Int, _ kind: String, _ answer: inout ACMEAnswer) -> ACMEAnswer {
        answer.status = status
        answer.body = Array(
            "{\"type\": \"urn:ietf:params:acme:error:\(kind)\", \"detail\": \"it\\u0000is \(kind)\"}".utf8)
        return answer
    }

    private mutating func respond(_ call: ACMECall, _ path: String, _ mood: Mood, _ answer: inout ACMEAnswer) {
        let parts = path.split(separator: "/")
        let number = parts.count > 1 ? Int(parts[1]) ?? -1 : -1
        var body = "{}"
        var payload = ""
        if case .post(let text, _, _) = call.kind { payload = text }
        switch parts[0] {
        case "dir":
            body = """
                { "newNonce": "https://ca/nonce", "newAccount": "https://ca/account", "newOrder": "https://ca/order",
                  \(saysWhen ? "\"renewalInfo\": \"https://ca/renewal\"," : "")
                  "meta": { "externalAccountRequired": \(wantsExternalAccount) } }
                """
        case "nonce":
            if call.kind != .head { faults.append("a nonce is asked for by HEAD") }
        case "account" where payload.contains("onlyReturnExisting"):
            guard knowsAccount else {
                answer = problem(400, "accountDoesNotExist", &answer)
                return
            }
            answer.location = "https://ca/account/1"
        case "account":
            if let start = payload.firstRange(of: "\"externalAccountBinding\": ")?.upperBound {
                bindings.append(String(payload[start...]))
            } else if wantsExternalAccount {
                answer = problem(403, "externalAccountRequired", &answer)
                return
            }
            (answer.status, answer.location) = (201, "https://ca/account/1")
        case "order" where number < 0:
            if let start = payload.firstRange(of: "\"replaces\": \"")?.upperBound {
                replaced.append(String(payload[start...].prefix { $0 != "\"" }))
                if hasReplaced {
                    answer = problem(409, "alreadyReplaced", &answer)
                    return
                }
            }
            (answer.status, answer.location) = (201, "https://ca/order/1")
            body = order(known.isSuperset(of: names) ? "ready" : "pending")
        case "order":
            body = order(
                mood == .notYet
                    ? (isFinalized ? "processing" : "pending")
                    : isInvalid ? "invalid" : isFinalized ? "valid" : "ready")
        case "authorization":
            let name = names[number]
            let isValid = known.contains(name) || (validated.contains(number) && mood != .notYet)
            let status = isValid ? "valid" : isInvalid && told.contains(number) ? "invalid" : "pending"
            if told.contains(number) { validated.insert(number) }
            body = """
                { "status": "\(status)", "identifier": { "type": "dns", "value": "\(name)" }, "challenges": [
                  { "type": "dns-01", "url": "https://ca/challenge/99", "token": "other" },
                  { "type": "\(challenge)", "url": "https://ca/challenge/\(number)", "token": "token-\(number)"
                    \(isInvalid ? ", \"error\": { \"type\": \"urn:ietf:params:acme:error:unauthorized\" }" : "") } ] }
                """
        case "challenge":
            if !presented.contains(where: { $0.domain == names[number] && $0.token == "token-\(number)" }) {
                faults.append("told to look for \(names[number]), where nothing is")
            }
            told.insert(number)
        case "finalize":
            if told.count + known.count < names.count { faults.append("finalised too early") }
            isFinalized = true
            body = order(mood == .notYet ? "processing" : "valid")
        case "certificate":
            if call.accepts != "application/pem-certificate-chain" { faults.append("a chain is asked for by its type") }
            hasSentCertificate = true
            body = "chain"
        default: faults.append("nobody knows \(path)")
        }
        answer.body = Array(body.utf8)
    }

    private func order(_ status: String) -> String {
        let authorizations = names.indices.map { "\"https://ca/authorization/\($0)\"" }.joined(separator: ", ")
        return """
            { "status": "\(status)", "finalize": "https://ca/finalize", "authorizations": [ \(authorizations) ],
              "certificate": "https://ca/certificate"
              \(status == "invalid" ? ", \"error\": { \"type\": \"urn:ietf:params:acme:error:caa\" }" : "") }
            """
    }
}

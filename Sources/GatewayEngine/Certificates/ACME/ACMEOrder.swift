internal import Identity

/// One order, from the authority's directory to the certificate (RFC 8555 §7): decides what is asked next. No
/// connections, no clock, no keys: those are its driver's.
///
/// 1. The directory, then the first nonce.
/// 2. The account: made, or found again by its key. One that has to be bound to another is looked for first: what binds
///    it may be good for one account only.
/// 3. The order, and an authorization for each name of it.
/// 4. What answers the challenges is shown, all of them; then the authority is told to look, and asked what it saw.
/// 5. The request for the certificate, then the certificate.
///
/// Every answer brings the nonce of the next request. One that the authority does not take any more is replaced, and the
/// request repeated (§6.5); that is no fault, but not without end either. URLs come from the authority, which may lead
/// anywhere; but nowhere without TLS, where the directory was asked with it.
struct ACMEOrder: Sendable {
    struct Wanted: Sendable {
        var directory: String
        /// Lower-case.
        var domains: [String]
        var email: String?
        /// `http-01` or `tls-alpn-01`.
        var challenge: String
        /// Of the account's key.
        var thumbprint: String
        /// The request for the certificate (DER).
        var request: [UInt8]
        /// For an account that is made.
        var binding: ACMEBinding?
        /// By its name of RFC 9773, the certificate that this one comes for.
        var replaces: String?
    }

    enum Action: Sendable {
        case send(ACMECall)
        /// Show these from now on, until the order is over, and only then send.
        case present([ACMEChallenge], then: ACMECall)
        /// Call `resume` after so many seconds.
        case wait(seconds: Int64)
        /// The chain, as it came.
        case finished([UInt8])
        case failed(ACMEFault)
    }

    /// What is asked of the authority, each by a signed request.
    enum Step: Sendable, Hashable {
        /// Whether there is one.
        case knownAccount
        case account
        case order
        /// An authorization, by its number.
        case authorization(Int)
        /// Tell the authority to look.
        case respond(Int)
        /// What it has seen.
        case validation(Int)
        case status
        case finalize
        case certificate

        var name: String {
            switch self {
            case .knownAccount: "account"
            case .account: "new account"
            case .order: "new order"
            case .authorization: "authorization"
            case .respond: "challenge"
            case .validation: "validation"
            case .status: "order"
            case .finalize: "finalize"
            case .certificate: "certificate"
            }
        }
    }

    private enum State: Sendable {
        /// Can transition to: directory.
        case idle
        /// Can transition to: nonce, over.
        case directory
        /// A nonce is fetched, for the step that needs it. Can transition to: asking, over.
        case nonce(Step)
        /// Can transition to: asking, nonce, waiting, over.
        case asking(Step)
        /// Can transition to: asking, nonce.
        case waiting(Step)
        case over
    }

    private struct Authorization: Sendable {
        var url: String
        var challenge: String
        var domain: String
    }

    private let wanted: Wanted
    private var state = State.idle
    private var directory: ACMEDirectory?
    private var nonce: String?
    private var account = ""
    private var order = ""
    private var authorizationURLs: [String] = []
    /// Those that the authority has not seen yet.
    private var pending: [Authorization] = []
    private var challenges: [ACMEChallenge] = []
    private var finalize = ""
    private var certificate = ""
    private var isFinalized = false
    /// The authority does not want to hear what is replaced.
    private var replacesNothing = false
    /// How often a nonce was refused, and how often the present thing was asked about.
    private var badNonces = 0
    private var polls = 0

    /// Some minutes, as the waits grow.
    static let pollLimit = 40
    private static let nonceLimit = 8
    private static let longestWait: Int64 = 15

    init(_ wanted: Wanted) {
        self.wanted = wanted
    }

    // MARK: Events

    mutating func begin() -> Action {
        guard case .idle = state else { preconditionFailure("an order begins once") }
        state = .directory
        return send(ACMECall(url: wanted.directory, kind: .get), "directory")
    }

    /// The time that was to be waited is over.
    mutating func resume() -> Action {
        guard case .waiting(let step) = state else { preconditionFailure("an order that does not wait goes on") }
        return ask(step)
    }

    mutating func received(_ answer: ACMEAnswer) -> Action {
        if let fresh = answer.nonce { nonce = fresh }
        switch state {
        case .idle, .waiting, .over: preconditionFailure("an order has asked nothing, and hears an answer")
        case .directory: return receivedDirectory(answer)
        case .nonce(let step):
            guard answer.status < 400, nonce != nil else { return fail(answer, "new nonce") }
            return ask(step)
        case .asking(let step):
            guard answer.status >= 400 else { return received(answer, step) }
            if ACMEProblem(answer.body)?.kind == "badNonce", badNonces < Self.nonceLimit {
                badNonces += 1
                return ask(step)
            }
            if step == .knownAccount, answer.status < 500, answer.status != 429 { return ask(.account) }
            if step == .order, replaced != nil, ACMEProblem(answer.body)?.kind == "alreadyReplaced" {
                replacesNothing = true
                return ask(.order)
            }
            if step == .finalize, ACMEProblem(answer.body)?.kind == "orderNotReady" { return wait(.status, answer) }
            return fail(answer, step.name)
        }
    }

    // MARK: Steps

    private mutating func ask(_ step: Step) -> Action {
        guard let nonce else {
            state = .nonce(step)
            return send(ACMECall(url: directory?.newNonce ?? "", kind: .head), "new nonce")
        }
        state = .asking(step)
        self.nonce = nil
        let (url, payload) = message(step)
        let signer = step == .account || step == .knownAccount ? ACMECall.Signer.key : .account(account)
        var call = ACMECall(url: url, kind: .post(payload: payload, nonce: nonce, signer: signer))
        if step == .certificate { call.accepts = "application/pem-certificate-chain" }
        if step == .respond(0) {
            guard isSafe(url) else { return fail(.malformed, step.name, "a URL that cannot be asked") }
            return .present(challenges, then: call)
        }
        return send(call, step.name)
    }

    private func message(_ step: Step) -> (url: String, payload: String) {
        switch step {
        case .knownAccount: return (directory?.newAccount ?? "", "{\"onlyReturnExisting\": true}")
        case .account:
            let url = directory?.newAccount ?? ""
            var payload = "{\"termsOfServiceAgreed\": true"
            if let text = wanted.binding?.text(url: url) { payload += ", \"externalAccountBinding\": \(text)" }
            if let email = wanted.email { payload += ", \"contact\": [\(quoted("mailto:" + email))]" }
            return (url, payload + "}")
        case .order:
            let names = wanted.domains.map { "{\"type\": \"dns\", \"value\": \(quoted($0))}" }
            let replaces = replaced.map { ", \"replaces\": \(quoted($0))" } ?? ""
            return (directory?.newOrder ?? "", "{\"identifiers\": [\(names.joined(separator: ", "))]\(replaces)}")
        case .authorization(let index): return (authorizationURLs[index], "")
        case .respond(let index): return (pending[index].challenge, "{}")
        case .validation(let index): return (pending[index].url, "")
        case .status: return (order, "")
        case .finalize:
            let text = String(decoding: Base64URL.encode(wanted.request.span), as: UTF8.self)
            return (finalize, "{\"csr\": \"\(text)\"}")
        case .certificate: return (certificate, "")
        }
    }

    private mutating func receivedDirectory(_ answer: ACMEAnswer) -> Action {
        guard answer.status == 200 else { return fail(answer, "directory") }
        guard let found = ACMEDirectory(answer.body) else { return fail(.malformed, "directory", "no directory") }
        if found.wantsExternalAccount, wanted.binding == nil {
            return fail(.externalAccount, "directory", Self.noBinding)
        }
        directory = found
        return ask(wanted.binding == nil ? .account : .knownAccount)
    }

    /// What the authority is told that this order is for (RFC 9773 §5); only one that says when to renew knows the word.
    private var replaced: String? { directory?.renewalInfo == nil || replacesNothing ? nil : wanted.replaces }

    private static let noBinding = "it takes only accounts of its customers: set acme.eab to what it gives them"

    private mutating func received(_ answer: ACMEAnswer, _ step: Step) -> Action {
        switch step {
        case .knownAccount, .account:
            guard let url = answer.location else { return fail(.malformed, step.name, "an account without a URL") }
            account = url
            return ask(.order)
        case .order:
            guard let url = answer.location else { return fail(.malformed, step.name, "an order without a URL") }
            order = url
            return receivedOrder(answer, step)
        case .authorization(let index): return receivedAuthorization(answer, index)
        case .respond(let index):
            polls = 0
            return ask(index + 1 < pending.count ? .respond(index + 1) : .validation(0))
        case .validation(let index): return receivedValidation(answer, index)
        case .status, .finalize:
            if step == .finalize { isFinalized = true }
            return receivedOrder(answer, step)
        case .certificate:
            state = .over
            return .finished(answer.body)
        }
    }

    private mutating func receivedAuthorization(_ answer: ACMEAnswer, _ index: Int) -> Action {
        let name = Step.authorization(index).name
        guard let found = ACMEAuthorization(answer.body) else { return fail(.malformed, name, "no authorization") }
        switch found.status {
        case "valid": break
        case "pending":
            // What is shown to the world is for names that were asked for, and nothing else.
            guard wanted.domains.contains(found.domain) else {
                return fail(.malformed, name, "of a name that was not ordered")
            }
            guard let challenge = found.challenges.first(where: { $0.kind == wanted.challenge }) else {
                return fail(.noChallenge, name, "no \(wanted.challenge) for \(found.domain)")
            }
            guard isToken(challenge.token) else { return fail(.malformed, name, "a token that is none") }
            pending.append(
                Authorization(url: authorizationURLs[index], challenge: challenge.url, domain: found.domain))
            challenges.append(
                ACMEChallenge(
                    domain: found.domain, token: challenge.token,
                    keyAuthorization: "\(challenge.token).\(wanted.thumbprint)"))
        default: return fail(.notValidated, name, "\(found.domain): \(found.problem?.text ?? found.status)")
        }
        if index + 1 < authorizationURLs.count { return ask(.authorization(index + 1)) }
        return ask(pending.isEmpty ? .status : .respond(0))
    }

    private mutating func receivedValidation(_ answer: ACMEAnswer, _ index: Int) -> Action {
        let step = Step.validation(index)
        guard let found = ACMEAuthorization(answer.body) else { return fail(.malformed, step.name, "no authorization") }
        switch found.status {
        case "pending", "processing": return wait(step, answer)
        case "valid":
            polls = 0
            return ask(index + 1 < pending.count ? .validation(index + 1) : .status)
        default:
            return fail(
                .notValidated, step.name,
                "\(pending[index].domain): \(found.problem?.text ?? ACMEProblem.plain(found.status))")
        }
    }

    private mutating func receivedOrder(_ answer: ACMEAnswer, _ step: Step) -> Action {
        guard let found = ACMEOrderDocument(answer.body) else { return fail(.malformed, step.name, "no order") }
        finalize = found.finalize
        switch found.status {
        case .invalid: return fail(.refused, step.name, found.problem?.text ?? "the order is invalid")
        case .valid:
            guard let url = found.certificate else { return fail(.malformed, step.name, "no certificate's URL") }
            certificate = url
            return ask(.certificate)
        case .ready where !isFinalized: return ask(.finalize)
        case .pending where step == .order:
            authorizationURLs = found.authorizations
            guard !authorizationURLs.isEmpty, authorizationURLs.count <= wanted.domains.count else {
                return fail(.malformed, step.name, "another number of authorizations than of names")
            }
            return ask(.authorization(0))
        case .pending, .ready, .processing: return wait(.status, answer)
        }
    }

    // MARK: Waiting and failing

    private mutating func wait(_ step: Step, _ answer: ACMEAnswer) -> Action {
        polls += 1
        if polls > Self.pollLimit { return fail(.timeout, step.name, "the authority does not come to an end") }
        state = .waiting(step)
        return .wait(seconds: min(max(answer.retryAfter ?? Int64(min(polls, 8)), 1), Self.longestWait))
    }

    /// An answer that says no, or nothing that could be gone on with.
    private mutating func fail(_ answer: ACMEAnswer, _ step: String) -> Action {
        let problem = ACMEProblem(answer.body)
        var fault = ACMEFault(reason: .refused, step: step, detail: problem?.text ?? "status \(answer.status)")
        if answer.status == 429 || problem?.kind == "rateLimited" {
            fault.reason = .rateLimited
        } else if problem?.kind == "externalAccountRequired" {
            fault.reason = .externalAccount
            if wanted.binding == nil { fault.detail += ": \(Self.noBinding)" }
        } else if step == Step.account.name, let binding = wanted.binding,
            problem?.kind == "unauthorized" || problem?.kind == "malformed"
        {
            fault.reason = .externalAccount
            fault.detail = "eab with key_id \(ACMEProblem.plain(binding.keyID)): \(fault.detail)"
        } else if answer.status >= 500 {
            fault.reason = .unreachable
        } else if answer.status < 400 {
            fault.reason = .malformed
        }
        fault.retryAfter = answer.retryAfter
        state = .over
        return .failed(fault)
    }

    private mutating func fail(_ reason: ACMEFault.Reason, _ step: String, _ detail: String = "") -> Action {
        state = .over
        return .failed(ACMEFault(reason: reason, step: step, detail: detail))
    }

    private mutating func send(_ call: ACMECall, _ step: String) -> Action {
        guard isSafe(call.url) else { return fail(.malformed, step, "a URL that cannot be asked") }
        return .send(call)
    }

    /// What was asked over TLS stays so.
    private func isSafe(_ url: String) -> Bool { ACMECall.mayBeAsked(url, directory: wanted.directory) }

    /// RFC 8555 §8: of the URL's alphabet, so that it can be put into a path and a header.
    private func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 256
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    private func quoted(_ text: String) -> String { JSONQuoting.quoted(text) }
}

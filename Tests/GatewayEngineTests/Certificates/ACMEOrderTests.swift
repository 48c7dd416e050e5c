import GatehouseTesting
import Testing

@testable import GatewayEngine

/// The machine alone, against an authority in memory.
@Suite struct ACMEOrderTests {
    enum End: Equatable {
        case issued
        case failed(ACMEFault.Reason)
        /// It did not come to an end.
        case none
    }

    private func wanted(
        _ names: [String], directory: String = "https://ca/dir", binding: ACMEBinding? = nil, replaces: String? = nil
    ) -> ACMEOrder.Wanted {
        ACMEOrder.Wanted(
            directory: directory, domains: names, email: "a\"b@example.com", challenge: "http-01", thumbprint: "thumb",
            request: [1, 2, 3], binding: binding, replaces: replaces)
    }

    /// Drives an order to its end. - Parameter mood: for each call, by its number and path.
    private func drive(
        _ authority: inout FakeAuthority, limit: Int = 400, binding: ACMEBinding? = nil, replaces: String? = nil,
        _ mood: (Int, String) -> FakeAuthority.Mood = { _, _ in .good }
    ) -> (end: End, fault: ACMEFault?, waits: [Int64]) {
        var order = ACMEOrder(wanted(authority.names, binding: binding, replaces: replaces))
        var action = order.begin()
        var waits: [Int64] = []
        for number in 0..<limit {
            switch action {
            case .send(let call): action = order.received(authority.answer(call, mood(number, call.url)))
            case .present(let challenges, let call):
                authority.presented = challenges
                action = order.received(authority.answer(call, mood(number, call.url)))
            case .wait(let seconds):
                waits.append(seconds)
                action = order.resume()
            case .finished(let chain):
                #expect(chain == Array("chain".utf8) && authority.hasSentCertificate)
                return (.issued, nil, waits)
            case .failed(let fault): return (.failed(fault.reason), fault, waits)
            }
        }
        return (.none, nil, waits)
    }

    @Test func twoNames() {
        var authority = FakeAuthority(["a.example", "b.example"])
        let (end, _, waits) = drive(&authority)
        #expect(end == .issued)
        #expect(authority.faults == [])
        #expect(
            authority.calls == [
                "dir", "nonce", "account", "order", "authorization/0", "authorization/1", "challenge/0", "challenge/1",
                "authorization/0", "authorization/0", "authorization/1", "authorization/1", "order/1", "finalize",
                "certificate",
            ])
        #expect(waits == [1, 1])
        #expect(authority.presented.map(\.keyAuthorization) == ["token-0.thumb", "token-1.thumb"])
    }

    @Test func whatTheAuthorityKnowsIsNotShownAgain() {
        var authority = FakeAuthority(["a.example", "b.example"])
        authority.known = ["b.example"]
        #expect(drive(&authority).end == .issued)
        #expect(authority.presented.map(\.domain) == ["a.example"] && authority.faults == [])
        var other = FakeAuthority(["a.example"])
        other.known = ["a.example"]
        #expect(drive(&other).end == .issued)
        #expect(other.presented.isEmpty && !other.calls.contains { $0.hasPrefix("challenge") } && other.faults == [])
    }

    /// Each is said once, to the call of this path, and the order goes on, or ends for the reason given.
    @Test(arguments: [
        ("account", FakeAuthority.Mood.refusesNonce, End.issued), ("finalize", .refusesNonce, .issued),
        ("challenge/0", .refusesNonce, .issued), ("certificate", .refusesNonce, .issued),
        ("order", .forgetsNonce, .issued), ("authorization/0", .notYet, .issued), ("order/1", .notYet, .issued),
        ("finalize", .notYet, .issued), ("finalize", .status(403, "orderNotReady"), .issued),
        ("dir", .nonsense, .failed(.malformed)), ("order", .nonsense, .failed(.malformed)),
        ("authorization/0", .nonsense, .failed(.malformed)), ("finalize", .nonsense, .failed(.malformed)),
        ("dir", .status(503, ""), .failed(.unreachable)), ("nonce", .status(500, ""), .failed(.unreachable)),
        ("nonce", .forgetsNonce, .failed(.malformed)),
        ("order", .status(429, "rateLimited"), .failed(.rateLimited)),
        ("order", .status(403, "rateLimited"), .failed(.rateLimited)),
        ("order", .status(400, "rejectedIdentifier"), .failed(.refused)),
        ("account", .status(403, "externalAccountRequired"), .failed(.externalAccount)),
        ("account", .status(403, "userActionRequired"), .failed(.refused)),
        ("certificate", .status(404, "malformed"), .failed(.refused)),
    ])
    func oneThingGoesWrong(path: String, mood: FakeAuthority.Mood, expected: End) {
        var authority = FakeAuthority(["a.example"])
        var isDone = false
        let (end, fault, _) = drive(&authority) { _, url in
            guard !isDone, url == "https://ca/\(path)" else { return .good }
            isDone = true
            return mood
        }
        #expect(isDone && end == expected)
        #expect(authority.faults == [])
        if let fault {
            let isPlain = fault.description.unicodeScalars.allSatisfy { $0.value >= 0x20 }
            #expect(!fault.description.isEmpty && isPlain)
        }
    }

    /// What is said for ever does not keep an order alive for ever.
    @Test(arguments: [
        ("authorization", FakeAuthority.Mood.notYet, ACMEFault.Reason.timeout), ("order/1", .notYet, .timeout),
        ("account", .refusesNonce, .refused),
    ])
    func patienceEnds(path: String, mood: FakeAuthority.Mood, expected: ACMEFault.Reason) {
        var authority = FakeAuthority(["a.example"])
        let (end, _, waits) = drive(&authority) { _, url in url.contains(path) ? mood : .good }
        #expect(end == .failed(expected))
        #expect(waits.allSatisfy { $0 >= 1 && $0 <= 15 })
    }

    @Test func whatTheAuthorityDidNotSee() {
        var authority = FakeAuthority(["a.example"])
        authority.isInvalid = true
        let (end, fault, _) = drive(&authority)
        #expect(end == .failed(.notValidated))
        #expect(fault?.detail == "a.example: unauthorized")
        authority = FakeAuthority(["a.example"])
        authority.challenge = "tls-alpn-01"
        #expect(drive(&authority).end == .failed(.noChallenge))
        authority = FakeAuthority(["a.example"])
        authority.wantsExternalAccount = true
        #expect(drive(&authority).end == .failed(.externalAccount))
    }

    private static let binding = ACMEBinding(keyID: "kid-1", secret: Array("secret".utf8), jwk: "{\"kty\":\"EC\"}")

    /// What binds the account goes along when it is made, signed for the URL it is sent to, and never again.
    @Test func anAccountThatIsBound() throws {
        var authority = FakeAuthority(["a.example"])
        authority.wantsExternalAccount = true
        #expect(drive(&authority, binding: Self.binding).end == .issued)
        #expect(authority.faults == [])
        #expect(authority.calls.prefix(5) == ["dir", "nonce", "account", "account", "order"])
        let text = try #require(Self.binding.text(url: "https://ca/account"))
        #expect(authority.bindings.count == 1 && authority.bindings[0].hasPrefix(text))

        var known = FakeAuthority(["a.example"])
        (known.wantsExternalAccount, known.knowsAccount) = (true, true)
        #expect(drive(&known, binding: Self.binding).end == .issued)
        #expect(known.calls.prefix(4) == ["dir", "nonce", "account", "order"] && known.bindings == [])
        // An authority that does not ask for it gets it too: who writes it down means it.
        var open = FakeAuthority(["a.example"])
        #expect(drive(&open, binding: Self.binding).end == .issued && open.bindings.count == 1)
        var plain = FakeAuthority(["a.example"])
        #expect(drive(&plain).end == .issued && plain.bindings == [])
    }

    /// What is said to the account that is bound, and what the operator is told.
    @Test(arguments: [
        (403, "unauthorized", ACMEFault.Reason.externalAccount, "eab with key_id kid-1: unauthorized"),
        (400, "malformed", .externalAccount, "eab with key_id kid-1: malformed"),
        (403, "externalAccountRequired", .externalAccount, "externalAccountRequired"),
        (403, "userActionRequired", .refused, "userActionRequired"), (429, "", .rateLimited, "it is"),
        (500, "", .unreachable, "it is"),
    ])
    func aBindingThatIsRefused(_ status: Int, _ kind: String, _ reason: ACMEFault.Reason, _ detail: String) {
        var authority = FakeAuthority(["a.example"])
        var accounts = 0
        let (end, fault, _) = drive(&authority, binding: Self.binding) { _, url in
            accounts += url.hasSuffix("/account") ? 1 : 0
            return url.hasSuffix("/account") && accounts == 2 ? .status(status, kind) : .good
        }
        #expect(end == .failed(reason) && fault?.detail.contains(detail) == true, "\(String(describing: fault))")
    }

    /// Without one, and an authority that wants one, says so in its directory or only when it is asked.
    @Test(arguments: [true, false]) func aBindingThatIsMissing(inDirectory: Bool) {
        var authority = FakeAuthority(["a.example"])
        authority.wantsExternalAccount = inDirectory
        let (end, fault, _) = drive(&authority) { _, url in
            !inDirectory && url.hasSuffix("/account") ? .status(403, "externalAccountRequired") : .good
        }
        #expect(end == .failed(.externalAccount))
        #expect(fault?.detail.contains("set acme.eab") == true)
    }

    /// Only an authority that says when to renew is told what is replaced, and one that will not hear it is asked without.
    @Test func whatIsReplaced() {
        var authority = FakeAuthority(["a.example"])
        #expect(drive(&authority, replaces: "a.b").end == .issued && authority.replaced == [])
        authority = FakeAuthority(["a.example"])
        authority.saysWhen = true
        #expect(drive(&authority, replaces: "a.b").end == .issued && authority.replaced == ["a.b"])
        authority = FakeAuthority(["a.example"])
        (authority.saysWhen, authority.hasReplaced) = (true, true)
        #expect(drive(&authority, replaces: "a.b").end == .issued)
        #expect(authority.replaced == ["a.b"] && authority.calls.filter { $0 == "order" }.count == 2)
        authority = FakeAuthority(["a.example"])
        authority.saysWhen = true
        #expect(drive(&authority).end == .issued && authority.replaced == [])
    }

    /// URLs of the authority's never lead out of TLS, and tokens are of their alphabet.
    @Test(arguments: [
        ("https://ca/authorization/0", "http://ca/authorization/0"), ("https://ca/finalize", "file:///etc/passwd"),
        ("https://ca/challenge/0", "http://other/"), ("token-0", "../../x"), ("token-0", ""),
        ("\"a.example\"", "\"other.example\""),
    ])
    func lies(text: String, instead: String) {
        var authority = FakeAuthority(["a.example"])
        var order = ACMEOrder(wanted(["a.example"]))
        var action = order.begin()
        for _ in 0..<100 {
            let call: ACMECall
            switch action {
            case .send(let next): call = next
            case .present(let challenges, let next): (authority.presented, call) = (challenges, next)
            case .wait:
                action = order.resume()
                continue
            case .finished:
                Issue.record("issued")
                return
            case .failed(let fault):
                #expect(fault.reason == .malformed)
                return
            }
            #expect(call.url.hasPrefix("https://ca/"))
            var answer = authority.answer(call, .good)
            answer.body = Array(String(decoding: answer.body, as: UTF8.self).replacing(text, with: instead).utf8)
            action = order.received(answer)
        }
        Issue.record("no end")
    }

    @Test func payloadsAreJSON() {
        var authority = FakeAuthority(["a.example"])
        var order = ACMEOrder(wanted(["a.example"]))
        var action = order.begin()
        var payloads: [String] = []
        while payloads.count < 2 {
            guard case .send(let call) = action else {
                Issue.record("\(action)")
                return
            }
            if case .post(let payload, _, _) = call.kind { payloads.append(payload) }
            action = order.received(authority.answer(call, .good))
        }
        #expect(
            payloads == [
                #"{"termsOfServiceAgreed": true, "contact": ["mailto:a\"b@example.com"]}"#,
                #"{"identifiers": [{"type": "dns", "value": "a.example"}]}"#,
            ])
    }

    /// Whatever an authority does, and in whatever order, an order comes to its end, never uses a nonce twice, never tells
    /// the authority to look where nothing is, and is never taken for issued without a certificate.
    @Test func randomWalks() {
        var random = SeededRandom()
        var ends: Set<String> = []
        for _ in 0..<400 {
            let names = (0..<Int.random(in: 1...4, using: &random)).map { "n\($0).example" }
            var authority = FakeAuthority(names)
            authority.known = Set(names.filter { _ in Int.random(in: 0..<4, using: &random) == 0 })
            authority.isInvalid = Int.random(in: 0..<10, using: &random) == 0
            let evil = Int.random(in: 0...12, using: &random)
            let (end, _, _) = drive(&authority, limit: 2_000) { _, _ in
                guard Int.random(in: 0..<40, using: &random) < evil else { return .good }
                return [
                    .refusesNonce, .forgetsNonce, .notYet, .notYet, .nonsense, .status(500, ""), .refusesNonce,
                    .status(403, "orderNotReady"), .status(429, "rateLimited"),
                ].randomElement(using: &random) ?? .good
            }
            #expect(end != .none, "seed \(random.seed)")
            #expect(authority.faults == [], "seed \(random.seed)")
            ends.insert("\(end)")
        }
        // The walk has been everywhere.
        #expect(ends.count >= 4, "seed \(random.seed): \(ends)")
    }
}

import GatehouseTesting
import Testing

@testable import Identity

@Suite struct IntrospectionTests {
    private func digest(_ text: String) -> SHA256Digest {
        let bytes = Array(text.utf8)
        return SHA256Digest(of: bytes.span)
    }

    private func answer(_ text: String) -> IntrospectionAnswer? { try? IntrospectionAnswer(Array(text.utf8)) }

    // MARK: Answers

    @Test(arguments: [
        (#"{"active":true}"#, "active"), (#"{"active":true,"exp":12}"#, "until 12"),
        (#"{"active":true,"exp":12.9}"#, "until 12"), (#"{"active":false}"#, "inactive"),
        (#"{"active":false,"exp":12,"sub":"a"}"#, "inactive"), (#"{"\u0061ctive":true}"#, "active"),
        ("{}", "none"), (#"{"active":1}"#, "none"), (#"{"active":"true"}"#, "none"), (#"{"active":null}"#, "none"),
        (#"{"active":true,"active":false}"#, "none"), (#"{"active":true,"exp":"12"}"#, "none"),
        (#"{"active":true,"exp":-1}"#, "none"), (#"{"active":true} x"#, "none"), ("[]", "none"), ("", "none"),
        ("true", "none"), (#"{"active":true"#, "none"),
    ]) func readsAnswers(_ text: String, _ expected: String) {
        let found =
            switch answer(text) {
            case .active(_, let expiry?): "until \(expiry)"
            case .active(_, nil): "active"
            case .inactive: "inactive"
            case nil: "none"
            }
        #expect(found == expected)
    }

    @Test func judges() throws {
        var rules = IntrospectionRules()
        rules.issuer = Array("https://a".utf8)
        rules.audiences = [Array("api".utf8)]
        rules.headerClaims = [ClaimPath("sub"), ClaimPath("plan.name")]
        func judge(_ claims: String) throws -> VerifiedToken {
            try rules.judge(
                ClaimSet(Array(#"{"active":true,\#(claims)}"#.utf8)), text: [1, 2], until: 1_050, at: 1_000)
        }
        let good = #""iss":"https://a","aud":["x","api"]"#
        let token = try judge(good + #","sub":"ada","plan":{"name":"gold"},"scope":"read""#)
        #expect(token.expiry == 1_050 && token.subject == Array("ada".utf8) && token.hasScope(Array("read".utf8)))
        #expect(token.headerTexts == [Array("ada".utf8), Array("gold".utf8)] && !token.isWithdrawn)
        #expect(try judge(good + #","exp":1020"#).expiry == 1_020)
        // Clocks may differ, but then it is asked anew each time.
        #expect(try judge(good + #","exp":990"#).expiry == 990)
        #expect(try judge(good + #","client_id":"cron""#).subject == Array("cron".utf8))
        for (claims, fault) in [
            (good + #","exp":940"#, TokenFault.expired), (good + #","nbf":1061"#, .notYetValid),
            (#""iss":"https://b","aud":"api""#, .unknownIssuer), (#""aud":"api""#, .unknownIssuer),
            (#""iss":"https://a","aud":"x""#, .wrongAudience), (#""iss":"https://a""#, .wrongAudience),
            (good + #","sub":"a\r\nb""#, .badClaim),
        ] {
            #expect(throws: fault) { try judge(claims) }
        }
    }

    // MARK: What is remembered

    @Test func oneAsksAndTheOthersWait() throws {
        var cache = IntrospectionCache(lifetime: 60)
        let token = digest("a")
        guard case .ask = cache.lookUp(token, at: 0), case .wait = cache.lookUp(token, at: 1) else {
            Issue.record("the second asks too")
            return
        }
        guard case .ask = cache.lookUp(digest("b"), at: 1) else {
            Issue.record("one token waits for another")
            return
        }
        #expect(cache.finished(token, .answer(try #require(answer(#"{"active":true,"exp":30}"#))), at: 2) == 30)
        guard case .active(_, until: 30) = cache.lookUp(token, at: 29) else {
            Issue.record("the answer is forgotten")
            return
        }
        // Never past its end.
        guard case .ask = cache.lookUp(token, at: 30) else {
            Issue.record("the answer outlives the token")
            return
        }
        cache.finished(token, .failure, at: 31)
        guard case .ask = cache.lookUp(token, at: 31) else {
            Issue.record("a failure is remembered")
            return
        }
    }

    @Test(arguments: [(60, 10), (5, 5), (0, 0)] as [(Int64, Int64)]) func badOnesAreRememberedForLess(
        _ lifetime: Int64, _ negative: Int64
    ) {
        var cache = IntrospectionCache(lifetime: lifetime)
        _ = cache.lookUp(digest("a"), at: 100)
        #expect(cache.finished(digest("a"), .answer(.inactive), at: 100) == 100 + negative)
        if negative > 0 {
            guard case .inactive = cache.lookUp(digest("a"), at: 99 + negative) else {
                Issue.record("forgotten too early")
                return
            }
        }
        guard case .ask = cache.lookUp(digest("a"), at: 100 + negative) else {
            Issue.record("remembered too long")
            return
        }
    }

    /// Random tokens and answers over random times: bounded, and never an answer that is not the last one's or is over.
    @Test func aRandomWalk() throws {
        var random = SeededRandom()
        var cache = IntrospectionCache(lifetime: 20, capacity: 16, bytes: 4_000)
        var truth: [Int: (isActive: Bool, until: Int64)] = [:]
        var asked: Set<Int> = []
        var second: Int64 = 0
        for _ in 0..<20_000 {
            second += Int64.random(in: 0...2, using: &random)
            let number = Int.random(in: 0..<60, using: &random)
            switch cache.lookUp(digest("\(number)"), at: second) {
            case .active(_, let until):
                #expect(truth[number]?.isActive == true && second < until && truth[number]?.until == until)
            case .inactive: #expect(truth[number]?.isActive == false && second < truth[number]!.until)
            case .wait: #expect(asked.contains(number))
            case .ask: #expect(asked.insert(number).inserted)
            }
            if Bool.random(using: &random), let done = asked.randomElement(using: &random) {
                asked.remove(done)
                let outcome: IntrospectionCache.Outcome
                switch Int.random(in: 0..<3, using: &random) {
                case 0: outcome = .failure
                case 1: outcome = .answer(.inactive)
                default:
                    let expiry = second + Int64.random(in: -5...40, using: &random)
                    let pad = String(repeating: "x", count: Int.random(in: 0..<400, using: &random))
                    outcome = .answer(
                        try #require(answer(#"{"active":true,"exp":\#(max(expiry, 0)),"pad":"\#(pad)"}"#)))
                }
                let until = cache.finished(digest("\(done)"), outcome, at: second)
                switch outcome {
                case .failure: truth[done] = nil
                case .answer(.inactive): truth[done] = (false, until)
                case .answer(.active): truth[done] = (true, until)
                }
            }
            #expect(cache.count <= 16 && cache.bytes <= 4_000 && cache.bytes >= 0)
        }
        #expect(cache.count > 0)
    }

    // MARK: Users and passwords

    @Test(
        arguments: [
            // printf 'Aladdin:open sesame' | base64: RFC 7617 §2
            ("QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin|open sesame"), ("dGVzdDoxMjPCow==", "test|123£"), ("Og==", "|"),
            ("YTpiOmM=", "a|b:c"), ("YTo+Pz8+", "a|>??>"), ("YTpi", "a|b"), ("YTo/Pz8/", "a|????"),
            ("", nil), ("YQ==", nil), ("YTpi=", nil), ("YTpi====", nil), ("YT=pi", nil), ("YTo-Pz8-", nil),
            ("YTpi ", nil),
            ("YTpiCg==", nil), ("YTp=", nil), ("====", nil), ("YTo=YTo=", nil), ("YTp", nil), ("Oh==", nil),
        ] as [(String, String?)]) func readsBasic(_ text: String, _ expected: String?)
    {
        let bytes = Array(text.utf8)
        let found = BasicCredentials(bytes.span).map {
            String(decoding: $0.user, as: UTF8.self) + "|" + String(decoding: $0.password, as: UTF8.self)
        }
        #expect(found == expected)
    }

    @Test func writesWhatItReads() {
        var random = SeededRandom()
        for _ in 0..<500 {
            let user = String(
                (0..<Int.random(in: 0..<20, using: &random)).map { _ in "aZ9~?ü£+/".randomElement(using: &random)! })
            let password = String(
                (0..<Int.random(in: 0..<20, using: &random)).map { _ in ":aZ?~£€".randomElement(using: &random)! })
            let text = Array(BasicCredentials.text(user: user, password: password).utf8)
            let read = BasicCredentials(text.span)
            #expect(read?.user == Array(user.utf8) && read?.password == Array(password.utf8))
        }
        let long = Array(BasicCredentials.text(user: "a", password: String(repeating: "b", count: 1_000)).utf8)
        #expect(BasicCredentials(long.span) == nil)
    }

    @Test func signedTokensHaveAForm() {
        for (text, isOne) in [
            ("eyJ.e30.AA", true), ("ey..", true), ("ey.", false), ("a.b.c", false), ("eyJ.e30", false),
            ("eyJ.a.b.c.d", false), ("", false), ("e", false),
        ] {
            let bytes = Array(text.utf8)
            #expect(CompactToken.hasForm(bytes.span) == isOne, "\(text)")
        }
    }
}

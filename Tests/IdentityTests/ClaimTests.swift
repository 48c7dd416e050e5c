import Testing

@testable import Identity

@Suite struct ClaimTests {
    private func text(_ claims: String, _ path: String) throws -> ClaimText {
        ClaimText(try ClaimSet(Array(claims.utf8)).node(ClaimPath(path)))
    }

    @Test(arguments: [
        (#"{"sub":"alice"}"#, "sub", "alice"), (#"{"n":12.50}"#, "n", "12.50"), (#"{"n":1e3}"#, "n", "1e3"),
        (#"{"b":true}"#, "b", "true"), (#"{"r":["a","b",3]}"#, "r", "a,b,3"),
        (#"{"realm_access":{"roles":["x","y"]}}"#, "realm_access.roles", "x,y"),
        (#"{"a":{"b":{"c":"d"}}}"#, "a.b.c", "d"), (#"{"a":[{"b":"c"},{"b":"d"}]}"#, "a.1.b", "d"),
        (#"{"https://example.com/roles":["x"]}"#, "https://example.com/roles", "x"),
        (#"{"a.b":"whole","a":{"b":"steps"}}"#, "a.b", "whole"), (#"{"name":"Zoë Ω"}"#, "name", "Zoë Ω"),
        (#"{"s":"\u0041\/"}"#, "s", "A/"), (#"{"":{"":"x"}}"#, ".", "x"),
    ]) func becomesAHeader(_ claims: String, _ path: String, _ expected: String) throws {
        #expect(try text(claims, path) == .value(Array(expected.utf8)))
    }

    @Test(arguments: [
        (#"{"a":1}"#, "b"), (#"{"a":{"b":1}}"#, "a.c"), (#"{"a":"x"}"#, "a.b"), (#"{"a":null}"#, "a"),
        (#"{"a":""}"#, "a"),
        (#"{"a":[]}"#, "a"), (#"{"a":[1]}"#, "a.1"), (#"{"a":[1]}"#, "a.01"), (#"{"a":[1]}"#, "a.-1"),
        (#"{"a":[1]}"#, "a."),
        (#"{"a":[1]}"#, "a.99999999999999999999"),
    ]) func isAbsent(_ claims: String, _ path: String) throws {
        #expect(try text(claims, path) == .absent)
    }

    @Test(arguments: [
        #"{"a":"x\r\nX-User-Role: admin"}"#, #"{"a":"x\n"}"#, #"{"a":"x\u0000"}"#, #"{"a":"\u007f"}"#, #"{"a":"\t"}"#,
        #"{"a":"x\u001b"}"#, #"{"a":" root"}"#, #"{"a":"root "}"#, #"{"a":["user,admin"]}"#, #"{"a":["x",""]}"#,
        #"{"a":["x","y\n"]}"#, #"{"a":[["x"]]}"#, #"{"a":[{"b":1}]}"#, #"{"a":[null]}"#, #"{"a":{"b":1}}"#,
    ]) func isRefused(_ claims: String) throws {
        #expect(try text(claims, "a") == .refused)
    }

    @Test func isNotLongerThanAHeader() throws {
        let fits = String(repeating: "x", count: ClaimText.longest)
        #expect(try text("{\"a\":\"\(fits)\"}", "a") == .value(Array(fits.utf8)))
        #expect(try text("{\"a\":\"\(fits)y\"}", "a") == .refused)
    }

    @Test func headersComeWithTheToken() throws {
        let signer = Signer.of(.hs256)
        let mapped = rules { $0.headerClaims = [ClaimPath("sub"), ClaimPath("email"), ClaimPath("roles")] }
        let token = try verify(signer.token(claims(#""roles":["a","b"]"#)), try keySet(signer.jwk()), mapped)
        #expect(token.headerTexts.map { String(decoding: $0, as: UTF8.self) } == ["alice", "", "a,b"])
        #expect(fault(signer.token(claims(#""email":"a\r\nb""#)), try keySet(signer.jwk()), mapped) == .badClaim)
    }
}

@Suite struct AuthorizationTests {
    private func refusal(_ further: String, _ change: (inout AuthorizationRule) -> Void) throws -> AuthorizationRule
        .Refusal?
    {
        let signer = Signer.of(.hs256)
        let token = try verify(signer.token(claims(further)), try keySet(signer.jwk()))
        var rule = AuthorizationRule()
        change(&rule)
        return rule.refusal(for: token)
    }

    private func names(_ names: String...) -> [[UInt8]] { names.map { Array($0.utf8) } }

    @Test func asksForScopes() throws {
        for scopes in [
            #""scope":"read write""#, #""scp":["read","write"]"#, #""scp":"read write""#,
            #""scope":"read","scp":["write"]"#,
        ] {
            #expect(try refusal(scopes) { $0.scopes = [.all(names("read", "write"))] } == nil)
            #expect(try refusal(scopes) { $0.scopes = [.all(names("read", "admin"))] } == .insufficientScope)
            #expect(try refusal(scopes) { $0.scopes = [.any(names("admin", "write"))] } == nil)
            #expect(
                try refusal(scopes) { $0.scopes = [.any(names("admin", "rea", "readwrite"))] } == .insufficientScope)
            #expect(try refusal(scopes) { $0.scopes = [.any([]), .all([])] } == nil)
        }
        #expect(try refusal("") { $0.scopes = [.any(names("read"))] } == .insufficientScope)
        #expect(try refusal(#""scope":7"#) { $0.scopes = [.any(names("7"))] } == .insufficientScope)
    }

    @Test func asksForRoles() throws {
        #expect(try refusal(#""role":"admin""#) { $0.roles = [.any(names("admin"))] } == nil)
        #expect(try refusal(#""roles":["a","admin"]"#) { $0.roles = [.all(names("admin"))] } == nil)
        #expect(try refusal(#""roles":["a"]"#) { $0.roles = [.any(names("admin"))] } == .missingRole)
        #expect(try refusal(#""roles":"admin a""#) { $0.roles = [.any(names("admin"))] } == .missingRole)
        #expect(
            try refusal(#""realm_access":{"roles":["admin"]}"#) {
                $0.roles = [.any(names("admin"))]
                $0.roleClaims = [ClaimPath("realm_access.roles")]
            } == nil)
    }

    @Test func asksForClaims() throws {
        func condition(_ further: String, _ path: String, _ values: ClaimCondition.Value...) throws -> Bool {
            try refusal(further) { $0.conditions = [ClaimCondition(ClaimPath(path), isOneOf: values)] } == nil
        }
        let (eu, us) = (ClaimCondition.Value.text(Array("eu".utf8)), ClaimCondition.Value.text(Array("us".utf8)))
        #expect(try condition(#""region":"eu""#, "region", us, eu))
        #expect(try !condition(#""region":"asia""#, "region", us, eu))
        #expect(try !condition("", "region", us, eu))
        #expect(try condition(#""regions":["x","us"]"#, "regions", us))
        #expect(try condition(#""level":3"#, "level", .number(3)))
        #expect(try condition(#""level":3.0"#, "level", .number(3)))
        #expect(try !condition(#""level":"3""#, "level", .number(3)))
        #expect(try condition(#""verified":true"#, "verified", .bool(true)))
        #expect(try !condition(#""verified":"true""#, "verified", .bool(true)))
        #expect(
            try refusal(#""a":1"#) {
                $0.conditions = [
                    ClaimCondition(ClaimPath("a"), isOneOf: [.number(1)]),
                    ClaimCondition(ClaimPath("b"), isOneOf: [.number(1)]),
                ]
            } == .condition(1))
    }

    @Test func challengesAsTheRFCPrints() {
        #expect(BearerChallenge.missing(realm: "api") == #"Bearer realm="api""#)
        #expect(
            BearerChallenge.invalid(realm: "api", .expired)
                == #"Bearer realm="api", error="invalid_token", error_description="The token has expired""#)
        #expect(
            BearerChallenge.insufficientScope(realm: "api", scopes: names("read", "write"))
                == #"Bearer realm="api", error="insufficient_scope", scope="read write""#)
        #expect(
            BearerChallenge.insufficientScope(realm: "api", scopes: [])
                == #"Bearer realm="api", error="insufficient_scope""#)
        #expect(BearerChallenge.missing(realm: "a\"b\\c\r\nX: y") == #"Bearer realm="a\"b\\cX: y""#)
    }
}

@testable import Identity

/// The moment at which the tests' tokens are checked.
let now: Int64 = 1_800_000_000

/// Claims that are good at `now`, with further members.
func claims(_ further: String = "") -> String {
    #"{"iss":"https://issuer.example","aud":"api","sub":"alice","exp":\#(now + 300)"#
        + (further.isEmpty ? "" : "," + further) + "}"
}

func rules(_ change: (inout IssuerRules) -> Void = { _ in }) -> IssuerRules {
    var rules = IssuerRules()
    rules.issuer = Array("https://issuer.example".utf8)
    rules.audiences = [Array("api".utf8)]
    change(&rules)
    return rules
}

/// Everything that is done to a token, at once.
func verify(
    _ token: String, _ keys: KeySet, _ rules: IssuerRules = rules(), at second: Int64 = now,
    limits: CompactToken.Limits = CompactToken.Limits()
) throws(TokenFault) -> VerifiedToken {
    let verifier = TokenVerifier(issuers: [rules], limits: limits)
    let text = Array(token.utf8)
    let inspected = try verifier.inspect(text.span)
    return try verifier.verify(inspected, keys: keys, at: second)
}

/// What is wrong with a token; nil where nothing is.
func fault(
    _ token: String, _ keys: KeySet, _ rules: IssuerRules = rules(), at second: Int64 = now,
    limits: CompactToken.Limits = CompactToken.Limits()
) -> TokenFault? {
    do throws(TokenFault) {
        _ = try verify(token, keys, rules, at: second, limits: limits)
        return nil
    } catch { return error }
}

/// Who signed a text in the form of a token, whatever stands in its payload.
func signer(of text: String, among keys: KeySet) throws(TokenFault) -> VerificationKey {
    let bytes = Array(text.utf8)
    let span = bytes.span
    let parts = try CompactToken(span)
    guard let header = Base64URL.decode(span.extracting(parts.header)),
        Base64URL.decode(span.extracting(parts.payload)) != nil,
        let signature = Base64URL.decode(span.extracting(parts.signature))
    else { throw .badEncoding }
    let read = try TokenHeader(header)
    return try keys.signer(
        of: span.extracting(parts.signed), signature: signature.span, algorithm: read.algorithm,
        identifier: read.identifier)
}

/// The fault in making a key.
func keyFault(_ make: () throws(KeyFault) -> VerificationKey) -> KeyFault? {
    do throws(KeyFault) {
        _ = try make()
        return nil
    } catch { return error }
}

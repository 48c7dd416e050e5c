/// What a single value may be, and how it is checked.
///
/// Each kind that has a parser of its own in Values/ is checked by that parser: what `check` accepts is what the decoder
/// then reads, there is no second grammar.
enum ScalarKind: Sendable {
    case text
    /// Not empty: names, paths of files.
    case name
    case fieldValue
    case boolean
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    /// `off`: `0s` switches it off.
    case duration(off: Bool)
    case size(ClosedRange<Int>)
    case share
    case word([String])
    case address
    case prefix
    case endpointURL
    /// Read and reported by the decoder, too.
    case upstreamURL
    case httpURL
    case redisURL
    case origin
    case hostPattern
    case host
    case hostPolicy
    case method
    case fieldName
    /// A cookie's name, or another word of RFC 9110's token characters.
    case token
    case stage
    case pathPattern
    /// A path pattern, read and reported by the decoder: a table has 100,000 of them, and once is enough.
    case routePath
    case pathTemplate
    /// A path template that may carry a query.
    case rewriteTarget
    /// A path template that may refer to claims, parts and the request: `/users/{claims.sub}`.
    case partPath
    /// The name of a part: letters, digits, `_` and `-`, so that templates can refer to it.
    case partName
    /// `$orders.items`
    case partReference
    case regex
    case mediaType
    case limitKey
    case hashKey
    case jsonPath
    case fieldSelector
    case retryCondition
    /// What a health check requests: a path template without placeholders, perhaps with a query.
    case checkTarget
    /// `204`, `200-399` or `2xx`.
    case statusRange

    /// nil for a value that is fine. The type comes first (a number where a string must stand), the spelling second.
    func problem(in scalar: CoreScalar) -> Problem? {
        switch self {
        case .boolean: booleanProblem(scalar)
        case .integer(let range): integerProblem(scalar, range)
        case .number(let range):
            scalar.type == .integer || scalar.type == .number
                ? range.contains(Double(scalar.text) ?? .nan)
                    ? nil : Problem("is not between \(range.lowerBound) and \(range.upperBound)")
                : Problem("is not a number", fix: "write a number without quotes")
        case .size(let range): sizeProblem(scalar, range)
        case .duration(let off) where scalar.type == .integer || scalar.type == .string:
            caught { () throws(Problem) in
                if try DurationValue.parse(scalar.text) == .zero, !off {
                    throw Problem("is not longer than zero", fix: "write how long, as in 30s")
                }
            }
        case .duration: Problem("is not a duration", fix: DurationValue.fix)
        case .share where scalar.type != .null: caught { () throws(Problem) in _ = try ShareValue.parse(scalar.text) }
        case .retryCondition where scalar.type == .integer: retryProblem(scalar.text)
        case .statusRange where scalar.type == .integer || scalar.type == .string:
            caught { () throws(Problem) in _ = try StatusRange.parse(scalar.text) }
        case .word(let words) where !words.contains(scalar.text): wordProblem(scalar, words)
        default: stringProblem(scalar)
        }
    }

    /// Numbers and booleans are not taken for strings. `version: 1.10` would be "1.1" to other YAML tools: quotes say what
    /// is meant, and the JSON Schema says the same.
    private func stringProblem(_ scalar: CoreScalar) -> Problem? {
        guard scalar.type == .string else {
            if case .word = self, scalar.type == .null, scalar.text == "null" { return nil }
            if scalar.type == .null {
                return Problem("stands where \(typeName) must", fix: "give a value or remove the key")
            }
            // Where the same text between quotes would be refused too, that is what there is to say.
            if let problem = caught({ () throws(Problem) in try checkAsDecoder(scalar.text) }) { return problem }
            return Problem(
                "is \(scalar.type == .boolean ? "a boolean" : "a number") where \(typeName) must stand",
                fix: "put it between quotes", suggestion: "\"\(scalar.text)\"")
        }
        return caught { () throws(Problem) in try check(scalar.text) }
    }

    /// As `check`, with the kinds that are otherwise left to the decoder.
    private func checkAsDecoder(_ text: String) throws(Problem) {
        switch self {
        case .routePath: _ = try PathPattern.parse(text)
        case .upstreamURL: _ = try UpstreamTarget.parse(text)
        default: try check(text)
        }
    }

    /// The checks of kinds that are strings.
    private func check(_ text: String) throws(Problem) {
        switch self {
        case .text, .routePath, .upstreamURL, .boolean, .integer, .number, .duration, .size, .share, .word: break
        case .name:
            if text.isEmpty { throw Problem("is empty", fix: "give a value or remove the key") }
        case .fieldValue: try Token.fieldValue(text)
        case .address: _ = try SocketAddressConfiguration.parse(text)
        case .prefix: _ = try NetworkPrefix.parse(text)
        case .endpointURL: _ = try EndpointConfiguration.parse(text)
        case .httpURL: _ = try HTTPURL.parse(text)
        case .redisURL: _ = try LimitStoreConfiguration.Server.parse(text)
        case .origin: try PolicyText.origin(text)
        case .hostPattern: _ = try HostName.parsePattern(text)
        case .host: _ = try HostName.parse(text)
        case .hostPolicy: _ = try HostPolicy.parse(text)
        case .method: try Token.method(text)
        case .fieldName: try Token.fieldName(text)
        case .token:
            if !Token.isToken(text) {
                throw Problem("is not a token", fix: "use letters, digits, -, . and _, no spaces")
            }
        case .stage: try PolicyText.stage(text)
        case .pathPattern: _ = try PathPattern.parse(text)
        case .pathTemplate: _ = try PathTemplate.parse(text)
        case .rewriteTarget: _ = try PathTemplate.parseWithQuery(text)
        case .partPath: try PolicyText.partPath(text)
        case .partName: try PolicyText.partName(text)
        case .partReference: try PolicyText.partReference(text)
        case .regex: try PolicyText.regex(text)
        case .mediaType: try MediaType.parse(text)
        case .limitKey: try PolicyText.limitKey(text)
        case .hashKey: try PolicyText.hashKey(text)
        case .jsonPath: try PolicyText.jsonPath(text)
        case .fieldSelector:
            if text.isEmpty { throw Problem("is empty", fix: "write a member's name, or a path that begins with $") }
            if text.hasPrefix("$") { try PolicyText.jsonPath(text) }
        case .retryCondition:
            if let problem = retryProblem(text) { throw problem }
        case .checkTarget: _ = try CheckTarget.parse(text)
        case .statusRange: _ = try StatusRange.parse(text)
        }
    }

    private func retryProblem(_ text: String) -> Problem? {
        if PolicyText.retryConditions.contains(text) { return nil }
        if let status = Int(text), (400...599).contains(status) { return nil }
        return Problem(
            "is no reason to retry",
            fix: "write \(PolicyText.retryConditions.joined(separator: ", ")) or a status from 400 to 599")
    }

    /// YAML 1.1 had twenty-two spellings of a boolean, and many files still use them: say so, instead of "not a boolean".
    private func booleanProblem(_ scalar: CoreScalar) -> Problem? {
        if scalar.type == .boolean { return nil }
        if let value = CoreScalar.boolean(scalar.text) {
            return Problem(
                "is a string where true or false must stand", fix: "remove the quotes", suggestion: "\(value)")
        }
        switch scalar.text.lowercased() {
        case "yes", "on", "y", "1":
            return Problem("is not a boolean (in YAML 1.2, yes and on are strings)", fix: "write true")
        case "no", "off", "n", "0":
            return Problem("is not a boolean (in YAML 1.2, no and off are strings)", fix: "write false")
        default: return Problem("is not a boolean", fix: "write true or false")
        }
    }

    /// A number between quotes is a string, in YAML as in JSON; the fix is obvious enough to be offered.
    private func integerProblem(_ scalar: CoreScalar, _ range: ClosedRange<Int>) -> Problem? {
        if scalar.type == .string, let number = Int(scalar.text), range.contains(number) {
            return Problem("is a string where a number must stand", fix: "remove the quotes", suggestion: scalar.text)
        }
        guard scalar.type == .integer else {
            return Problem(
                "is not a whole number", fix: "write a number from \(range.lowerBound) to \(range.upperBound)")
        }
        guard let number = CoreScalar.integer(scalar.text), range.contains(number) else {
            return Problem("is not between \(range.lowerBound) and \(range.upperBound)")
        }
        return nil
    }

    private func sizeProblem(_ scalar: CoreScalar, _ range: ClosedRange<Int>) -> Problem? {
        guard scalar.type == .integer || scalar.type == .string else {
            return Problem("is not a size", fix: SizeValue.fix)
        }
        return caught { () throws(Problem) in
            guard range.contains(try SizeValue.parse(scalar.text)) else {
                throw Problem(
                    "is not between \(SizeValue.describe(range.lowerBound)) and \(SizeValue.describe(range.upperBound))"
                )
            }
        }
    }

    /// All words are listed: there are few of each, and the reader has one place less to look up.
    private func wordProblem(_ scalar: CoreScalar, _ words: [String]) -> Problem {
        let near = EditDistance.nearest(to: scalar.text, among: words)
        return Problem(
            "is not one of \(words.joined(separator: ", "))", fix: "write one of them", suggestion: near)
    }
}

/// What a check throws, as a value.
func caught(_ body: () throws(Problem) -> Void) -> Problem? {
    do {
        try body()
        return nil
    } catch {
        return error
    }
}

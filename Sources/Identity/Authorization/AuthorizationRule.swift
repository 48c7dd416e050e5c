internal import JSONStream

/// What a route asks of who is asking: all parts must hold.
package struct AuthorizationRule: Hashable, Sendable {
    /// A list of which all or any must be there. An empty list asks nothing.
    package enum Requirement: Hashable, Sendable {
        case all([[UInt8]])
        case any([[UInt8]])

        /// Asked by index, here and below: the sequence methods allocate where the optimiser does not see through them, and
        /// this is asked for every request.
        func isMet(_ has: ([UInt8]) -> Bool) -> Bool {
            switch self {
            case .all(let wanted):
                for index in wanted.indices where !has(wanted[index]) { return false }
                return true
            case .any(let wanted):
                for index in wanted.indices where has(wanted[index]) { return true }
                return wanted.isEmpty
            }
        }

        /// The names, as RFC 6750's `scope` lists them.
        package var names: [[UInt8]] {
            switch self {
            case .all(let names), .any(let names): names
            }
        }
    }

    package var scopes: [Requirement] = []
    package var roles: [Requirement] = []
    /// Where roles stand; each may be a text or an array of texts.
    package var roleClaims = [ClaimPath("roles"), ClaimPath("role")]
    package var conditions: [ClaimCondition] = []

    package init() {}

    /// Nothing is asked.
    package var isEmpty: Bool { scopes.isEmpty && roles.isEmpty && conditions.isEmpty }

    /// Why a request is refused; towards the client both are 403.
    package enum Refusal: Hashable, Sendable, BitwiseCopyable {
        case insufficientScope
        case missingRole
        /// The condition of this place in the list.
        case condition(Int)
        /// Neither the consumer nor one of its groups is listed.
        case consumer

        package var code: String {
            switch self {
            case .insufficientScope: "insufficient_scope"
            case .missingRole: "missing_role"
            case .condition: "claim_condition"
            case .consumer: "consumer_not_allowed"
            }
        }
    }

    /// Nil where all holds. Scopes, roles and texts are compared where they stand, without a copy.
    package func refusal(for token: VerifiedToken) -> Refusal? {
        for index in scopes.indices where !scopes[index].isMet({ token.hasScope($0) }) { return .insufficientScope }
        for index in roles.indices where !roles[index].isMet({ hasRole($0, token) }) { return .missingRole }
        for index in conditions.indices where !conditions[index].holds(for: token.claims) {
            return .condition(index)
        }
        return nil
    }

    /// What somebody lacks who was known by no token, and so has no claims; nil where none are asked for.
    package var refusalWithoutClaims: Refusal? {
        if scopes.contains(where: { !$0.names.isEmpty }) { return .insufficientScope }
        if roles.contains(where: { !$0.names.isEmpty }) { return .missingRole }
        return conditions.isEmpty ? nil : .condition(0)
    }

    private func hasRole(_ role: [UInt8], _ token: VerifiedToken) -> Bool {
        for index in roleClaims.indices {
            guard let node = token.claims.node(roleClaims[index]) else { continue }
            if node.isString(role.span) { return true }
            for element in node.elements where element.isString(role.span) { return true }
        }
        return false
    }
}

/// A claim that must be one of some values; of an array, one element must be.
package struct ClaimCondition: Hashable, Sendable {
    package enum Value: Hashable, Sendable {
        case text([UInt8])
        case number(Double)
        case bool(Bool)
    }

    package let path: ClaimPath
    package let values: [Value]

    package init(_ path: ClaimPath, isOneOf values: [Value]) {
        self.path = path
        self.values = values
    }

    func holds(for claims: ClaimSet) -> Bool {
        guard let node = claims.node(path) else { return false }
        if node.isArray { return node.elements.contains { matches($0) } }
        return matches(node)
    }

    private func matches(_ node: JSONNode) -> Bool {
        values.contains { value in
            switch value {
            case .text(let text): node.isString(text.span)
            case .number(let number): node.double == number
            case .bool(let bool): node.bool == bool
            }
        }
    }
}

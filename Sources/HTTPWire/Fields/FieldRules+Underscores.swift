/// What becomes of fields with a `_` in their name. They are legal, but an interface in the way of CGI makes
/// `X_User_Id` and `X-User-Id` one variable, so that a client could forge what a gateway takes care to set.
package enum UnderscorePolicy: Sendable, Hashable {
    case drop, keep, reject
}

extension FieldRules {
    /// Applies the policy and says how many fields it dropped, for the log. Names that could mean an identity field are
    /// to be removed under every policy: `HeaderBlock.removeAll(named:foldingUnderscores:)`.
    @discardableResult
    package static func applyUnderscores(
        _ fields: HeaderBlock, _ policy: UnderscorePolicy
    ) throws(WireError) -> Int {
        guard fields.sawUnderscore, policy != .keep else { return 0 }
        var dropped = 0
        for index in 0..<fields.count {
            let field = fields.field(index)
            if !field.hasUnderscore || field.isRemoved { continue }
            if policy == .reject { throw .underscoreInName }
            fields.remove(at: index)
            dropped += 1
        }
        return dropped
    }
}

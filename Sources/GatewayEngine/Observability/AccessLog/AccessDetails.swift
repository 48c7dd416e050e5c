/// What an exchange tells beside its record, when it has more to tell than numbers. Most have none.
package final class AccessDetails {
    /// The calls that an aggregate's answer is made of, in the order in which they ended.
    package var parts: [PartRecord] = []
    /// What checking found; nil: nothing to tell.
    package var validation: ValidationReport?

    package init() {}
}

/// Why a value is refused, without saying the value: who reports it decides whether the value may be shown.
///
/// A value may come from `${env:SECRET}`. So a parser puts words of its own into `reason` and `fix`, and anything that
/// is part of the value, or made from it, into `part` and `suggestion`, which are dropped for such values.
struct Problem: Error {
    /// Completes a sentence that begins with the value: "is not a duration".
    var reason: String
    /// The piece of the value that is at fault.
    var part: String?
    /// What to write, in general.
    var fix: String?
    /// What to write instead of exactly this value.
    var suggestion: String?

    init(_ reason: String, part: String? = nil, fix: String? = nil, suggestion: String? = nil) {
        self.reason = reason
        self.part = part
        self.fix = fix
        self.suggestion = suggestion
    }
}

/// `random`: by weight, and by nothing else. Without any state, so many gateways that know nothing of each other spread
/// their requests evenly, which round robin does only for each of them.
enum RandomByWeight {
    static func pick(
        _ eligible: EligibleEndpoints, _ random: inout IdentifierSource, avoiding avoided: Int
    ) -> Int {
        eligible.draw(&random, except: avoided)
    }
}

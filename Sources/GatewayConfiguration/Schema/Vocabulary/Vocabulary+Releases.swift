/// What belongs to releasing a new version of a service.
extension Vocabulary {
    static let splitSide = ObjectShape(
        "split_side", "One side of a split.",
        [
            Field(.service, .scalar(.name), "The service.", required: true),
            Field(.weight, .integer(0...1_000_000), "Its share relative to its siblings; 0 gets none.", required: true),
        ])

    static let splitOverride = ObjectShape(
        "split_override", "Requests that go to one side of a split.", rules: [.exactlyOne([.header, .cookie, .query])],
        [
            Field(.header, .fieldName, "A header field that the request has."),
            Field(.cookie, .scalar(.token), "Likewise, a cookie."),
            Field(.query, .scalar(.name), "Likewise, a query parameter."),
            Field(.value, .text, "The value it must have.", default: "any"),
            Field(.service, .scalar(.name), "The side that answers, also one of weight 0.", required: true),
        ])

    static let canary = ObjectShape(
        "canary", "A release that judges itself: from step to step, or back to nothing.",
        [
            Field(.candidate, .scalar(.name), "The new one of the split's two services.", required: true),
            Field(
                .steps, .list(.share), "Shares of the candidate, rising. Behind the last it gets all.",
                default: "[1%, 5%, 25%, 50%]"),
            Field(.pause, .scalar(.duration(off: false)), "How long each step lasts at least.", default: "5m"),
            Field(
                .minRequests, .integer(1...1_000_000_000), "Answers of the candidate that each step needs.",
                default: "500"),
            Field(
                .maxErrorIncrease, .share,
                "By how much its share of errors may exceed the other's: of all requests, so `0.5%` allows 1.5 % beside 1 %.",
                default: "0.5%"),
            Field(
                .maxLatencyIncrease, .share,
                "By how much its median and 95th percentile may exceed the other's: `20%` allows 120 ms beside 100 ms.",
                default: "20%"),
            Field(
                .onInconclusive, .word("wait", "go_on", "roll_back"),
                "When a step has had its time and it looks worse than allowed without proof, or has too few requests.",
                default: "wait"),
            Field(.autoStart, .boolean, "Begins when it is loaded; else on an operator's word.", default: "true"),
            Field(
                .autoPromote, .boolean, "Gives it all requests behind the last step; else on an operator's word.",
                default: "true"),
        ])

    static let mirror = ObjectShape(
        "mirror", "A copy of the traffic that never affects the client.",
        [
            Field(.service, .scalar(.name), "Who gets the copy.", required: true),
            Field(.share, .share, "Of how many requests.", default: "100%"),
            Field(.maxBody, .size(0...1 << 30), "Requests with a larger body are not copied.", default: "64KiB"),
        ])
}

internal import GatewayConfiguration
internal import GatewayEngine

/// The parts of an aggregate in the order in which they are called, for `explain`.
struct AggregateSteps {
    private let aggregate: CompiledAggregate

    init(_ aggregate: CompiledAggregate) { self.aggregate = aggregate }

    /// Steps count from 1; parts of the same step go out together.
    var all: [(step: Int, part: PartConfiguration)] {
        aggregate.steps.enumerated().flatMap { index, parts in
            parts.map { (index + 1, aggregate.configuration.parts[$0]) }
        }
    }

    static func word(_ onError: PartConfiguration.OnError) -> String {
        switch onError {
        case .fail: "fail"
        case .omit: "omit"
        case .null: "null"
        case .value: "value"
        case .pass: "pass"
        }
    }

    /// For a person.
    static func sentence(_ onError: PartConfiguration.OnError) -> String {
        switch onError {
        case .fail: "needed"
        case .omit: "left out when it fails"
        case .null: "null when it fails"
        case .value: "with a value for when it fails"
        case .pass: "its errors are the answer"
        }
    }
}

extension ExplainStory {
    func parts(_ aggregate: CompiledAggregate, _ colour: Bool) -> [String] {
        let steps = AggregateSteps(aggregate).all
        var lines = ["It is put together from the answers of its parts\(place(aggregate.configuration.location)):"]
        let width = steps.map(\.part.name.count).max() ?? 0
        var last = 0
        for (step, part) in steps {
            let number = step == last ? "   " : "\(step). "
            last = step
            let name = part.name + String(repeating: " ", count: width - part.name.count)
            let each = part.each.map { ", for each of \($0.text)" } ?? ""
            lines.append(
                "  \(number)\(name)  \(Paint.accent("\(part.method) \(part.path.text)", colour)) of \"\(part.service)\"\(each),"
                    + " \(AggregateSteps.sentence(part.onError))")
        }
        return lines
    }
}

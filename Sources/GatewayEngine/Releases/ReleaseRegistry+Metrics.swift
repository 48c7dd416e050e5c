/// The releases on the metrics page. Names are those of the configuration; beyond `Metrics.seriesCap` routes none is shown.
extension ReleaseRegistry {
    func write(to writer: inout PrometheusWriter) {
        let states = Array(all().prefix(Metrics.seriesCap))
        let reports = states.compactMap { $0.report() }
        writer.begin("gatehouse_split_weight", .gauge, "The weight in force of each side of a split.")
        for report in reports {
            for side in report.sides {
                writer.sample(Self.labels(report.route, side.service), UInt64(clamping: side.weight))
            }
        }
        writer.begin(
            "gatehouse_split_answers_total", .counter,
            "Answers of a side, and tries without one, to requests that came by weight or key.")
        for report in reports {
            for side in report.sides { writer.sample(Self.labels(report.route, side.service), side.answers) }
        }
        writer.begin(
            "gatehouse_split_errors_total", .counter, "Of these, statuses from 500 on and tries without an answer.")
        for report in reports {
            for side in report.sides { writer.sample(Self.labels(report.route, side.service), side.errors) }
        }
        writer.begin("gatehouse_canary_state", .gauge, "1 for the state that a canary is in.")
        for report in reports {
            guard let canary = report.canary else { continue }
            for name in CanaryMachine.State.names {
                writer.sample(
                    PrometheusWriter.label("route", report.route) + ",state=\"\(name)\"", canary.state == name ? 1 : 0)
            }
        }
        writer.begin("gatehouse_canary_transitions_total", .counter, "Changes of a canary, by where to and why.")
        for state in states {
            let label = PrometheusWriter.label("route", state.route)
            for (transition, count) in state.transitions() {
                writer.sample("\(label),to=\"\(transition.to)\",reason=\"\(transition.reason.rawValue)\"", count)
            }
        }
    }

    private static func labels(_ route: String, _ service: String) -> String {
        PrometheusWriter.label("route", route) + "," + PrometheusWriter.label("service", service)
    }
}

extension SplitState {
    /// In a fixed order.
    fileprivate func transitions() -> [(Transition, UInt64)] {
        read { $0.transitions.map { ($0.key, $0.value) } }.sorted {
            ($0.0.to, $0.0.reason.rawValue) < ($1.0.to, $1.0.reason.rawValue)
        }
    }
}

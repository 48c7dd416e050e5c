internal import Gatehouse
internal import GatewayConfiguration
internal import GatewayEngine

/// What a reload says on standard error: what a person at the terminal, or the journal, wants to see of it.
enum ReloadNotice {
    static func tell(_ result: ReloadReport, _ report: Console) {
        for line in lines(result, colour: report.hasColour) { report.write(line) }
    }

    static func lines(_ result: ReloadReport, colour: Bool) -> [String] {
        var lines = result.warnings.map { DiagnosticText.text($0, colour: colour) }
        switch result.outcome {
        case .applied(let changes):
            let parts = [
                ("listeners", changes.listeners), ("services", changes.services), ("routes", changes.routes),
            ].filter { !$0.1.isEmpty }.map { "\($0.0): \($0.1.summary)" }
            let settings = changes.settings.isEmpty ? [] : ["settings: \(changes.settings.joined(separator: ", "))"]
            let what = parts + settings
            lines.append(
                "gatehouse: reloaded (\(what.isEmpty ? "nothing that matters has changed" : what.joined(separator: "; ")))"
            )
        case .unchanged:
            lines.append("gatehouse: reloaded (nothing has changed)")
        case .refused(let diagnostics):
            lines += diagnostics.map { DiagnosticText.text($0, colour: colour) }
            let count = diagnostics.count == 1 ? "1 error" : "\(diagnostics.count) errors"
            lines.append("gatehouse: not reloaded: \(count); the old configuration goes on")
        case .failed(let reason):
            lines.append("gatehouse: not reloaded: \(reason); the old configuration goes on")
        }
        lines += result.needsRestart.map { "gatehouse: needs a restart: \($0)" }
        lines += result.opened.map { "gatehouse: \(RunCommand.announcement(Gateway.Address($0)))" }
        return lines
    }
}

internal import Gatehouse
internal import GatewayEngine
internal import Reactor

/// `gatehouse run`, from the loaded configuration to the end.
///
/// 1. The configuration is loaded and compiled already: nothing that is wrong with it touches a program that runs.
/// 2. The running program's sockets are asked for, when this one replaces it.
/// 3. This program listens, on those and on what is new.
/// 4. Everyone who wants to know is told: the operator, the other program, which ends, and the service manager.
/// 5. It serves until a signal or a successor ends it.
struct Serving {
    let path: String
    let watch: Bool
    let replace: Bool
    let controlSocket: String?
    let gateway: Gateway
    let report: Console

    func run() throws -> Never {
        let manager = ServiceManager()
        let controlPath = try findControlPath()
        var takeover: Takeover?
        if replace, let controlPath {
            takeover = try Takeover.begin(controlPath)
            if takeover == nil { report.say("nothing runs at \(controlPath) to be replaced: starts as usual") }
        }
        let control = try controlPath.flatMap { try makeControl($0, isReplacing: takeover != nil) }
        do {
            try gateway.start(passed: takeover?.sockets ?? InheritedSockets.take(), drained: takeover?.drained ?? [])
        } catch {
            control?.giveUp()
            throw error
        }
        for address in gateway.addresses { report.say(RunCommand.announcement(address)) }
        if let control, !control.takePath() { report.say("cannot move the control socket to \(control.path)") }
        let shutdown = Shutdown(gateway, report, manager: manager) { control?.remove() }
        control?.start { shutdown.handOver(to: $0) }
        if let takeover {
            report.say(takeover.finish() ? "took over" : "the other program did not answer; it may still run")
        }
        manager.ready()
        manager.watch { [gateway] in gateway.loopsAnswer(withinMilliseconds: $0) }
        if watch && !gateway.watchFiles() { report.say("cannot watch the configuration: no thread is left") }
        let successor = Successor(
            arguments: Array(CommandLine.arguments.dropFirst()), controlSocket: control?.path ?? "")
        shutdown.serve {
            if control == nil {
                report.say("SIGUSR2: without a control socket this program cannot be replaced")
            } else {
                successor.start(report)
            }
        }
    }

    /// nil: there is none, which only matters to those who asked for one.
    private func findControlPath() throws(Outcome) -> String? {
        if let controlSocket { return controlSocket }
        do {
            return try ControlPath.standard(configuration: path)
        } catch {
            if replace { throw error }
            report.say("no control socket: \(error.message ?? "")")
            return nil
        }
    }

    private func makeControl(_ path: String, isReplacing: Bool) throws(Outcome) -> ControlServer? {
        if !isReplacing, (try? LocalSocket.connect(to: path, seconds: 1)) != nil {
            report.say("no control socket: another program listens on \(path)")
            return nil
        }
        do {
            return try ControlServer(path: path, gateway: gateway, report: report)
        } catch {
            if replace || controlSocket != nil { throw error }
            report.say("no control socket: \(error.message ?? "")")
            return nil
        }
    }
}

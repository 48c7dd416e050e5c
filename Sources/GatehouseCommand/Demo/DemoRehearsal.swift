/// `demo --once`: runs the printed lines itself and compares what they print with what must be in it.
struct DemoRehearsal {
    var steps: [DemoStep]
    var console: Console

    /// Whether every answer was as expected.
    func run() throws(Outcome) -> Bool {
        var failed = 0
        for step in steps {
            console.write("\n\(Paint.strong("# " + step.title, console.hasColour))")
            console.write(Paint.accent("$ " + step.command, console.hasColour))
            let (output, code) = try Subprocess("/bin/sh", ["-c", step.command]).finish()
            console.write(output)
            let missing = step.expected.filter { !output.contains($0) }
            for text in missing { console.write(Paint.bad("missing: \(text)", console.hasColour)) }
            if code != step.exitCode { console.write(Paint.bad("exit code \(code)", console.hasColour)) }
            if !missing.isEmpty || code != step.exitCode { failed += 1 }
        }
        let summary = "\(steps.count - failed) of \(steps.count) answers are as expected"
        console.write("\n" + (failed == 0 ? Paint.good : Paint.bad)(summary, console.hasColour))
        return failed == 0
    }
}

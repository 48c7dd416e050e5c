/// Replaces `${env:NAME}` and `${file:PATH}` in string values, so that secrets need not stand in the configuration.
///
/// `$${` stands for `${`; `${request.…}` and the like are parameter mappings and stay as they are. A path is relative to the file that names it, and one trailing line end is left off, as
/// editors and `echo` add one. The node remembers what was written: diagnostics show that, never what was put in.
struct References {
    /// A secret is a line or a certificate, not a data set.
    static let maximumFileSize = 1 << 20

    var environment: (String) -> String?
    var readFile: (String) -> Result<[UInt8], FileFailure>

    func resolve(in document: inout Document, findings: inout Findings, inputs: inout LoadInputs) {
        for id in document.references {
            let original = document.text(id)
            switch expand(original, file: document.files[Int(document.nodes[Int(id.index)].file)], &inputs) {
            case .success(let expansion):
                let offset = document.bytes.count
                document.bytes.append(contentsOf: expansion.text.utf8)
                guard document.bytes.count < Int(UInt32.max) else {
                    findings.error(at: document.location(id), "the configuration is too large")
                    return
                }
                document.nodes[Int(id.index)].first = UInt32(offset)
                document.nodes[Int(id.index)].count = UInt32(document.bytes.count - offset)
                // `$${` alone puts in nothing that was not in the file.
                guard expansion.holdsForeignText else { continue }
                document.nodes[Int(id.index)].substituted = true
                document.written[id.index] = original
            case .failure(let problem):
                // The value is shown as written; nothing was put in.
                findings.error(
                    at: document.location(id), "\(quote(original)) \(problem.reason)", fix: problem.fix)
                document.unresolved.insert(id.index)
            }
        }
    }

    private struct Expansion {
        var text: String
        var holdsForeignText: Bool
    }

    /// How AWS's parameter mappings begin, which are written alike.
    private static let mappings = ["request.", "response.", "context.", "stageVariables."]

    /// One pass from the left. What is put in is not looked at again: a secret that happens to hold `${` stays as it is.
    private func expand(_ text: String, file: String, _ inputs: inout LoadInputs) -> Result<Expansion, Problem> {
        var result = Expansion(text: "", holdsForeignText: false)
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result.text += rest[..<dollar]
            let tail = rest[dollar...]
            if tail.hasPrefix("$${") {
                result.text += "${"
                rest = tail.dropFirst(3)
            } else if tail.hasPrefix("${") {
                guard let end = tail.firstIndex(of: "}") else {
                    return .failure(Problem("has ${ without }", fix: "write ${env:NAME}, or $${ for the text ${"))
                }
                let reference = tail[..<end].dropFirst(2)
                if Self.mappings.contains(where: reference.hasPrefix) {
                    // Said of requests, not of this machine: `parameters` understands it.
                    result.text += tail[...end]
                    rest = tail[end...].dropFirst()
                    continue
                }
                switch value(of: reference, file: file, &inputs) {
                case .success(let value): result.text += value
                case .failure(let problem): return .failure(problem)
                }
                result.holdsForeignText = true
                rest = tail[end...].dropFirst()
            } else {
                result.text += "$"
                rest = tail.dropFirst()
            }
        }
        result.text += rest
        return .success(result)
    }

    /// The problem names the variable or file, which are no secret, and never the value.
    private func value(
        of reference: Substring, file: String, _ inputs: inout LoadInputs
    ) -> Result<String, Problem> {
        if reference.hasPrefix("env:") {
            let name = String(reference.dropFirst(4))
            let found = environment(name)
            inputs.note(variable: name, value: found)
            guard let value = found else {
                return .failure(
                    Problem("names the environment variable \(quote(name)), which is not set", fix: "set \(name)"))
            }
            return .success(value)
        }
        if reference.hasPrefix("file:") {
            let path = FilePaths.resolve(String(reference.dropFirst(5)), besides: file)
            switch readFile(path) {
            case .failure(let failure):
                inputs.note(file: path, bytes: nil)
                return .failure(
                    Problem(
                        "names the file \(quote(path)), which \(failure.reason)",
                        fix: "make the file readable; paths are relative to the configuration file"))
            case .success(let bytes):
                inputs.note(file: path, bytes: bytes)
                guard var text = String(validating: bytes, as: UTF8.self) else {
                    return .failure(Problem("names the file \(quote(path)), which is not UTF-8 text"))
                }
                if text.hasSuffix("\r\n") || text.hasSuffix("\n") { text.removeLast() }
                return .success(text)
            }
        }
        return .failure(
            Problem(
                "has a reference that is neither ${env:NAME} nor ${file:PATH}", fix: "write $${ for the text ${"))
    }
}

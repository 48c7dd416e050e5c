/// What checker, decoder and cross-reference checks have found so far.
///
/// Every error is reported at once, but a broken file of a million lines must not become a report of a million lines:
/// after `maximum` of a kind the rest is only counted.
struct Findings {
    static let maximum = 1000

    private(set) var errors: [Diagnostic] = []
    private(set) var warnings: [Diagnostic] = []
    private var suppressed = 0

    var hasErrors: Bool { !errors.isEmpty }

    /// Searches for a fix ("did you mean") stop where they would cost more than they help: after many errors, and the
    /// sooner the more candidates there are.
    func wantsSuggestion(among candidates: Int) -> Bool { errors.count < 100 && errors.count * candidates < 100_000 }

    mutating func error(at location: SourceLocation, _ message: String, fix: String? = nil) {
        guard errors.count < Self.maximum else {
            suppressed += 1
            return
        }
        errors.append(Diagnostic(.error, at: location, message, fix: fix))
    }

    mutating func error(_ diagnostic: Diagnostic) {
        error(at: diagnostic.location, diagnostic.message, fix: diagnostic.fix)
    }

    mutating func warning(at location: SourceLocation, _ message: String, fix: String? = nil) {
        guard warnings.count < Self.maximum else { return }
        warnings.append(Diagnostic(.warning, at: location, message, fix: fix))
    }

    /// Errors before warnings of the same place, all in the order of the text.
    func sorted() -> [Diagnostic] {
        var all = errors + warnings
        all.sort { ($0.location.line, $0.location.column) < ($1.location.line, $1.location.column) }
        // A stable order over several files: by name, keeping the order by line within.
        let files = Set(all.map(\.location.file)).sorted()
        if files.count > 1 { all = files.flatMap { file in all.filter { $0.location.file == file } } }
        if suppressed > 0, let last = errors.last {
            all.append(
                Diagnostic(
                    .error, at: SourceLocation(file: last.location.file, line: 0, column: 0),
                    "\(suppressed) more errors are not shown", fix: "mend these first"))
        }
        return all
    }
}

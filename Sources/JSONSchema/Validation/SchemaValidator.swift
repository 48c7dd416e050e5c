package import JSONStream

/// Asks whether values fit schemas. One belongs to one thread, and keeps its memory for the next value.
///
/// A first pass only answers yes or no, and stops at the first thing that does not fit: that is all that most values
/// need. Who wants to know why gets a second pass, over a value that is known to be wrong, which goes on and notes what
/// it meets.
package final class SchemaValidator {
    private let limits: SchemaLimits
    private let scratch = PatternScratch()
    /// Kept between values.
    private var marks: [SchemaRun.Mark] = []
    private var stamps: [Int32] = []

    package init(limits: SchemaLimits = SchemaLimits()) { self.limits = limits }

    /// - Parameter errors: how many are wanted; 0: only whether it fits.
    /// - Parameter findsUndocumented: of a value that fits, members that no schema lists are wanted too.
    package func validate(
        _ document: JSONDocument, by schema: SchemaID, of program: SchemaProgram, errors: Int = 0,
        findsUndocumented: Bool = false
    ) -> SchemaVerdict {
        var run = makeRun(document, program, errors: 0, findsUndocumented)
        var verdict = SchemaVerdict(isValid: run.evaluate(schema.index, 0, collects: findsUndocumented))
        verdict.isTooCostly = run.isTooCostly
        if run.isTooCostly { verdict.isValid = false }
        if verdict.isValid {
            if findsUndocumented { verdict.undocumented = run.undocumented(limit: max(errors, 1)) }
        } else if errors > 0, !run.isTooCostly {
            keep(run)
            run = makeRun(document, program, errors: errors, false)
            _ = run.evaluate(schema.index, 0, collects: false)
            verdict.errors = Array(run.errors.prefix(errors))
            verdict.hasMore = run.errors.count > errors
        }
        keep(run)
        return verdict
    }

    private func makeRun(
        _ document: JSONDocument, _ program: SchemaProgram, errors: Int, _ findsUndocumented: Bool
    ) -> SchemaRun {
        var run = SchemaRun(
            document: document, program: program, scratch: scratch, limits: limits, wanted: errors, marks: marks)
        marks = []
        if program.tracksEvaluated {
            swap(&run.stamps, &stamps)
            run.stamps.removeAll(keepingCapacity: true)
            run.stamps.append(contentsOf: repeatElement(0, count: document.entries.count))
        }
        if findsUndocumented { run.listed = [UInt8](repeating: 0, count: document.entries.count) }
        return run
    }

    private func keep(_ run: SchemaRun) {
        marks = run.marks.capacity <= 4096 ? run.marks : []
        marks.removeAll(keepingCapacity: true)
        stamps = run.stamps.capacity <= 65_536 ? run.stamps : []
    }
}

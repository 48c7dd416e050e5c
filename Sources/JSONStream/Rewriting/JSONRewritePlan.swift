/// What a rewriter does to documents, compiled: made once when a configuration is loaded, shared by all that runs.
///
/// The operations, and where they act. A plain name means members of that name at any depth, also in arrays; a text that
/// is `$` or begins with `$.` or `$[` is a JSONPath (RFC 9535) and means exactly what it selects. Names are compared by
/// what they mean: `"\u0061"` is `a`. All operations look at the document as it came, whatever their order, but for
/// moves, which come first. Of several that meet on one value, `remove` wins over `set`, and `set` over `keep`.
///
/// - `remove`: the member or element does not come out. If a name stands twice, both go.
/// - `keep`: of members and elements only those selected, with all that is in them, and the objects and arrays on the
///   way there; an object or array on the way in which nothing is kept goes too, but for the outermost. What is only
///   on the way keeps its name, and goes where it has the name that a rename makes.
/// - `rename`: the member stands where it stood, under the new name. A member that has that name in the same object is
///   replaced, whether it stands before or behind: it does not come out. If it stands before, the rest of the object
///   up to the renamed member waits in memory. Of two members that get the same name the first stays. Two names can be
///   swapped.
/// - `set`: the value is replaced; by a path, a missing member is added at the end of its object, with the objects
///   around it where the path consists of names. What is on the way and no object stays as it is.
/// - `default`: the same where the member is missing; one that is there stays, also if it is `null`. Paths only.
/// - What is set is a template (`JSONTemplate`), of inputs and of the document as it came. One that comes to nothing leaves
///   the member out: it is not added, and one that `set` finds there goes.
/// - `move`: the value of the first path goes to the second, replacing what is there; neither may be within the other.
///
/// Names that stand twice are otherwise passed on as they are.
package struct JSONRewritePlan: Sendable {
    package enum Operation: Sendable, Hashable {
        case remove(String)
        case keep(String)
        case rename(String, to: String)
        case set(String, JSONTemplateValue)
        case `default`(String, JSONTemplateValue)
        case move(String, to: String)
    }

    /// How much of a document an operation has to see before what it touches can go out.
    package enum Lookahead: UInt8, Sendable, Comparable {
        /// Bytes go out as they come.
        case none
        /// An object, from a member that has the new name of another, until that one comes or the object ends.
        case object
        /// The whole document: filters, counting from the end, moves, templates that refer to it.
        case document

        package static func < (left: Lookahead, right: Lookahead) -> Bool { left.rawValue < right.rawValue }
    }

    /// Why an operation cannot be.
    package struct Problem: Error, Hashable, Sendable {
        package enum Code: Error, Hashable, Sendable {
            case path(JSONPathError)
            /// The value is no template.
            case template([JSONTemplate.Problem])
            /// The whole document, which can be neither removed nor named.
            case wholeDocument
            /// A rename needs a path that ends in one name.
            case notAName
            /// A plain name where a path is needed.
            case needsPath
            /// A move goes from a path that selects one value to one of names only.
            case badMove
            /// Another operation says otherwise about the same place.
            case conflict
            /// Lists in the path that stand for more than 256 paths.
            case tooMany
        }

        package var code: Code
        /// Which of the operations.
        package var operation: Int

        package init(code: Code, operation: Int) {
            self.code = code
            self.operation = operation
        }
    }

    /// What each operation needs to see, in the order given.
    package let lookahead: [Lookahead]
    /// The rules of the moves, if there are any.
    let moves: RewriteRules?
    let moved: [JSONPath]
    let rules: RewriteRules
    /// What is set and is not known before.
    let templates: [JSONTemplate]

    /// Nothing but what an object's renames need has to wait in memory.
    package let streams: Bool

    /// - Parameter names: of the inputs that templates may refer to besides the document.
    package init(_ operations: [Operation], inputs names: [String] = []) throws(Problem) {
        var compiler = RewriteCompiler(inputs: names)
        var moveCompiler = RewriteCompiler()
        var moved: [JSONPath] = []
        var lookahead: [Lookahead] = []
        for (index, operation) in operations.enumerated() {
            do {
                if case .move(let from, let to) = operation {
                    moved.append(try moveCompiler.addMove(from, to, slot: moved.count))
                    lookahead.append(.document)
                } else {
                    lookahead.append(try compiler.add(operation))
                }
            } catch {
                throw Problem(code: error, operation: index)
            }
        }
        self.lookahead = lookahead
        streams = lookahead.allSatisfy { $0 < .document }
        self.moved = moved
        moves = moved.isEmpty ? nil : moveCompiler.finish()
        rules = compiler.finish()
        templates = compiler.templates
    }
}

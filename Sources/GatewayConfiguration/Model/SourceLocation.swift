/// Where something stands in the configuration: what every diagnostic, and `explain`, point at.
package struct SourceLocation: Sendable, Hashable, CustomStringConvertible {
    /// The file as the user named it; "-" for text that came from no file.
    package var file: String
    /// Counted from 1; 0 means the file as a whole.
    package var line: Int
    /// Counted from 1, in characters.
    package var column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// A value that nobody wrote: a default.
    package static let none = SourceLocation(file: "", line: 0, column: 0)

    package var description: String {
        line == 0 ? file : "\(file):\(line):\(column)"
    }
}

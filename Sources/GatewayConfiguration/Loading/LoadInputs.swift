/// Everything from outside that a configuration was made of: which files, and a fingerprint of what stood in them and in
/// the environment.
///
/// Two loads with the same fingerprint read the same bytes, so that a reload need not look any further; and the files
/// are those to be watched. A file that could not be read is one of them: it may come.
package struct LoadInputs: Sendable {
    /// As they were opened, each once, in the order of their first reading; directories too.
    package private(set) var files: [String] = []
    private var known: Set<String> = []
    private var hasher = Hasher()

    /// Equal within one process only: its hashing has a seed of its own.
    package var fingerprint: Int { hasher.finalize() }

    mutating func note(file: String) {
        if known.insert(file).inserted { files.append(file) }
    }

    mutating func note(file: String, bytes: [UInt8]?) {
        note(file: file)
        hasher.combine(file)
        hasher.combine(bytes)
    }

    mutating func note(text: [UInt8]) { hasher.combine(text) }

    mutating func note(variable: String, value: String?) {
        hasher.combine(variable)
        hasher.combine(value)
    }
}

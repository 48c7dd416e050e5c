import JSONSchema
import JSONStream

#if canImport(Glibc)
    import Glibc
#endif

/// `SchemaBenchmark SCHEMA DOCUMENT…`: for each document a line with its name, microseconds to validate what is read
/// already, microseconds to read and validate, and whether it fits. Figures only: nothing is asserted about time.
@main
struct SchemaBenchmark {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard let schemaFile = arguments.first else { return }
        let schema = try JSONDocument(try read(schemaFile))
        var compiler = SchemaCompiler()
        let document = compiler.add(schema, uri: schemaFile)
        let root = compiler.compile(schema.root, in: document)
        let program = try compiler.finish()
        let validator = SchemaValidator()
        for file in arguments.dropFirst() {
            let bytes = try read(file)
            let value = try JSONDocument(bytes)
            let fits = validator.validate(value, by: root, of: program).isValid
            let known = measure { _ = validator.validate(value, by: root, of: program) }
            let whole = try measure {
                _ = validator.validate(try JSONDocument(bytes), by: root, of: program)
            }
            print(file, known, whole, fits)
        }
    }

    /// The best of five rounds of a tenth of a second each.
    static func measure(_ work: () throws -> Void) rethrows -> Double {
        var best = Double.infinity
        for _ in 0..<5 {
            var count = 0
            let start = nanoseconds()
            var end = start
            while end - start < 100_000_000 {
                try work()
                count += 1
                end = nanoseconds()
            }
            best = min(best, Double(end - start) / Double(count) / 1000)
        }
        return best
    }

    static func nanoseconds() -> Int {
        var time = timespec()
        // The structure is ours and of the type that the call fills in.
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    struct Unreadable: Error { var path: String }

    static func read(_ path: String) throws -> [UInt8] {
        guard let file = unsafe fopen(path, "r") else { throw Unreadable(path: path) }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        while true {
            var chunk = [UInt8](repeating: 0, count: 65_536)
            // fread writes at most as many bytes as the array has.
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe fread($0.baseAddress, 1, $0.count, file) }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
    }
}

import Foundation
import JSONSchema
import JSONStream
import Testing

/// The official JSON Schema test suite, draft 2020-12: every required case, and those optional ones that are claimed.
///
/// `scripts/json-schema-suite` fetches it. Where it cannot, the test fails: what is not run is not shown.
@Suite struct OfficialSuiteTests {
    /// The suite's folder, once.
    private static let folder = Result { try fetch() }

    private struct FetchFailure: Error, CustomStringConvertible {
        var description: String
    }

    private static func fetch() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let process = Process()
        process.executableURL = root.appending(path: "scripts/json-schema-suite")
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw FetchFailure(description: "scripts/json-schema-suite ended with \(process.terminationStatus)")
        }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Schemas that the cases refer to, by the address that the suite gives them.
    private static func remotes(_ folder: String) throws -> [(uri: String, document: JSONDocument)] {
        let base = URL(filePath: folder + "/remotes")
        let names = try FileManager.default.subpathsOfDirectory(atPath: base.path).filter { $0.hasSuffix(".json") }
        return try names.map { name in
            let bytes = try Array(Data(contentsOf: base.appending(path: name)))
            return ("http://localhost:1234/" + name, try JSONDocument(bytes))
        }
    }

    /// Runs the files and gives how many cases they have.
    private func run(_ files: [String], assertsFormats: Bool) throws -> Int {
        let folder = try Self.folder.get()
        let remotes = try Self.remotes(folder)
        let validator = SchemaValidator()
        var count = 0
        for file in files {
            let text = try Data(contentsOf: URL(filePath: folder + "/tests/draft2020-12/" + file))
            let cases = try JSONDocument(Array(text), duplicates: .keep)
            for group in cases.root.elements {
                let schema = try JSONDocument(Array(#require(group.member("schema")).text))
                var compiler = SchemaCompiler(assertsFormats: assertsFormats)
                for remote in remotes { compiler.offer(remote.document, uri: remote.uri) }
                let document = compiler.add(schema, uri: "https://suite.example/schema.json")
                let root = compiler.compile(schema.root, in: document)
                let program = try compiler.finish()
                for test in try #require(group.member("tests")).elements {
                    count += 1
                    let names = [group, test].map { $0.member("description")?.string ?? "" }
                    let name: Comment = "\(file): \(names.joined(separator: ": "))"
                    let data = try JSONDocument(Array(#require(test.member("data")).text))
                    let expected = test.member("valid")?.bool == true
                    let verdict = validator.validate(data, by: root, of: program)
                    let explained = validator.validate(data, by: root, of: program, errors: 10)
                    let watched = validator.validate(data, by: root, of: program, findsUndocumented: true)
                    #expect(verdict.isValid == expected, name)
                    #expect(watched.isValid == expected, name)
                    #expect(explained.isValid == expected, name)
                    // What does not fit has a reason, and what fits has none.
                    #expect(explained.errors.isEmpty == expected, name)
                }
            }
        }
        return count
    }

    @Test func everyRequiredCase() throws {
        let folder = try Self.folder.get()
        let files = try FileManager.default.contentsOfDirectory(atPath: folder + "/tests/draft2020-12")
            .filter { $0.hasSuffix(".json") }.sorted()
        let count = try run(files, assertsFormats: false)
        #expect(count == 1_257)
    }

    @Test func optionalCases() throws {
        let files = [
            "anchor", "bignum", "dynamicRef", "ecmascript-regex", "float-overflow", "format-assertion", "id",
            "no-schema",
            "non-bmp-regex", "refOfUnknownKeyword", "unknownKeyword",
        ]
        let count = try run(files.map { "optional/\($0).json" }, assertsFormats: false)
        #expect(count > 100)
    }

    @Test(arguments: [
        "date", "date-time", "duration", "email", "ipv4", "ipv6", "iri", "iri-reference", "json-pointer", "regex",
        "relative-json-pointer", "time", "uri", "uri-reference", "uri-template", "uuid", "hostname", "idn-email",
    ])
    func formats(_ name: String) throws {
        let count = try run(["optional/format/\(name).json"], assertsFormats: true)
        #expect(count > 0)
    }
}

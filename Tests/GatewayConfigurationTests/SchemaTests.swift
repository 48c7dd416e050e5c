import Foundation
import Testing

@testable import GatewayConfiguration

/// What is written from the vocabulary: the JSON Schema and the reference.
@Suite struct SchemaTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let documentation = root.appendingPathComponent("docs/configuration.md")

    @Test func theSchemaIsJSONAndAlwaysTheSame() throws {
        let text = JSONSchemaWriter.write()
        #expect(text == JSONSchemaWriter.write())
        let schema = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(schema["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
        let definitions = try #require(schema["$defs"] as? [String: Any])
        let route = try #require(definitions["route"] as? [String: Any])
        #expect((route["properties"] as? [String: Any])?.keys.contains("strip_prefix") == true)
        #expect(route["additionalProperties"] as? Bool == false)
    }

    /// What `check` accepts, the schema accepts; and it is no schema that accepts everything.
    @Test func theSchemaAgreesWithTheChecker() throws {
        let validator = try SchemaValidator(JSONSchemaWriter.write())
        var accepted = 0
        var refused = 0
        for name in GoldenTests.cases {
            let text = try String(contentsOf: GoldenTests.directory.appendingPathComponent(name), encoding: .utf8)
            guard let problems = validator.problems(in: text, isJSON: name.hasSuffix(".json")) else { continue }
            if GoldenTests.load(name).configuration != nil {
                accepted += 1
                #expect(problems == [], "\(name)")
            } else if !problems.isEmpty {
                refused += 1
            }
        }
        #expect(accepted > 10)
        #expect(refused > 30)
    }

    @Test func theReferenceIsUpToDate() throws {
        let text = try String(contentsOf: Self.documentation, encoding: .utf8)
        let start = try #require(text.range(of: ReferenceWriter.begin)).lowerBound
        if ProcessInfo.processInfo.environment["GATEHOUSE_UPDATE_GOLDEN"] == "1" {
            try Data((text[..<start] + ReferenceWriter.write()).utf8).write(to: Self.documentation)
        }
        let current = try String(contentsOf: Self.documentation, encoding: .utf8)
        #expect(current[start...] == ReferenceWriter.write(), "run the tests with GATEHOUSE_UPDATE_GOLDEN=1")
    }

    @Test func theExamplesOfTheDocumentationAreValid() throws {
        let text = try String(contentsOf: Self.documentation, encoding: .utf8)
        let blocks = text.components(separatedBy: "```yaml\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
        #expect(blocks.count >= 8)
        let loader = ConfigurationLoader(environment: { _ in "a-value-that-is-long-enough-to-be-a-secret" })
        for block in blocks {
            let errors = loader.load(text: block).errors.filter { !$0.message.contains("names the file") }
            #expect(errors.map(\.description) == [], "\(block)")
        }
    }

    /// A key in two spellings would be two keys; a key without words is no help.
    @Test func everyKeyIsDescribed() {
        for object in AllObjects.list {
            for field in object.fields {
                #expect(!field.summary.isEmpty && field.summary.hasSuffix("."), "\(object.name).\(field.key.rawValue)")
            }
        }
        #expect(Set(AllObjects.list.map(\.name)).count == AllObjects.list.count)
    }
}

/// Every mapping of the vocabulary.
enum AllObjects {
    static let list: [ObjectShape] = {
        var found: [ObjectShape] = []
        func visit(_ shape: Shape) {
            switch shape {
            case .object(let object):
                guard !found.contains(where: { $0 === object }) else { return }
                found.append(object)
                for field in object.fields { visit(field.shape) }
            case .list(let inner), .oneOrList(let inner), .map(_, let inner): visit(inner)
            case .choice(let alternatives): for alternative in alternatives { visit(alternative) }
            case .scalar, .anything: break
            }
        }
        visit(.object(Vocabulary.root))
        return found
    }()
}

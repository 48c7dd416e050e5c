import Foundation
import Testing

@testable import GatewayConfiguration

/// Documents of APIs: what becomes of their operations, and what is said of their errors.
@Suite struct OpenAPITests {
    static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("OpenAPI").path
    static let file = directory + "/small.yaml"
    static let other = directory + "/other.json"

    static let services = "services: { s: { endpoints: [ http://127.0.0.1 ] } }\n"

    @Test func operationsBecomeRoutes() throws {
        let configuration = try GatewayConfiguration.parse(
            yaml: Self.services + "openapi: { file: \(Self.file), service: s, responses: true }")
        let route = try #require(configuration.routes.first)
        #expect(configuration.routes.count == 1 && configuration.validations.isEmpty)
        #expect(route.name == "listPets" && route.path.label == "/v1/pets" && route.methods == ["GET"])
        #expect(route.location.file == Self.file && route.location.line == 7)
        let rules = try #require(route.validation)
        #expect(rules.source == .operation("listPets"))
        #expect(rules.parameters.map(\.name) == ["limit"] && rules.parameters[0].explode)
        #expect(rules.responses.map(\.content.first?.mediaType) == ["application/json"])
        // The file that it refers to is read, and watched.
        #expect(configuration.schemaFiles == [Self.file, Self.directory + "/pet.yaml"])
    }

    @Test func withoutAServiceRequestsAreChecked() throws {
        let configuration = try GatewayConfiguration.parse(yaml: "openapi: { file: \(Self.file), base_path: /x }")
        #expect(configuration.routes.isEmpty)
        #expect(configuration.validations.map(\.path?.text) == ["/x/pets"])
        #expect(configuration.validations[0].responses.isEmpty)
    }

    @Test func everyErrorOfADocumentHasItsPlace() throws {
        let path = Self.directory + "/wrong.yaml"
        let result = ConfigurationLoader.load(text: "openapi: \(path)")
        let found = result.errors.map { error in
            "\(error.location.line): \(error.message)".replacingOccurrences(of: path, with: "wrong.yaml")
        }
        #expect(
            found == [
                "5: the path \"pets\" does not begin with /",
                "7: the path \"/pets/{id}.json\" mixes a parameter with other text in one segment",
                "10: the path has {id}, and no parameter describes it",
                "13: two operations have the operationId \"one\"; first at wrong.yaml:10:7",
                "15: the parameter \"id\" is in the path and not required",
                "16: the parameter \"other\" is not in the path",
                "17: $ref leads nowhere: \"#/components/parameters/none\"",
                "18: a parameter has no name",
                "19: the parameter \"a\" does not say where it stands",
                "20: the parameter \"b\" has a style that it cannot have",
                "21: the parameter \"c\" has neither schema nor content",
                "23: the parameter \"d\" stands here twice",
                "24: requestBody has no content",
                "25: \"many\" is no status",
                "26: the path has {id}, and no parameter describes it",
                "26: the operation has no responses",
            ])
    }

    @Test(arguments: [
        ("openapi: /nonexistent.yaml", "does not exist"),
        ("openapi: { file: \(directory)/pet.yaml }", "this is no OpenAPI document: it has no openapi"),
        ("openapi: { file: \(file), service: none }", "names no service"),
        ("openapi: { file: \(file), routes: true }", "routes need somebody who answers them"),
        ("openapi: { file: \(file), upstream: \"http://a/{x}\" }", "fits one path only"),
        ("validate: [ { path: /, parameters: [ { name: x, in: path, schema: {} } ] } ]", "the path has no {x}"),
        (
            "validate: [ { path: /, parameters: [ { name: x, in: query, style: label, schema: {} } ] } ]",
            "is no style of a parameter in the query"
        ),
        ("validate: [ { path: /, body: { schema: {}, types: json } } ]", "is no media type"),
        ("validate: [ { path: /, body: { schema: /nonexistent.json } } ]", "does not exist"),
    ])
    func whatIsWrong(_ text: String, _ message: String) {
        let errors = ConfigurationLoader.load(text: text).errors
        #expect(errors.count == 1 && errors.allSatisfy { $0.message.contains(message) }, "\(errors)")
    }
}

internal import ArgumentParser
internal import GatewayConfiguration

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Writes the configuration's JSON Schema, for editors.",
        discussion: """
            With it an editor completes keys, explains them, and marks what is wrong.

            Examples:
              gatehouse schema > gateway.schema.json
              # then, as the first line of gateway.yaml:
              # yaml-language-server: $schema=gateway.schema.json
            """)

    func run() {
        Console.output.write(JSONSchemaWriter.write())
    }
}

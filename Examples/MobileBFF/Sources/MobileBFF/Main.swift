import Dashboards
import Gatehouse

@main struct Main {
    static func main() async throws {
        let file = CommandLine.arguments.dropFirst().first ?? "gateway.yaml"
        do {
            try await Gateway(file: file, program: Dashboards.program).run()
        } catch {
            // Everything that is wrong with the file, with its lines.
            print(error)
        }
    }
}

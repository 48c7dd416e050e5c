internal import CSystem
internal import GatewayConfiguration
internal import Reactor

/// What `check --against` finds out.
enum Comparison {
    /// From one file to another: `path` is the new one.
    static func of(_ path: String, _ other: String) -> ComparisonDocument {
        let (new, old) = (ConfigurationLoader.load(path: path), ConfigurationLoader.load(path: other))
        guard let after = new.configuration, let before = old.configuration else {
            return ComparisonDocument(errors: (new.errors + old.errors).map(\.description))
        }
        return ComparisonDocument(ConfigurationChanges(from: before, to: after))
    }

    /// From what runs to a file. The running program does the reading, as a reload would: with its own environment and
    /// rights.
    static func withRunning(_ path: String, _ controlSocket: String?) throws(Outcome) -> ComparisonDocument {
        let control: String
        if let controlSocket {
            control = controlSocket
        } else {
            control = try ControlPath.standard(configuration: path)
        }
        do throws(LocalSocket.Failure) {
            let connection = try LocalSocket.connect(to: control, seconds: 60)
            guard let peer = connection.peer, peer.user == geteuid() || peer.user == 0 else {
                throw LocalSocket.Failure(code: EACCES)
            }
            try connection.send(.init("compare \(absolute(path))"))
            guard let document = ControlText.decode(try connection.receive().text) else {
                throw LocalSocket.Failure(code: 0)
            }
            return document
        } catch {
            throw Outcome(
                .cannotStart,
                "cannot ask the running program by \(control): \(ControlText.reason(error)); name its --control-socket")
        }
    }

    private static func absolute(_ path: String) -> String {
        // The C library allocates the result, which is copied and freed here.
        guard let text = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }
}

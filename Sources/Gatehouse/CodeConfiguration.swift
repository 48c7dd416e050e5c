#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// A configuration that stands in no file, as the text that the loader reads: so everything is checked as in a file.
struct CodeConfiguration: Encodable {
    struct Listener: Encodable {
        var address: String
    }

    struct Service: Encodable {
        var endpoints: [String]
    }

    var listeners: [Listener]
    var services: [String: Service]

    init(listen: [String], services: [String: [String]]) {
        listeners = listen.map { Listener(address: $0) }
        self.services = services.mapValues { Service(endpoints: $0) }
    }

    var text: String {
        // Strings in arrays and dictionaries can always be written.
        (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

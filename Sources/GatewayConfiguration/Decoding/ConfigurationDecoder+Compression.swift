/// Compression of responses.
extension ConfigurationDecoder {
    mutating func decodeCompression(_ id: NodeID) -> CompressionConfiguration {
        var compression = CompressionConfiguration()
        for (key, value) in entries(id) {
            switch document.key(key) {
            case .enabled: assign(value, to: &compression.isEnabled)
            case .algorithms: compression.algorithms = decodeAlgorithms(value)
            case .minSize: assignSize(value, to: &compression.minSize)
            case .types:
                compression.types = values(value).map { text($0).lowercased() }
                for type in values(value) { checkCompressible(type) }
            case .levels:
                for (name, level) in entries(value) {
                    guard let algorithm = CompressionConfiguration.Algorithm(rawValue: text(name)) else { continue }
                    compression.levels[algorithm] = integer(level)
                }
            default: break
            }
        }
        return compression
    }

    private mutating func decodeAlgorithms(_ id: NodeID) -> [CompressionConfiguration.Algorithm] {
        var algorithms: [CompressionConfiguration.Algorithm] = []
        for value in values(id) {
            guard let algorithm: CompressionConfiguration.Algorithm = word(value) else { continue }
            if algorithms.contains(algorithm) {
                findings.error(
                    at: location(value), "algorithms: \(quote(text(value))) stands twice", fix: "remove one of them")
            } else {
                algorithms.append(algorithm)
            }
        }
        return algorithms
    }

    /// What would never be compressed is not listed in vain.
    private mutating func checkCompressible(_ id: NodeID) {
        let type = text(id).lowercased()
        let reason: (String, String)? =
            if type == "text/event-stream" || type.hasPrefix("application/grpc") {
                ("is a stream whose messages must not wait, and is never compressed", "remove it")
            } else if type.contains(";") {
                ("has parameters, which do not matter here", "write the type alone, as in text/html")
            } else {
                nil
            }
        guard let (sentence, fix) = reason else { return }
        findings.error(at: location(id), "types: \(quote(text(id))) \(sentence)", fix: fix)
    }
}

internal import CSystem

/// The files that a configuration was made of, as a watcher sees them: whether anything about them is new, and in which
/// directories something may happen to them.
struct WatchedFiles: Sendable, Equatable {
    let paths: [String]

    /// What tells one state of the files from another: identity, size and time of each, symbolic links followed.
    var identity: [[UInt64]] {
        paths.map { path in
            var numbers = [UInt64](repeating: 0, count: 5)
            // An array of the five numbers that the call fills.
            return unsafe gh_file_identity(path, &numbers) == 0 ? numbers : []
        }
    }

    /// The directories where a name on the way to one of the files may come, go, or lead elsewhere. With
    /// `conf/gateway.yaml` → `..data/gateway.yaml` and `..data` → `..2031_06_01`, as Kubernetes mounts a volume, the link
    /// that is replaced is `..data`: it stands in `conf`, the file itself in `conf/..2031_06_01`.
    var directories: [String] {
        var found: Set<String> = []
        for path in paths {
            var steps = 0
            Self.walk(path, from: path.hasPrefix("/") ? "/" : ".", into: &found, &steps)
        }
        return found.sorted()
    }

    /// Links followed for one path at most, as the system does.
    private static let mostLinks = 40

    private static func walk(_ path: String, from start: String, into found: inout Set<String>, _ steps: inout Int) {
        var place = start
        var rest = path.split(separator: "/").map(String.init)[...]
        while let name = rest.popFirst() {
            let next = place == "/" ? "/\(name)" : "\(place)/\(name)"
            if let target = link(next) {
                found.insert(place)
                steps += 1
                guard steps <= mostLinks else { return }
                let further = rest.reduce(target) { "\($0)/\($1)" }
                return walk(further, from: target.hasPrefix("/") ? "/" : place, into: &found, &steps)
            }
            if rest.isEmpty || name == ".." {
                found.insert(place)
                // It may be a directory of fragments.
                if rest.isEmpty { found.insert(next) }
            }
            place = next
        }
    }

    private static func link(_ path: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        // As many bytes as the array has.
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe gh_read_link(path, $0.baseAddress, $0.count) }
        guard count > 0 else { return nil }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}

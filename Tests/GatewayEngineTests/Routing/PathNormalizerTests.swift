import GatewayConfiguration
import GatewayEngine
import HTTPWire
import Testing

@Suite struct PathNormalizerTests {
    enum Result: Equatable, CustomStringConvertible {
        case path(String, PathFeatures)
        case rejected(PathRejection)

        var description: String {
            switch self {
            case .path(let path, let features): "\(path) [\(features.rawValue)]"
            case .rejected(let reason): "\(reason.label)"
            }
        }
    }

    static func normalize(_ path: String) -> (result: Result, isUnchanged: Bool) {
        let buffer = WireBuffer(capacity: 4)
        buffer.append("before")
        let bytes = Array(path.utf8)
        switch PathNormalizer.normalize(bytes.span, into: buffer) {
        case .unchanged(let features):
            #expect(buffer.count == 6)
            return (.path(path, features), true)
        case .rewritten(let range, let features):
            #expect(range.end == buffer.count && range.start == 6)
            return (.path(text(buffer.slice(range)), features), false)
        case .rejected(let reason):
            #expect(buffer.count == 6)
            return (.rejected(reason), false)
        }
    }

    @Test(
        "A path with nothing to do is used as it is",
        arguments: [
            "/", "/a", "/a/", "/a/b.c", "/.well-known/x", "/a/...", "/a/..b", "/a..", "/%20", "/caf%C3%A9", "/a%2Bb",
            "/a;v=1/b", "/a//b", "//", "/~user/-_.!$&'()*+,=:@", "/a%252e", "/.a", "/a%2Fb", "/x%00", "/a\\b", "/...",
        ])
    func unchanged(_ path: String) {
        let (result, isUnchanged) = Self.normalize(path)
        #expect(isUnchanged, "\(result)")
    }

    @Test(
        "Dot segments, escapes and unreserved characters",
        arguments: [
            ("/a/./b", "/a/b"), ("/a/../b", "/b"), ("/a/b/..", "/a/"), ("/a/b/.", "/a/b/"), ("/..", "/"), ("/.", "/"),
            ("/../../a", "/a"), ("/a/../../../b", "/b"), ("/a/b/c/./../../g", "/a/g"), ("/a/..", "/"),
            ("/a/b/../", "/a/"), ("/%2e%2e/a", "/a"), ("/a/%2e%2e/b", "/b"), ("/a/%2E/b", "/a/b"), ("/a/.%2e/b", "/b"),
            ("/a/%2e.", "/"), ("/%61%62", "/ab"), ("/%7Euser", "/~user"), ("/caf%c3%a9", "/caf%C3%A9"),
            ("/a%2fb", "/a%2Fb"), ("/a//../b", "/a/b"), ("/a///../b", "/a//b"), ("/%2541", "/%2541"),
            ("/a/%2e%2e%2e", "/a/..."), ("/a/b/../../..", "/"), ("/a/.b/../c", "/a/c"), ("/./", "/"), ("/.//a", "//a"),
            ("/a/%2e", "/a/"),
        ])
    func rewritten(_ path: String, _ expected: String) {
        guard case .path(let result, _) = Self.normalize(path).result else {
            Issue.record("\(path) was refused")
            return
        }
        #expect(result == expected)
    }

    @Test(
        "What no policy allows",
        arguments: [
            ("", PathRejection.notAbsolute), ("a", .notAbsolute), ("*", .notAbsolute), ("/%", .badEscape),
            ("/%4", .badEscape), ("/%4g", .badEscape), ("/a%zz/b", .badEscape), ("/%%34%31", .badEscape),
            ("/a b", .badByte), ("/a\u{7f}", .badByte), ("/a\u{1}", .badByte), ("/é", .badByte), ("/./é", .badByte),
            ("/a/..;/b", .dotSegmentParameters), ("/a/..;x=1/b", .dotSegmentParameters),
            ("/.;/a", .dotSegmentParameters),
            ("/%2e%2e;/a", .dotSegmentParameters), ("/a%2F..%2Fb", .hiddenDotSegment), ("/..%2Fb", .hiddenDotSegment),
            ("/a%2f%2e%2e", .hiddenDotSegment), ("/a\\..\\b", .hiddenDotSegment), ("/..%5Cb", .hiddenDotSegment),
            ("/a%2F./b", .hiddenDotSegment), ("/a%2F..;/b", .dotSegmentParameters),
        ])
    func refused(_ path: String, _ reason: PathRejection) {
        #expect(Self.normalize(path).result == .rejected(reason))
    }

    @Test("Reasons have labels of their own")
    func labels() {
        let labels = Set(PathRejection.allCases.map { "\($0.label)" })
        #expect(labels.count == PathRejection.allCases.count)
        #expect(labels.allSatisfy { $0.allSatisfy { $0.isLowercase || $0 == "_" } })
    }

    @Test("Features are noted, and judged by the policy")
    func policy() {
        let cases:
            [(
                String, PathFeatures, WritableKeyPath<PathPolicyConfiguration, PathPolicyConfiguration.Action>,
                PathRejection, Bool
            )] = [
                ("/a%2Fb", .encodedSlash, \.encodedSlash, .encodedSlash, false),
                ("/a%5cb", .encodedBackslash, \.encodedBackslash, .encodedBackslash, true),
                ("/a%00", .encodedNull, \.encodedNull, .encodedNull, true),
                ("/a\\b", .backslash, \.backslash, .backslash, true),
                ("/a//b", .emptySegments, \.emptySegments, .emptySegment, false),
                ("//a", .emptySegments, \.emptySegments, .emptySegment, false),
                ("/./a//", .emptySegments, \.emptySegments, .emptySegment, false),
                ("/a;b=c", .semicolon, \.semicolon, .semicolon, false),
                ("/./a;b=c", .semicolon, \.semicolon, .semicolon, false),
            ]
        for (path, features, key, reason, refusedByDefault) in cases {
            guard case .path(_, let noted) = Self.normalize(path).result else {
                Issue.record("\(path) was refused")
                continue
            }
            #expect(noted == features, "\(path)")
            var configuration = PathPolicyConfiguration()
            #expect(PathPolicy(configuration).refusal(of: noted) == (refusedByDefault ? reason : nil), "\(path)")
            configuration[keyPath: key] = .reject
            #expect(PathPolicy(configuration).refusal(of: noted) == reason, "\(path)")
            configuration[keyPath: key] = .keep
            #expect(PathPolicy(configuration).refusal(of: noted) == nil, "\(path)")
        }
        #expect(PathPolicy(PathPolicyConfiguration()).refusal(of: []) == nil)
    }

    /// The rules once more, with strings and arrays; nil for a path that no policy allows.
    static func reference(_ path: String) -> String? {
        var decoded = ""
        var rest = path[...]
        guard rest.first == "/" else { return nil }
        while let character = rest.first {
            guard let ascii = character.asciiValue, ascii > 0x20, ascii < 0x7F else { return nil }
            guard character == "%" else {
                decoded.append(rest.removeFirst())
                continue
            }
            let digits = rest.dropFirst().prefix(2)
            guard digits.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16) else {
                return nil
            }
            let scalar = Character(UnicodeScalar(value))
            let isUnreserved = value < 0x80 && (scalar.isLetter || scalar.isNumber || "-._~".contains(scalar))
            decoded += isUnreserved ? String(scalar) : "%" + digits.uppercased()
            rest = rest.dropFirst(3)
        }
        var output: [String] = []
        let segments = decoded.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        for (index, segment) in segments.enumerated() {
            let pieces = segment.replacing("%2F", with: "\\").replacing("%5C", with: "\\")
                .split(separator: "\\", omittingEmptySubsequences: false)
            for piece in pieces {
                if piece.hasPrefix(".;") || piece.hasPrefix("..;") { return nil }
                if pieces.count > 1, piece == "." || piece == ".." { return nil }
            }
            if segment == ".." { _ = output.popLast() }
            if segment == "." || segment == ".." {
                if index == segments.count - 1 { output.append("") }
            } else {
                output.append(segment)
            }
        }
        return "/" + output.joined(separator: "/")
    }

    @Test("Random paths: as the reference says, and a fixed point")
    func walk() {
        let walk = RoutingWalk(rounds: 20_000)
        var random = SeededGenerator(seed: walk.seed)
        let tokens = [
            "/", "/", "/", ".", "..", "%2e", "%2E", "a", "b", "%41", "%2f", "%2F", "%5C", "\\", ";", "x=1", "%c3%A9",
            "%",
            "%zz", "%25", "%00", " ", "long-segment-here", "é", "...", "~", "%7e", "?",
        ]
        for _ in 0..<walk.rounds {
            let path = "/" + (0..<random.below(10)).map { _ in random.pick(tokens) }.joined()
            let (result, isUnchanged) = Self.normalize(path)
            let expected = Self.reference(path)
            guard case .path(let normal, let features) = result else {
                #expect(expected == nil, "\(path): \(result); \(walk.comment)")
                continue
            }
            #expect(normal == expected, "\(path); \(walk.comment)")
            #expect(isUnchanged == (normal == path), "\(path); \(walk.comment)")
            let again = Self.normalize(normal)
            #expect(again.isUnchanged, "\(path) → \(normal) → \(again.result); \(walk.comment)")
            guard case .path(_, let featuresAgain) = again.result else { continue }
            // What dot segments took away is gone; nothing may appear.
            #expect(featuresAgain.isSubset(of: features), "\(path); \(walk.comment)")
        }
    }
}

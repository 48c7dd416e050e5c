import HTTPWire
import Testing

@testable import GatewayEngine

/// What calls look like, in gRPC and in gRPC-Web, and the base64 of the latter.
@Suite struct WebCallTests {
    private func form(_ text: String) -> (CallForm, Int)? {
        let bytes = Array(text.utf8)
        return CallForm(bytes.span).map { ($0, $0.rest(of: bytes.span)) }
    }

    @Test func mediaTypes() {
        let table: [(String, CallForm?)] = [
            ("application/grpc", .plain), ("application/grpc+proto", .plain), ("Application/gRPC;a=b", .plain),
            ("application/grpc-web", .web), ("application/grpc-web+json", .web),
            ("application/grpc-web-text", .webText),
            ("APPLICATION/GRPC-WEB-TEXT+proto", .webText), ("application/grpc-web-texts", nil),
            ("application/grpc-", nil),
            ("application/grpcx", nil), ("application/json", nil), ("", nil), ("application/grp", nil),
            ("application/grpc-webx", nil), ("application\u{F}grpc", nil),
        ]
        for (text, expected) in table { #expect(form(text)?.0 == expected, "\(text)") }
        #expect(form("application/grpc+proto")?.1 == 16 && form("application/grpc-web+proto")?.1 == 20)
        #expect(form("application/grpc-web-text+proto")?.1 == 25)
    }

    private func read(_ pieces: [String]) -> String? {
        var reader = Base64Text.Reader()
        let buffer = WireBuffer(capacity: 16)
        for piece in pieces {
            let bytes = Array(piece.utf8)
            guard reader.read(bytes.span, into: buffer) else { return nil }
        }
        return reader.isBetweenGroups ? String(decoding: buffer.bytes, as: UTF8.self) : nil
    }

    @Test func base64() {
        let table: [([String], String?)] = [
            ([], ""), (["YQ=="], "a"), (["YWI="], "ab"), (["YWJj"], "abc"), (["Y", "W", "Jj"], "abc"),
            (["YQ==YWI=YWJj"], "aababc"), (["YQ=", "=", "YQ", "=="], "aa"), (["YQ"], nil), (["YQ="], nil),
            (["Y==="], nil), (["===="], nil), (["YQ=a"], nil), (["YW J"], nil), (["YW-j"], nil), (["YWJj\n"], nil),
        ]
        for (pieces, expected) in table { #expect(read(pieces) == expected, "\(pieces)") }
    }

    /// Any bytes, written in pieces and read in others.
    @Test func roundTrips() {
        let walk = RoutingWalk(rounds: 500)
        var random = SeededGenerator(seed: walk.seed)
        for _ in 0..<walk.rounds {
            var (bytes, text): ([UInt8], [UInt8]) = ([], [])
            for _ in 0..<random.below(5) {
                let piece = (0..<random.below(40)).map { _ in UInt8(random.below(256)) }
                let buffer = WireBuffer(capacity: 64)
                Base64Text.write(piece.span, into: buffer)
                bytes += piece
                text += buffer.bytes
            }
            var reader = Base64Text.Reader()
            let buffer = WireBuffer(capacity: 64)
            var rest = text[...]
            while !rest.isEmpty {
                let piece = Array(rest.prefix(1 + random.below(7)))
                rest = rest.dropFirst(piece.count)
                let isFine = reader.read(piece.span, into: buffer)
                #expect(isFine, walk.comment)
            }
            #expect(reader.isBetweenGroups && buffer.bytes == bytes, walk.comment)
        }
    }

    /// Trailers may follow only where a message ends.
    @Test func messagesAreFollowed() {
        var call = WebCall(isText: false)
        let body: [UInt8] = [0, 0, 0, 0, 2, 7, 7, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 9]
        let ends: Set = [7, 12, 18]
        for (index, byte) in body.enumerated() {
            let piece = [byte]
            call.follow(piece.span)
            #expect(call.isBetweenMessages == ends.contains(index + 1), "\(index)")
        }
        var whole = WebCall(isText: false)
        whole.follow(body.span)
        #expect(whole.isBetweenMessages)
        // A length of four gigabytes.
        let large: [UInt8] = [0, 0xFF, 0xFF, 0xFF, 0xFF, 1]
        whole.follow(large.span)
        #expect(!whole.isBetweenMessages)
    }

    @Test func errorsAsStatuses() {
        let table: [(GatewayError, GRPCStatus)] = [
            (.invalidToken, .unauthenticated), (.forbidden, .permissionDenied), (.notFound, .unimplemented),
            (.methodNotAllowed, .unimplemented), (.rateLimited, .unavailable), (.overloaded, .unavailable),
            (.upstreamConnectRefused, .unavailable), (.upstreamTimeout, .deadlineExceeded),
            (.bodyTooLarge, .resourceExhausted), (.badRequest, .internalError), (.requestTimeout, .deadlineExceeded),
        ]
        for (error, status) in table { #expect(GRPCStatus(error) == status, "\(error)") }
    }

    @Test func statusesAsWritten() {
        for (text, expected) in [
            ("0", 0), ("14", 14), ("16", 16), ("17", 2), ("-1", 2), ("", 2), ("1x", 2), ("100", 2),
        ] {
            let fields = HeaderBlock()
            let (name, value) = (Array("grpc-status".utf8), Array(text.utf8))
            fields.append(name: name.span, value: value.span)
            #expect(GRPCStatus.number(in: fields) == UInt8(expected), "\(text)")
        }
        #expect(GRPCStatus.number(in: HeaderBlock()) == nil)
    }

    @Test func pushback() {
        let table: [(String?, Int64)] = [
            (nil, -1), ("0", 0), ("250", 250_000_000), ("-1", .max), ("x", .max), ("", .max),
        ]
        for (text, expected) in table {
            let fields = HeaderBlock()
            if let text {
                let value = Array(text.utf8)
                let name = GRPCStatus.pushbackName
                fields.append(name: name.span, value: value.span)
            }
            let found = GRPCStatus.pushback(fields)
            #expect(expected == .max ? found > 1 << 60 : found == expected, "\(text ?? "-")")
        }
    }
}

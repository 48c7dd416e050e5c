import ContentCodings
import GatehouseTesting
import Testing

/// Compressed bodies that must be read: decoded, edited, and encoded again for the client.
@Suite struct CompressedBodies {
    static let plain = #"{"id":7,"secret":"x","list":[{"secret":1,"name":"\u00e9"}]}"#
    static let edited = #"{"id":7,"list":[{"name":"\u00e9"}]}"#

    static func encoded(_ text: String, _ coding: String) throws -> [UInt8] {
        let named = try #require(Compression.coding(coding))
        let encoder = try #require(ContentEncoder.make(named, level: 3, buffer: CodingBuffer()))
        var bytes: [UInt8] = []
        let plain = Array(text.utf8)
        try encoder.push(plain.span, .finish) { piece in for index in piece.indices { bytes.append(piece[index]) } }
        return bytes
    }

    static let removal = "transformations: [ { path: /**, response: { remove_fields: [ secret ] } } ]"

    /// The service answers compressed although it was asked for nothing of the kind, cut at every byte.
    @Test(arguments: ["gzip", "br", "zstd"]) func responsesAtEveryByte(_ coding: String) throws {
        let coded = try Self.encoded(Self.plain, coding)
        let origin = try ScriptedUpstream { request, connection in
            let at = Int(request.target.dropFirst()) ?? 0
            try connection.send(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: \(coding)\r\nETag: \"1\"\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n")
            for piece in [Array(coded[..<at]), Array(coded[at...])] where !piece.isEmpty {
                try connection.sendChunk(piece)
            }
            try connection.send("0\r\n\r\n")
        }
        try withGateway(everything(to: origin, Self.removal), origin) { gateway in
            let client = try gateway.connect()
            for at in 0...coded.count {
                // As it is for one who says nothing, encoded again for one who can read it.
                let accepted = at % 2 == 0 ? "" : "Accept-Encoding: br\r\n"
                try client.send("GET /\(at) HTTP/1.1\r\nHost: a\r\n\(accepted)\r\n")
                let answer = try client.readResponse()
                #expect(answer.fields["content-encoding"] == (at % 2 == 0 ? nil : "br"))
                #expect(!answer.fields.contains("etag"))
                guard try JSON(Compression.decoded(answer)) == JSON(Self.edited) else {
                    Issue.record("split at \(at): \(answer.bodyText)")
                    return
                }
            }
            #expect(origin.connectionCount == 1)
        }
    }

    @Test(arguments: ["gzip", "br", "zstd"]) func damagedResponses(_ coding: String) throws {
        let coded = try Self.encoded(Self.plain, coding)
        let origin = try ScriptedUpstream { request, connection in
            let count = Int(request.target.dropFirst()) ?? 0
            try connection.respond(
                200, fields: "Content-Type: application/json\r\nContent-Encoding: \(coding)\r\n",
                body: Array(coded.prefix(count)))
        }
        try withGateway(everything(to: origin, Self.removal), origin) { gateway in
            for count in 1..<coded.count {
                #expect(gateway.ask("GET /\(count)") == "502 response_undecodable", "\(count)")
            }
            #expect(gateway.ask("GET /\(coded.count)") == Self.edited)
        }
    }

    /// Four megabytes of spaces around a document, in a few kilobytes.
    @Test(arguments: ["gzip", "br", "zstd"]) func bombs(_ coding: String) throws {
        let spaces = String(repeating: " ", count: 4 << 20)
        let bomb = try Self.encoded("[1,\(spaces)2]", coding)
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(
                200, fields: "Content-Type: application/json\r\nContent-Encoding: \(coding)\r\n", body: bomb)
        }
        let configuration = everything(
            to: origin,
            "transformations: [ { path: /**, request: { body: { wrapped: $ } }, response: { remove_fields: [ a ] } } ]")
        try withGateway(configuration, origin) { gateway in
            let client = try gateway.connect()
            try client.send(request("GET /"))
            // What came out before the limit may have been sent: then the body is broken off.
            if let answer = try? client.readResponse() {
                #expect(answer.status == 502 && errorCode(answer) == "response_expansion_limit")
            }
            let post = try gateway.connect()
            try post.send(
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Encoding: \(coding)\r\n"
                    + "Content-Length: \(bomb.count)\r\n\r\n")
            try post.send(bomb)
            let refused = try post.readResponse()
            #expect(refused.status == 413 && errorCode(refused) == "request_expansion_limit")
        }
    }

    @Test(arguments: ["gzip", "br", "zstd"]) func requestsAtEveryByte(_ coding: String) throws {
        let coded = try Self.encoded(Self.plain, coding)
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(200, body: request.bodyText)
        }
        let configuration = everything(
            to: origin, "transformations: [ { path: /**, request: { remove_fields: [ secret ] } } ]")
        try withGateway(configuration, origin) { gateway in
            let client = try gateway.connect()
            for at in 0...coded.count {
                try client.send(
                    "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Encoding: \(coding)\r\n"
                        + "Content-Length: \(coded.count)\r\n\r\n")
                try client.send(Array(coded[..<at]))
                try client.send(Array(coded[at...]))
                let text = try client.readResponse().bodyText
                guard try JSON(text) == JSON(Self.edited) else {
                    Issue.record("split at \(at): \(text)")
                    return
                }
            }
            #expect(origin.requests.allSatisfy { !$0.fields.contains("content-encoding") })
            #expect(origin.requests.allSatisfy { $0.framing == .length($0.body.count) })
        }
    }

    /// RFC 9110 §12.5.3: who sends an unknown coding learns which ones are known. Nobody reads the body where nothing
    /// is done to it: then it passes.
    @Test func unknownCodings() throws {
        let origin = try ScriptedUpstream { request, connection in
            try connection.respond(200, body: request.bodyText)
        }
        let configuration = everything(
            to: origin, "transformations: [ { path: /read, request: { remove_fields: [ secret ] } } ]")
        try withGateway(configuration, origin) { gateway in
            func post(_ path: String, _ coding: String) throws -> StrictResponse {
                try gateway.exchange(
                    "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                        + "Content-Encoding: \(coding)\r\nContent-Length: 3\r\n\r\nabc")
            }
            for coding in ["compress", "gzip, gzip", "aes128gcm"] {
                let refused = try post("/read", coding)
                #expect(refused.status == 415 && errorCode(refused) == "request_body_encoded")
                #expect(refused.fields["accept-encoding"] == "gzip, deflate, br, zstd")
                #expect(try post("/other", coding).bodyText == "abc")
            }
        }
    }
}

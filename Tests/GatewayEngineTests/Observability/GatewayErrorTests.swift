import Foundation
import HTTPWire
import Testing

@testable import GatewayEngine

@Suite("Gateway errors")
struct GatewayErrorTests {
    /// The rows of `docs/errors.md`: code, status, message, closes, cause, what to do.
    private func documentedRows() throws -> [[String]] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
        let text = try String(contentsOf: root.appending(path: "docs/errors.md"), encoding: .utf8)
        return text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { row in
            row.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
                .map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    @Test("The page of errors and the program say the same")
    func documented() throws {
        let rows = try documentedRows()
        let documented = rows.map { $0[0].trimmingCharacters(in: ["`"]) }
        #expect(documented.sorted() == GatewayError.allCases.map { $0.code.description }.sorted())
        for row in rows {
            #expect(row.count == 6)
            let code = row[0].trimmingCharacters(in: ["`"])
            let error = try #require(GatewayError.allCases.first { $0.code.description == code })
            #expect(row[1] == "\(error.status)", "\(code)")
            #expect(row[2] == error.message.description, "\(code)")
            #expect(row[3] == (error.closesConnection ? "yes" : "no"), "\(code)")
            #expect(!row[4].isEmpty && !row[5].isEmpty, "\(code)")
        }
    }

    @Test("Every error is safe to write as it stands", arguments: GatewayError.allCases)
    func wellFormed(error: GatewayError) {
        let code = error.code.description
        #expect(code.utf8.allSatisfy { ($0 >= 0x61 && $0 <= 0x7A) || $0 == 0x5F })
        let message = error.message.description
        #expect(message.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C })
        #expect(message.hasSuffix("."))
        #expect((400...599).contains(error.status))
        #expect(error.proxyStatus.description.hasPrefix("error="))
        #expect(error.proxyStatus.description.hasSuffix("; details=\"\(code)\""))
        #expect(error.isLogOnly || StatusText.reason(error.status).utf8CodeUnitCount > 0)
    }

    @Test("Error types are those that RFC 9209 registers", arguments: GatewayError.allCases)
    func registeredTypes(error: GatewayError) throws {
        let registered: Set<String> = [
            "dns_timeout", "dns_error", "destination_not_found", "destination_unavailable",
            "destination_ip_prohibited", "destination_ip_unroutable", "connection_refused", "connection_terminated",
            "connection_timeout", "connection_read_timeout", "connection_write_timeout", "connection_limit_reached",
            "tls_protocol_error", "tls_certificate_error", "tls_alert_received", "http_request_error",
            "http_request_denied", "http_response_incomplete", "http_response_header_section_size",
            "http_response_header_size", "http_response_body_size", "http_response_trailer_section_size",
            "http_response_trailer_size", "http_response_transfer_coding", "http_response_content_coding",
            "http_response_timeout", "http_upgrade_failed", "http_protocol_error", "proxy_internal_response",
            "proxy_internal_error", "proxy_configuration_error", "proxy_loop_detected",
        ]
        let value = error.proxyStatus.description.dropFirst("error=".count)
        let type = try #require(value.split(separator: ";").first)
        #expect(registered.contains(String(type)))
    }

    @Test("Codes are unique")
    func unique() {
        #expect(Set(GatewayError.allCases.map { $0.code.description }).count == GatewayError.allCases.count)
    }

    @Test("A malformed request keeps the status that the wire layer gave it", arguments: WireError.allCases)
    func requestErrors(error: WireError) {
        let mapped = GatewayError(request: error)
        #expect(mapped.status == error.status)
        #expect(mapped.closesConnection)
    }

    @Test("A malformed response is the upstream's fault", arguments: WireError.allCases)
    func responseErrors(error: WireError) {
        #expect(GatewayError(response: error).status == 502)
    }
}

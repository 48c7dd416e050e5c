internal import ContentCodings
package import GatewayConfiguration
package import HTTPWire
internal import Identity
internal import Reactor

/// Writes an access record as one line of JSON. One per worker; it keeps its scratch and its clock's text from record to
/// record and allocates nothing.
///
/// The members come in this order, and those without a value are left out:
/// time, request_id, trace_id, client, client_port, subject, consumer, method, host, path, protocol, tls {version, cipher, resumed}, route, rule, service, endpoint, status,
/// status_from, grpc_status, error, reason, bytes_in, bytes_out, compression {coding, from, to}, decompression {…}, duration_ms, upstream {connect_ms, first_byte_ms, total_ms},
/// attempts, parts [{part, service, endpoint, status, error, attempts, start_ms, connect_ms, first_byte_ms, total_ms,
/// bytes}], more_parts, rate_limit {state, limit}, validation {request, response, errors, undocumented}, headers {…}. What the client sent is logged as it came (path and query not normalised), escaped, and shortened where
/// it is longer than anyone will read.
package struct AccessLogEncoder: ~Copyable {
    /// Bytes of a logged field value or query at most; a path is bounded by the limit of the request line already.
    package static let valueLimit = 2048

    private var line = LineWriter(capacity: 4096)
    private var clock = Timestamp()
    private let redaction: QueryRedaction
    private let headers: [LoggedHeader]

    /// A request field to be added to each record.
    private struct LoggedHeader {
        var name: [UInt8]
        var known: KnownField
        /// `"user-agent":"`
        var prefix: [UInt8]
        /// Its value is a credential and never logged, whatever the configuration asks for.
        var isSecret: Bool
    }

    private static let secrets: Set<String> = [
        "authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key",
    ]

    package init(_ configuration: AccessLogConfiguration) {
        redaction = QueryRedaction(configuration.redactQuery)
        headers = configuration.headers.map { name in
            let name = name.lowercased()
            var prefix = LineWriter(capacity: 64)
            prefix.append(quotedJSON: name)
            prefix.append(":\"")
            var bytes: [UInt8] = []
            // The pointer is used within the call only.
            unsafe prefix.span.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
            return LoggedHeader(
                name: Array(name.utf8), known: KnownField.lookup(name.utf8.span), prefix: bytes,
                isSecret: AccessLogEncoder.secrets.contains(name) || configuration.secretHeaders.contains(name))
        }
    }

    /// Appends the line, with its line feed, to `buffer`.
    package mutating func write(
        _ record: borrowing AccessRecord, details: AccessDetails? = nil, request: RequestHead, labels: AccessLabels,
        into buffer: WireBuffer
    ) {
        _ = encode(record, details: details, request: request, labels: labels)
        copyLine(to: buffer)
    }

    /// Appends the line that was put together last.
    func copyLine(to buffer: WireBuffer) { buffer.append(line.span) }

    /// Puts the line together and returns its length.
    mutating func encode(
        _ record: borrowing AccessRecord, details: AccessDetails?, request: RequestHead, labels: AccessLabels
    ) -> Int {
        line.reset()
        line.append("{\"time\":\"")
        clock.write(record.start, into: &line)
        writeIdentity(record, request, labels)
        writeRequest(request)
        line.append(",\"protocol\":\"")
        line.append(record.version.name)
        line.append(byte: UInt8(ascii: "\""))
        if let tls = record.tls { writeTLS(tls) }
        labels.writeRoute(record.route, into: &line)
        labels.writeService(record.service, into: &line)
        labels.writeEndpoint(record.endpoint, into: &line)
        labels.writeHandler(record.handler, into: &line)
        writeOutcome(record)
        writeUpstream(record)
        if let details, !details.parts.isEmpty { writeParts(details.parts, labels) }
        if record.limitState != .none {
            line.append(",\"rate_limit\":{\"state\":\"")
            line.append(record.limitState.name)
            line.append(byte: UInt8(ascii: "\""))
            labels.writeLimit(record.limit, into: &line)
            line.append(byte: UInt8(ascii: "}"))
        }
        if let report = details?.validation { report.write(into: &line) }
        if !headers.isEmpty { writeHeaders(request.fields) }
        line.append("}\n")
        return line.count
    }

    /// From behind the time to the client's port.
    private mutating func writeIdentity(
        _ record: borrowing AccessRecord, _ request: RequestHead, _ labels: AccessLabels
    ) {
        let fields = request.fields
        if !record.requestID.isEmpty {
            line.append("\",\"request_id\":\"")
            line.append(json: fields.bytes(record.requestID))
        }
        if !record.traceID.isEmpty {
            line.append("\",\"trace_id\":\"")
            line.append(json: fields.bytes(record.traceID))
        }
        line.append("\",\"client\":\"")
        line.append(addressHigh: record.clientHigh, low: record.clientLow)
        line.append("\",\"client_port\":")
        line.append(decimal: Int(record.clientPort))
        if !record.subject.isEmpty {
            line.append(",\"subject\":\"")
            line.append(json: fields.bytes(record.subject))
            line.append(byte: UInt8(ascii: "\""))
        }
        labels.writeConsumer(record.consumer, into: &line)
    }

    /// One of the gateway's own words, which need no escape.
    private mutating func writeReason(_ code: String) {
        line.append(",\"reason\":\"")
        for byte in code.utf8 { line.append(byte: byte) }
        line.append(byte: UInt8(ascii: "\""))
    }

    private mutating func writeRequest(_ request: RequestHead) {
        let fields = request.fields
        if !request.methodText.isEmpty {
            line.append(",\"method\":\"")
            line.append(json: fields.bytes(request.methodText))
            line.append(byte: UInt8(ascii: "\""))
        }
        if !request.authority.isEmpty {
            line.append(",\"host\":\"")
            line.append(json: fields.bytes(request.authority))
            line.append(byte: UInt8(ascii: "\""))
        }
        if !request.path.isEmpty {
            line.append(",\"path\":\"")
            line.append(json: fields.bytes(request.path))
            if request.hasQuery {
                line.append(byte: UInt8(ascii: "?"))
                let query = fields.bytes(request.query)
                redaction.write(query.extracting(first: AccessLogEncoder.valueLimit), into: &line)
            }
            line.append(byte: UInt8(ascii: "\""))
        }
    }

    private mutating func writeTLS(_ tls: TLSFacts) {
        line.append(",\"tls\":{\"version\":\"")
        line.append(tls.versionName)
        line.append("\",\"cipher\":\"")
        line.append(tls.cipherName)
        line.append(tls.isResumed ? "\",\"resumed\":true}" : "\"}")
    }

    private mutating func writeOutcome(_ record: borrowing AccessRecord) {
        line.append(",\"status\":")
        line.append(decimal: Int(record.status))
        switch record.statusSource {
        case .gateway: line.append(",\"status_from\":\"gateway\"")
        case .upstream: line.append(",\"status_from\":\"upstream\"")
        }
        if record.callStatus >= 0 {
            line.append(",\"grpc_status\":")
            line.append(decimal: Int(record.callStatus))
        }
        if let error = record.error {
            line.append(",\"error\":\"")
            line.append(error.code)
            line.append(byte: UInt8(ascii: "\""))
        }
        if let rejection = record.pathRejection {
            line.append(",\"reason\":\"")
            line.append(rejection.label)
            line.append(byte: UInt8(ascii: "\""))
        }
        if let fault = record.tokenFault { writeReason(fault.code) }
        if let fault = record.credentialFault { writeReason(fault.code) }
        if let refusal = record.authorizationRefusal { writeReason(refusal.code) }
        if record.isRehearsal { line.append(",\"fault_injected\":true") }
        line.append(",\"bytes_in\":")
        line.append(decimal: record.bytesReceived)
        line.append(",\"bytes_out\":")
        line.append(decimal: record.bytesSent)
        if let encoding = record.encoding {
            writeCoding(",\"compression\":{\"coding\":\"", encoding, record.unencodedBytes, record.encodedBytes)
        }
        if let decoding = record.decoding {
            writeCoding(",\"decompression\":{\"coding\":\"", decoding, record.codedBytes, record.decodedBytes)
        }
        line.append(",\"duration_ms\":")
        line.append(milliseconds: record.duration)
    }

    private mutating func writeCoding(_ start: StaticString, _ coding: ContentCoding, _ before: UInt64, _ after: UInt64)
    {
        line.append(start)
        line.append(coding.name)
        line.append("\",\"from\":")
        line.append(decimal: before)
        line.append(",\"to\":")
        line.append(decimal: after)
        line.append(byte: UInt8(ascii: "}"))
    }

    private mutating func writeUpstream(_ record: borrowing AccessRecord) {
        guard record.attempts > 0 else { return }
        line.append(",\"upstream\":")
        var separator = UInt8(ascii: "{")
        if record.upstreamConnect >= 0 {
            line.append(byte: separator)
            line.append("\"connect_ms\":")
            line.append(milliseconds: record.upstreamConnect)
            separator = UInt8(ascii: ",")
        }
        if record.upstreamFirstByte >= 0 {
            line.append(byte: separator)
            line.append("\"first_byte_ms\":")
            line.append(milliseconds: record.upstreamFirstByte)
            separator = UInt8(ascii: ",")
        }
        if record.upstreamTotal >= 0 {
            line.append(byte: separator)
            line.append("\"total_ms\":")
            line.append(milliseconds: record.upstreamTotal)
            separator = UInt8(ascii: ",")
        }
        if separator == UInt8(ascii: "{") { line.append(byte: separator) }
        line.append("},\"attempts\":")
        line.append(decimal: Int(record.attempts))
    }

    private mutating func writeParts(_ parts: [PartRecord], _ labels: AccessLabels) {
        line.append(",\"parts\":")
        for index in 0..<min(parts.count, Self.partLimit) {
            let part = parts[index]
            line.append(byte: index == 0 ? UInt8(ascii: "[") : UInt8(ascii: ","))
            labels.writePart(part.part, into: &line)
            labels.writeService(part.service, into: &line)
            labels.writeEndpoint(part.endpoint, into: &line)
            if part.status > 0 {
                line.append(",\"status\":")
                line.append(decimal: Int(part.status))
            }
            if let error = part.error {
                line.append(",\"error\":\"")
                line.append(error.code)
                line.append(byte: UInt8(ascii: "\""))
            }
            line.append(",\"attempts\":")
            line.append(decimal: Int(part.attempts))
            line.append(",\"start_ms\":")
            line.append(milliseconds: part.start)
            if part.connect >= 0 {
                line.append(",\"connect_ms\":")
                line.append(milliseconds: part.connect)
            }
            if part.firstByte >= 0 {
                line.append(",\"first_byte_ms\":")
                line.append(milliseconds: part.firstByte)
            }
            line.append(",\"total_ms\":")
            line.append(milliseconds: part.total)
            line.append(",\"bytes\":")
            line.append(decimal: part.bytes)
            line.append(byte: UInt8(ascii: "}"))
        }
        line.append(byte: UInt8(ascii: "]"))
        guard parts.count > Self.partLimit else { return }
        line.append(",\"more_parts\":")
        line.append(decimal: parts.count - Self.partLimit)
    }

    private mutating func writeHeaders(_ fields: HeaderBlock) {
        line.append(",\"headers\":")
        var separator = UInt8(ascii: "{")
        for header in headers {
            var index = next(header, in: fields, after: -1)
            guard index >= 0 else { continue }
            line.append(byte: separator)
            separator = UInt8(ascii: ",")
            line.append(header.prefix.span)
            if header.isSecret {
                line.append("***")
            } else {
                var isFirst = true
                while index >= 0 {
                    if !isFirst { line.append(", ") }
                    isFirst = false
                    line.append(json: fields.value(index).extracting(first: AccessLogEncoder.valueLimit))
                    index = next(header, in: fields, after: index)
                }
            }
            line.append(byte: UInt8(ascii: "\""))
        }
        if separator == UInt8(ascii: "{") { line.append(byte: separator) }
        line.append(byte: UInt8(ascii: "}"))
    }

    private func next(_ header: LoggedHeader, in fields: HeaderBlock, after index: Int) -> Int {
        guard header.known != .none else { return fields.firstIndex(named: header.name.span, after: index) }
        return index < 0 ? fields.firstIndex(of: header.known) : fields.nextIndex(of: header.known, after: index)
    }
}

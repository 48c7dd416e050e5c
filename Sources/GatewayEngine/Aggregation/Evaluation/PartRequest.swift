internal import HTTPWire
internal import JSONStream

/// A call, put together: all that is sent but what every request gets. Calls that are equal in all of it are equal.
struct PartRequest: Hashable {
    struct Field: Hashable {
        var name: [UInt8]
        var value: [UInt8]
    }

    /// The place in the snapshot's services.
    var service: Int
    var method: Method
    var methodText: [UInt8]
    /// Path and query.
    var target: [UInt8]
    var fields: [Field] = []
    /// nil: none.
    var body: [UInt8]?
    /// Names, in lower case, of the client's fields that go along.
    var forward: [[UInt8]] = []
    /// Nanoseconds; -1: the service's.
    var timeout: Int64 = -1
}

extension CompiledPart {
    /// Puts the call for one element, or the only one, together.
    func request(_ values: PartValues, limit: Int) throws(PartFailure) -> PartRequest {
        var target: [UInt8] = []
        do throws(PartText.Missing) {
            try path.write(values, .path, into: &target)
        } catch {
            throw PartFailure(error: .partInputMissing, isFromRequest: error == .fromRequest)
        }
        if PartEncoding.hasDotSegment(target) { throw PartFailure(error: .pathRejected) }
        var separator = UInt8(ascii: target.contains(UInt8(ascii: "?")) ? "&" : "?")
        for parameter in query {
            let start = target.count
            target.append(separator)
            target += parameter.name
            do throws(PartText.Missing) {
                try parameter.value.write(values, .query, into: &target)
                separator = UInt8(ascii: "&")
            } catch {
                target.removeLast(target.count - start)
            }
        }
        var request = PartRequest(service: service, method: method, methodText: methodText, target: target)
        request.fields = fields(values)
        request.forward = forward
        request.timeout = timeout
        if let body { request.body = try render(body, values, limit) }
        return request
    }

    /// Those whose values are there, and can be one: a claim with a line break in it cannot.
    private func fields(_ values: PartValues) -> [PartRequest.Field] {
        headers.compactMap { name, text in
            var value: [UInt8] = []
            do throws(PartText.Missing) { try text.write(values, .field, into: &value) } catch { return nil }
            return FieldRules.isFieldValue(value.span) ? PartRequest.Field(name: name, value: value) : nil
        }
    }

    private func render(_ body: JSONTemplate, _ values: PartValues, _ limit: Int) throws(PartFailure) -> [UInt8] {
        var text: [UInt8] = []
        do throws(JSONTemplate.Failure) {
            try body.render(body: nil, into: &text, limit: limit) { input in
                input == AggregateInput.item ? values.item : values.node(input)
            }
        } catch {
            throw PartFailure(error: .bodyTooLarge)
        }
        return text
    }
}

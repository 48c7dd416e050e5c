import CNghttp2
import HTTPWire
import Testing

@testable import GatewayEngine

/// What the library is told of a head's fields.
@Suite struct HTTP2FieldsTests {
    private struct Told: Equatable {
        var name: String
        var value: String
        var flags: UInt32
    }

    private func told(_ block: HeaderBlock, tellsNames: Bool = false) -> [Told] {
        unsafe withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: block.count) { list in
            let count = unsafe HTTP2Fields.fill(list, from: 0, with: block, tellsNames: tellsNames)
            return (0..<count).map { index in
                let field = unsafe list[index]
                return unsafe Told(
                    name: String(decoding: UnsafeBufferPointer(start: field.name, count: field.namelen), as: UTF8.self),
                    value: String(
                        decoding: UnsafeBufferPointer(start: field.value, count: field.valuelen), as: UTF8.self),
                    flags: UInt32(field.flags))
            }
        }
    }

    private let constant = NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue
    private let unique = NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_INDEX.rawValue

    @Test func fieldsOfTheConnectionAreLeftOut() {
        let block = HeaderBlock()
        block.append(.contentType, "text/plain")
        block.append(.connection, "close")
        block.append(.transferEncoding, "chunked")
        block.append(.xRequestID, "req_1")
        block.append(name: Array("X-Own".utf8).span, value: Array("a B".utf8).span)
        block.append(.via, "1.1 x")
        block.remove(.via)
        let expected = [
            Told(name: "content-type", value: "text/plain", flags: constant),
            Told(name: "x-request-id", value: "req_1", flags: unique),
            // The library copies it, and makes it lower case then.
            Told(name: "X-Own", value: "a B", flags: 0),
        ]
        #expect(told(block) == expected)
    }

    @Test func namesOfUniqueFieldsCanBeTold() {
        let block = HeaderBlock()
        block.append(.traceparent, "00-1")
        block.append(.xRequestID, "req_1")
        block.append(.date, "now")
        #expect(told(block).map(\.flags) == [unique, unique, constant])
        #expect(told(block, tellsNames: true).map(\.flags) == [constant, constant, constant])
    }

    @Test func everyKnownNameIsInLowerCase() {
        for known in KnownField.allCases where known != .none && !known.isHopByHop {
            let block = HeaderBlock()
            block.append(known, "v")
            #expect(told(block).map(\.name) == ["\(known.canonicalName)".lowercased()])
        }
    }
}

import ContentCodings
import Testing

@Suite struct AcceptedCodingsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var field: String
        /// `identity`: as it is; `none`: nothing that is offered is acceptable.
        var best: String
        var testDescription: String { field.isEmpty ? "(empty)" : field }
    }

    /// What is offered: zstd, br, gzip, in this order.
    static let cases: [Case] = [
        Case(field: "", best: "identity"),
        Case(field: "gzip", best: "gzip"),
        Case(field: "GZip", best: "gzip"),
        Case(field: "x-gzip", best: "gzip"),
        Case(field: "gzip, deflate, br", best: "br"),
        Case(field: "gzip, deflate, br, zstd", best: "zstd"),
        Case(field: "gzip;q=1.0, br;q=0.5", best: "gzip"),
        Case(field: "gzip;q=0.999,br;q=1", best: "br"),
        Case(field: "gzip ; q=0.8 , br ;q=0.9", best: "br"),
        Case(field: "gzip;Q=0.8", best: "gzip"),
        Case(field: "gzip;q=0", best: "identity"),
        Case(field: "gzip;q=0.000", best: "identity"),
        Case(field: "deflate", best: "identity"),
        Case(field: "compress, unheard-of", best: "identity"),
        Case(field: "*", best: "zstd"),
        Case(field: "*;q=0", best: "none"),
        Case(field: "zstd;q=0, *", best: "br"),
        Case(field: "gzip;q=0.2, *;q=0.1", best: "gzip"),
        Case(field: "identity", best: "identity"),
        Case(field: "identity;q=1, gzip;q=0.5", best: "identity"),
        Case(field: "identity;q=0.5, gzip;q=1", best: "gzip"),
        Case(field: "identity, gzip", best: "gzip"),
        Case(field: "identity;q=0", best: "none"),
        Case(field: "identity;q=0, gzip;q=0.1", best: "gzip"),
        Case(field: "*;q=0, identity", best: "identity"),
        Case(field: "*;q=0, gzip", best: "gzip"),
        // What is no weight is no element.
        Case(field: "gzip;q=2", best: "identity"),
        Case(field: "gzip;q=-1", best: "identity"),
        Case(field: "gzip;q=1.001", best: "identity"),
        Case(field: "gzip;q=0.1234", best: "identity"),
        Case(field: "gzip;q=", best: "identity"),
        Case(field: "gzip;q", best: "identity"),
        Case(field: "gzip;level=3", best: "identity"),
        Case(field: ";q=1,,  ,gzip", best: "gzip"),
        Case(field: "gzip;q=0, gzip;q=0.3", best: "gzip"),
        Case(field: "gzipped, xgzip", best: "identity"),
    ]

    @Test(arguments: cases) func theBest(_ test: Case) {
        let accepted = AcceptedCodings(Array(test.field.utf8).span)
        let best = accepted.best(of: [.zstd, .br, .gzip])
        let name = best.map { "\($0)" } ?? (accepted.acceptsIdentity ? "identity" : "none")
        #expect(name == test.best)
    }

    @Test func severalFieldsAreOneList() {
        var accepted = AcceptedCodings()
        accepted.add(Array("gzip;q=0.5".utf8).span)
        accepted.add(Array("br".utf8).span)
        #expect(accepted.best(of: [.gzip, .br]) == .br)
        #expect(accepted.weight(of: .gzip) == 500)
        #expect(accepted.weight(of: .zstd) == 0)
    }

    @Test func ofEqualOnesTheFirst() {
        let accepted = AcceptedCodings(Array("zstd, br, gzip".utf8).span)
        #expect(accepted.best(of: [.gzip, .br]) == .gzip)
        #expect(accepted.best(of: [.br, .gzip]) == .br)
        #expect(accepted.best(of: []) == nil)
    }
}

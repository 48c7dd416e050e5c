import Foundation
import HTTPWire
import Testing

@testable import GatewayEngine

/// Holds the page against the text format 0.0.4, by a strict reader of our own. Prometheus's own `promtool` is asked by
/// `scripts/second-opinion`.
@Suite("The metrics page's format")
struct PrometheusFormatTests {
    private func fullPage() -> String {
        let metrics = Metrics(build: .init(version: "1\"2\\3\n4", swiftVersion: "6"), start: 1)
        let names = ["plain", "with \"quotes\"", "back\\slash", "line\nfeed", "/a/{id}/**", "ünï"]
        let routes = metrics.assignRoutes(names)
        let services = metrics.assignServices(["one", "two \"2\""])
        for _ in 0..<2 {
            let shard = metrics.makeShard()
            for (index, route) in routes.enumerated() {
                var record = AccessRecord()
                record.routeSeries = route
                record.serviceSeries = services[index % 2]
                record.status = [200, 301, 404, 500, 0, 101][index]
                record.duration = Int64(index) * 7_000_000_000
                record.upstreamTotal = Int64(index) * 90_000
                record.error = index == 3 ? .overloaded : nil
                shard.requestStarted()
                shard.requestFinished(record)
                shard.loopLag(nanoseconds: Int64(index) * 1_000)
            }
        }
        return written { metrics.write(into: $0) }
    }

    @Test("A strict reader finds every line well formed")
    func strict() throws {
        var reader = StrictReader()
        for line in fullPage().split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            try reader.read(String(line))
        }
        try reader.finish()
        #expect(reader.families > 25)
        #expect(reader.samples > 200)
    }

    @Test("Label values are escaped")
    func escaping() {
        #expect(PrometheusWriter.label("a", "x\"y\\z\n") == "a=\"x\\\"y\\\\z\\n\"")
        let page = fullPage()
        #expect(page.contains(#"gatehouse_requests_total{route="with \"quotes\"",status="3xx"} 2"#))
        #expect(page.contains(#"gatehouse_requests_total{route="line\nfeed",status="5xx"} 2"#))
        #expect(page.contains(#"gatehouse_build_info{version="1\"2\\3\n4",swift_version="6"} 1"#))
    }
}

/// Reads the text format as its specification has it, and refuses what Prometheus would only let pass.
private struct StrictReader {
    struct Fault: Error { var line: String }

    private(set) var families = 0
    private(set) var samples = 0
    private var names: Set<String> = []
    private var seen: Set<String> = []
    private var help: String?
    private var family = ""
    private var type = ""
    /// Of the histogram being read: labels without `le`, last bound, last count.
    private var histogram: (labels: String, bound: Double, count: Double)?
    private var hasSum = false

    mutating func read(_ line: String) throws {
        if let rest = line.dropping(prefix: "# HELP ") {
            try endHistogram(line)
            guard let space = rest.firstIndex(of: " "), rest.index(after: space) < rest.endIndex else {
                throw Fault(line: line)
            }
            help = String(rest[..<space])
        } else if let rest = line.dropping(prefix: "# TYPE ") {
            let parts = rest.split(separator: " ")
            guard parts.count == 2, String(parts[0]) == help, ["counter", "gauge", "histogram"].contains(parts[1]),
                names.insert(String(parts[0])).inserted
            else { throw Fault(line: line) }
            family = String(parts[0])
            type = String(parts[1])
            guard type != "counter" || family.hasSuffix("_total") else { throw Fault(line: line) }
            families += 1
        } else {
            try readSample(line)
        }
    }

    mutating func finish() throws { try endHistogram("the end") }

    private mutating func readSample(_ line: String) throws {
        let pattern = /([a-z_:][a-z0-9_:]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+)\})? ([0-9]+(?:\.[0-9]+)?)/
        guard let match = line.wholeMatch(of: pattern), let value = Double(match.3),
            match.2?.hasSuffix(",") != true, seen.insert("\(match.1){\(match.2 ?? "")}").inserted
        else { throw Fault(line: line) }
        samples += 1
        let name = String(match.1)
        let labels = match.2.map(String.init) ?? ""
        guard type == "histogram" else {
            guard name == family else { throw Fault(line: line) }
            return
        }
        if name == family + "_bucket" {
            guard let le = labels.firstMatch(of: /(?:^|,)le="([^"]*)"$/) else { throw Fault(line: line) }
            let rest = String(labels[..<le.range.lowerBound])
            let bound = le.1 == "+Inf" ? Double.infinity : Double(le.1) ?? .nan
            if let last = histogram, last.labels == rest {
                guard bound > last.bound, value >= last.count else { throw Fault(line: line) }
            } else {
                try endHistogram(line)
                hasSum = false
            }
            histogram = (rest, bound, value)
        } else if name == family + "_sum" {
            guard histogram?.labels == labels, histogram?.bound == .infinity else { throw Fault(line: line) }
            hasSum = true
        } else {
            guard name == family + "_count", hasSum, histogram?.labels == labels, histogram?.count == value else {
                throw Fault(line: line)
            }
            histogram = nil
        }
    }

    /// A histogram ends with its count, after which there is none.
    private func endHistogram(_ line: String) throws {
        if histogram != nil { throw Fault(line: line) }
    }
}

extension String {
    fileprivate func dropping(prefix: String) -> Substring? { hasPrefix(prefix) ? dropFirst(prefix.count) : nil }
}

import GatehouseTesting

/// A page in the Prometheus text format 0.0.4, read strictly: HELP and TYPE once and before the samples, names and
/// labels by the grammar, no sample twice, histograms that add up.
struct PrometheusPage {
    struct Sample: Hashable {
        var name: String
        var labels: [String: String]
    }

    private(set) var types: [String: String] = [:]
    private(set) var samples: [Sample: Double] = [:]

    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        samples[Sample(name: name, labels: labels)]
    }

    /// The sum over all samples of a name that have these labels.
    func sum(_ name: String, _ labels: [String: String] = [:]) -> Double {
        samples.filter { sample, _ in
            sample.name == name && labels.allSatisfy { sample.labels[$0.key] == $0.value }
        }.reduce(0) { $0 + $1.value }
    }

    init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw KitFailure(.violation, "the page does not end with a line feed") }
        var helped: Set<String> = []
        var current = ""
        var finished: Set<String> = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let fail = { (why: String) in KitFailure(.violation, "\(why): \(line)") }
            if line.hasPrefix("# HELP ") {
                let words = line.split(separator: " ", maxSplits: 3)
                guard words.count == 4 else { throw fail("HELP without text") }
                guard helped.insert(String(words[2])).inserted else { throw fail("HELP twice") }
                continue
            }
            if line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ")
                guard words.count == 4, ["counter", "gauge", "histogram", "summary", "untyped"].contains(words[3])
                else {
                    throw fail("bad TYPE")
                }
                finished.insert(current)
                current = String(words[2])
                guard types[current] == nil else { throw fail("TYPE twice") }
                types[current] = String(words[3])
                continue
            }
            guard !line.isEmpty, !line.hasPrefix("#") else { throw fail("an odd line") }
            let sample = try PrometheusPage.sample(line)
            let family = PrometheusPage.family(of: sample.key.name, types)
            guard family == current else { throw fail("a sample outside its family") }
            guard helped.contains(family) else { throw fail("no HELP") }
            if types[family] == "counter", !family.hasSuffix("_total") { throw fail("a counter without _total") }
            guard samples.updateValue(sample.value, forKey: sample.key) == nil else { throw fail("a sample twice") }
        }
        try checkHistograms()
    }

    private static func family(of name: String, _ types: [String: String]) -> String {
        for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix(suffix) {
            let base = String(name.dropLast(suffix.count))
            if types[base] == "histogram" { return base }
        }
        return name
    }

    /// `name{label="value",…} number`
    private static func sample(_ line: Substring) throws -> (key: Sample, value: Double) {
        let fail = { (why: String) in KitFailure(.violation, "\(why): \(line)") }
        var rest = line
        func word() -> String {
            let word = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") }
            rest = rest.dropFirst(word.count)
            return String(word)
        }
        let name = word()
        guard let first = name.first, !first.isNumber else { throw fail("bad name") }
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest = rest.dropFirst()
            while rest.first != "}" {
                let label = word()
                guard !label.isEmpty, !label.contains(":"), rest.hasPrefix("=\"") else { throw fail("bad label") }
                rest = rest.dropFirst(2)
                var value = ""
                while let character = rest.first, character != "\"" {
                    rest = rest.dropFirst()
                    guard character == "\\" else {
                        value.append(character)
                        continue
                    }
                    guard let escaped = rest.first, "\\\"n".contains(escaped) else { throw fail("bad escape") }
                    value.append(escaped == "n" ? "\n" : escaped)
                    rest = rest.dropFirst()
                }
                guard rest.first == "\"" else { throw fail("a label without end") }
                rest = rest.dropFirst()
                guard labels.updateValue(value, forKey: label) == nil else { throw fail("a label twice") }
                if rest.first == "," { rest = rest.dropFirst() } else if rest.first != "}" { throw fail("no comma") }
            }
            rest = rest.dropFirst()
        }
        guard rest.first == " " else { throw fail("no space before the value") }
        let number = rest.dropFirst()
        guard let value = number == "+Inf" ? .infinity : Double(number) else { throw fail("bad value") }
        return (Sample(name: name, labels: labels), value)
    }

    /// Buckets grow with their bounds, the last is +Inf and equals the count, and there is a sum.
    private func checkHistograms() throws {
        for (family, type) in types where type == "histogram" {
            var series: [[String: String]: [(bound: Double, count: Double)]] = [:]
            for (sample, value) in samples where sample.name == family + "_bucket" {
                var labels = sample.labels
                guard let text = labels.removeValue(forKey: "le"), let bound = text == "+Inf" ? .infinity : Double(text)
                else { throw KitFailure(.violation, "\(family): a bucket without bound") }
                series[labels, default: []].append((bound, value))
            }
            for (labels, buckets) in series {
                let sorted = buckets.sorted { $0.bound < $1.bound }
                guard zip(sorted, sorted.dropFirst()).allSatisfy({ $0.count <= $1.count }) else {
                    throw KitFailure(.violation, "\(family)\(labels): buckets that shrink")
                }
                guard sorted.last?.bound == .infinity, sorted.last?.count == value(family + "_count", labels),
                    value(family + "_sum", labels) != nil
                else { throw KitFailure(.violation, "\(family)\(labels): no +Inf, count or sum") }
            }
        }
    }
}

internal import GatewayConfiguration

/// The text of the state file: one JSON object, with the version of its form in front.
///
/// ```
/// {"gatehouse_releases":1,"splits":[
/// {"route":"checkout","sides":[{"service":"v1","weight":95},{"service":"v2","weight":5}],"weights":[50,50], …}
/// ]}
/// ```
/// What is not understood is refused as a whole: half a state would be one that nobody chose.
enum ReleaseFile {
    static let version = 1
    /// How every file of ours begins; what begins otherwise belongs to somebody else.
    static let mark = "{\"gatehouse_releases\":"

    struct Refusal: Error, Hashable {
        var reason: String
    }

    // MARK: Writing

    static func encode(_ records: [SplitRecord]) -> [UInt8] {
        var line = LineWriter(capacity: 4_096)
        line.append(text: mark)
        line.append(decimal: version)
        line.append(",\"splits\":[")
        for (index, record) in records.enumerated() {
            line.append(index == 0 ? "\n" : ",\n")
            write(record, to: &line)
        }
        line.append("\n]}\n")
        return Array(line.span.text.utf8)
    }

    private static func write(_ record: SplitRecord, to line: inout LineWriter) {
        line.append("{\"route\":")
        line.append(quotedJSON: record.route)
        line.append(",\"sides\":[")
        for (index, side) in record.sides.enumerated() {
            line.append(index == 0 ? "{\"service\":" : ",{\"service\":")
            line.append(quotedJSON: side.service)
            line.append(",\"weight\":")
            line.append(decimal: side.weight)
            line.append("}")
        }
        line.append("],\"weights\":[")
        for (index, weight) in record.weights.enumerated() {
            if index > 0 { line.append(",") }
            line.append(decimal: weight)
        }
        line.append("],\"set_by\":")
        line.append(quotedJSON: record.origin.rawValue)
        line.append(",\"changed_at\":")
        line.append(decimal: Int(record.changedAt))
        if let canary = record.canary {
            line.append(",\"canary\":{\"rules\":")
            line.append(quotedJSON: canary.rules)
            line.append(",\"state\":")
            line.append(quotedJSON: canary.state)
            if let step = canary.step {
                line.append(",\"step\":")
                line.append(decimal: step)
            }
            if let reason = canary.reason {
                line.append(",\"reason\":")
                line.append(quotedJSON: reason.rawValue)
            }
            line.append(",\"why\":")
            line.append(quotedJSON: canary.sentence)
            line.append("}")
        }
        line.append("}")
    }

    // MARK: Reading

    static func decode(_ bytes: [UInt8]) throws(Refusal) -> [SplitRecord] {
        let root: PlainJSON
        do throws(PlainJSON.Failure) {
            root = try PlainJSON.parse(bytes)
        } catch {
            throw Refusal(reason: "it is no JSON: line \(error.line), column \(error.column): \(error.message)")
        }
        guard let version = root["gatehouse_releases"]?.integer else {
            throw Refusal(reason: "it does not say its version")
        }
        guard version == Self.version else {
            throw Refusal(reason: "it has version \(version), and this program writes \(Self.version)")
        }
        guard let splits = root["splits"]?.list else { throw Refusal(reason: "it has no list of splits") }
        var records: [SplitRecord] = []
        for (index, split) in splits.enumerated() {
            guard let record = record(split) else { throw Refusal(reason: "split \(index + 1) is not complete") }
            records.append(record)
        }
        return records
    }

    private static func record(_ value: PlainJSON) -> SplitRecord? {
        guard let route = value["route"]?.text, let sides = value["sides"]?.list, let weights = value["weights"]?.list,
            let origin = value["set_by"]?.text.flatMap(SplitState.Origin.init),
            let changed = value["changed_at"]?.integer
        else { return nil }
        let readSides = sides.compactMap { side -> SplitSide? in
            guard let service = side["service"]?.text, let weight = weight(side["weight"]) else { return nil }
            return SplitSide(service: service, weight: weight)
        }
        let readWeights = weights.compactMap { weight($0) }
        guard readSides.count == sides.count, readWeights.count == weights.count, sides.count == weights.count else {
            return nil
        }
        var record = SplitRecord(
            route: route, sides: readSides, weights: readWeights, origin: origin, changedAt: Int64(changed))
        if let canary = value["canary"] {
            guard let rules = canary["rules"]?.text, let state = canary["state"]?.text, let why = canary["why"]?.text,
                CanaryMachine.State.names.contains(state)
            else { return nil }
            record.canary = SplitRecord.Canary(
                rules: rules, state: state, step: canary["step"]?.integer,
                reason: canary["reason"]?.text.flatMap(CanaryReason.init), sentence: why)
        }
        return record
    }

    private static func weight(_ value: PlainJSON?) -> Int? {
        value?.integer.flatMap { (0...1_000_000).contains($0) ? $0 : nil }
    }
}

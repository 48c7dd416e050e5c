internal import HTTPWire

/// Writes Prometheus's text exposition format, version 0.0.4.
///
/// Each family is announced once, with help and type, and followed by all of its samples. A label set is the finished
/// text between the braces (`PrometheusWriter.label`), made once for the many samples that carry it.
struct PrometheusWriter: ~Copyable {
    enum Kind {
        case counter
        case gauge
        case histogram

        var name: StaticString {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    static let contentType: StaticString = "text/plain; version=0.0.4; charset=utf-8"

    private let buffer: WireBuffer
    private var line = LineWriter(capacity: 32 * 1024)
    private var family: StaticString = ""

    init(buffer: WireBuffer) { self.buffer = buffer }

    /// Begins a family. The help is one line without backslashes.
    mutating func begin(_ name: StaticString, _ kind: Kind, _ help: StaticString) {
        family = name
        line.append("# HELP ")
        line.append(name)
        line.append(byte: UInt8(ascii: " "))
        line.append(help)
        line.append("\n# TYPE ")
        line.append(name)
        line.append(byte: UInt8(ascii: " "))
        line.append(kind.name)
        line.append(byte: UInt8(ascii: "\n"))
    }

    mutating func sample(_ value: UInt64) { sample("", value) }

    mutating func sample(_ labels: String, _ value: UInt64) {
        writeName("", labels, "", "")
        line.append(decimal: value)
        endLine()
    }

    /// With one more label, whose value needs no escaping.
    mutating func sample(_ labels: String, _ name: StaticString, _ text: StaticString, _ value: UInt64) {
        writeName("", labels, name, text)
        line.append(decimal: value)
        endLine()
    }

    /// A gauge may be below zero for a moment, while two workers' counters are read one after the other.
    mutating func sample(_ labels: String = "", gauge value: UInt64) {
        writeName("", labels, "", "")
        line.append(decimal: max(Int(Int64(bitPattern: value)), 0))
        endLine()
    }

    mutating func sample(_ labels: String, _ name: StaticString, _ text: StaticString, gauge value: UInt64) {
        writeName("", labels, name, text)
        line.append(decimal: max(Int(Int64(bitPattern: value)), 0))
        endLine()
    }

    mutating func sample(_ labels: String = "", seconds nanoseconds: UInt64) {
        writeName("", labels, "", "")
        append(seconds: nanoseconds)
        endLine()
    }

    /// A histogram from its buckets, each counted for itself, and its sum: `value(index)` for the slots of
    /// `DurationBuckets`. The count is made from the same buckets, so that it always equals the last of them.
    mutating func histogram(_ labels: String, _ value: (Int) -> UInt64) {
        var total: UInt64 = 0
        for index in 0..<18 {
            total &+= value(index)
            writeName("_bucket", labels, "le", DurationBuckets.labels[index])
            line.append(decimal: total)
            endLine()
        }
        total &+= value(18)
        writeName("_bucket", labels, "le", "+Inf")
        line.append(decimal: total)
        endLine()
        writeName("_sum", labels, "", "")
        append(seconds: value(DurationBuckets.sumSlot))
        endLine()
        writeName("_count", labels, "", "")
        line.append(decimal: total)
        endLine()
    }

    /// Hands over what is still held.
    mutating func finish() {
        buffer.append(line.span)
        line.reset()
    }

    /// `name="value"`, escaped as the format asks: backslash, quote and line feed.
    static func label(_ name: String, _ value: String) -> String {
        var text = "\(name)=\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }

    private mutating func writeName(
        _ suffix: StaticString, _ labels: String, _ name: StaticString, _ text: StaticString
    ) {
        line.append(family)
        line.append(suffix)
        let hasExtra = name.utf8CodeUnitCount > 0
        if !labels.isEmpty || hasExtra {
            line.append(byte: UInt8(ascii: "{"))
            line.append(text: labels)
            if hasExtra {
                if !labels.isEmpty { line.append(byte: UInt8(ascii: ",")) }
                line.append(name)
                line.append("=\"")
                line.append(text)
                line.append(byte: UInt8(ascii: "\""))
            }
            line.append(byte: UInt8(ascii: "}"))
        }
        line.append(byte: UInt8(ascii: " "))
    }

    private mutating func append(seconds nanoseconds: UInt64) {
        line.append(decimal: nanoseconds / 1_000_000_000)
        line.append(byte: UInt8(ascii: "."))
        let rest = UInt64(nanoseconds % 1_000_000_000)
        line.append(threeDigits: rest / 1_000_000)
        line.append(threeDigits: rest / 1_000 % 1_000)
        line.append(threeDigits: rest % 1_000)
    }

    private mutating func endLine() {
        line.append(byte: UInt8(ascii: "\n"))
        if line.count > 24 * 1024 { finish() }
    }
}

import ContentCodings
import GatehouseTesting

/// The bytes that a string of hexadecimal digits stands for.
func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = Array(hexadecimal.utf8)
    return stride(from: 0, to: digits.count, by: 2).map { index in
        UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) ?? 0
    }
}

/// Encodes in one piece.
func encoded(_ plain: [UInt8], _ coding: ContentCoding, level: Int? = nil) throws -> [UInt8] {
    let level = level ?? ContentEncoder.defaultLevel(of: coding)
    let encoder = ContentEncoder.make(coding, level: level, buffer: CodingBuffer())
    guard let encoder else { throw CodingFault.outOfMemory }
    var result: [UInt8] = []
    try encoder.push(plain.span, .finish) { result.append($0) }
    return result
}

/// Decodes pieces of these sizes; what is behind them comes as one.
func decoded(
    _ coded: [UInt8], _ coding: ContentCoding, pieces: [Int] = [], limits: DecodingLimits = DecodingLimits(),
    by decoder: ContentDecoder? = nil
) throws -> [UInt8] {
    guard let decoder = decoder ?? ContentDecoder.make(coding, buffer: CodingBuffer()), decoder.begin(limits) else {
        throw CodingFault.outOfMemory
    }
    var result: [UInt8] = []
    var at = 0
    for size in pieces + [coded.count] {
        let end = min(at + size, coded.count)
        let taken = try decoder.push(coded.span.extracting(at..<end)) { result.append($0) }
        guard taken == end - at else { throw CodingFault.malformed }
        at = end
    }
    try decoder.finish()
    return result
}

extension [UInt8] {
    mutating func append(_ bytes: Span<UInt8>) {
        for index in bytes.indices { append(bytes[index]) }
    }
}

/// Text that looks like a body: words that come again and again, and numbers that do not.
func body(_ count: Int, _ random: inout SeededRandom) -> [UInt8] {
    let words = ["\"id\":", "\"name\":", "\"created_at\":", "true,", "null,", "{", "},", "[", "],", "é", " "]
    var result: [UInt8] = []
    while result.count < count {
        let number = random.next()
        if number % 3 == 0 { result += Array(String(number >> 40).utf8) }
        result += Array(words[Int(number % UInt64(words.count))].utf8)
    }
    return Array(result.prefix(count))
}

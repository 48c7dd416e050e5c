/// The encoders and decoders of one worker, kept from one body to the next, with a bound on their memory.
///
/// An encoder holds from a quarter of a megabyte to four, and a slow client keeps one for as long as its body lasts: so
/// when what is in use has reached the limit, there is none to be had, and the body goes as it is. Decoders are small,
/// but for a window that the body asks for, and live only while a body is read.
package final class CoderPool {
    private var encoders: [ContentEncoder] = []
    private var decoders: [ContentDecoder] = []
    private let encoderBuffer = CodingBuffer()
    private let decoderBuffer = CodingBuffer()
    /// Bytes of all encoders, in use or not.
    package private(set) var memory = 0
    package var memoryLimit: Int

    private static let spareDecoders = 16

    package init(memoryLimit: Int) { self.memoryLimit = memoryLimit }

    /// nil when there is no memory for it. What is spare, of other kinds, gives way.
    package func encoder(_ coding: ContentCoding, level: Int) -> ContentEncoder? {
        var index = encoders.count - 1
        while index >= 0 {
            if encoders[index].coding == coding, encoders[index].level == level {
                encoders.swapAt(index, encoders.count - 1)
                return encoders.removeLast()
            }
            index -= 1
        }
        let size = ContentEncoder.footprint(coding, level: level)
        guard size <= memoryLimit else { return nil }
        while memory > memoryLimit - size {
            guard let oldest = encoders.first else { return nil }
            memory -= oldest.footprint
            encoders.removeFirst()
        }
        guard let made = ContentEncoder.make(coding, level: level, buffer: encoderBuffer) else { return nil }
        memory += made.footprint
        return made
    }

    /// One that is at work ends with the call that is on the stack.
    package func giveBack(_ encoder: ContentEncoder) {
        if memory <= memoryLimit, !encoder.isBusy, encoder.reset() {
            encoders.append(encoder)
        } else {
            memory -= encoder.footprint
        }
    }

    /// nil when there is no memory for it.
    package func decoder(_ coding: ContentCoding, _ limits: DecodingLimits) -> ContentDecoder? {
        var index = decoders.count - 1
        while index >= 0 {
            if decoders[index].coding == coding {
                let decoder = decoders.remove(at: index)
                return decoder.begin(limits) ? decoder : nil
            }
            index -= 1
        }
        guard let made = ContentDecoder.make(coding, buffer: decoderBuffer), made.begin(limits) else { return nil }
        return made
    }

    package func giveBack(_ decoder: ContentDecoder) {
        guard decoders.count < Self.spareDecoders, !decoder.isBusy else { return }
        decoder.trim()
        decoders.append(decoder)
    }

    /// A whole body at once, for who has it at hand and only reads it. The limits bound what this costs.
    package func decode(
        _ body: Span<UInt8>, _ coding: ContentCoding, _ limits: DecodingLimits
    ) throws(CodingFault) -> [UInt8] {
        guard let decoder = decoder(coding, limits) else { throw .outOfMemory }
        var plain: [UInt8] = []
        // One that failed is not used again.
        _ = try decoder.push(body) { piece in
            plain.reserveCapacity(plain.count + piece.count)
            for index in piece.indices { plain.append(piece[index]) }
        }
        try decoder.finish()
        giveBack(decoder)
        return plain
    }

    /// Memory is short: nothing is kept.
    package func removeAll() {
        for encoder in encoders { memory -= encoder.footprint }
        encoders.removeAll()
        decoders.removeAll()
    }
}

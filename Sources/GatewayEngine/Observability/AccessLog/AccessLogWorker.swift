package import GatewayConfiguration
package import HTTPWire

/// One worker's end of the access log: samples, encodes, gathers, and hands over full batches. Belongs to one loop.
///
/// The engine calls `write` once for each exchange and `flush` from a timer, at least once a second, so that a quiet
/// gateway's lines are not kept back.
package final class AccessLogWorker {
    /// All in one struct, so that a call costs one check of exclusive access and not one for each property.
    private struct Core: ~Copyable {
        let sink: AccessLogSink
        var batch = AccessLogSink.Batch()
        var encoder: AccessLogEncoder
        var sampler: AccessLogSampler

        init(sink: AccessLogSink, _ configuration: AccessLogConfiguration) {
            self.sink = sink
            encoder = AccessLogEncoder(configuration)
            sampler = AccessLogSampler(share: configuration.sample)
        }

        mutating func write(
            _ record: borrowing AccessRecord, _ details: AccessDetails?, _ request: RequestHead, _ labels: AccessLabels
        ) {
            if record.status < 400, record.error == nil, !sampler.next() { return }
            // A batch never grows beyond its capacity but for a single line longer than that.
            let length = encoder.encode(record, details: details, request: request, labels: labels)
            if batch.buffer.count + length > AccessLogSink.Batch.capacity { flush() }
            batch.lines += 1
            encoder.copyLine(to: batch.buffer)
        }

        mutating func flush() {
            guard batch.lines > 0 else { return }
            batch = sink.exchange(batch)
        }
    }

    private var core: Core

    package init(sink: AccessLogSink, configuration: AccessLogConfiguration) {
        core = Core(sink: sink, configuration)
    }

    /// Where it hands its lines over.
    var sink: AccessLogSink { core.sink }

    /// Takes over what a reload changed.
    package func update(_ configuration: AccessLogConfiguration) {
        core.encoder = AccessLogEncoder(configuration)
        core.sampler = AccessLogSampler(share: configuration.sample)
    }

    /// Logs an exchange that has ended. Errors are always logged, others by the configured share.
    package func write(
        _ record: borrowing AccessRecord, details: AccessDetails? = nil, request: RequestHead, labels: AccessLabels
    ) {
        core.write(record, details, request, labels)
    }

    /// Hands over what has gathered.
    package func flush() { core.flush() }
}

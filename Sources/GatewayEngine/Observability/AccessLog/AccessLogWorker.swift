package import GatewayConfiguration
package import HTTPWire

/// One worker's end of the access log: samples, encodes, gathers, and hands over full batches. Belongs to one loop.
///
/// The engine calls `write` once for each exchange and `flush` from a timer, at least once a second, so that a quiet
/// gateway's lines are not kept back.
package final class AccessLogWorker {
    private let sink: AccessLogSink
    private var batch = AccessLogSink.Batch()
    private var encoder: AccessLogEncoder
    private var sampler: AccessLogSampler

    package init(sink: AccessLogSink, configuration: AccessLogConfiguration) {
        self.sink = sink
        encoder = AccessLogEncoder(configuration)
        sampler = AccessLogSampler(share: configuration.sample)
    }

    /// Takes over what a reload changed.
    package func update(_ configuration: AccessLogConfiguration) {
        encoder = AccessLogEncoder(configuration)
        sampler = AccessLogSampler(share: configuration.sample)
    }

    /// Logs an exchange that has ended. Errors are always logged, others by the configured share.
    package func write(_ record: AccessRecord, request: RequestHead, labels: AccessLabels) {
        let isError = record.status >= 400 || record.error != nil
        guard isError || sampler.next() else { return }
        encoder.encode(record, request: request, labels: labels)
        // A batch never grows beyond its capacity but for a single line longer than that.
        if batch.buffer.count + encoder.span.count > AccessLogSink.Batch.capacity, batch.lines > 0 { flush() }
        batch.buffer.append(encoder.span)
        batch.lines += 1
    }

    /// Hands over what has gathered.
    package func flush() {
        guard batch.lines > 0 else { return }
        batch = sink.exchange(batch)
    }
}

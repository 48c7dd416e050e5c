internal import Synchronization

extension Metrics {
    /// What concerns the program as a whole: log, reloads, build, process.
    func writeProgram(to writer: inout PrometheusWriter) {
        writer.begin("gatehouse_access_log_lines_total", .counter, "Lines of the access log written.")
        writer.sample(accessLog.written.load(ordering: .relaxed))
        writer.begin(
            "gatehouse_access_log_dropped_lines_total", .counter,
            "Lines of the access log lost because it could not be written fast enough, or at all.")
        writer.sample(accessLog.dropped.load(ordering: .relaxed))

        writer.begin("gatehouse_config_reloads_total", .counter, "Reloads of the configuration, by result.")
        writer.sample("", "result", "success", reloads.succeeded.load(ordering: .relaxed))
        writer.sample("", "result", "failure", reloads.failed.load(ordering: .relaxed))
        writer.begin(
            "gatehouse_config_last_reload_success_timestamp_seconds", .gauge,
            "When the configuration was last loaded anew with success; 0: not since the start.")
        writer.sample(reloads.lastSuccess.load(ordering: .relaxed))

        adminChanges.write(to: &writer)

        writer.begin("gatehouse_build_info", .gauge, "The version that runs; always 1.")
        let version = PrometheusWriter.label("version", build.version)
        let swift = PrometheusWriter.label("swift_version", build.swiftVersion)
        writer.sample("\(version),\(swift)", 1)

        writer.begin("process_start_time_seconds", .gauge, "When the process started, in seconds since 1970.")
        writer.sample(seconds: UInt64(max(start, 0)))
        let process = ProcessFigures()
        writer.begin("process_cpu_seconds_total", .counter, "Processor time used, in user and system mode.")
        writer.sample(seconds: process.cpuNanoseconds)
        if let bytes = process.residentBytes {
            writer.begin("process_resident_memory_bytes", .gauge, "Memory of the process that is in RAM.")
            writer.sample(bytes)
        }
        if let count = process.openDescriptors {
            writer.begin("process_open_fds", .gauge, "Open file descriptors.")
            writer.sample(count)
        }
        if let count = process.descriptorLimit {
            writer.begin("process_max_fds", .gauge, "File descriptors that the process may open.")
            writer.sample(count)
        }
    }
}

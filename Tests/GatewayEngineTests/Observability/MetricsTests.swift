import Foundation
import HTTPWire
import Synchronization
import Testing

@testable import GatewayEngine

@Suite("Metrics")
struct MetricsTests {
    private func metrics(cap: Int = Metrics.seriesCap) -> Metrics {
        Metrics(
            build: .init(version: "1.2.3", swiftVersion: "6.3"), start: 1_700_000_000_500_000_000, routeCap: cap,
            serviceCap: cap)
    }

    private func page(_ metrics: Metrics) -> String { written { metrics.write(into: $0) } }

    /// The value of the sample with exactly this name and label text.
    private func value(_ page: String, _ series: String) -> String? {
        page.split(separator: "\n").first { $0.hasPrefix(series + " ") }.map { String($0.dropFirst(series.count + 1)) }
    }

    private func record(_ route: SeriesID, _ service: SeriesID, status: UInt16 = 200) -> AccessRecord {
        var record = AccessRecord()
        record.routeSeries = route
        record.serviceSeries = service
        record.status = status
        record.duration = 3_000_000
        record.upstreamTotal = 2_000_000
        record.bytesReceived = 100
        record.bytesSent = 1_000
        record.attempts = 2
        return record
    }

    @Test("Workers' counts are added up")
    func sums() {
        let metrics = metrics()
        let routes = metrics.assignRoutes(["users", "orders"])
        let services = metrics.assignServices(["users"])
        for _ in 0..<3 {
            let shard = metrics.makeShard()
            shard.downstreamAccepted()
            shard.downstreamAccepted()
            shard.downstreamClosed()
            shard.downstreamRefused()
            for status: UInt16 in [200, 201, 404, 503] {
                shard.requestStarted()
                shard.requestFinished(record(routes[0], services[0], status: status))
            }
            shard.requestStarted()
            shard.connectionOpened(services[0])
            shard.connectionReused(services[0])
            shard.connectionReused(services[0])
            shard.connectionFailed(services[0])
            shard.poolActive(services[0], by: 5)
            shard.poolActive(services[0], by: -2)
            shard.poolIdle(services[0], by: 1)
            shard.pending(services[0], by: 4)
            shard.upstreamStarted(services[0])
            shard.upstreamStarted(services[0])
            shard.upstreamFinished(services[0])
            shard.loopLag(nanoseconds: 40_000)
        }
        let page = page(metrics)
        let expected = [
            "gatehouse_requests_total{route=\"users\",status=\"2xx\"}": "6",
            "gatehouse_requests_total{route=\"users\",status=\"4xx\"}": "3",
            "gatehouse_requests_total{route=\"users\",status=\"5xx\"}": "3",
            "gatehouse_responses_total{code=\"404\"}": "3",
            "gatehouse_request_bytes_total{route=\"users\"}": "1200",
            "gatehouse_response_bytes_total{route=\"users\"}": "12000",
            "gatehouse_request_duration_seconds_bucket{route=\"users\",le=\"0.0025\"}": "0",
            "gatehouse_request_duration_seconds_bucket{route=\"users\",le=\"0.005\"}": "12",
            "gatehouse_request_duration_seconds_bucket{route=\"users\",le=\"+Inf\"}": "12",
            "gatehouse_request_duration_seconds_sum{route=\"users\"}": "0.036000000",
            "gatehouse_request_duration_seconds_count{route=\"users\"}": "12",
            "gatehouse_requests_in_flight": "3",
            "gatehouse_upstream_requests_total{service=\"users\",status=\"2xx\"}": "6",
            "gatehouse_upstream_request_duration_seconds_count{service=\"users\"}": "12",
            "gatehouse_upstream_request_duration_seconds_bucket{service=\"users\",le=\"0.0025\"}": "12",
            "gatehouse_upstream_retries_total{service=\"users\"}": "12",
            "gatehouse_upstream_connections_opened_total{service=\"users\"}": "3",
            "gatehouse_upstream_connections_reused_total{service=\"users\"}": "6",
            "gatehouse_upstream_connections_failed_total{service=\"users\"}": "3",
            "gatehouse_upstream_connections{service=\"users\",state=\"active\"}": "9",
            "gatehouse_upstream_connections{service=\"users\",state=\"idle\"}": "3",
            "gatehouse_upstream_requests_pending{service=\"users\"}": "12",
            "gatehouse_upstream_requests_in_flight{service=\"users\"}": "3",
            "gatehouse_downstream_connections_accepted_total": "6",
            "gatehouse_downstream_connections_refused_total": "3",
            "gatehouse_downstream_connections": "3",
            "gatehouse_loop_lag_seconds_count": "3",
            "gatehouse_workers": "3",
        ]
        for (series, number) in expected { #expect(value(page, series) == number, "\(series)") }
        // A route that nothing was asked of takes no room.
        #expect(!page.contains("orders"))
    }

    @Test("Gateway errors are counted by code, all codes are there from the start")
    func errors() {
        let metrics = metrics()
        let shard = metrics.makeShard()
        for error in GatewayError.allCases {
            #expect(value(page(metrics), "gatehouse_errors_total{code=\"\(error.code)\"}") == "0")
            var record = record(.none, .none, status: UInt16(error.status))
            record.error = error
            shard.requestStarted()
            shard.requestFinished(record)
            #expect(value(page(metrics), "gatehouse_errors_total{code=\"\(error.code)\"}") == "1")
        }
        let page = page(metrics)
        #expect(value(page, "gatehouse_requests_total{route=\"(none)\",status=\"4xx\"}") != nil)
        #expect(!page.contains("service=\""))
    }

    @Test("Each bucket holds what is at most its bound")
    func buckets() {
        for index in 0..<18 {
            let bound = DurationBuckets.bounds[index]
            #expect(DurationBuckets.index(of: bound) == index)
            #expect(DurationBuckets.index(of: bound + 1) == index + 1)
            #expect(Double(DurationBuckets.labels[index].description) == Double(bound) / 1e9)
        }
        #expect(DurationBuckets.index(of: 0) == 0)
        #expect(DurationBuckets.index(of: .max) == 18)
    }

    @Test("Names beyond the cap share one series; names that stay keep theirs over reloads")
    func cap() {
        let metrics = metrics(cap: 10)
        let first = metrics.assignRoutes((0..<25).map { "r\($0)" })
        #expect(Set(first.prefix(10)).count == 10)
        #expect(first.dropFirst(10).allSatisfy { $0 == .other })
        #expect(!first.contains(.none))
        let second = metrics.assignRoutes(["r3", "new", "r24"])
        #expect(second == [first[3], .other, .other])

        let shard = metrics.makeShard()
        let services = metrics.assignServices((0..<25).map { "s\($0)" })
        for (route, service) in zip(first, services) {
            shard.requestStarted()
            shard.requestFinished(record(route, service))
        }
        let page = page(metrics)
        #expect(value(page, "gatehouse_requests_total{route=\"(other)\",status=\"2xx\"}") == "15")
        #expect(value(page, "gatehouse_upstream_requests_total{service=\"(other)\",status=\"2xx\"}") == "15")
        #expect(value(page, "gatehouse_requests_total{route=\"r9\",status=\"2xx\"}") == "1")
        #expect(value(page, "gatehouse_requests_total{route=\"r10\",status=\"2xx\"}") == nil)
    }

    @Test("A hundred thousand routes keep the page and the shards as they are")
    func manyRoutes() {
        let metrics = metrics()
        let series = metrics.assignRoutes((0..<100_000).map { "route-\($0)" })
        let shard = metrics.makeShard()
        for id in series {
            shard.requestStarted()
            shard.requestFinished(record(id, .none))
        }
        let routes = Set(
            page(metrics).split(separator: "\n").filter { $0.hasPrefix("gatehouse_requests_total{") })
        #expect(routes.count == Metrics.seriesCap + 1)
    }

    @Test("A row's memory is there only where it was touched, and whatever the allocator gave back before")
    func sparse() {
        let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
        let perPage = pageSize / 8
        func residentPages(_ slots: borrowing CounterSlots) -> Int {
            let memory = unsafe slots.memory
            var pages = [UInt8](repeating: 0, count: (memory.count + pageSize - 1) / pageSize)
            // The row lives as long as it is borrowed; one byte is written for each of its pages.
            let result = unsafe mincore(UnsafeMutableRawPointer(mutating: memory.baseAddress), memory.count, &pages)
            #expect(result == 0)
            return pages.count { $0 & 1 == 1 }
        }
        for _ in 0..<10 {
            // As large as a row, written and given back, as a table of limits might have been.
            let used = [UInt8](repeating: 1, count: 100 * pageSize)
            #expect(used.last == 1)
            let slots = CounterSlots(count: 100 * perPage)
            #expect(residentPages(slots) == 0)
            slots.add(1, at: 0)
            slots.add(1, at: 50 * perPage + 1)
            #expect(residentPages(slots) == 2)
        }
    }

    @Test("Statuses out of range and times below zero count without harm")
    func oddValues() {
        let metrics = metrics()
        let shard = metrics.makeShard()
        var record = record(.other, .other, status: 65_535)
        record.duration = -5
        shard.requestFinished(record)
        let page = page(metrics)
        #expect(value(page, "gatehouse_requests_total{route=\"(other)\",status=\"none\"}") == "1")
        #expect(value(page, "gatehouse_request_duration_seconds_sum{route=\"(other)\"}") == "0.000000000")
        // One more finished than begun: a gauge is never shown below zero.
        #expect(value(page, "gatehouse_requests_in_flight") == "0")
    }

    @Test("Reloads, log lines and the process are on the page")
    func program() throws {
        let metrics = metrics()
        metrics.reloaded(succeeded: false, now: 5)
        metrics.reloaded(succeeded: true, now: 1_700_000_100_000_000_000)
        metrics.accessLog.written.store(7, ordering: .relaxed)
        metrics.accessLog.dropped.store(2, ordering: .relaxed)
        let page = page(metrics)
        #expect(value(page, "gatehouse_config_reloads_total{result=\"success\"}") == "1")
        #expect(value(page, "gatehouse_config_reloads_total{result=\"failure\"}") == "1")
        #expect(value(page, "gatehouse_config_last_reload_success_timestamp_seconds") == "1700000100")
        #expect(value(page, "gatehouse_access_log_lines_total") == "7")
        #expect(value(page, "gatehouse_access_log_dropped_lines_total") == "2")
        #expect(value(page, "gatehouse_build_info{version=\"1.2.3\",swift_version=\"6.3\"}") == "1")
        #expect(value(page, "process_start_time_seconds") == "1700000000.500000000")
        #expect(try #require(value(page, "process_cpu_seconds_total").flatMap(Double.init)) > 0)
        #if os(Linux)
            #expect(try #require(value(page, "process_resident_memory_bytes").flatMap(Int.init)) > 1_000_000)
        #endif
        let open = try #require(value(page, "process_open_fds").flatMap(Int.init))
        #expect(open >= 3)
        #expect(try #require(value(page, "process_max_fds").flatMap(Int.init)) >= open)
    }
}

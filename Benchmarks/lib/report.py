"""What is printed: one table for each scenario, peers as rows, median and spread, ratios to the reference."""

from statistics import median

from goals import judge
from stats import ratio, spread

# scenario prefix -> (key, heading, factor, digits) in order; the first is what the ratio is taken of
COLUMNS = {
    "tls-idle": [("pss_kib", "memory MiB", 1 / 1024, 1), ("rss_kib", "RSS MiB", 1 / 1024, 1),
                 ("base_kib", "before MiB", 1 / 1024, 1), ("per_connection_b", "bytes/connection", 1, 0)],
    "tls-full": [("cpu_us", "CPU µs/connection", 1, 1), ("per_cpu_s", "handshakes/CPU s", 1, 0),
                 ("rps", "connections/s", 1, 0), ("pss_kib", "memory MiB", 1 / 1024, 1)],
    "tls-resumed": [("cpu_us", "CPU µs/connection", 1, 1), ("per_cpu_s", "handshakes/CPU s", 1, 0),
                    ("rps", "connections/s", 1, 0), ("pss_kib", "memory MiB", 1 / 1024, 1)],
    "websocket": [("cpu_us", "CPU µs/message", 1, 2), ("rps", "messages/s", 1, 0), ("p50_us", "p50 µs", 1, 0),
                  ("p99_us", "p99 µs", 1, 0), ("busy", "core %", 100, 0), ("pss_kib", "memory MiB", 1 / 1024, 1)],
    "events": [("p50_us", "p50 µs", 1, 1), ("p90_us", "p90 µs", 1, 1), ("p99_us", "p99 µs", 1, 1),
               ("cpu_us", "CPU µs/event", 1, 2)],
    "idle": [("pss_kib", "memory MiB", 1 / 1024, 1), ("rss_kib", "RSS MiB", 1 / 1024, 1),
             ("base_kib", "before MiB", 1 / 1024, 1), ("per_connection_b", "bytes/connection", 1, 0)],
    "latency": [("p50_us", "p50 µs", 1, 0), ("p99_us", "p99 µs", 1, 0), ("p999_us", "p99.9 µs", 1, 0),
                ("cpu_us", "CPU µs/request", 1, 2), ("rps", "requests/s", 1, 0)],
    "jwt-": [("cpu_us", "CPU µs/request", 1, 2), ("per_cpu_s", "verified/CPU s", 1, 0), ("rps", "requests/s", 1, 0),
             ("p99_us", "p99 µs", 1, 0), ("pss_kib", "memory MiB", 1 / 1024, 1)],
    "limit-": [("cpu_us", "CPU µs/request", 1, 2), ("rps", "requests/s", 1, 0), ("alone_us", "p50 µs, one client", 1, 0),
               ("alone_p99_us", "p99 µs, one client", 1, 0), ("pss_kib", "memory MiB", 1 / 1024, 1)],
    "routes": [("cpu_us", "CPU µs/request", 1, 2), ("rps", "requests/s", 1, 0), ("load_s", "load s", 1, 2),
               ("pss_kib", "loaded MiB", 1 / 1024, 1)],
    "tls-http2": [("cpu_us", "CPU µs/request", 1, 2), ("rps", "requests/s", 1, 0), ("busy", "core %", 100, 0),
                  ("pss_kib", "memory MiB", 1 / 1024, 1)],
    "grpc": [("cpu_us", "CPU µs/call", 1, 2), ("rps", "calls/s", 1, 0), ("busy", "core %", 100, 0),
             ("pss_kib", "memory MiB", 1 / 1024, 1)],
    "": [("cpu_us", "CPU µs/request", 1, 2), ("rps", "requests/s", 1, 0), ("p50_us", "p50 µs", 1, 0),
         ("p99_us", "p99 µs", 1, 0), ("busy", "core %", 100, 0), ("pss_kib", "memory MiB", 1 / 1024, 1)],
}
RATIOS = {"tls-idle": ["pss_kib"], "events": ["p50_us", "p99_us"], "latency": ["p50_us", "p99_us"], "idle": ["pss_kib"], "routes": ["cpu_us"], "": ["cpu_us"]}

TITLES = {
    "http1": "HTTP/1.1, 193 bytes of JSON, 64 keep-alive connections",
    "http1-log": "the same with a JSON access log",
    "resilience": "http1 with a split, health checks, ejection and retries on",
    "policies-none": "http1 with a token in the request that nobody reads",
    "policies": "a token (ES256, verified before), a rate limit and a JSON access log",
    "jwt-es256": "a new token (ES256) with each request", "jwt-rs256": "a new token (RS256, 2048 bits) with each request",
    "limit-none": "http1, also with one connection alone", "limit-local": "the same with a rate limit in the process",
    "limit-redis": "the same with a rate limit in a Redis on the load's core",
    "routes-10": "10 prefix routes", "routes-10000": "10,000 prefix routes", "routes-100000": "100,000 prefix routes",
    "body-1m": "1 MiB bodies, 16 keep-alive connections (CPU per response)",
    "churn": "a new connection for each request",
    "idle": "10,000 idle keep-alive connections",
    "tls-http1": "http1 over TLS 1.3 (ECDSA on P-256)",
    "tls-http2": "HTTP/2 over TLS 1.3, 8 connections of 16 streams, to HTTP/1.1",
    "grpc": "unary calls of gRPC, HTTP/2 in clear on both sides, 8 connections of 16 streams",
    "tls-full": "a new TLS connection with a full handshake for each request",
    "tls-resumed": "a new TLS connection that resumes a session for each request",
    "tls-idle": "10,000 idle TLS connections",
    "websocket": "WebSocket messages of 64 bytes, echoed, 64 connections",
    "events": "delay of a Server-Sent Event, one at a time",
    "latency": "latency at a fixed rate (open loop, 64 connections)",
}


BUSY_NEIGHBOURS = 0.05  # cores


def disturbed(samples):
    """A warning when unrelated programs ran meanwhile: every figure of a shared machine is too high, unequally."""
    shares = [sample["others"] for rounds in samples.values() for sample in rounds if "others" in sample]
    if not shares or max(shares) <= BUSY_NEIGHBOURS:
        return []
    return [f"disturbed: unrelated programs used {median(shares):.2f} cores (at most {max(shares):.2f}) meanwhile"]


def failed(failures):
    return [f"no figure {len(reasons)}×: {peer}: {reasons[-1]}" for peer, reasons in failures.items() if reasons]


def lookup(table, scenario):
    return next(value for prefix, value in table.items() if scenario.startswith(prefix))


def figure(value, factor, digits):
    if value is None:
        return "–"
    text = "{:,.{}f}".format
    middle, low, high = (text(number * factor, digits) for number in (value.median, value.low, value.high))
    return middle if low == high else f"{middle} ({low}–{high})"


def share(value):
    """A ratio with its spread; small ones keep two figures that mean something."""
    digits = 2 if value is None or value.median >= 0.1 else 4
    return figure(value, 1, digits)


def scenario_table(scenario, samples, reference):
    """Heading row and body rows, as text."""
    columns, ratios = lookup(COLUMNS, scenario), lookup(RATIOS, scenario)
    names = {key: heading for key, heading, _, _ in columns}
    head = ["gateway"] + [heading for _, heading, _, _ in columns]
    mine = samples.get(reference)
    if mine:
        head += [f"{reference} ÷ it" + (f" ({names[key].split()[0]})" if len(ratios) > 1 else "") for key in ratios]
    rows = []
    for peer, rounds in samples.items():
        row = [peer] + [figure(spread(rounds, key), factor, digits) for key, _, factor, digits in columns]
        if mine:
            blank = peer in (reference, "direct")
            row += ["" if blank else share(ratio(mine, rounds, key)) for key in ratios]
        rows.append(row)
    return head, rows


def plain(head, rows):
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                       for i, (cell, width) in enumerate(zip(row, widths))) for row in [head, *rows]]
    return [lines[0], "  ".join("-" * width for width in widths), *lines[1:]]


def markdown(head, rows):
    return ["| " + " | ".join(row) + " |" for row in
            [head, ["---"] + ["---:"] * (len(head) - 1), *rows]]


def machine_lines(facts):
    lines = [f"{facts['cpu']}, {facts['cores']} cores, Linux {facts['kernel']}; gateway on core "
             f"{facts['gateway_core']}, origin and load generator on core {facts['load_core']}",
             f"{facts['rounds']} rounds of {facts['seconds']:g} s each, interleaved; median (smallest–largest)"]
    lines.append("versions: " + ", ".join(
        f"{name} {version}" for name, version in facts["versions"].items() if version))
    return lines


def render(document, as_markdown=False):
    lines = machine_lines(document["machine"])
    if as_markdown:
        lines = ["- " + line for line in lines]
    for peer, reason in document["missing"].items():
        lines.append(f"{'- ' if as_markdown else ''}not compared: {peer}: {reason}")
    for scenario, samples in document["results"].items():
        title = TITLES.get(scenario, scenario)
        if scenario == "latency" and document["machine"].get("rate"):
            title += f", {document['machine']['rate']:,} requests a second"
        lines += ["", f"### {scenario}: {title}" if as_markdown else f"== {scenario}: {title}", ""]
        if samples:
            table = scenario_table(scenario, samples, document["reference"])
            lines += (markdown if as_markdown else plain)(*table)
            lines += [""] if as_markdown else []
        notes = disturbed(samples) + failed(document["failures"].get(scenario, {}))
        lines += [("- " if as_markdown else "") + note for note in notes]
    if "http1" in document["results"]:
        lines += ["", *feature_lines(document["results"]["http1"], as_markdown)]
    verdicts = judge(document["results"])
    if verdicts:
        lines += ["", "Goals:", *([""] if as_markdown else []),
                  *(("- " if as_markdown else "  ") + verdict for verdict in verdicts)]
    return "\n".join(lines)


def feature_lines(samples, as_markdown):
    lines = ["Headers that reach the origin, as seen there:"] + ([""] if as_markdown else [])
    for peer, rounds in samples.items():
        seen = rounds[0].get("features")
        if seen:
            back = "; X-Request-ID on the response" if seen["answered_id"] else ""
            lines.append(f"{'- ' if as_markdown else '  '}{peer}: {', '.join(seen['upstream']) or 'none'}{back}")
    return lines

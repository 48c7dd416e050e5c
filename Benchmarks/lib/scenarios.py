"""The scenarios. Each measures one gateway once and returns one sample: a dictionary of figures.

`cpu_us` is the CPU time of all the gateway's processes per completed request, in microseconds, kernel time included.
It is the figure to compare. Throughput is printed beside it, but origin and load generator share one core, so a light
gateway waits for them (`busy` is the part of its own core that it used).
"""

import contextlib
import select
import time

import layout
from load import Calls, Events, Idle, WebSockets
from processes import Failed
from redis import Redis
from tools import tokens as token_files

CONNECTIONS = 64
BIG_CONNECTIONS = 16
H2_CONNECTIONS, H2_STREAMS = 8, 16


def measured(gateway, bench, path, length, connections=CONNECTIONS, headers=(), tokens=None):
    """Checks, warms up, then counts CPU time and requests over the same stretch of time."""
    gateway.check(path, length)
    bench.load.rate(gateway.port, path, connections, bench.warmup, headers, gateway.tls, tokens)
    watch = gateway.watch()
    result = bench.load.rate(gateway.port, path, connections, bench.seconds, headers, gateway.tls, tokens)
    cpu, shares = watch.stop()
    wrong = {kind: count for kind, count in result["errors"].items() if count}
    if wrong:
        raise Failed(f"not valid, {wrong} in {result['requests']} requests")
    if result["requests"] == 0:
        raise Failed("no request completed")
    return {
        "cpu_us": cpu / result["requests"] * 1e6,
        "rps": result["requests"] / result["seconds"],
        "p50_us": result["p50_us"], "p99_us": result["p99_us"],
        "requests": result["requests"], "per_cpu_s": result["requests"] / cpu, **shares,
        **gateway.memory(),
    }


def http1(peer, bench):
    with bench.gateway(peer) as gateway:
        sample = measured(gateway, bench, gateway.path("/42"), layout.SMALL_BODY)
        return {**sample, "features": gateway.features()}


def http1_log(peer, bench):
    with bench.gateway(peer, access_log=True) as gateway:
        sample = measured(gateway, bench, gateway.path("/42"), layout.SMALL_BODY)
        lines = gateway.log_lines()
        if lines < sample["requests"] * 0.95:
            raise Failed(f"only {lines} log lines for {sample['requests']} requests")
        return sample


def resilience(peer, bench):
    """Two services of two endpoints each, a 95:5 split between them, active checks, ejection by real requests, retries."""
    with bench.gateway(peer, resilient=True) as gateway:
        return measured(gateway, bench, gateway.path("/42"), layout.SMALL_BODY)


def first(tokens):
    """The headers of a request with the first token of a file."""
    with open(tokens) as lines:
        return {"Authorization": f"Bearer {lines.readline().strip()}"}


def policies(peer, bench):
    """A token by ES256 that was verified before, a rate limit and a JSON access log."""
    jwks, tokens = token_files(bench.directory, "ES256", 1)
    headers = first(tokens)
    with bench.gateway(peer, jwks=jwks, limit="local", access_log=True, headers=headers) as gateway:
        sample = measured(gateway, bench, gateway.path("/42"), layout.SMALL_BODY,
                          headers=[f"{name}: {value}" for name, value in headers.items()])
        lines = gateway.log_lines()
        if lines < sample["requests"] * 0.95:
            raise Failed(f"only {lines} log lines for {sample['requests']} requests")
        return sample


def plain(peer, bench):
    """The same requests, token and all, without policies and without a log: what those add can be read off."""
    _, tokens = token_files(bench.directory, "ES256", 1)
    with bench.gateway(peer) as gateway:
        return measured(gateway, bench, gateway.path("/42"), layout.SMALL_BODY,
                        headers=[f"{name}: {value}" for name, value in first(tokens).items()])


# More than any gateway remembers: by the time that one comes round again, it is forgotten.
UNKNOWN_TOKENS = 10_000


def verification(algorithm):
    """Each request with a token that has to be verified."""
    def run(peer, bench):
        jwks, tokens = token_files(bench.directory, algorithm, UNKNOWN_TOKENS)
        with bench.gateway(peer, jwks=jwks, remembers=False, headers=first(tokens)) as gateway:
            return measured(gateway, bench, gateway.path("/42"), layout.SMALL_BODY, tokens=tokens)
    return run


def limit(kind):
    """A rate limit that is counted nowhere, in the process, or in a Redis; the delay with one client alone too."""
    def run(peer, bench):
        with contextlib.ExitStack() as stack:
            store = stack.enter_context(Redis(bench.load_core, bench.priority)).port if kind == "redis" else kind
            with bench.gateway(peer, limit=store) as gateway:
                path = gateway.path("/42")
                sample = measured(gateway, bench, path, layout.SMALL_BODY)
                alone = bench.load.rate(gateway.port, path, 1, bench.seconds)
                return {**sample, "alone_us": alone["p50_us"], "alone_p99_us": alone["p99_us"]}
    return run


def routes(count):
    def run(peer, bench):
        from peers.base import route_prefixes
        with bench.gateway(peer, prefixes=route_prefixes(count)) as gateway:
            loaded = gateway.memory()
            sample = measured(gateway, bench, gateway.path("/42"), layout.SMALL_BODY)
            return {**sample, **loaded, "load_s": gateway.load_seconds}
    return run


def body(peer, bench):
    with bench.gateway(peer) as gateway:
        return measured(gateway, bench, gateway.path("/big"), layout.BIG_BODY, BIG_CONNECTIONS)


def churn(peer, bench):
    with bench.gateway(peer) as gateway:
        return measured(gateway, bench, gateway.path("/42"), layout.SMALL_BODY, headers=["Connection: close"])


def settled(gateway, seconds=8.0):
    """Memory once it stays within half a per cent for a second, or after `seconds`."""
    last, deadline = gateway.memory(), time.monotonic() + seconds
    while time.monotonic() < deadline:
        select.select([], [], [], 1.0)
        now = gateway.memory()
        if abs(now["pss_kib"] - last["pss_kib"]) <= last["pss_kib"] * 0.005:
            return now
        last = now
    return last


def idle(peer, bench, tls=False):
    count = layout.IDLE_CONNECTIONS
    with bench.gateway(peer, clients=count + 1024, tls=tls) as gateway:
        gateway.check(gateway.path("/42"), layout.SMALL_BODY)
        before = settled(gateway)
        with Idle(bench.load_core, gateway.port, gateway.path("/42"), count, tls) as clients:
            after = settled(gateway)
            kept = clients.still_open()
        if kept < count:
            raise Failed(f"only {kept} of {count} connections stayed open")
        grown = after["pss_kib"] - before["pss_kib"]
        return {**after, "base_kib": before["pss_kib"], "per_connection_b": grown * 1024 / count}


def tls_http1(peer, bench):
    with bench.gateway(peer, tls=True) as gateway:
        return measured(gateway, bench, gateway.path("/42"), layout.SMALL_BODY)


def over_http2(gateway, bench, url, **options):
    """CPU time of requests over HTTP/2, sixteen at once on each of eight connections."""
    bench.load.streams(url, H2_CONNECTIONS, H2_STREAMS, bench.warmup, **options)
    watch = gateway.watch()
    result = bench.load.streams(url, H2_CONNECTIONS, H2_STREAMS, bench.seconds, **options)
    cpu, shares = watch.stop()
    wrong = {kind: count for kind, count in result["errors"].items() if count}
    if wrong or result["requests"] == 0:
        raise Failed(f"not valid, {wrong} in {result['requests']} requests")
    return {"cpu_us": cpu / result["requests"] * 1e6, "rps": result["requests"] / result["seconds"],
            "requests": result["requests"], **shares, **gateway.memory()}


def tls_http2(peer, bench):
    with bench.gateway(peer, tls=True) as gateway:
        gateway.check(gateway.path("/42"), layout.SMALL_BODY)
        return over_http2(gateway, bench, f"https://127.0.0.1:{gateway.port}{gateway.path('/42')}")


def grpc(peer, bench):
    """A unary call of 32 bytes each way, in clear on both sides."""
    with Calls(bench.load_core, bench.priority, bench.directory) as service:
        with bench.gateway(peer, origin_port=service.port, grpc=True) as gateway:
            return over_http2(
                gateway, bench, f"http://127.0.0.1:{gateway.port}{gateway.path('/Call')}", call=service.file,
                headers=["content-type: application/grpc", "te: trailers"])


def tls_idle(peer, bench):
    return idle(peer, bench, tls=True)


def tls_handshakes(kind):
    """A connection for each request; the client waits for one before it begins the next, so the rate is its own."""
    def run(peer, bench):
        with bench.gateway(peer, tls=True) as gateway:
            path = gateway.path("/42")
            gateway.check(path, layout.SMALL_BODY)
            bench.load.handshakes(kind, gateway.port, path, bench.warmup)
            watch = gateway.watch()
            result = bench.load.handshakes(kind, gateway.port, path, bench.seconds)
            cpu, shares = watch.stop()
            done = result["done"]
            if result["failed"] or done == 0:
                raise Failed(f"not valid, {result['failed']} of {done} connections failed")
            # The first of a run has no session yet.
            if result["resumed"] < (done - 1 if kind == "resumed" else 0) or (kind == "full" and result["resumed"]):
                raise Failed(f"not valid, {result['resumed']} of {done} handshakes were resumed")
            return {"cpu_us": cpu / done * 1e6, "per_cpu_s": done / cpu, "rps": done / result["seconds"], **shares,
                    **gateway.memory()}
    return run


def events(peer, bench):
    """How long an event of a stream is under way through the gateway, when nothing else is: one at a time."""
    with Events(bench.load_core) as client:
        with bench.gateway(peer, origin_port=client.port) as gateway:
            path = gateway.path("")
            client.measure(gateway.port, path, 200)
            watch = gateway.watch()
            result = client.measure(gateway.port, path, 1_000 * bench.seconds)
            cpu, shares = watch.stop()
            return {**result, "cpu_us": cpu / result["events"] * 1e6, **shares, **gateway.memory()}


def events_direct(bench):
    """The same without a gateway."""
    with Events(bench.load_core) as client:
        client.measure(client.port, "", 200)
        return client.measure(client.port, "", 1_000 * bench.seconds)


def websocket(peer, bench):
    """Echoed messages: the client sends the next one when the echo is there, on each of its connections."""
    with WebSockets(bench.load_core) as client:
        with bench.gateway(peer, origin_port=client.port, websocket=True) as gateway:
            path = gateway.path("")
            client.measure(gateway.port, path, CONNECTIONS, bench.warmup)
            watch = gateway.watch()
            result = client.measure(gateway.port, path, CONNECTIONS, bench.seconds)
            cpu, shares = watch.stop()
            if result["failed"] or result["messages"] == 0:
                raise Failed(f"not valid, {result['failed']} failed of {result['messages']} messages")
            return {"cpu_us": cpu / result["messages"] * 1e6, "rps": result["messages"] / result["seconds"],
                    "p50_us": result["p50_us"], "p99_us": result["p99_us"], **shares, **gateway.memory()}


def latency(peer, bench):
    """At the same rate for all: half of what nginx reaches at most, with the same load generator."""
    with bench.gateway(peer) as gateway:
        gateway.check(gateway.path("/42"), layout.SMALL_BODY)
        return paced(gateway.port, gateway.path("/42"), bench, gateway)


def paced(port, path, bench, gateway=None):
    watch = gateway.watch() if gateway else None
    result = bench.load.paced(port, path, bench.rate(), CONNECTIONS, bench.seconds, bench.warmup)
    if result["failed"] or result["unanswered"] or result["rate"] < bench.rate() * 0.9:
        raise Failed(f"cannot keep up: {result['rate']:,} requests a second of {bench.rate():,}")
    sample = {key: result[key] for key in ("p50_us", "p90_us", "p99_us", "p999_us", "max_us")}
    sample["rps"] = result["rate"]
    if watch:
        cpu, shares = watch.stop()
        sample.update(cpu_us=cpu / result["done"] * 1e6, **shares, **gateway.memory())
    return sample


SCENARIOS = {
    "http1": http1,
    "http1-log": http1_log,
    "resilience": resilience,
    "policies-none": plain,
    "policies": policies,
    "jwt-es256": verification("ES256"),
    "jwt-rs256": verification("RS256"),
    "limit-none": limit(None),
    "limit-local": limit("local"),
    "limit-redis": limit("redis"),
    "routes-10": routes(10),
    "routes-10000": routes(10_000),
    "routes-100000": routes(100_000),
    "body-1m": body,
    "churn": churn,
    "idle": idle,
    "tls-http1": tls_http1,
    "tls-http2": tls_http2,
    "tls-full": tls_handshakes("full"),
    "tls-resumed": tls_handshakes("resumed"),
    "tls-idle": tls_idle,
    "grpc": grpc,
    "events": events,
    "websocket": websocket,
    "latency": latency,
}
# What the origin and the load generator take by themselves, where that is worth a row.
DIRECT = {"events": events_direct}
# Compared with each other, and so measured in the same rounds; a name for all of them.
GROUPS = {
    "routes": ["routes-10", "routes-10000", "routes-100000"],
    "policies": ["policies-none", "policies"],
    "jwt-uncached": ["jwt-es256", "jwt-rs256"],
    "limits": ["limit-none", "limit-local", "limit-redis"],
}

"""The command line."""

import argparse
import os

import layout
from processes import Priority
from scenarios import GROUPS, SCENARIOS

EPILOG = """
scenarios: http1, http1-log, resilience, policies (policies-none, policies), jwt-uncached (jwt-es256, jwt-rs256),
  limits (limit-none, limit-local, limit-redis), routes (routes-10, routes-10000, routes-100000), body-1m, churn, idle,
  tls-http1, tls-http2, tls-full, tls-resumed, tls-idle, grpc, events, websocket, latency

examples:
  Benchmarks/compare --install                        get the peers and the load generator
  Benchmarks/compare                                  everything, about an hour
  Benchmarks/compare --scenario http1 --peers gatehouse,haproxy,nginx --rounds 3
  Benchmarks/compare --json results.json --markdown   keep the figures, print tables for docs/performance.md
  Benchmarks/compare --floor                          the bare proxies of Benchmarks/floor beside HAProxy and nginx
"""


def names(text):
    return [name.strip() for name in text.split(",") if name.strip()]


def cores(text):
    return [int(core) for core in names(text)]


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="Benchmarks/compare", epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Runs each gateway with one worker on one core, under the same load, and prints its CPU time per "
                    "request, throughput, latency and memory: several rounds, interleaved, median and spread.")
    parser.add_argument("--install", action="store_true", help="install the peers and the load generator, then stop")
    parser.add_argument("--list", action="store_true", help="list the peers with their versions, then stop")
    parser.add_argument("--floor", action="store_true", help="measure Benchmarks/floor with haproxy and nginx")
    parser.add_argument("--scenario", type=names, metavar="A,B", help="only these (default: all)")
    parser.add_argument("--peers", type=names, metavar="A,B", help="only these (default: all that are usual)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="rounds for each scenario (default: 5)")
    parser.add_argument("--seconds", type=int, default=4, metavar="N", help="seconds of load a round (default: 4)")
    parser.add_argument("--warmup", type=int, default=1, metavar="N", help="seconds of load before (default: 1)")
    parser.add_argument("--gateway", default=str(layout.BUILD / "release" / "gatehouse"), metavar="PATH",
                        help="the gatehouse program (default: .build/release/gatehouse)")
    parser.add_argument("--reference", metavar="NAME", help="what the ratios are of (default: gatehouse)")
    parser.add_argument("--rate", type=int, metavar="N", help="requests a second for latency (default: nginx's / 2)")
    parser.add_argument("--cores", type=cores, metavar="G,L",
                        help="the core of the gateway and that of origin and load (default: the first two)")
    parser.add_argument("--nice", type=int, default=0, metavar="N", help="niceness of all programs (root: below 0)")
    parser.add_argument("--realtime", action="store_true",
                        help="real-time priority for all programs: for a machine that others use (root)")
    parser.add_argument("--json", metavar="FILE", help="write all samples there")
    parser.add_argument("--markdown", action="store_true", help="print Markdown tables")
    parser.add_argument("--keep", action="store_true", help="keep configurations and logs, and print where they are")
    options = parser.parse_args(arguments)

    options.priority = Priority(options.nice, options.realtime)
    if options.cores is None:
        options.cores = sorted(os.sched_getaffinity(0))[:2]
    if len(options.cores) != 2 or options.cores[0] == options.cores[1]:
        parser.error("two cores are needed: one for the gateway, one for origin and load generator")
    if options.rounds < 1 or not 1 <= options.seconds <= 600 or not 1 <= options.warmup <= 60:
        parser.error("rounds from 1, seconds from 1 to 600, warmup from 1 to 60")
    wanted = options.scenario or (["http1", "churn", "body-1m"] if options.floor else list(SCENARIOS))
    options.scenario = [name for each in wanted for name in GROUPS.get(each, [each])]
    unknown = [name for name in options.scenario if name not in SCENARIOS]
    if unknown:
        parser.error(f"no such scenario: {', '.join(unknown)}")
    if "latency" in options.scenario and "http1" in options.scenario:
        # Its rate comes from the rounds of http1.
        options.scenario.sort(key=lambda name: name == "latency")
    return options

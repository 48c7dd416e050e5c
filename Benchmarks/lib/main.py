"""From the command line to the report."""

import json
import os
import platform
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import install
import options as command_line
import peers as registry
import report
from bench import Bench
from origin import Origin
from scenarios import GROUPS
from tools import Unavailable

FLOOR = [*registry.FLOOR, "haproxy", "nginx"]


def main(arguments):
    options = command_line.parse(arguments)
    if options.install:
        return 1 if install.install() else 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return compare(options)
    except Unavailable as error:
        print(f"compare: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def choose(options):
    """The peers that are there, and why the others are not."""
    known = registry.all_peers(options.gateway)
    names = options.peers or (FLOOR if options.floor else registry.USUAL)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Unavailable(f"no such peer: {', '.join(unknown)}; there are {', '.join(known)}")
    present = [known[name] for name in names if known[name].find()]
    missing = {name: f"not found; {known[name].how_to_get}" for name in names if not known[name].find()}
    return present, missing


def compare(options):
    present, missing = choose(options)
    versions = {peer.name: peer.version() for peer in present}
    for name, reason in missing.items():
        print(f"not compared: {name}: {reason}", file=sys.stderr)
    if options.list:
        for peer in present:
            print(f"{peer.name}: {versions[peer.name] or 'built here'} ({peer.find()})")
        return 0
    if not present:
        raise Unavailable("none of the peers is here")
    reference = options.reference or ("gatehouse" if "gatehouse" in versions else present[0].name)
    directory = Path(tempfile.mkdtemp(prefix="compare-"))
    document = {"machine": machine(options, versions), "reference": reference, "missing": missing}
    try:
        with Origin(options.cores[1], options.priority) as origin:
            bench = Bench(options, origin, directory)
            try:
                for names in batches(options.scenario):
                    bench.run(names, [peer for peer in present if usable(peer, names[0])])
            except KeyboardInterrupt:
                print("stopped early: what was measured so far follows", file=sys.stderr)
            document.update(results=bench.results, failures=bench.reasons())
            document["machine"]["rate"] = bench.fixed_rate
    finally:
        if options.keep:
            print(f"kept: {directory}", file=sys.stderr)
        else:
            shutil.rmtree(directory, ignore_errors=True)
    if options.json:
        Path(options.json).write_text(json.dumps(document, indent=1) + "\n")
    print(report.render(document, options.markdown))
    return 0


def batches(scenarios):
    """Scenarios that are compared with each other share their rounds: those of one group."""
    batches = {}
    for name in scenarios:
        group = next((group for group, names in GROUPS.items() if name in names), name)
        batches.setdefault(group, []).append(name)
    return list(batches.values())


def usable(peer, scenario):
    if scenario.startswith(("policies", "jwt-")):
        return peer.policies
    if scenario.startswith("limit-"):
        return peer.shared_limits
    if scenario == "resilience":
        return peer.resilient
    if scenario.startswith("tls-"):
        return peer.tls
    if scenario == "grpc":
        return peer.grpc
    return peer.routes_by_prefix or not scenario.startswith("routes")


def machine(options, versions):
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    return {
        "cpu": model, "cores": os.cpu_count(), "kernel": platform.release(),
        "gateway_core": options.cores[0], "load_core": options.cores[1],
        "rounds": options.rounds, "seconds": options.seconds, "versions": versions,
    }

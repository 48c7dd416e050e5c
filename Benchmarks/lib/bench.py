"""The comparison itself: rounds over peers, so that a disturbance of the machine hits them all alike."""

import sys

import layout
from gateway import Gateway
from load import Load
from processes import Failed, TooSlow
from scenarios import DIRECT as ALONE
from scenarios import SCENARIOS, measured, paced
from stats import spread
from tools import Unavailable

DIRECT = "direct"  # the origin without a gateway: what the load generator and the machine add by themselves
PATIENCE = 2


class Bench:
    """What all measurements share: cores, durations, the origin, the load generator."""

    def __init__(self, options, origin, directory):
        self.gateway_core, self.load_core = options.cores
        self.seconds, self.warmup, self.priority = options.seconds, options.warmup, options.priority
        self.keep, self.rounds = options.keep, options.rounds
        self.origin, self.directory = origin, directory
        self.load = Load(self.load_core, self.priority)
        self.fixed_rate = options.rate
        self.results, self.failures = {}, {}

    def gateway(self, peer, **task):
        return Gateway(peer, self, **task)

    def rate(self):
        return self.fixed_rate

    def find_rate(self, peers):
        """Half of nginx's peak: from the `http1` rounds of this run, or from one measurement made for it."""
        if self.fixed_rate:
            return
        nginx = next((peer for peer in peers if peer.name.startswith("nginx")), None)
        if nginx is None:
            raise Unavailable("latency runs at half of nginx's rate: name nginx among --peers, or give --rate")
        peak = spread(self.results.get("http1", {}).get(nginx.name, []), "rps")
        if peak is None:
            self.say(f"latency: measuring {nginx.name}'s peak rate")
            with self.gateway(nginx) as gateway:
                peak_rate = measured(gateway, self, gateway.path("/42"), layout.SMALL_BODY)["rps"]
        else:
            peak_rate = peak.median
        self.fixed_rate = int(peak_rate / 2)
        self.say(f"latency: {self.fixed_rate} requests a second, half of {nginx.name}'s peak")

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def run(self, names, peers):
        """All rounds of scenarios that are compared with each other, mostly just one."""
        if "latency" in names:
            self.find_rate(peers)
        for name in names:
            self.results.setdefault(name, {})
        for number in range(self.rounds):
            for name in names:
                if name == "latency":
                    self.measure(name, DIRECT, number, lambda: paced(self.origin.port, "/42", self))
                elif name in ALONE:
                    self.measure(name, DIRECT, number, lambda: ALONE[name](self))
                for peer in peers:
                    self.measure(name, peer.name, number, lambda: SCENARIOS[name](peer, self))

    def reasons(self):
        """Why which figures are missing, as text."""
        return {scenario: {peer: [str(failure) for failure in failures] for peer, failures in peers.items() if failures}
                for scenario, peers in self.failures.items()}

    def measure(self, scenario, peer, number, once):
        """One sample. A peer that fails twice is left out of the rounds that remain, and the report says why."""
        failures = self.failures.setdefault(scenario, {}).setdefault(peer, [])
        if len(failures) >= PATIENCE or any(isinstance(failure, TooSlow) for failure in failures):
            return
        label = f"{scenario} {number + 1}/{self.rounds} {peer}"
        try:
            sample = {"round": number, **once()}
        except (Failed, Unavailable, OSError) as error:
            failures.append(error)
            self.say(f"{label}: {error}")
            return
        self.results[scenario].setdefault(peer, []).append(sample)
        self.say(f"{label}: {brief(sample)}")


def brief(sample):
    parts = []
    for key, form in (("cpu_us", "{:.2f} µs CPU"), ("rps", "{:.0f}/s"), ("p50_us", "p50 {:.0f} µs"),
                      ("p99_us", "p99 {:.0f} µs"), ("load_s", "loaded in {:.2f} s"), ("pss_kib", "{:.0f} KiB")):
        if sample.get(key) is not None:
            parts.append(form.format(sample[key]))
    return ", ".join(parts)

"""What a comparison asks of a gateway, and what a gateway tells about itself."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

PLAIN_ROUTES = [f"/api/{name}" for name in (
    "accounts", "carts", "invoices", "orders", "payments", "products", "reviews", "shipments", "stock", "users")]


def route_prefixes(count):
    """`count` path prefixes. No prefix is the beginning of another, so the order of rules changes no answer."""
    return PLAIN_ROUTES if count == len(PLAIN_ROUTES) else [f"/api/service-{i:06d}" for i in range(count)]


@dataclass
class Task:
    """One set-up: where to listen, where the origin is, which routes, what else is on."""

    directory: Path
    port: int
    admin_port: int
    origin_port: int
    prefixes: list = field(default_factory=lambda: PLAIN_ROUTES)
    access_log: bool = False
    # A split of two services, each with two endpoints that are watched.
    resilient: bool = False
    # The certificate and key files with which clients are served over TLS; None: in clear.
    tls: tuple | None = None
    # The file of a key set: who asks shows a token by one of its keys. `remembers`: a token is verified once.
    jwks: Path | None = None
    remembers: bool = True
    # A rate limit by the client's address that nobody reaches: "local", or the port of the Redis that counts.
    limit: str | int | None = None
    # Client and origin speak HTTP/2 in clear.
    grpc: bool = False
    # Connections turn into WebSockets.
    websocket: bool = False
    clients: int = 1024

    @property
    def log_path(self):
        return self.directory / "access.log"

    @property
    def asked_prefix(self):
        """The route that requests ask for: one in the middle, so that a linear search pays half its length."""
        return self.prefixes[len(self.prefixes) // 2]

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return path


@dataclass
class Launch:
    """A command line. `log_on_output`: the access log is what the program prints."""

    argv: list
    environment: dict = field(default_factory=dict)
    log_on_output: bool = False


class Peer:
    """A gateway. `find` gives its binary or None, `how_to_get` says what to do then."""

    name = ""
    how_to_get = "Benchmarks/compare --install"
    version_arguments = ["--version"]
    routes_by_prefix = True
    # Whether it has a configuration for `Task.resilient`, for `Task.tls`, and for `Task.grpc`.
    resilient = False
    tls = False
    # Likewise for `Task.jwks` and a local limit; for a limit in a Redis.
    policies = False
    shared_limits = False
    grpc = False

    def find(self):
        raise NotImplementedError

    def launch(self, task):
        """Writes the configuration of `task` and says how to start the gateway with it."""
        raise NotImplementedError

    def version(self):
        result = subprocess.run([str(self.find()), *self.version_arguments], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, timeout=30, check=False)
        lines = [line.strip() for line in result.stdout.splitlines() if line.strip()]
        return self.version_of(lines) if lines else "unknown"

    def version_of(self, lines):
        return lines[0]

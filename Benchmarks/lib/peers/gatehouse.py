"""Gatehouse itself. Request ids, forwarded headers and metrics are on without being asked for."""

import json
from pathlib import Path

from peers.base import Launch, Peer
from tools import ISSUER


class Gatehouse(Peer):
    name = "gatehouse"
    resilient = True
    tls = True
    policies = True
    shared_limits = True
    grpc = True
    how_to_get = "swift build -c release, or --gateway PATH"
    version_arguments = ["version"]

    def __init__(self, path):
        self.path = Path(path)

    def find(self):
        return self.path.resolve() if self.path.is_file() else None

    def version_of(self, lines):
        return lines[0].split()[1]

    def launch(self, task):
        configuration = task.write("gatehouse.yaml", self.configuration(task))
        return Launch([self.find(), "run", configuration])

    @staticmethod
    def tls_of(task):
        if task.tls is None:
            return ""
        certificate, key = (json.dumps(str(path)) for path in task.tls)
        return f", tls: {{ certificates: [ {{ certificate: {certificate}, key: {key} }} ] }}"

    @staticmethod
    def policies_of(task):
        lines = []
        if task.jwks:
            # What was verified is always remembered: who wants it verified anew sends more tokens than that.
            lines += ["auth:", "  type: jwt", f"  issuers: [ {{ issuer: {json.dumps(ISSUER)}, audiences: [ api ],"
                      f" keys: [ {json.dumps('${file:' + str(task.jwks) + '}')} ] }} ]",
                      "  claims_to_headers: { sub: X-User-Id }"]
        if task.limit is not None:
            lines += ["rate_limiting:", "  default: { requests_per_second: 10000000, key: client_ip }"]
            if task.limit != "local":
                lines.append(f'  store: {{ redis: "redis://127.0.0.1:{task.limit}" }}')
        return lines

    def configuration(self, task):
        log = f"enabled: true, format: json, path: {json.dumps(str(task.log_path))}" if task.access_log \
            else "enabled: false"
        lines = [
            "workers: 1",
            f'listeners: [ {{ address: "127.0.0.1:{task.port}"{self.tls_of(task)}{", http2: true" if task.grpc else ""} }} ]',
            f'admin: {{ address: "127.0.0.1:{task.admin_port}" }}',
            f"access_log: {{ {log} }}",
            *self.policies_of(task),
            "services:",
        ]
        if task.resilient:
            for name in ("stable", "candidate"):
                lines += [
                    f"  {name}:",
                    f'    endpoints: [ "http://127.0.0.1:{task.origin_port}", "http://localhost:{task.origin_port}" ]',
                    "    health_check: { path: /42, interval: 1s, timeout: 500ms }",
                    "    outlier_detection: {}",
                    "    retries: { attempts: 2, retry_on: [ connect_failure, reset, 503 ] }",
                    "    timeouts: { keep_alive: 60s }",
                ]
            answer = "split: [ { service: stable, weight: 95 }, { service: candidate, weight: 5 } ]"
        else:
            lines += [
                "  origin:",
                f'    endpoints: [ "http://127.0.0.1:{task.origin_port}" ]',
                "    timeouts: { keep_alive: 60s }",
                f"    protocol: {'http2' if task.grpc else 'http1'}",
            ]
            answer = "service: origin"
        lines.append("routes:")
        lines += [f'  - {{ path: "{prefix}/**", {answer} }}' for prefix in task.prefixes]
        return "\n".join(lines) + "\n"

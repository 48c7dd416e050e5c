"""Traefik: the file provider, Prometheus metrics, GOMAXPROCS=1. It has no request ids of its own."""

import json

import layout
from peers.base import Launch, Peer


class Traefik(Peer):
    name = "traefik"
    version_arguments = ["version"]

    def find(self):
        path = layout.PEERS / "bin" / "traefik"
        return path if path.is_file() else None

    def version_of(self, lines):
        return next((line.split()[1] for line in lines if line.startswith("Version:")), lines[0])

    def launch(self, task):
        # JSON is YAML; the provider goes by the file's name.
        dynamic = task.write("dynamic.yaml", json.dumps(self.dynamic(task)))
        static = task.write("traefik.yaml", json.dumps(self.static(task, dynamic)))
        return Launch([self.find(), f"--configFile={static}"], {"GOMAXPROCS": "1"})

    def static(self, task, dynamic):
        configuration = {
            "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
            "log": {"level": "ERROR"},
            "entryPoints": {
                "main": {"address": f"127.0.0.1:{task.port}"},
                "admin": {"address": f"127.0.0.1:{task.admin_port}"}},
            "metrics": {"prometheus": {"entryPoint": "admin"}},
            "serversTransport": {"maxIdleConnsPerHost": 256},
            "providers": {"file": {"filename": str(dynamic), "watch": False}},
        }
        if task.access_log:
            configuration["accessLog"] = {"filePath": str(task.log_path), "format": "json", "bufferingSize": 100}
        return configuration

    def dynamic(self, task):
        routers = {f"r{number}": {"rule": f"PathPrefix(`{prefix}/`)", "service": "origin", "entryPoints": ["main"]}
                   for number, prefix in enumerate(task.prefixes)}
        origin = {"loadBalancer": {"servers": [{"url": f"http://127.0.0.1:{task.origin_port}"}]}}
        return {"http": {"routers": routers, "services": {"origin": origin}}}

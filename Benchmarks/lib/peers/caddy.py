"""Caddy: its JSON configuration, metrics on, automatic HTTPS off, GOMAXPROCS=1."""

import json

import layout
from peers.base import Launch, Peer


class Caddy(Peer):
    name = "caddy"
    version_arguments = ["version"]

    def find(self):
        path = layout.PEERS / "bin" / "caddy"
        return path if path.is_file() else None

    def version_of(self, lines):
        return lines[0].split()[0].lstrip("v")

    def launch(self, task):
        configuration = task.write("caddy.json", json.dumps(self.configuration(task)))
        home = str(task.directory)
        return Launch([self.find(), "run", "--config", configuration],
                      {"GOMAXPROCS": "1", "HOME": home, "XDG_DATA_HOME": home, "XDG_CONFIG_HOME": home})

    def configuration(self, task):
        identity = {"set": {"X-Request-ID": ["{http.request.uuid}"]}}
        proxy = {
            "handler": "reverse_proxy",
            "upstreams": [{"dial": f"127.0.0.1:{task.origin_port}"}],
            "transport": {"protocol": "http", "keep_alive": {"max_idle_conns_per_host": 256, "idle_timeout": "60s"}},
            "headers": {"request": identity, "response": identity},
        }
        server = {
            "listen": [f"127.0.0.1:{task.port}"],
            "protocols": ["h1"],
            "automatic_https": {"disable": True},
            "routes": [{"match": [{"path": [f"{prefix}/*"]}], "handle": [proxy], "terminal": True}
                       for prefix in task.prefixes],
        }
        logs = {"default": {"level": "WARN", "exclude": ["http.log.access"]}}
        if task.access_log:
            server["logs"] = {}
            logs["access"] = {
                "writer": {"output": "file", "filename": str(task.log_path), "roll": False},
                "encoder": {"format": "json"}, "include": ["http.log.access"]}
        return {
            "admin": {"listen": f"127.0.0.1:{task.admin_port}", "config": {"persist": False}},
            "logging": {"logs": logs},
            "apps": {"http": {"metrics": {}, "servers": {"main": server}}},
        }

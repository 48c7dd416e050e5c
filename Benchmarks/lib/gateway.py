"""One gateway while it runs: started for one measurement, checked, measured, ended."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import accounting
import processes
from peers.base import Task
from tools import certificate


class Gateway:
    """Starts `peer` in a directory of its own; as a context manager it ends it and removes the directory."""

    def __init__(self, peer, bench, patience=30.0, tls=False, origin_port=None, headers=None, **task):
        self.peer, self.bench, self.patience, self.options = peer, bench, patience, task
        self.tls, self.origin_port, self.headers = tls, origin_port or bench.origin.port, headers or {}

    def __enter__(self):
        self.directory = Path(tempfile.mkdtemp(prefix=f"{self.peer.name}-", dir=self.bench.directory))
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    process = None

    def start(self):
        self.task = Task(self.directory, processes.free_port(), processes.free_port(), self.origin_port,
                         tls=certificate(self.bench.directory) if self.tls else None, **self.options)
        launch = self.peer.launch(self.task)
        self.messages = self.directory / "messages"
        logging = launch.log_on_output and self.task.access_log
        with open(self.messages, "wb") as messages, \
                open(self.task.log_path if logging else self.messages, "ab") as output:
            self.process = processes.start(
                launch.argv, self.bench.gateway_core, self.bench.priority, cwd=self.directory,
                env={**os.environ, **launch.environment},
                stdin=subprocess.DEVNULL, stdout=output, stderr=messages)
        try:
            self.load_seconds = processes.wait_until_serving(
                self.process, self.port, self.path("/42"), self.patience, self.tls, self.headers)
        except processes.Failed as failure:
            said = self.messages.read_text(errors="replace").strip()[-300:]
            raise type(failure)(f"{failure}{': ' + said if said else ''}") from failure

    @property
    def port(self):
        return self.task.port

    def path(self, rest):
        return self.task.asked_prefix + rest

    def check(self, path, length):
        """The answer under measurement has to be right before its cost means anything."""
        status, _, body = processes.get(self.port, path, tls=self.tls, headers=self.headers)
        if status != 200 or len(body) != length:
            raise processes.Failed(f"GET {path}: status {status}, {len(body)} bytes instead of {length}")

    def features(self):
        """Which of the usual headers reach the origin and the client: what the CPU time buys."""
        _, answer, head = processes.get(self.port, self.path("/echo"))
        names = {line.split(":", 1)[0].lower() for line in head.decode("latin-1").split("\r\n")[1:] if ":" in line}
        wanted = ["x-request-id", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "via", "traceparent"]
        return {"upstream": [name for name in wanted if name in names], "answered_id": "x-request-id" in answer}

    def watch(self):
        return accounting.Watch(self.process.pid, self.bench.origin.process.pid)

    def memory(self):
        return accounting.memory(self.process.pid)

    def log_lines(self):
        """How many JSON lines the log holds, its last complete one parsed. Buffers may hold back a few."""
        data = self.task.log_path.read_bytes() if self.task.log_path.exists() else b""
        lines = data.split(b"\n")[:-1]
        if not lines:
            raise processes.Failed("the access log is empty")
        try:
            json.loads(lines[-1])
        except ValueError as error:
            raise processes.Failed(f"the access log is not JSON: {lines[-1][:200]!r}") from error
        return len(lines)

    def __exit__(self, *_):
        if self.process is not None:
            processes.end(self.process)
        if not self.bench.keep:
            shutil.rmtree(self.directory, ignore_errors=True)

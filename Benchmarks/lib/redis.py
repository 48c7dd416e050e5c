"""A Redis for the store of limits, on the load's core, as a context manager."""

import shutil
import socket
import subprocess
import time

import processes
from tools import Unavailable


class Redis:
    def __init__(self, core, priority=None):
        self.core, self.priority = core, priority
        self.program = shutil.which("redis-server") or shutil.which("valkey-server")
        if self.program is None:
            raise Unavailable("neither redis-server nor valkey-server is installed: scripts/limit-servers")

    def __enter__(self):
        self.port = processes.free_port()
        self.process = processes.start(
            [self.program, "--port", self.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            self.core, self.priority, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(1000):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.01)
        self.__exit__()
        raise processes.Failed("Redis did not listen")

    def __exit__(self, *_):
        processes.end(self.process)

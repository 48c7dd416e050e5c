"""The origin behind every gateway, as a context manager."""

import subprocess

import processes
from tools import tool


class Origin:
    def __init__(self, core, priority=None):
        self.core, self.priority = core, priority

    def __enter__(self):
        self.process = processes.start(
            [tool("origin")], self.core, self.priority,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(processes.read_line(self.process, 5).split()[1])
        return self

    def __exit__(self, *_):
        processes.end(self.process)
        self.process.stdin.close()
        self.process.stdout.close()

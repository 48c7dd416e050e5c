"""The load generators: wrk for the rate, `paced` for latency at a fixed rate, `idle` for connections that wait."""

import json
import re
import subprocess

import layout
import processes
from tools import h2load, tool, wrk


class Load:
    """What drives requests at a gateway, always from the same core."""

    def __init__(self, core, priority=None):
        self.core, self.priority = core, priority

    def run(self, argv, seconds):
        child = processes.start(argv, self.core, self.priority,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            output, _ = child.communicate(timeout=seconds + 60)
        except subprocess.TimeoutExpired as error:
            raise processes.Failed(f"{argv[0]} did not end") from error
        finally:
            processes.end(child)
            child.stdout.close()
        if child.returncode != 0:
            raise processes.Failed(f"{argv[0]}: {output.strip()[-300:]}")
        return output

    def rate(self, port, path, connections, seconds, headers=(), tls=False, tokens=None):
        """As fast as the gateway answers: a closed loop over keep-alive connections.

        `tokens`: a file with a token for each request, from the first line on and over again.
        """
        argv = [wrk(), "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "30s",
                "-s", layout.BENCHMARKS / "lib" / ("tokens.lua" if tokens else "summary.lua")]
        for header in headers:
            argv += ["-H", header]
        argv.append(f"{'https' if tls else 'http'}://127.0.0.1:{port}{path}")
        output = self.run([*argv, "--", tokens] if tokens else argv, seconds)
        lines = [line for line in output.splitlines() if line.startswith("JSON ")]
        if not lines:
            raise processes.Failed(f"wrk printed no summary: {output.strip()[-300:]}")
        return json.loads(lines[0][len("JSON "):])

    def streams(self, url, connections, streams, seconds, call=None, headers=()):
        """The same over HTTP/2: so many streams at once on each connection. `call`: a file that each request sends."""
        argv = [h2load(), "-t1", f"-c{connections}", f"-m{streams}", f"-D{seconds:g}"]
        for header in headers:
            argv += ["-H", header]
        if call:
            argv += ["-d", call]
        output = self.run([*argv, url], seconds)
        counts = dict((word, int(count)) for count, word in re.findall(r"(\d+) (\w+)", next(
            (line for line in output.splitlines() if line.startswith("requests:")), "")))
        answers = next((line for line in output.splitlines() if line.startswith("status codes:")), "")
        good = re.search(r"(\d+) 2xx", answers)
        if not counts or not good:
            raise processes.Failed(f"h2load printed no summary: {output.strip()[-300:]}")
        wrong = counts["done"] - int(good[1])
        return {"requests": counts["done"], "seconds": seconds,
                "errors": {"failed": counts["failed"], "errored": counts["errored"], "timeout": counts["timeout"],
                           "status": wrong}}

    def handshakes(self, kind, port, path, seconds):
        """Connections with a full handshake, or a resumed one, each for one request, one after the other."""
        return json.loads(self.run([tool("tls"), kind, port, path, seconds], seconds))

    def paced(self, port, path, rate, connections, seconds, warmup):
        output = self.run([tool("paced"), port, path, rate, connections, seconds, warmup], seconds + warmup)
        return json.loads(output)


class Idle:
    """Connections that a gateway holds for clients that say nothing, as a context manager."""

    def __init__(self, core, port, path, count, tls=False):
        self.core, self.port, self.path, self.count = core, port, path, count
        self.client = [tool("tls"), "idle"] if tls else [tool("idle")]

    def __enter__(self):
        self.process = processes.start(
            [*self.client, self.port, self.path, self.count], self.core,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            self.opened = json.loads(processes.read_line(self.process, 120))["open"]
        except BaseException:
            self.__exit__()
            raise
        return self

    def still_open(self):
        self.process.stdin.write("count\n")
        self.process.stdin.flush()
        return json.loads(processes.read_line(self.process, 60))["open"]

    def __exit__(self, *_):
        processes.end(self.process)
        self.process.stdin.close()
        self.process.stdout.close()


class Calls:
    """A service of gRPC, as a context manager; and a file with a message for it."""

    MESSAGE = bytes([0, 0, 0, 0, 32]) + bytes(32)

    def __init__(self, core, priority, directory):
        self.core, self.priority, self.file = core, priority, directory / "message"

    def __enter__(self):
        self.file.write_bytes(self.MESSAGE)
        self.process = processes.start(
            [tool("grpc")], self.core, self.priority, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            self.port = json.loads(processes.read_line(self.process, 10))["port"]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        processes.end(self.process)
        self.process.stdin.close()
        self.process.stdout.close()


class WebSockets:
    """An origin that echoes messages and clients that wait for each echo, in one program, as a context manager."""

    SIZE = 64

    def __init__(self, core):
        self.core = core

    def __enter__(self):
        self.process = processes.start(
            [tool("websocket")], self.core, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            self.port = json.loads(processes.read_line(self.process, 10))["port"]
        except BaseException:
            self.__exit__()
            raise
        return self

    def measure(self, port, path, connections, seconds):
        self.process.stdin.write(f"{port} {path or '/'} {connections} {self.SIZE} {seconds}\n")
        self.process.stdin.flush()
        return json.loads(processes.read_line(self.process, 60 + seconds))

    def __exit__(self, *_):
        processes.end(self.process)
        self.process.stdin.close()
        self.process.stdout.close()


class Events:
    """Origin and client of an event stream in one program, as a context manager."""

    GAP_US = 500

    def __init__(self, core):
        self.core = core

    def __enter__(self):
        self.process = processes.start(
            [tool("events")], self.core, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            self.port = json.loads(processes.read_line(self.process, 10))["port"]
        except BaseException:
            self.__exit__()
            raise
        return self

    def measure(self, port, path, count):
        self.process.stdin.write(f"{port} {path or '/'} {count} {self.GAP_US}\n")
        self.process.stdin.flush()
        result = json.loads(processes.read_line(self.process, 60 + count * self.GAP_US / 1e5))
        if result["events"] != count:
            raise processes.Failed(f"only {result['events']} of {count} events came")
        return result

    def __exit__(self, *_):
        processes.end(self.process)
        self.process.stdin.close()
        self.process.stdout.close()

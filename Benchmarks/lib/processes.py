"""Starting a program on a core of its own, waiting until it serves, ending it: always by its own process id."""

import ctypes
import http.client
import os
import resource
import select
import signal
import ssl
import socket
import subprocess
import time

import accounting
from tools import Unavailable

PR_SET_PDEATHSIG = 1
DESCRIPTORS = 65_536
_libc = ctypes.CDLL(None, use_errno=True)


class Priority:
    """How the programs of a measurement stand against the rest of the machine: niceness, or real time.

    Real time keeps a machine that others use from disturbing much more than the caches; the kernel leaves the others
    a twentieth of each second.
    """

    def __init__(self, niceness=0, realtime=False):
        self.niceness, self.realtime = niceness, realtime

    def apply(self):
        if self.realtime:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        elif self.niceness:
            os.nice(self.niceness)


class Failed(Exception):
    """A program did not start, or did not do what it should."""


class TooSlow(Failed):
    """A program took longer to start than it may; trying again would only take as long again."""


def free_port():
    """A port nobody listens on. Gateways cannot report a port the system picked, so it is picked for them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def descriptor_limit():
    """The limit of descriptors a child gets: as high as this machine allows, to DESCRIPTORS."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard >= DESCRIPTORS:
        return DESCRIPTORS
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, DESCRIPTORS))  # needs the privilege, not just root
        return DESCRIPTORS
    except (OSError, ValueError):
        return hard


def start(argv, core, priority=None, **options):
    """A child pinned to `core` that ends with this script, whatever ends the script."""
    limit = descriptor_limit()

    def prepare():
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.sched_setaffinity(0, {core})
        if priority:
            priority.apply()
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    try:
        return subprocess.Popen([str(part) for part in argv], preexec_fn=prepare, **options)
    except subprocess.SubprocessError as error:
        raise Unavailable(f"core {core}, or the priority asked for, is not allowed here") from error
    except OSError as error:
        raise Unavailable(f"{argv[0]}: {error.strerror}") from error


def end(process, patience=5.0):
    """Ends a child and its descendants: asked first, killed when it does not listen."""
    if process.poll() is not None:
        return
    descendants = {pid: accounting.started(pid) for pid in accounting.family(process.pid)[1:]}
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pid, started in descendants.items():
        # The number alone could by now belong to somebody else.
        if started is not None and accounting.started(pid) == started:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def read_line(process, seconds):
    """One line from a child's output, or a failure when it does not come in time."""
    ready, _, _ = select.select([process.stdout], [], [], seconds)
    line = process.stdout.readline() if ready else ""
    if not line:
        raise Failed(f"{process.args[0]} said nothing in {seconds:.0f} s")
    return line.strip()


def get(port, path, seconds=30.0, tls=False, headers=None):
    """One GET: status, fields, body."""
    if tls:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", port, timeout=seconds, context=ssl._create_unverified_context())
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        return response.status, dict((name.lower(), value) for name, value in response.getheaders()), response.read()
    finally:
        connection.close()


def wait_until_serving(process, port, path, seconds, tls=False, headers=None):
    """Polls until the gateway answers 200 at `path`; returns how long that took."""
    began, last = time.monotonic(), "no connection"
    while time.monotonic() - began < seconds:
        if process.poll() is not None:
            raise Failed(f"ended with status {process.returncode} before it served")
        try:
            status, _, _ = get(port, path, seconds=max(0.1, began + seconds - time.monotonic()), tls=tls, headers=headers)
            if status == 200:
                return time.monotonic() - began
            last = f"status {status}"
        except (OSError, http.client.HTTPException) as error:
            last = str(error) or type(error).__name__
        select.select([], [], [], 0.005)
    raise TooSlow(f"did not serve within {seconds:.0f} s ({last})")

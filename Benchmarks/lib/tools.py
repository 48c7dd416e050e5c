"""The C tools (origin, paced, idle): compiled when they are missing or older than their source."""

import shutil
import subprocess

import layout


class Unavailable(Exception):
    """Something the comparison needs is not on this machine. The message says what, and how to get it."""


def tool(name):
    source, binary = layout.SOURCES / f"{name}.c", layout.TOOLS / name
    if binary.exists() and binary.stat().st_mtime >= source.stat().st_mtime:
        return binary
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise Unavailable("no C compiler: apt-get install gcc libc6-dev")
    layout.TOOLS.mkdir(parents=True, exist_ok=True)
    subprocess.run([compiler, "-O2", "-Wall", "-Wextra", "-o", str(binary), str(source)], check=True)
    return binary


def wrk():
    found = shutil.which("wrk")
    if found is None:
        raise Unavailable("wrk is not installed: Benchmarks/compare --install")
    return found

"""The C tools (origin, paced, idle, …): compiled when they are missing or older than their source."""

import shutil
import subprocess

import layout


class Unavailable(Exception):
    """Something the comparison needs is not on this machine. The message says what, and how to get it."""


# What a tool is linked with, beside the C library.
LIBRARIES = {"tls": ["-lssl", "-lcrypto"], "events": ["-lpthread"], "tokens": ["-lcrypto"], "grpc": ["-lnghttp2"],
             "websocket": ["-lpthread", "-lcrypto"]}


def tool(name):
    source, binary = layout.SOURCES / f"{name}.c", layout.TOOLS / name
    if binary.exists() and binary.stat().st_mtime >= source.stat().st_mtime:
        return binary
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise Unavailable("no C compiler: apt-get install gcc libc6-dev")
    layout.TOOLS.mkdir(parents=True, exist_ok=True)
    subprocess.run([compiler, "-O2", "-Wall", "-Wextra", "-o", str(binary), str(source),
                    *LIBRARIES.get(name, [])], check=True)
    return binary


def certificate(directory):
    """A certificate and its key for TLS towards clients: ECDSA on P-256, made once for a comparison."""
    files = directory / "certificate.pem", directory / "key.pem"
    if not files[0].exists():
        openssl = shutil.which("openssl")
        if openssl is None:
            raise Unavailable("openssl is not installed: apt-get install openssl")
        subprocess.run([openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", str(files[1]), "-out", str(files[0]), "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
        # HAProxy takes both from one file.
        (directory / "both.pem").write_text(files[0].read_text() + files[1].read_text())
    return files


ISSUER = "https://issuer.benchmark"


def tokens(directory, algorithm, count):
    """The file of a key set, and one with so many tokens by its key, one a line; made once for a comparison."""
    keys, signed = directory / f"{algorithm}-{count}.json", directory / f"{algorithm}-{count}.txt"
    if not signed.exists():
        lines = subprocess.run([str(tool("tokens")), algorithm, str(count), ISSUER], check=True, capture_output=True,
                               text=True).stdout.split("\n", 1)
        keys.write_text(lines[0] + "\n")
        signed.write_text(lines[1])
    return keys, signed


def h2load():
    found = shutil.which("h2load")
    if found is None:
        raise Unavailable("h2load is not installed: apt-get install nghttp2-client")
    return found


def wrk():
    found = shutil.which("wrk")
    if found is None:
        raise Unavailable("wrk is not installed: Benchmarks/compare --install")
    return found

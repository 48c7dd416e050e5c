"""Where things are: the repository, the C tools, the peers' own Python environment."""

from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent
REPOSITORY = BENCHMARKS.parent
BUILD = REPOSITORY / ".build"
PEERS = BUILD / "peers"
TOOLS = BUILD / "benchmark-tools"
SOURCES = BENCHMARKS / "origin"
FLOOR = BENCHMARKS / "floor"

SMALL_BODY = 193
BIG_BODY = 1 << 20
IDLE_CONNECTIONS = 10_000

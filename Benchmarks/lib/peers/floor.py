"""The bare proxies of Benchmarks/floor: what the event loops and libraries cost by themselves."""

import layout
from peers.base import Launch, Peer

VARIANTS = ["epoll", "libuv", "embedded", "nio", "nio-http1"]
# The same as floor-epoll with other buffers, for what those are worth: only when named.
BUFFERS = {"epoll-16k": 16_384, "epoll-128k": 131_072, "epoll-256k": 262_144}


class Floor(Peer):
    how_to_get = "swift build -c release --package-path Benchmarks/floor"
    routes_by_prefix = False

    def __init__(self, variant):
        self.variant, self.name = variant, f"floor-{variant}"

    def find(self):
        program = "floor-epoll" if self.variant in BUFFERS else self.name
        path = layout.FLOOR / ".build" / "release" / program
        return path if path.is_file() else None

    def version(self):
        return ""

    def launch(self, task):
        buffer = [BUFFERS[self.variant]] if self.variant in BUFFERS else []
        return Launch([self.find(), task.port, task.origin_port, *buffer])


def floor_peers():
    return [Floor(variant) for variant in [*VARIANTS, *BUFFERS]]

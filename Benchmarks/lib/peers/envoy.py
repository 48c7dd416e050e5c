"""Envoy: one worker thread, a static cluster, request ids on requests and responses."""

import json

import layout
from peers.base import Launch, Peer
from tools import ISSUER

LOG_FIELDS = {
    "time": "%START_TIME%", "request_id": "%REQ(X-REQUEST-ID)%", "client": "%DOWNSTREAM_REMOTE_ADDRESS%",
    "method": "%REQ(:METHOD)%", "host": "%REQ(:AUTHORITY)%", "path": "%REQ(:PATH)%", "status": "%RESPONSE_CODE%",
    "bytes_in": "%BYTES_RECEIVED%", "bytes_out": "%BYTES_SENT%", "duration": "%DURATION%",
    "upstream": "%UPSTREAM_HOST%", "upstream_duration": "%RESPONSE_DURATION%",
}
TYPES = "type.googleapis.com/envoy.extensions"


def address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


class Envoy(Peer):
    name = "envoy"
    policies = True
    grpc = True

    def find(self):
        return next(iter(layout.PEERS.glob("lib/python*/site-packages/envoy/_bin/envoy")), None)

    def version_of(self, lines):
        parts = lines[0].split("/")
        return next((part for part in parts if part[:1].isdigit() and part.count(".") == 2), lines[0])

    def launch(self, task):
        configuration = task.write("envoy.json", json.dumps(self.configuration(task)))
        return Launch([self.find(), "-c", configuration, "--concurrency", "1", "--disable-hot-restart", "-l", "error"])

    @staticmethod
    def policies_of(task):
        """jwt_authn and local_ratelimit: with the headers that say so, as Gatehouse sends them."""
        filters = []
        if task.jwks:
            provider = {
                "issuer": ISSUER, "audiences": ["api"], "forward": True,
                "local_jwks": {"filename": str(task.jwks)},
                "claim_to_headers": [{"header_name": "x-user-id", "claim_name": "sub"}],
            }
            if task.remembers:
                provider["jwt_cache_config"] = {"jwt_cache_size": 4096}
            filters.append({
                "name": "envoy.filters.http.jwt_authn",
                "typed_config": {
                    "@type": f"{TYPES}.filters.http.jwt_authn.v3.JwtAuthentication",
                    "providers": {"issuer": provider},
                    "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "issuer"}}]}})
        if task.limit == "local":
            always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
            filters.append({
                "name": "envoy.filters.http.local_ratelimit",
                "typed_config": {
                    "@type": f"{TYPES}.filters.http.local_ratelimit.v3.LocalRateLimit",
                    "stat_prefix": "limit", "enable_x_ratelimit_headers": "DRAFT_VERSION_03",
                    "token_bucket": {"max_tokens": 10_000_000, "tokens_per_fill": 10_000_000, "fill_interval": "1s"},
                    "filter_enabled": {"runtime_key": "limit_enabled", **always},
                    "filter_enforced": {"runtime_key": "limit_enforced", **always}}})
        return filters

    def configuration(self, task):
        routes = [{"match": {"path_separated_prefix": prefix}, "route": {"cluster": "origin"}}
                  for prefix in task.prefixes]
        manager = {
            "@type": f"{TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "main",
            "codec_type": "AUTO" if task.grpc else "HTTP1",
            "use_remote_address": True,
            "normalize_path": True,
            "generate_request_id": True,
            "always_set_request_id_in_response": True,
            "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
            "http_filters": [*self.policies_of(task), {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{TYPES}.filters.http.router.v3.Router"}}],
        }
        if task.websocket:
            manager["upgrade_configs"] = [{"upgrade_type": "websocket"}]
        if task.access_log:
            manager["access_log"] = [{
                "name": "envoy.access_loggers.file",
                "typed_config": {
                    "@type": f"{TYPES}.access_loggers.file.v3.FileAccessLog",
                    "path": str(task.log_path),
                    "log_format": {"json_format": LOG_FIELDS}}}]
        upstream = {"typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": f"{TYPES}.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}}}}} if task.grpc else {}
        no_limit = {"max_connections": 65536, "max_pending_requests": 65536, "max_requests": 65536}
        return {
            "admin": {"address": address(task.admin_port)},
            "static_resources": {
                "listeners": [{
                    "name": "main", "address": address(task.port), "tcp_backlog_size": 4096,
                    "filter_chains": [{"filters": [{
                        "name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]}],
                "clusters": [{
                    "name": "origin", "type": "STATIC", "connect_timeout": "5s",
                    "circuit_breakers": {"thresholds": [no_limit]}, **upstream,
                    "load_assignment": {"cluster_name": "origin", "endpoints": [{"lb_endpoints": [
                        {"endpoint": {"address": address(task.origin_port)}}]}]}}],
            },
        }

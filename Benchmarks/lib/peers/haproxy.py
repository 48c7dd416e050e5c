"""HAProxy. Its advice for many prefixes is a map (a tree); `haproxy-rules` has one `use_backend` line for each instead.

HAProxy writes no files: its log goes to its standard output, which is the log file. `no strict-limits` lets it start
where two descriptors for each of its connections are more than the machine allows; it never needs them here.
"""

import os
import shutil

from peers.base import Launch, Peer

LOG_FORMAT = (
    r"""'{"time":"%tr","request_id":"%ID","client":"%ci","method":"%HM","path":"%HPO","status":%ST,'"""
    r"""'"bytes_in":%U,"bytes_out":%B,"duration":%Ta,"upstream":"%b/%s","upstream_duration":%Tr}'""")


class HAProxy(Peer):
    name = "haproxy"
    resilient = True
    tls = True
    version_arguments = ["-v"]

    def find(self):
        return shutil.which("haproxy", path=os.environ.get("PATH", "") + ":/usr/sbin")

    def version_of(self, lines):
        return lines[0].split()[2]

    def rules(self, task):
        if task.resilient:
            return "  use_backend candidate if { rand(100) lt 5 }\n  default_backend origin"
        routes = task.write("routes.map", "".join(f"{prefix}/ origin\n" for prefix in task.prefixes))
        return f"  use_backend %[path,map_beg({routes})]"

    def launch(self, task):
        configuration = task.write("haproxy.cfg", self.configuration(task))
        return Launch([self.find(), "-db", "-f", configuration], log_on_output=True)

    def configuration(self, task):
        log = "log stdout format raw local0" if task.access_log else ""
        log_lines = f"  log global\n  log-format {LOG_FORMAT}" if task.access_log else ""
        return f"""
global
  nbthread 1
  maxconn {task.clients + 1024}
  no strict-limits
  {log}

defaults
  mode http
  timeout connect 5s
  timeout client 75s
  timeout server 30s
  timeout http-request 10s
  timeout http-keep-alive 75s
  timeout tunnel 1h
  http-reuse always
  option forwardfor

frontend admin
  bind 127.0.0.1:{task.admin_port}
  stats enable
  stats uri /stats
  http-request use-service prometheus-exporter if {{ path /metrics }}

frontend main
  bind 127.0.0.1:{task.port} backlog 4096 {self.tls_of(task)}
  maxconn {task.clients + 1024}
{log_lines}
  unique-id-format %[uuid()]
  unique-id-header X-Request-ID
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-response set-header X-Request-ID %[unique-id]
{self.rules(task)}

{self.backends(task)}
"""

    @staticmethod
    def tls_of(task):
        if task.tls is None:
            return ""
        return f"ssl crt {task.tls[0].with_name('both.pem')} ssl-min-ver TLSv1.2 alpn h2,http/1.1"

    def backends(self, task):
        if not task.resilient:
            return f"backend origin\n  server origin 127.0.0.1:{task.origin_port}"
        servers = "\n".join(
            f"  server {host} {host}:{task.origin_port} check inter 1s observe layer7 error-limit 5 on-error mark-down"
            for host in ("127.0.0.1", "localhost"))
        return "\n".join(
            f"backend {name}\n  option httpchk GET /42\n  retries 2\n  retry-on conn-failure empty-response 503\n{servers}"
            for name in ("origin", "candidate"))


class HAProxyRules(HAProxy):
    name = "haproxy-rules"

    def rules(self, task):
        return "\n".join(f"  use_backend origin if {{ path_beg {prefix}/ }}" for prefix in task.prefixes)

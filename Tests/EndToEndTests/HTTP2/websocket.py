"""WebSocket on streams of HTTP/2 (RFC 8441): an endpoint that speaks it over HTTP/1.1, and a client by the package h2.

    websocket.py server                    says its port on a line of its own
    websocket.py client PORT [PROCESS]     ends with 1 if anything went wrong; PROCESS is asked to end with a stream open

The endpoint does what the path says:

    /echo      sends every frame back, unmasked; Close too, and ends
    /refuse    403
    /plain     200, as one that knows no WebSocket
    /wrong     101 with an answer to another key
    /big       frames of 4 MiB together, as fast as they go
"""
import base64
import hashlib
import os
import signal
import socket
import sys
import threading
import time

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE = 1, 8


def frame(opcode, data, mask=None):
    head = bytes([0x80 | opcode])
    bit = 0x80 if mask else 0
    if len(data) < 126:
        head += bytes([bit | len(data)])
    elif len(data) < 1 << 16:
        head += bytes([bit | 126]) + len(data).to_bytes(2, "big")
    else:
        head += bytes([bit | 127]) + len(data).to_bytes(8, "big")
    if mask:
        data = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
        return head + mask + data
    return head + data


class Frames:
    """Takes frames out of bytes."""

    def __init__(self):
        self.buffer = b""

    def take(self, data):
        self.buffer += data
        while len(self.buffer) >= 2:
            length, start = self.buffer[1] & 0x7F, 2
            if length > 125:
                size = 2 if length == 126 else 8
                if len(self.buffer) < 2 + size:
                    return
                length, start = int.from_bytes(self.buffer[2:2 + size], "big"), 2 + size
            masked = self.buffer[1] & 0x80
            mask = self.buffer[start:start + 4] if masked else b"\0\0\0\0"
            start += 4 if masked else 0
            if len(self.buffer) < start + length:
                return
            data = self.buffer[start:start + length]
            opcode = self.buffer[0] & 15
            self.buffer = self.buffer[start + length:]
            yield opcode, bytes(byte ^ mask[index % 4] for index, byte in enumerate(data)) if masked else data


def answer(sock):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        if not (byte := sock.recv(1)):
            return
        head += byte
    lines = head.decode().split("\r\n")
    method, path, _ = lines[0].split(" ")
    fields = {line.split(":")[0].lower(): line.split(":", 1)[1].strip() for line in lines[1:] if line}
    key = fields["sec-websocket-key"]
    if method != "GET" or fields["upgrade"] != "websocket" or fields["connection"] != "Upgrade" \
            or fields["sec-websocket-version"] != "13" or len(base64.b64decode(key)) != 16:
        return sock.sendall(b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n")
    if path == "/refuse":
        return sock.sendall(b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno")
    if path == "/plain":
        return sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno")
    if path == "/wrong":
        key = base64.b64encode(bytes(16)).decode()
    accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest())
    sock.sendall(b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept
                 + (b"\r\nSec-WebSocket-Protocol: chat" if "sec-websocket-protocol" in fields else b"") + b"\r\n\r\n")
    if path == "/big":
        for _ in range(64):
            sock.sendall(frame(TEXT, b"x" * (1 << 16)))
    frames = Frames()
    while data := sock.recv(1 << 16):
        for opcode, content in frames.take(data):
            sock.sendall(frame(opcode, content))
            if opcode == CLOSE:
                return


def serve():
    def run(sock):
        with sock:
            answer(sock)

    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=run, args=(listener.accept()[0],), daemon=True).start()


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.settimeout(20)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(
            header_encoding="utf-8", validate_outbound_headers=False, normalize_outbound_headers=False))
        self.h2.initiate_connection()
        self.buffer = b""
        self.heads, self.data, self.ended, self.acknowledges, self.goaway = {}, {}, {}, True, False
        self.flush()
        self.until(lambda: self.h2.remote_settings.enable_connect_protocol == 1)

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def until(self, done):
        while not done():
            data = self.socket.recv(1 << 16)
            if not data:
                raise AssertionError("the connection ended")
            for event in self.h2.receive_data(self.without_goaway(data)):
                self.take(event)
            self.flush()

    def without_goaway(self, data):
        """Streams that are open go on behind GOAWAY, which the package does not know: it gets all frames but that."""
        self.buffer += data
        frames = b""
        while len(self.buffer) >= 9:
            size = 9 + int.from_bytes(self.buffer[:3], "big")
            if len(self.buffer) < size:
                break
            if self.buffer[3] == 7:
                self.goaway = True
            else:
                frames += self.buffer[:size]
            self.buffer = self.buffer[size:]
        return frames

    def take(self, event):
        stream = getattr(event, "stream_id", None)
        if isinstance(event, h2.events.ResponseReceived):
            self.heads[stream] = dict(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            self.data[stream] = self.data.get(stream, b"") + event.data
            if self.acknowledges:
                self.h2.acknowledge_received_data(event.flow_controlled_length, stream)
        elif isinstance(event, h2.events.StreamEnded):
            self.ended[stream] = "end"
        elif isinstance(event, h2.events.StreamReset):
            self.ended[stream] = event.error_code

    def open(self, path, *more, protocol="websocket", method="CONNECT", end=False):
        stream = self.h2.get_next_available_stream_id()
        fields = [(":method", method), (":protocol", protocol), (":scheme", "http"), (":path", path),
                  (":authority", "a.test"), ("sec-websocket-version", "13"), *more]
        self.h2.send_headers(stream, [field for field in fields if field[1] is not None], end_stream=end)
        self.flush()
        self.until(lambda: stream in self.heads or stream in self.ended)
        return stream

    def status(self, *arguments, **options):
        stream = self.open(*arguments, **options)
        head = self.heads.get(stream)
        return head[":status"] if head else f"reset {int(self.ended[stream])}"

    def send(self, stream, data):
        while data:
            self.until(lambda: self.h2.local_flow_control_window(stream) > 0)
            size = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size, len(data))
            self.h2.send_data(stream, data[:size])
            self.flush()
            data = data[size:]

    def receive(self, stream, count):
        self.until(lambda: len(self.data.get(stream, b"")) >= count)
        data, self.data[stream] = self.data[stream][:count], self.data[stream][count:]
        return data


def run(port, process=None):
    client = Client(port)

    def check(name, good, seen=""):
        if not good:
            raise AssertionError(f"{name}: {seen}")

    stream = client.open("/echo", ("sec-websocket-protocol", "chat"), ("origin", "http://a.test"))
    head = client.heads[stream]
    check("200", head[":status"] == "200", head)
    check("fields", head.get("sec-websocket-protocol") == "chat" and "sec-websocket-accept" not in head
          and "upgrade" not in head and "connection" not in head and "x-request-id" in head, head)
    other = client.open("/echo")
    for text in [b"a", b"hello" * 20, bytes(range(256)) * 500]:
        for one in (stream, other):
            client.send(one, frame(TEXT, text, os.urandom(4)))
        for one in (stream, other):
            wanted = frame(TEXT, text)
            check("echo", client.receive(one, len(wanted)) == wanted)
    # One ends by a Close frame, the other by the end of its stream; neither takes the connection along.
    client.send(stream, frame(CLOSE, b"\x03\xe8", b"abcd"))
    check("Close", client.receive(stream, 4) == frame(CLOSE, b"\x03\xe8"))
    client.until(lambda: stream in client.ended)
    check("end", client.ended[stream] == "end", client.ended[stream])
    client.h2.end_stream(other)
    client.flush()
    client.until(lambda: other in client.ended)

    for path, wanted in [("/refuse", "403"), ("/plain", "502"), ("/wrong", "502"), ("/closed", "501"), ("/fixed", "501"),
                         ("/none", "404"), ("/private", "401")]:
        check(path, client.status(path) == wanted, wanted)
    # Other protocols, CONNECT as a proxy knows it, and what is no such request at all.
    check("protocol", client.status("/echo", protocol="connect-udp") == "501")
    check("no protocol", client.status(None, protocol=None, method="CONNECT") in ("400", "501"))
    check("no CONNECT", client.status("/echo", method="GET") == "400")
    check("ended", client.status("/echo", end=True) == "400")
    check("a length", client.status("/echo", ("content-length", "5")) == "400")

    # Who takes nothing is sent no more than its window, and all of it in the end.
    client.acknowledges = False
    big = client.open("/big")
    client.until(lambda: client.h2.remote_flow_control_window(big) == 0)
    client.acknowledges = True
    client.h2.acknowledge_received_data(len(client.data[big]), big)
    client.flush()
    size = 64 * len(frame(TEXT, b"x" * (1 << 16)))
    check("big", len(client.receive(big, size)) == size)
    client.h2.reset_stream(big, h2.errors.ErrorCodes.CANCEL)
    client.flush()
    check("after all of it", client.status("/refuse") == "403")

    if process:
        last = client.open("/echo")
        client.send(last, frame(TEXT, b"hello", b"abcd"))
        client.receive(last, 7)
        os.kill(int(process), signal.SIGTERM)
        check("going away", client.receive(last, 4) == frame(CLOSE, b"\x03\xe9"))
        client.send(last, frame(CLOSE, b"\x03\xe9", b"abcd"))
        client.until(lambda: last in client.ended and client.goaway)


if sys.argv[1] == "server":
    serve()
else:
    run(int(sys.argv[2]), *sys.argv[3:])

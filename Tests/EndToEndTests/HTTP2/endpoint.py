"""An endpoint that speaks HTTP/2, in clear or over TLS, and does what a request's path says. Needs the package h2.

    endpoint.py [CERTIFICATE KEY]      says its port on a line of its own

    /echo          the request: fields, a blank line, the body
    /trailers      chunks, and then trailers
    /big           4 MiB
    /connection    the number of the connection, and how many streams have been open on it at once
    /hold          answers as soon as so many, as the query says, are open, on whichever connections
    /refuse        REFUSED_STREAM on each connection's first stream, an answer on others
    /goaway        GOAWAY that leaves this stream out, on the first connection; an answer on others
    /reset         RST_STREAM behind half of an answer
    /raw           the fields that the query names, as they are
    /early         answers before the request has ended
    /interim       103, and then the answer
    /limit         from now on so many streams at once, as the query says; then the answer
    /unread        takes no byte of the body, and never answers
    /close         ends the first connection without an answer
    /pings         answers as soon as the connection has brought so many PINGs as the query says
    /deaf          answers, and then the first connection reads and says nothing any more
    /dying         half of an answer on the first connection, which then reads and says nothing any more
"""
import socket
import ssl
import sys
import threading
import urllib.parse

import h2.config
import h2.connection
import h2.events
import h2.settings

PLAIN = h2.config.H2Configuration(
    client_side=False, header_encoding="latin-1", validate_inbound_headers=True, validate_outbound_headers=False,
    normalize_outbound_headers=False)
counter = 0
# Connections look after each other's streams only one at a time.
turn = threading.Lock()
held = []


class Connection:
    def __init__(self, sock, number):
        self.socket, self.number = sock, number
        self.h2 = h2.connection.H2Connection(PLAIN)
        self.h2.local_settings = h2.settings.Settings(
            client=False, initial_values={h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 8})
        self.requests, self.most, self.streams, self.sending = {}, 0, 0, {}
        self.pings, self.asked, self.is_deaf = 0, [], False

    def run(self):
        with turn:
            self.h2.initiate_connection()
            self.flush()
        while data := self.socket.recv(1 << 16):
            with turn:
                for event in self.h2.receive_data(data):
                    self.take(event)
                self.flush()
            if self.is_deaf:
                # As after a cable was cut: the connection stays, and nobody is at its other end.
                threading.Event().wait()

    def flush(self):
        for stream in list(self.sending):
            self.push(stream)
        if data := self.h2.data_to_send():
            self.socket.sendall(data)

    def push(self, stream):
        body, trailers = self.sending[stream]
        while body and (room := self.h2.local_flow_control_window(stream)) > 0:
            size = min(room, 16_384, len(body))
            self.h2.send_data(stream, bytes(body[:size]))
            body = body[size:]
        self.sending[stream] = body, trailers
        if not body:
            del self.sending[stream]
            if trailers:
                self.h2.send_headers(stream, trailers, end_stream=True)
            else:
                self.h2.end_stream(stream)

    def answer(self, stream, body, fields=(), trailers=None):
        is_head = stream in self.requests and self.requests[stream][0][":method"] == "HEAD"
        fields = [(":status", "200"), ("x-connection", str(self.number)), *fields]
        self.h2.send_headers(stream, fields, end_stream=is_head)
        if not is_head:
            self.sending[stream] = memoryview(body), trailers

    def take(self, event):
        if isinstance(event, h2.events.RequestReceived):
            self.streams += 1
            self.requests[event.stream_id] = (dict(event.headers), list(event.headers), bytearray(), {})
            self.most = max(self.most, len(self.requests))
            path = dict(event.headers)[":path"]
            if path.startswith("/early"):
                self.finish(event.stream_id)
            elif path.startswith("/refuse") and self.streams == 1:
                self.h2.reset_stream(event.stream_id, 7)
                del self.requests[event.stream_id]
            elif path.startswith("/goaway") and self.number == 1:
                # The library would say that it has seen the stream.
                self.flush()
                self.socket.sendall(b"\0\0\x08\x07\0\0\0\0\0" + bytes(8))
                del self.requests[event.stream_id]
            elif path.startswith("/close") and self.number == 1:
                self.socket.shutdown(socket.SHUT_RDWR)
        elif isinstance(event, h2.events.DataReceived):
            if event.stream_id in self.requests and self.requests[event.stream_id][0][":path"] == "/unread":
                return
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if event.stream_id in self.requests:
                self.requests[event.stream_id][2].extend(event.data)
        elif isinstance(event, h2.events.TrailersReceived):
            self.requests[event.stream_id][3].update(dict(event.headers))
        elif isinstance(event, h2.events.StreamEnded):
            if event.stream_id in self.requests:
                self.finish(event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self.requests.pop(event.stream_id, None)
            self.sending.pop(event.stream_id, None)
        elif isinstance(event, h2.events.PingReceived):
            self.pings += 1
            self.count_pings()

    def count_pings(self):
        for stream, count in list(self.asked):
            if self.pings >= count:
                self.asked.remove((stream, count))
                self.answer(stream, b"asked")

    def finish(self, stream):
        fields, all_fields, body, trailers = self.requests[stream]
        path, _, query = fields[":path"].partition("?")
        if path == "/hold":
            held.append((self, stream))
            if len(held) >= int(query):
                for connection, other in held:
                    connection.answer(other, b"held")
                    connection.requests.pop(other, None)
                    connection.flush()
                held.clear()
            return
        text = "".join(f"{name}: {value}\n" for name, value in all_fields).encode("latin-1") + b"\n" + bytes(body)
        text += "".join(f"\n{name}: {value}" for name, value in trailers.items()).encode()
        if path == "/trailers":
            self.answer(stream, b"hello", trailers=[("grpc-status", "0"), ("x-sum", "5")])
        elif path == "/big":
            self.answer(stream, b"x" * (4 << 20))
        elif path == "/connection":
            self.answer(stream, f"{self.number} {self.most}".encode())
        elif path == "/reset":
            self.h2.send_headers(stream, [(":status", "200")])
            self.h2.send_data(stream, b"half")
            self.h2.reset_stream(stream, 2)
        elif path == "/raw":
            fields = [tuple(map(urllib.parse.unquote, pair.split("=", 1))) for pair in query.split("&")]
            self.h2.send_headers(stream, fields)
            self.h2.send_data(stream, b"abc", end_stream=True)
        elif path == "/limit":
            self.h2.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: int(query)})
            self.answer(stream, b"limited")
        elif path == "/pings":
            self.asked.append((stream, int(query)))
            self.count_pings()
        elif path == "/dying" and self.number == 1:
            self.h2.send_headers(stream, [(":status", "200")])
            self.h2.send_data(stream, b"half")
            self.is_deaf = True
        elif path == "/deaf":
            self.answer(stream, b"last words")
            self.is_deaf = self.number == 1
        elif path == "/interim":
            self.h2.send_headers(stream, [(":status", "103"), ("link", "</a.css>; rel=preload")])
            self.answer(stream, b"done")
        else:
            self.answer(stream, text, [("content-type", "text/plain")])
        self.requests.pop(stream, None)


def serve(sock, number, context):
    try:
        if context:
            sock = context.wrap_socket(sock, server_side=True)
        Connection(sock, number).run()
    except (OSError, h2.exceptions.ProtocolError) as error:
        print(f"connection {number}: {error!r}", file=sys.stderr, flush=True)
    finally:
        sock.close()


context = None
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    context.set_alpn_protocols(["h2"])
listener = socket.create_server(("127.0.0.1", 0), backlog=128)
print(listener.getsockname()[1], flush=True)
while True:
    accepted, _ = listener.accept()
    accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    counter += 1
    threading.Thread(target=serve, args=(accepted, counter, context), daemon=True).start()

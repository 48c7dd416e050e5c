"""Frames of HTTP/2 by hand against a running gateway: field rules, floods, windows, resets, the end.

    frames.py PORT PID fields|floods|flow|resets|streams|drain|protocol|told|identity

The gateway sends /echo/... to an origin that answers with the head it got, and anything else to one that answers.
Needs the packages hyperframe and hpack, which come with h2. Says what went wrong and ends with 1 if anything did.
"""
import os
import random
import signal
import socket
import sys
import time

from hpack import Decoder, Encoder
from hyperframe.frame import (ContinuationFrame, DataFrame, Frame, GoAwayFrame, HeadersFrame, PingFrame, PriorityFrame,
                              RstStreamFrame, SettingsFrame, WindowUpdateFrame)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
NO_ERROR, PROTOCOL_ERROR, FLOW_CONTROL, REFUSED, CANCEL, CALM = 0, 1, 3, 7, 8, 11
BASE = [(":method", "GET"), (":scheme", "http"), (":authority", "x.test"), (":path", "/echo/a")]
port, pid = int(sys.argv[1]), int(sys.argv[2])
failures = []


def check(name, good, seen=""):
    if not good:
        failures.append(name)
        print(f"FAILED {name}: {seen}")


def memory():
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024


class Client:
    """One connection; frames are read until what is waited for has come, or 10 s have passed."""

    def __init__(self, settings=None, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(10)
        self.socket.connect(("127.0.0.1", port))
        self.encoder, self.decoder = Encoder(), Decoder()
        self.buffer, self.closed = b"", False
        self.heads, self.bodies, self.ended, self.reset = {}, {}, set(), {}
        self.trailers, self.goaways, self.pongs, self.updates = {}, [], 0, {}
        self.settings = {}
        self.send(PREFACE, SettingsFrame(0, settings=settings or {}))

    def send(self, *frames):
        data = b"".join(frame if isinstance(frame, bytes) else frame.serialize() for frame in frames)
        try:
            self.socket.sendall(data)
        except OSError:
            self.closed = True

    def headers(self, stream, fields, end=True, raw=False):
        frame = HeadersFrame(stream, data=fields if raw else self.encoder.encode(fields))
        frame.flags.add("END_HEADERS")
        if end:
            frame.flags.add("END_STREAM")
        return frame

    def read(self, until, limit=10):
        """Reads frames until `until(self)`; false: the time passed, or the connection ended, before that."""
        end = time.monotonic() + limit
        while not until(self):
            while len(self.buffer) >= 9:
                frame, length = Frame.parse_frame_header(memoryview(self.buffer[:9]))
                if len(self.buffer) < 9 + length:
                    break
                frame.parse_body(memoryview(self.buffer[9:9 + length]))
                self.buffer = self.buffer[9 + length:]
                self.take(frame)
                if until(self):
                    return True
            if self.closed or time.monotonic() > end:
                return until(self)
            try:
                self.socket.settimeout(max(0.01, end - time.monotonic()))
                data = self.socket.recv(1 << 16)
            except TimeoutError:
                return until(self)
            except OSError:
                data = b""
            if not data:
                self.closed = True
            self.buffer += data
        return True

    def take(self, frame):
        stream = frame.stream_id
        if isinstance(frame, HeadersFrame):
            fields = dict(self.decoder.decode(frame.data))
            if stream in self.heads and not self.heads[stream].get(":status", "").startswith("1"):
                self.trailers[stream] = fields
            else:
                self.heads[stream] = fields
        elif isinstance(frame, DataFrame):
            self.bodies.setdefault(stream, bytearray()).extend(frame.data)
        elif isinstance(frame, RstStreamFrame):
            self.reset[stream] = frame.error_code
        elif isinstance(frame, GoAwayFrame):
            self.goaways.append((frame.last_stream_id, frame.error_code))
        elif isinstance(frame, PingFrame):
            if "ACK" in frame.flags:
                self.pongs += 1
            else:
                ack = PingFrame(0, frame.opaque_data)
                ack.flags.add("ACK")
                self.send(ack)
        elif isinstance(frame, WindowUpdateFrame):
            self.updates[stream] = self.updates.get(stream, 0) + frame.window_increment
        elif isinstance(frame, SettingsFrame) and "ACK" not in frame.flags:
            self.settings = frame.settings
            ack = SettingsFrame(0)
            ack.flags.add("ACK")
            self.send(ack)
        if "END_STREAM" in frame.flags:
            self.ended.add(stream)

    def status(self, stream):
        return self.heads.get(stream, {}).get(":status")

    def close(self):
        self.socket.close()


def literal(name, value):
    """A field as HPACK writes it without its tables: any bytes."""
    def text(data):
        if len(data) < 127:
            return bytes([len(data)]) + data
        # RFC 7541 §5.1: what does not fit into seven bits follows, seven at a time.
        prefix, rest = b"\x7f", len(data) - 127
        while rest >= 128:
            prefix, rest = prefix + bytes([rest % 128 + 128]), rest // 128
        return prefix + bytes([rest]) + data
    return b"\x00" + text(name) + text(value)


def raw(*fields):
    return b"".join(literal(n.encode("latin-1"), v.encode("latin-1")) for n, v in fields)


def still_serves(name):
    client = Client()
    client.send(client.headers(1, BASE))
    client.read(lambda c: 1 in c.ended)
    check(f"{name}: others are served", client.status(1) == "200", client.heads)
    client.close()


# ---- Field rules (RFC 9113 §8.2, §8.3) ------------------------------------------------------------------------------

def change(name, value):
    return [(n, value if n == name else v) for n, v in BASE]


def without(name):
    return [(n, v) for n, v in BASE if n != name]


MALFORMED = {
    "name in upper case": BASE + [("X-Upper", "a")],
    "name empty": BASE + [("", "a")],
    "name with a blank": BASE + [("x y", "a")],
    "name with a colon": BASE + [("x:y", "a")],
    "name with LF": BASE + [("x\ny", "a")],
    "name with NUL": BASE + [("x\0", "a")],
    "name with obs-text": BASE + [("x\xe9", "a")],
    "value with CR": BASE + [("x", "a\rb")],
    "value with LF": BASE + [("x", "a\nb: c")],
    "value with CRLF": BASE + [("x", "a\r\nb: c")],
    "value with NUL": BASE + [("x", "a\0b")],
    "value with DEL": BASE + [("x", "a\x7f")],
    "value with a blank before": BASE + [("x", " a")],
    "value with a tab behind": BASE + [("x", "a\t")],
    "connection": BASE + [("connection", "close")],
    "proxy-connection": BASE + [("proxy-connection", "keep-alive")],
    "keep-alive": BASE + [("keep-alive", "5")],
    "transfer-encoding": BASE + [("transfer-encoding", "chunked")],
    "upgrade h2c": BASE + [("upgrade", "h2c")],
    "te other than trailers": BASE + [("te", "gzip")],
    "te with more": BASE + [("te", "trailers, gzip")],
    "no :method": without(":method"),
    "no :scheme": without(":scheme"),
    "no :path": without(":path"),
    "no :authority and no host": without(":authority"),
    ":path empty": change(":path", ""),
    ":path without slash": change(":path", "a"),
    ":path with a blank": change(":path", "/a b"),
    ":path with CRLF": change(":path", "/a HTTP/1.1\r\nx: y"),
    ":path with a fragment": change(":path", "/a#b"),
    ":path with NUL": change(":path", "/a\0"),
    ":path absolute": change(":path", "http://y/a"),
    ":path asterisk for GET": change(":path", "*"),
    ":method with a blank": change(":method", "GET /"),
    ":method with LF": change(":method", "GET\nx"),
    ":method empty": change(":method", ""),
    ":scheme of another kind": change(":scheme", "ftp"),
    ":scheme with a blank": change(":scheme", "http "),
    ":authority empty": change(":authority", ""),
    ":authority with user": change(":authority", "a@x.test"),
    ":authority with a slash": change(":authority", "x.test/a"),
    ":authority with CRLF": change(":authority", "x\r\ny: z"),
    ":method twice": BASE + [(":method", "GET")],
    ":path twice": [BASE[3]] + BASE,
    ":authority twice": [BASE[2]] + BASE,
    "unknown pseudo-header": BASE + [(":other", "a")],
    ":status in a request": BASE + [(":status", "200")],
    ":protocol, and the end at once": change(":method", "CONNECT") + [(":protocol", "websocket")],
    ":protocol with another method": BASE + [(":protocol", "websocket")],
    ":protocol twice": change(":method", "CONNECT") + [(":protocol", "websocket")] * 2,
    ":protocol without a path": [(":method", "CONNECT"), (":scheme", "http"), BASE[2], (":protocol", "websocket")],
    "pseudo-header behind a field": BASE[:3] + [("x", "a"), BASE[3]],
    "host unlike :authority": BASE + [("host", "y.test")],
    "host twice": BASE + [("host", "x.test"), ("host", "x.test")],
    "host malformed": without(":authority") + [("host", "a b")],
    "content-length without a body": BASE + [("content-length", "3")],
    "content-length not a number": BASE + [("content-length", "+0")],
    "content-length twice": BASE + [("content-length", "0"), ("content-length", "0")],
    "CONNECT with a path": change(":method", "CONNECT"),
}


def fields():
    for name, list_ in MALFORMED.items():
        client = Client()
        client.send(client.headers(1, raw(*list_), raw=True))
        client.read(lambda c: 1 in c.reset or c.closed or c.goaways)
        check(f"{name}: is malformed", client.reset.get(1) == PROTOCOL_ERROR, (client.reset, client.goaways))
        check(f"{name}: is answered 400", client.status(1) == "400", client.heads)
        client.send(client.headers(3, BASE))
        client.read(lambda c: 3 in c.ended)
        check(f"{name}: the connection goes on", client.status(3) == "200", client.heads)
        client.close()

    def echo(list_, body=None, trailers=None):
        client = Client()
        client.send(client.headers(1, raw(*list_), raw=True, end=body is None))
        if body is not None:
            data = DataFrame(1, body)
            if trailers is None:
                data.flags.add("END_STREAM")
            client.send(data)
            if trailers is not None:
                client.send(client.headers(1, raw(*trailers), raw=True))
        client.read(lambda c: 1 in c.ended or 1 in c.reset or c.closed)
        if client.status(1) == "400":
            # The reset that goes with a malformed request comes behind its answer.
            client.read(lambda c: 1 in c.reset or c.closed)
        status, text = client.status(1), client.bodies.get(1, b"").decode("latin-1")
        client.close()
        return status, text, client.reset.get(1)

    status, text, _ = echo(BASE + [("cookie", "a=1"), ("x", "y"), ("cookie", "b=2"), ("cookie", "c=3")])
    check("crumbs are one cookie", status == "200" and "cookie: a=1; b=2; c=3\r\n" in text.lower()
          and text.lower().count("cookie:") == 1, text)
    status, text, _ = echo(BASE + [("te", "trailers")])
    check("te: trailers is passed on", status == "200" and "te: trailers\r\n" in text.lower(), text)
    status, text, _ = echo(without(":authority") + [("host", "only.test")])
    check("host alone is enough", status == "200" and "only.test" in text, text)
    status, text, _ = echo(BASE + [("host", "X.test")])
    check("host as :authority, in another case", status == "200", text)
    status, text, _ = echo(BASE + [("x", "a:b; c\xe9\t\"d\"")])
    check("a value goes through as it is", status == "200" and "x: a:b; c\xe9\t\"d\"\r\n" in text, text)
    status, text, _ = echo(BASE + [("x", "")])
    check("an empty value", status == "200", text)
    status, text, _ = echo(change(":path", "/echo/%0d%0a?q=%20%0a"))
    check("escaped line ends stay escaped", status in ("200", "400") and "\r\nx" not in text, text)
    status, text, _ = echo(change(":method", "POST") + [("content-length", "5")], b"hello")
    check("a body with its length", status == "200" and text.endswith("hello"), text)
    status, text, reset = echo(change(":method", "POST") + [("content-length", "5")], b"hell")
    check("a body that is too short", reset == PROTOCOL_ERROR, (status, reset))
    status, text, reset = echo(change(":method", "POST") + [("content-length", "5")], b"hello!")
    check("a body that is too long", reset == PROTOCOL_ERROR, (status, reset))
    status, text, _ = echo(change(":method", "POST"), b"hello", [("x-sum", "5")])
    check("trailers", status == "200", text)
    status, text, reset = echo(change(":method", "POST"), b"hello", [(":path", "/")])
    check("pseudo-header in trailers", reset == PROTOCOL_ERROR, (status, reset))
    status, text, reset = echo(change(":method", "POST"), b"hello", [("x", "a\r\nb: c")])
    check("CRLF in trailers", reset == PROTOCOL_ERROR, (status, reset))
    status, _, _ = echo(BASE + [(f"x{i}", "a") for i in range(101)])
    check("more fields than allowed", status == "431", status)
    status, _, _ = echo(change(":method", "CONNECT")[:1] + [BASE[2]])
    check("CONNECT", status == "501", status)

    client = Client()
    large = [("x-large", "a" * 30_000), ("x-larger", "b" * 40_000)]
    block = Encoder().encode(BASE + large, huffman=False)
    frames = [HeadersFrame(1, data=block[:16_000])]
    frames[0].flags.add("END_STREAM")
    for start in range(16_000, len(block), 16_000):
        frames.append(ContinuationFrame(1, data=block[start:start + 16_000]))
    frames[-1].flags.add("END_HEADERS")
    client.send(*frames)
    client.read(lambda c: 1 in c.ended or c.closed)
    check("a head that is too large", client.status(1) == "431", (client.heads, client.goaways))
    client.send(client.headers(3, raw(*BASE), raw=True))
    client.read(lambda c: 3 in c.ended or c.closed)
    check("and the connection goes on", client.status(3) == "200", (client.heads, client.goaways))
    client.close()


# ---- Floods ----------------------------------------------------------------------------------------------------------

def flood_rapid_reset(client):
    for i in range(600):
        stream = 2 * i + 1
        yield client.headers(stream, BASE).serialize() + RstStreamFrame(stream, CANCEL).serialize()


def flood_made_you_reset_window(client):
    for i in range(600):
        stream = 2 * i + 1
        update = WindowUpdateFrame(stream, window_increment=2**31 - 1).serialize()
        yield client.headers(stream, change(":path", "/echo/slow"), end=False).serialize() + update


def flood_made_you_reset_malformed(client):
    for i in range(600):
        yield client.headers(2 * i + 1, raw(*BASE, ("X", "a")), raw=True)


def flood_continuation(client):
    yield HeadersFrame(1, data=client.encoder.encode(BASE))
    for i in range(1_000):
        yield ContinuationFrame(1, data=literal(b"x%d" % i, b"y" * 100))


def flood_empty_continuation(client):
    yield HeadersFrame(1, data=client.encoder.encode(BASE))
    for _ in range(1_000):
        yield ContinuationFrame(1, data=b"")


def flood_header_bytes(client):
    yield HeadersFrame(1, data=client.encoder.encode(BASE))
    for i in range(40):
        yield ContinuationFrame(1, data=b"".join(literal(b"x%d" % i, b"y" * 120) for _ in range(128)))


def flood_empty_data(client):
    yield client.headers(1, change(":method", "POST"), end=False)
    for _ in range(1_000):
        yield DataFrame(1, b"")


def flood_ping(client):
    for _ in range(20_000):
        yield PingFrame(0, b"12345678")


def flood_settings(client):
    for _ in range(20_000):
        yield SettingsFrame(0, settings={4: 65_535})


def flood_priority(client):
    for i in range(5_000):
        yield PriorityFrame(2 * i + 1, depends_on=0, stream_weight=1)


def flood_window_update(client):
    for _ in range(5_000):
        yield WindowUpdateFrame(0, window_increment=1)


def flood_unknown(client):
    for _ in range(20_000):
        yield b"\x00\x00\x00\xee\x00\x00\x00\x00\x00"


def flood_reset_of_nothing(client):
    yield client.headers(1, BASE)
    for _ in range(20_000):
        yield RstStreamFrame(1, CANCEL)


def flood_hpack_bomb(client):
    # One entry of nearly 4 KiB, then thousands of references to it: a byte each.
    value = b"v" * 4_000
    entry = b"\x40" + b"\x01x" + b"\x7f" + bytes([0x80 | (4_000 - 127) & 0x7F, (4_000 - 127) >> 7]) + value
    block = raw(*BASE) + entry + b"\xbe" * 10_000
    yield client.headers(1, block, raw=True)


def flood_refused(client):
    # More streams than allowed, before the settings that say so could be read.
    for i in range(1_000):
        yield client.headers(2 * i + 1, change(":path", "/echo/slow"))


FLOODS = [flood_rapid_reset, flood_made_you_reset_window, flood_made_you_reset_malformed, flood_continuation,
          flood_empty_continuation, flood_header_bytes, flood_empty_data, flood_ping, flood_settings, flood_priority,
          flood_window_update, flood_unknown, flood_reset_of_nothing, flood_hpack_bomb, flood_refused]


def floods():
    still_serves("before")
    for flood in FLOODS:
        name = flood.__name__.removeprefix("flood_")
        before = memory()
        client = Client()
        batch = []
        for frame in flood(client):
            batch.append(frame)
            if len(batch) == 200:
                client.send(*batch)
                batch = []
                if client.closed:
                    break
        client.send(*batch)
        # What was said before a write failed can still be read.
        client.closed = False
        client.read(lambda c: c.closed or c.goaways)
        codes = [code for _, code in client.goaways]
        check(f"{name}: ends with ENHANCE_YOUR_CALM", CALM in codes, (client.goaways, client.closed))
        grown = memory() - before
        check(f"{name}: memory is bounded", grown < 16 << 20, f"{grown >> 10} KiB")
        client.close()
        still_serves(name)
    # A client that takes nothing while it asks for answers.
    before = memory()
    client = Client(receive_buffer=4_096)
    client.socket.settimeout(2)
    try:
        for _ in range(2_000):
            client.socket.sendall(b"".join(PingFrame(0, b"12345678").serialize() for _ in range(100)))
        ended = False
    except TimeoutError:
        ended = False
    except OSError:
        ended = True
    check("unread answers: the connection ends", ended)
    check("unread answers: memory is bounded", memory() - before < 16 << 20, memory() - before)
    client.close()
    still_serves("unread answers")


# ---- Windows ---------------------------------------------------------------------------------------------------------

def flow():
    # An answer of 20 MiB for a client that opens no window: no more than it allowed comes, and little waits inside.
    before = memory()
    client = Client()
    client.send(*[client.headers(2 * i + 1, change(":path", "/echo/big")) for i in range(8)])
    client.read(lambda c: sum(map(len, c.bodies.values())) >= 65_535)
    client.read(lambda c: False, limit=1)
    total = sum(map(len, client.bodies.values()))
    check("a window that stays closed holds", total == 65_535, total)
    grown = memory() - before
    check("what waits for a slow reader is bounded", grown < 12 << 20, f"{grown >> 10} KiB")
    client.close()
    # A window of streams, opened bit by bit, up to the end.
    client = Client(settings={4: 20_000})
    client.send(WindowUpdateFrame(0, window_increment=1 << 30), client.headers(1, change(":path", "/echo/big")))
    got = 0
    while client.read(lambda c: len(c.bodies.get(1, b"")) > got or 1 in c.ended):
        if 1 in client.ended:
            break
        size = len(client.bodies[1])
        client.send(WindowUpdateFrame(1, window_increment=size - got))
        got = size
    check("opened bit by bit, all of it comes", len(client.bodies.get(1, b"")) == 20 << 20,
          (got, client.reset, client.goaways, client.closed))
    client.close()
    # A request's body for an endpoint that does not read: the window is not opened again.
    client = Client()
    client.send(client.headers(1, change(":method", "POST")[:3] + [(":path", "/echo/never")], end=False))
    client.read(lambda c: c.settings)
    check("windows as configured", client.settings.get(4) == 65_536 and client.settings.get(3) == 100, client.settings)
    sent = 0
    window = 65_536
    while sent < 64 << 20:
        seen = client.updates.get(1, 0)
        while sent < window + seen and sent < 64 << 20:
            size = min(16_384, window + seen - sent)
            client.send(DataFrame(1, b"x" * size))
            sent += size
        if not client.read(lambda c: c.updates.get(1, 0) > seen, limit=2):
            break
    check("an endpoint that reads nothing holds back the sender", sent < 32 << 20, sent)
    client.send(client.headers(3, BASE))
    client.read(lambda c: 3 in c.ended)
    check("and only that one", client.status(3) == "200", client.heads)
    client.close()


# ---- Resets ----------------------------------------------------------------------------------------------------------

def resets():
    for name, path, method, end in [("before the head", "/echo/slow", "GET", True),
                                    ("in the request's body", "/echo/a", "POST", False),
                                    ("in the response's body", "/echo/big", "GET", True)]:
        client = Client()
        client.send(client.headers(1, [(":method", method)] + change(":path", path)[1:], end=end))
        if not end:
            client.send(DataFrame(1, b"part"))
        if path == "/echo/big":
            client.read(lambda c: len(c.bodies.get(1, b"")) > 10_000)
        client.send(RstStreamFrame(1, CANCEL))
        client.send(client.headers(3, BASE))
        client.read(lambda c: 3 in c.ended)
        check(f"reset {name}: others go on", client.status(3) == "200" and 1 not in client.ended, client.heads)
        client.close()
    client = Client()
    client.send(client.headers(1, change(":path", "/echo/cut")))
    client.read(lambda c: 1 in c.reset or 1 in c.ended)
    check("an answer that is cut short is reset", client.reset.get(1) is not None and 1 not in client.ended,
          (client.reset, client.ended))
    client.close()
    # An answer before the end of the request: the rest is not wanted (RFC 9113 §8.1).
    client = Client()
    client.send(client.headers(1, change(":path", "/none/such")[:3] + [(":path", "/nowhere")], end=False))
    client.read(lambda c: 1 in c.reset)
    check("an early answer", client.status(1) == "404" and client.reset.get(1) == NO_ERROR,
          (client.heads, client.reset))
    client.close()
    still_serves("after all")


# ---- Many streams ----------------------------------------------------------------------------------------------------

def streams():
    clients = [Client() for _ in range(10)]
    for client in clients:
        client.send(*[client.headers(2 * i + 1, change(":path", f"/echo/{i}?x=1")) for i in range(100)])
    for number, client in enumerate(clients):
        client.read(lambda c: len(c.ended) == 100, limit=30)
        good = sum(f"GET /echo/{i}?x=1 ".encode() in client.bodies.get(2 * i + 1, b"") for i in range(100))
        check(f"1,000 streams at once, connection {number}", good == 100 and len(client.ended) == 100,
              (good, len(client.ended)))
        client.close()


def drain():
    client = Client()
    client.send(client.headers(1, change(":path", "/echo/slow")))
    client.read(lambda c: c.settings)
    # Once this is answered the stream before it is under way.
    client.send(client.headers(3, BASE))
    client.read(lambda c: 3 in c.ended)
    os.kill(pid, signal.SIGTERM)
    client.read(lambda c: len(c.goaways) >= 2)
    check("first it asks for no more streams, then says which was the last",
          [g for g in client.goaways] == [(2**31 - 1, NO_ERROR), (3, NO_ERROR)], client.goaways)
    client.read(lambda c: c.closed)
    check("what is under way is completed", client.status(1) == "200" and 1 in client.ended, client.heads)


def told():
    client = Client()
    client.send(client.headers(1, change(":path", "/held")))
    client.read(lambda c: len(c.goaways) >= 2, limit=30)
    check("told of the end, then of the last stream", client.goaways == [(2**31 - 1, NO_ERROR), (1, NO_ERROR)],
          client.goaways)
    print("told", flush=True)
    client.read(lambda c: c.closed, limit=30)
    check("what is under way is completed", client.status(1) == "200" and 1 in client.ended, client.heads)


# ---- The protocol itself (RFC 9113): what ends a stream, what the connection, and what neither ---------------------

def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


FRAME_SIZE, STREAM_CLOSED, COMPRESSION = 6, 5, 9
END_STREAM, END_HEADERS, PADDED, PRIORITY = 1, 4, 8, 32


def head(client, path="/echo/a", method="GET"):
    return client.encoder.encode([(":method", method)] + change(":path", path)[1:])


# What is sent, with a client that has an open stream 1 and a finished stream 3; and what the connection ends with.
CONNECTION_ERRORS = {
    "DATA on stream 0": (lambda c: frame(0, 0, 0, b"a"), [PROTOCOL_ERROR]),
    "DATA on an idle stream": (lambda c: frame(0, 0, 99, b"a"), [PROTOCOL_ERROR]),
    "DATA with more padding than there is": (lambda c: frame(0, PADDED, 1, b"\x05ab"), [PROTOCOL_ERROR]),
    "HEADERS on stream 0": (lambda c: frame(1, END_HEADERS | END_STREAM, 0, head(c)), [PROTOCOL_ERROR]),
    "HEADERS on an even stream": (lambda c: frame(1, END_HEADERS | END_STREAM, 6, head(c)), [PROTOCOL_ERROR]),
    "HEADERS on a lower stream": (lambda c: frame(1, END_HEADERS | END_STREAM, 9, head(c))
                                  + frame(1, END_HEADERS | END_STREAM, 7, head(c)), [PROTOCOL_ERROR, STREAM_CLOSED]),
    "HEADERS with more padding than there is": (lambda c: frame(1, PADDED | END_HEADERS, 9, b"\xff\x82"),
                                                [PROTOCOL_ERROR]),
    "a frame within a header block": (lambda c: frame(1, 0, 9, head(c)) + frame(6, 0, 0, b"12345678"),
                                      [PROTOCOL_ERROR]),
    "another stream within a header block": (lambda c: frame(1, 0, 9, head(c)) + frame(9, END_HEADERS, 11),
                                             [PROTOCOL_ERROR]),
    "CONTINUATION without HEADERS": (lambda c: frame(9, END_HEADERS, 1, b"\x82"), [PROTOCOL_ERROR]),
    "PRIORITY of another length": (lambda c: frame(2, 0, 1, b"abcd"), [FRAME_SIZE]),
    "PRIORITY on stream 0": (lambda c: frame(2, 0, 0, b"abcde"), [PROTOCOL_ERROR]),
    "RST_STREAM of another length": (lambda c: frame(3, 0, 1, b"abc"), [FRAME_SIZE]),
    "RST_STREAM on stream 0": (lambda c: frame(3, 0, 0, b"\0\0\0\0"), [PROTOCOL_ERROR]),
    "RST_STREAM on an idle stream": (lambda c: frame(3, 0, 99, b"\0\0\0\0"), [PROTOCOL_ERROR]),
    "SETTINGS on a stream": (lambda c: frame(4, 0, 1), [PROTOCOL_ERROR]),
    "SETTINGS of another length": (lambda c: frame(4, 0, 0, b"abc"), [FRAME_SIZE]),
    "SETTINGS with ACK and more": (lambda c: frame(4, 1, 0, b"\0\4\0\0\0\0"), [FRAME_SIZE]),
    "SETTINGS: a window too large": (lambda c: frame(4, 0, 0, b"\0\4\x80\0\0\0"), [FLOW_CONTROL]),
    "SETTINGS: a frame size too small": (lambda c: frame(4, 0, 0, b"\0\5\0\0\x3f\xff"), [PROTOCOL_ERROR]),
    "SETTINGS: a frame size too large": (lambda c: frame(4, 0, 0, b"\0\5\1\0\0\0"), [PROTOCOL_ERROR]),
    "SETTINGS: ENABLE_PUSH that is no switch": (lambda c: frame(4, 0, 0, b"\0\2\0\0\0\2"), [PROTOCOL_ERROR]),
    "PUSH_PROMISE by a client": (lambda c: frame(5, END_HEADERS, 1, b"\0\0\0\2" + head(c)), [PROTOCOL_ERROR]),
    "PING of another length": (lambda c: frame(6, 0, 0, b"1234567"), [FRAME_SIZE]),
    "PING on a stream": (lambda c: frame(6, 0, 1, b"12345678"), [PROTOCOL_ERROR]),
    "GOAWAY on a stream": (lambda c: frame(7, 0, 1, bytes(8)), [PROTOCOL_ERROR]),
    "WINDOW_UPDATE of another length": (lambda c: frame(8, 0, 0, b"abc"), [FRAME_SIZE]),
    "WINDOW_UPDATE of nothing": (lambda c: frame(8, 0, 0, bytes(4)), [PROTOCOL_ERROR]),
    "WINDOW_UPDATE on an idle stream": (lambda c: frame(8, 0, 99, b"\0\0\0\1"), [PROTOCOL_ERROR]),
    "WINDOW_UPDATE beyond the largest window": (lambda c: frame(8, 0, 0, b"\x7f\xff\xff\xff"), [FLOW_CONTROL]),
    "a frame that is too large": (lambda c: frame(0, 0, 1, bytes(16_385)), [FRAME_SIZE]),
    "an index that is in no table": (lambda c: frame(1, END_HEADERS | END_STREAM, 9, b"\xff\xff\x03"), [COMPRESSION]),
    "index 0": (lambda c: frame(1, END_HEADERS | END_STREAM, 9, b"\x80"), [COMPRESSION]),
    "a table larger than allowed": (lambda c: frame(1, END_HEADERS | END_STREAM, 9, b"\x3f\xe2\x1f" + head(c)),
                                    [COMPRESSION]),
    "a change of the table in the middle": (lambda c: frame(1, END_HEADERS | END_STREAM, 9, head(c) + b"\x20"),
                                            [COMPRESSION]),
    "Huffman code with a wrong end": (lambda c: frame(1, END_HEADERS | END_STREAM, 9, b"\x00\x85\xf2\xb2\x4a\x84\xff"
                                                      + b"\x81\x00"), [COMPRESSION]),
    "a header block that breaks off": (lambda c: frame(1, END_HEADERS | END_STREAM, 9, b"\x00\x05ab"), [COMPRESSION]),
}

# The same for what ends one stream only.
STREAM_ERRORS = {
    "WINDOW_UPDATE of nothing on a stream": (lambda c: frame(8, 0, 1, bytes(4)), 1, [PROTOCOL_ERROR]),
    "WINDOW_UPDATE beyond the largest, on a stream": (lambda c: frame(8, 0, 1, b"\x7f\xff\xff\xff"), 1, [FLOW_CONTROL]),
    "HEADERS in the middle of a request": (lambda c: frame(1, END_HEADERS, 1, head(c)), 1, [PROTOCOL_ERROR]),
    "DATA after the end": (lambda c: frame(1, END_HEADERS | END_STREAM, 9, head(c, "/echo/slow"))
                           + frame(0, 0, 9, b"a"), 9, [STREAM_CLOSED]),
}

NO_ERRORS = {
    "a frame of an unknown type": lambda c: frame(0xee, 0xff, 0, b"abc") + frame(0xee, 0, 1, b"abc"),
    "a setting of an unknown name": lambda c: frame(4, 0, 0, b"\xee\xee\0\0\0\1"),
    "unknown flags": lambda c: frame(6, 0xf0, 0, b"12345678"),
    "PRIORITY on an idle and a finished stream": lambda c: frame(2, 0, 99, b"\0\0\0\0\x0f")
    + frame(2, 0, 3, b"\0\0\0\0\x0f"),
    "WINDOW_UPDATE on a finished stream": lambda c: frame(8, 0, 3, b"\0\0\0\1"),
    "RST_STREAM on a finished stream": lambda c: frame(3, 0, 3, b"\0\0\0\x08"),
    "padding": lambda c: frame(0, PADDED, 1, b"\x03ab\0\0\0"),
    "the reserved bit": lambda c: frame(6, 0, 0x80000000, b"12345678"),
}


def protocol():
    def prepared():
        client = Client()
        client.send(client.headers(1, change(":method", "POST"), end=False), client.headers(3, BASE))
        client.read(lambda c: 3 in c.ended)
        return client

    def works(client):
        client.send(client.headers(21, BASE))
        client.read(lambda c: 21 in c.ended or c.closed)
        return client.status(21) == "200"

    for name, (make, codes) in CONNECTION_ERRORS.items():
        client = prepared()
        client.send(make(client))
        client.read(lambda c: c.closed)
        seen = [code for _, code in client.goaways]
        check(f"{name}: ends the connection", client.closed and seen and seen[-1] in codes, (seen, client.reset))
        client.close()
    for name, (make, stream, codes) in STREAM_ERRORS.items():
        client = prepared()
        client.send(make(client))
        client.read(lambda c: stream in c.reset or c.closed or c.goaways)
        seen = [code for _, code in client.goaways]
        # A stream's error may be the connection's as well (RFC 9113 §5.4.1).
        check(f"{name}: ends the stream", client.reset.get(stream) in codes or (seen and seen[-1] in codes),
              (client.reset, client.goaways, client.heads))
        if not client.goaways:
            check(f"{name}: the connection goes on", works(client), (client.heads, client.goaways))
        client.close()
    for name, make in NO_ERRORS.items():
        client = prepared()
        client.send(make(client))
        check(f"{name}: is no error", works(client) and not client.goaways, (client.goaways, client.reset))
        client.close()

    client = Client()
    client.send(PingFrame(0, b"12345678"))
    client.read(lambda c: c.pongs)
    check("PING is answered", client.pongs == 1)
    # More than the windows allow.
    client.send(client.headers(1, change(":method", "POST")[:3] + [(":path", "/echo/never")], end=False))
    client.read(lambda c: c.settings)
    client.send(*[DataFrame(1, bytes(16_384)) for _ in range(5)])
    client.read(lambda c: 1 in c.reset or c.goaways)
    check("more than the window allows", client.reset.get(1) == FLOW_CONTROL
          or FLOW_CONTROL in [code for _, code in client.goaways], (client.reset, client.goaways))
    client.close()
    # The client wants to end: what is under way is completed, and then the connection ends.
    client = Client()
    client.send(client.headers(1, change(":path", "/echo/slow")), GoAwayFrame(0, last_stream_id=0))
    client.read(lambda c: c.closed)
    check("a client that goes gets its answer", client.status(1) == "200" and 1 in client.ended, client.heads)
    client.close()
    # No preface at all, but its first bytes.
    other = socket.create_connection(("127.0.0.1", port), timeout=10)
    other.sendall(b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")
    data = b""
    try:
        while piece := other.recv(1 << 16):
            data += piece
    except OSError:
        pass
    check("a wrong preface ends the connection", b"\x07" in data[-17:-8], data)
    other.close()
    # A smaller window while an answer is under way makes the window negative, and that holds (§6.9.2).
    client = Client(settings={4: 10_000})
    client.send(client.headers(1, change(":path", "/echo/big")))
    client.read(lambda c: len(c.bodies.get(1, b"")) >= 10_000)
    client.send(SettingsFrame(0, settings={4: 1_000}), WindowUpdateFrame(1, window_increment=9_000))
    client.read(lambda c: False, limit=0.5)
    check("a window may become negative", len(client.bodies[1]) == 10_000, len(client.bodies[1]))
    client.send(WindowUpdateFrame(1, window_increment=500))
    client.read(lambda c: len(c.bodies[1]) > 10_000)
    check("and opens again", len(client.bodies[1]) == 10_500, len(client.bodies[1]))
    client.close()
    still_serves("after all")


# ---- Identity headers ------------------------------------------------------------------------------------------------

def identity():
    """Random spellings of the headers that only the gateway sets, in heads and trailers, on every kind of route.

    frames.py PORT PID identity TOKEN SEED: what reached the origin is judged by the caller.
    """
    token, chance = sys.argv[4], random.Random(int(sys.argv[5]))
    client = Client()
    for number in range(300):
        stream = 2 * number + 1
        name = chance.choice(["x-user-id", "x-user-role", "x-user-email", "x-tenant-user"])
        spelled = "".join(chance.choice("-_.~-_!#") if c == "-" else c for c in name)
        kind = chance.choice(["head", "head", "twice", "trailer", "upper", "connection"])
        path = chance.choice(["/open", "/excluded", "/closed", "/other"])
        head = [(":method", "POST"), (":scheme", "http"), (":authority", "x.test"), (":path", path),
                ("authorization", f"Bearer {token}")]
        if kind in ("head", "twice"):
            head += [(spelled, "forged")] * (2 if kind == "twice" else 1)
        elif kind == "upper":
            # Names in upper case do not exist in HTTP/2 (RFC 9113 §8.2.1), nor does Connection (§8.2.2).
            place = chance.randrange(len(spelled))
            upper = spelled[:place] + spelled[place].upper() + spelled[place + 1:]
            head.append((upper if upper != spelled else "X" + spelled[1:], "forged"))
        elif kind == "connection":
            head += [("connection", spelled), (spelled, "forged")]
        client.send(client.headers(stream, raw(*head), raw=True, end=False))
        body = DataFrame(stream, b"x")
        if kind == "trailer":
            client.send(body, client.headers(stream, raw((spelled, "forged")), raw=True))
        else:
            body.flags.add("END_STREAM")
            client.send(body)
        client.read(lambda c: stream in c.ended or stream in c.reset or c.closed)
        wanted = "400" if kind in ("upper", "connection") else "200"
        check(f"{number}: {kind} {spelled} on {path}", client.status(stream) == wanted, client.heads.get(stream))
        check(f"{number}: nothing forged comes back", b"forged" not in client.bodies.get(stream, b""))
        if client.closed or client.goaways:
            # Malformed requests in a row end a connection; the next one begins with new streams.
            check(f"{number}: the connection went on", False, client.goaways)
            break
    client.close()


{"identity": identity, "told": told, "protocol": protocol, "fields": fields, "floods": floods, "flow": flow, "resets": resets, "streams": streams, "drain": drain}[sys.argv[3]]()
sys.exit(1 if failures else 0)

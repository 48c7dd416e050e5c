"""The interoperability cases of gRPC, by the package grpcio on both sides: their names, messages and expectations are those
of its description of them (doc/interop-test-descriptions.md of the grpc project).

    interop.py server [CERTIFICATE KEY]         says its port on a line of its own
    interop.py client HOST:PORT [AUTHORITY]     runs all of them through a gateway; ends with 1 if any failed

Messages are put together and taken apart by hand, so that nothing has to be generated.
"""
import sys
import threading
import time
from concurrent import futures

import grpc

SERVICE = "grpc.testing.TestService"
INITIAL, TRAILING = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"


# Protocol buffers, as far as these messages need them: numbers, and bytes with a length.

def number(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def pack(*fields):
    """Fields as (number, value); nothing for 0 and None."""
    out = b""
    for place, value in fields:
        if isinstance(value, int):
            out += number(place << 3) + number(value) if value else b""
        elif value is not None:
            out += number(place << 3 | 2) + number(len(value)) + value
    return out


def unpack(message):
    """{number: [values]}"""
    fields, index = {}, 0

    def read():
        nonlocal index
        value = shift = 0
        while True:
            byte = message[index]
            index += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while index < len(message):
        key = read()
        if key & 7 == 0:
            value = read()
        else:
            length = read()
            value = message[index:index + length]
            index += length
        fields.setdefault(key >> 3, []).append(value)
    return fields


def payload(size):
    return pack((2, bytes(size)))


def body(message, place=1):
    """The length of the payload that a message has at this place."""
    return len(unpack(unpack(message).get(place, [b""])[0]).get(2, [b""])[0])


def wanted(size, response_size, status=None):
    return pack((2, response_size), (3, payload(size)), (7, status))


def streamed(sizes, size=None, pause=0, status=None):
    return pack(*[(2, pack((1, one), (2, pause))) for one in sizes], (3, payload(size) if size else None), (7, status))


def serve(certificate=None, key=None):
    def echo(context):
        metadata = dict(context.invocation_metadata())
        if INITIAL in metadata:
            context.send_initial_metadata(((INITIAL, metadata[INITIAL]),))
        if TRAILING in metadata:
            context.set_trailing_metadata(((TRAILING, metadata[TRAILING]),))

    def status(request, context):
        for one in unpack(request).get(7, []):
            fields = unpack(one)
            context.abort(next(code for code in grpc.StatusCode if code.value[0] == fields[1][0]),
                          fields.get(2, [b""])[0].decode())

    def empty(request, context):
        return b""

    def unary(request, context):
        echo(context)
        status(request, context)
        return pack((1, payload(unpack(request).get(2, [0])[0])))

    def down(request, context):
        for one in unpack(request).get(2, []):
            yield pack((1, payload(unpack(one).get(1, [0])[0])))

    def up(requests, context):
        return pack((1, sum(body(request) for request in requests)))

    def both(requests, context):
        echo(context)
        for request in requests:
            status(request, context)
            for one in unpack(request).get(2, []):
                fields = unpack(one)
                time.sleep(fields.get(2, [0])[0] / 1e6)
                yield pack((1, payload(fields.get(1, [0])[0])))

    methods = {
        "EmptyCall": grpc.unary_unary_rpc_method_handler(empty), "UnaryCall": grpc.unary_unary_rpc_method_handler(unary),
        "StreamingOutputCall": grpc.unary_stream_rpc_method_handler(down),
        "StreamingInputCall": grpc.stream_unary_rpc_method_handler(up),
        "FullDuplexCall": grpc.stream_stream_rpc_method_handler(both),
    }
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
    if certificate:
        pair = open(key, "rb").read(), open(certificate, "rb").read()
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


class Requests:
    """What a test sends, one by one; ends when told."""

    def __init__(self):
        self.items, self.change, self.ended = [], threading.Condition(), False

    def send(self, item):
        with self.change:
            self.items.append(item)
            self.change.notify()

    def end(self):
        with self.change:
            self.ended = True
            self.change.notify()

    def __iter__(self):
        while True:
            with self.change:
                while not self.items and not self.ended:
                    self.change.wait()
                if not self.items:
                    return
                item = self.items.pop(0)
            yield item


class Cases:
    def __init__(self, channel):
        self.empty = channel.unary_unary(f"/{SERVICE}/EmptyCall")
        self.unary = channel.unary_unary(f"/{SERVICE}/UnaryCall")
        self.down = channel.unary_stream(f"/{SERVICE}/StreamingOutputCall")
        self.up = channel.stream_unary(f"/{SERVICE}/StreamingInputCall")
        self.both = channel.stream_stream(f"/{SERVICE}/FullDuplexCall")
        self.nothing = channel.unary_unary(f"/{SERVICE}/UnimplementedCall")
        self.nowhere = channel.unary_unary("/grpc.testing.UnimplementedService/UnimplementedCall")

    def empty_unary(self):
        assert self.empty(b"", timeout=20) == b""

    def large_unary(self):
        assert body(self.unary(wanted(271828, 314159), timeout=20)) == 314159

    def client_streaming(self):
        total = self.up(iter([pack((1, payload(size))) for size in (27182, 8, 1828, 45904)]), timeout=20)
        assert unpack(total)[1] == [74922]

    def server_streaming(self):
        sizes = [31415, 9, 2653, 58979]
        assert [body(one) for one in self.down(streamed(sizes), timeout=20)] == sizes

    def ping_pong(self):
        requests = Requests()
        call = self.both(iter(requests), timeout=20)
        for size, answer in zip((27182, 8, 1828, 45904), (31415, 9, 2653, 58979)):
            requests.send(streamed([answer], size))
            assert body(next(call)) == answer
        requests.end()
        assert list(call) == [] and call.code() == grpc.StatusCode.OK

    def empty_stream(self):
        assert list(self.both(iter(()), timeout=20)) == []

    def timeout_on_sleeping_server(self):
        requests = Requests()
        requests.send(streamed([31415], 27182, pause=2_000_000))
        call = self.both(iter(requests), timeout=0.2)
        try:
            list(call)
        except grpc.RpcError:
            pass
        requests.end()
        assert call.code() == grpc.StatusCode.DEADLINE_EXCEEDED, call.code()

    def custom_metadata(self):
        metadata = (INITIAL, "test_initial_metadata_value"), (TRAILING, b"\xab\xab\xab")
        _, call = self.unary.with_call(wanted(271828, 314159), metadata=metadata, timeout=20)
        assert dict(call.initial_metadata())[INITIAL] == metadata[0][1]
        assert dict(call.trailing_metadata())[TRAILING] == metadata[1][1]
        requests = Requests()
        requests.send(streamed([314159], 271828))
        call = self.both(iter(requests), metadata=metadata, timeout=20)
        assert body(next(call)) == 314159
        requests.end()
        assert list(call) == []
        assert dict(call.initial_metadata())[INITIAL] == metadata[0][1]
        assert dict(call.trailing_metadata())[TRAILING] == metadata[1][1]

    def ends_with(self, code, details, run):
        try:
            run()
        except grpc.RpcError as error:
            assert error.code() == code and details in (None, error.details()), (error.code(), error.details())
        else:
            raise AssertionError("it did not fail")

    def status_code_and_message(self, text="test status message"):
        status = pack((1, 2), (2, text.encode()))
        self.ends_with(grpc.StatusCode.UNKNOWN, text, lambda: self.unary(wanted(0, 0, status), timeout=20))
        self.ends_with(grpc.StatusCode.UNKNOWN, text,
                       lambda: list(self.both(iter([streamed([], status=status)]), timeout=20)))

    def special_status_message(self):
        self.status_code_and_message("\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n")

    def unimplemented_method(self):
        self.ends_with(grpc.StatusCode.UNIMPLEMENTED, None, lambda: self.nothing(b"", timeout=20))

    def unimplemented_service(self):
        self.ends_with(grpc.StatusCode.UNIMPLEMENTED, None, lambda: self.nowhere(b"", timeout=20))

    def cancel_after_begin(self):
        requests = Requests()
        call = self.up.future(iter(requests), timeout=20)
        call.cancel()
        requests.end()
        assert call.code() == grpc.StatusCode.CANCELLED, call.code()

    def cancel_after_first_response(self):
        requests = Requests()
        requests.send(streamed([31415], 27182))
        call = self.both(iter(requests), timeout=20)
        assert body(next(call)) == 31415
        call.cancel()
        requests.end()
        try:
            next(call)
        except (grpc.RpcError, StopIteration):
            pass
        assert call.code() == grpc.StatusCode.CANCELLED, call.code()


NAMES = """empty_unary large_unary client_streaming server_streaming ping_pong empty_stream timeout_on_sleeping_server
custom_metadata status_code_and_message special_status_message unimplemented_method unimplemented_service
cancel_after_begin cancel_after_first_response""".split()


def call(address, authority=None):
    if authority:
        credentials = grpc.ssl_channel_credentials(open(authority, "rb").read())
        channel = grpc.secure_channel(address, credentials)
    else:
        channel = grpc.insecure_channel(address)
    cases, failures = Cases(channel), 0
    for name in NAMES:
        try:
            getattr(cases, name)()
        except Exception as error:
            failures += 1
            print(f"FAILED {name}: {error!r}", flush=True)
    print(f"{len(NAMES) - failures} of {len(NAMES)} cases", flush=True)
    channel.close()
    sys.exit(1 if failures else 0)


(serve if sys.argv[1] == "server" else call)(*sys.argv[2:])

"""A server and a client of gRPC, with the package grpcio: all kinds of calls, ends and limits.

    calls.py server              says its port on a line of its own
    calls.py client PORT         calls it through a gateway at that port; ends with 1 if anything went wrong

Messages are plain bytes, so that nothing has to be generated.
"""
import sys
import threading
import time
from concurrent import futures

import grpc

SERVICE = "test.Echo"


def serve():
    def unary(request, context):
        context.send_initial_metadata((("x-initial", "1"),))
        context.set_trailing_metadata((("x-trailing", "2"), ("x-bytes-bin", b"\x00\xff")))
        left = context.time_remaining()
        if request == b"left":
            return str(left).encode()
        return b"echo " + request

    def fail(request, context):
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not like this: 100%")

    tries, turn = {}, threading.Lock()

    def flaky(request, context):
        """Unavailable twice; the answer says how often it was asked."""
        with turn:
            tries[request] = tries.get(request, 0) + 1
        if tries[request] < 3:
            context.abort(grpc.StatusCode.UNAVAILABLE, "not yet")
        return b"%d" % tries[request]

    def broken(request, context):
        """A message, and then unavailable."""
        with turn:
            tries[request] = tries.get(request, 0) + 1
        yield b"%d" % tries[request]
        context.abort(grpc.StatusCode.UNAVAILABLE, "no more")

    def slow(request, context):
        stopped = threading.Event()
        context.add_callback(stopped.set)
        stopped.wait(20)
        return b"late"

    def down(request, context):
        for number in range(int(request)):
            yield b"%d" % number

    def endless(request, context):
        number = 0
        while context.is_active():
            yield b"%d" % number
            number += 1
            time.sleep(0.05)

    def up(requests, context):
        return b"%d" % sum(len(request) for request in requests)

    def both(requests, context):
        for request in requests:
            yield b"echo " + request

    def health(request, context):
        return b"\x08\x01"

    methods = {
        "Unary": grpc.unary_unary_rpc_method_handler(unary), "Fail": grpc.unary_unary_rpc_method_handler(fail),
        "Slow": grpc.unary_unary_rpc_method_handler(slow), "Down": grpc.unary_stream_rpc_method_handler(down),
        "Endless": grpc.unary_stream_rpc_method_handler(endless), "Up": grpc.stream_unary_rpc_method_handler(up),
        "Flaky": grpc.unary_unary_rpc_method_handler(flaky), "Broken": grpc.unary_stream_rpc_method_handler(broken),
        "Both": grpc.stream_stream_rpc_method_handler(both),
    }
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    server.add_generic_rpc_handlers((
        grpc.method_handlers_generic_handler(SERVICE, methods),
        grpc.method_handlers_generic_handler(
            "grpc.health.v1.Health", {"Check": grpc.unary_unary_rpc_method_handler(health)})))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


def call(port):
    failures = []

    def check(name, good, seen=""):
        if not good:
            failures.append(name)
            print(f"FAILED {name}: {seen}", flush=True)

    channel = grpc.insecure_channel(f"127.0.0.1:{port}")

    def ending(call, *arguments, **options):
        try:
            return "no error: ", call(*arguments, **options)
        except grpc.RpcError as error:
            return error.code(), error.details()

    unary = channel.unary_unary(f"/{SERVICE}/Unary")
    answer, done = unary.with_call(b"hello", timeout=10)
    check("unary", answer == b"echo hello", answer)
    check("initial metadata", ("x-initial", "1") in done.initial_metadata(), done.initial_metadata())
    trailing = dict(done.trailing_metadata())
    check("trailing metadata", trailing.get("x-trailing") == "2" and trailing.get("x-bytes-bin") == b"\x00\xff", trailing)
    large = b"x" * (1 << 20)
    check("a large message", unary(large, timeout=20) == b"echo " + large)
    check("an empty message", unary(b"", timeout=10) == b"echo ")
    left = float(unary(b"left", timeout=5))
    # The server's own library rounds up.
    check("what is left of the time", 0 < left < 6, left)
    check("a status of the service", ending(channel.unary_unary(f"/{SERVICE}/Fail"), b"", timeout=10)
          == (grpc.StatusCode.FAILED_PRECONDITION, "not like this: 100%"))
    check("no such method", ending(channel.unary_unary(f"/{SERVICE}/None"), b"", timeout=10)[0]
          == grpc.StatusCode.UNIMPLEMENTED)
    numbers = list(channel.unary_stream(f"/{SERVICE}/Down")(b"100", timeout=10))
    check("a stream of answers", numbers == [b"%d" % n for n in range(100)], numbers)
    total = channel.stream_unary(f"/{SERVICE}/Up")(iter([b"x" * 1000] * 500), timeout=20)
    check("a stream of requests", total == b"500000", total)
    # Each answer is awaited before the next request is sent.
    queue = []
    more = threading.Condition()

    def requests():
        for number in range(50):
            with more:
                more.wait_for(lambda: len(queue) == number, timeout=10)
            yield b"%d" % number

    for reply in channel.stream_stream(f"/{SERVICE}/Both")(requests(), timeout=30):
        with more:
            queue.append(reply)
            more.notify()
    check("both ways at once", queue == [b"echo %d" % n for n in range(50)], queue)
    check("the caller's limit", ending(channel.unary_unary(f"/{SERVICE}/Slow"), b"", timeout=0.5)[0]
          == grpc.StatusCode.DEADLINE_EXCEEDED)
    seen = []
    stream = channel.unary_stream(f"/{SERVICE}/Endless")(b"")
    for reply in stream:
        seen.append(reply)
        if len(seen) == 5:
            stream.cancel()
            break
    check("a call that is cancelled", seen == [b"0", b"1", b"2", b"3", b"4"], seen)
    # The service's time for an answer is shorter than the caller takes to say all; it runs from there.
    def slowly():
        for _ in range(8):
            time.sleep(0.4)
            yield b"x"

    total = channel.stream_unary("/patient.Echo/Up")(slowly(), timeout=30)
    check("a long call", total == b"8", total)
    check("an answer that takes too long", ending(channel.unary_unary("/patient.Echo/Slow"), b"", timeout=30)[0]
          == grpc.StatusCode.DEADLINE_EXCEEDED)
    check("a further try", channel.unary_unary(f"/{SERVICE}/Flaky")(b"flaky", timeout=10) == b"3")
    seen = []

    def broken():
        for reply in channel.unary_stream(f"/{SERVICE}/Broken")(b"broken", timeout=10):
            seen.append(reply)

    check("no further try behind a message", ending(broken)[0] == grpc.StatusCode.UNAVAILABLE and seen == [b"1"], seen)
    # What the gateway itself says.
    check("no route", ending(channel.unary_unary("/other.Service/Method"), b"", timeout=10)
          == (grpc.StatusCode.UNIMPLEMENTED, "No route matches this request."),
          ending(channel.unary_unary("/other.Service/Method"), b"", timeout=10))
    check("nobody there", ending(channel.unary_unary("/gone.Service/Method"), b"", timeout=10)[0]
          == grpc.StatusCode.UNAVAILABLE)
    check("not allowed", ending(channel.unary_unary("/closed.Service/Method"), b"", timeout=10)[0]
          == grpc.StatusCode.UNAUTHENTICATED)
    many = [unary.future(b"%d" % n, timeout=20) for n in range(200)]
    check("many at once", [one.result() for one in many] == [b"echo %d" % n for n in range(200)])
    channel.close()
    sys.exit(1 if failures else 0)


if sys.argv[1] == "server":
    serve()
else:
    call(sys.argv[2])

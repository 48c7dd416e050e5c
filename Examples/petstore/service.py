#!/usr/bin/env python3
"""A pet store of a few lines, with one answer that its document does not allow."""
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PETS = {1: {"id": 1, "name": "Ada"}, 2: {"id": 2, "name": "Bob", "shard": 7}}


class Store(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/v1/pets":
            return self.answer(200, [PETS[1]])
        number = path.rsplit("/", 1)[-1]
        pet = PETS.get(int(number)) if number.isdigit() else None
        return self.answer(200, pet) if pet else self.answer(404, {"error": "no_such_pet"})

    def do_POST(self):
        pet = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(201, {**pet, "id": 3})

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Store).serve_forever()

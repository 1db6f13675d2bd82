#!/usr/bin/env python3
"""An embeddings service for tests: OpenAI's wire format, vectors from a bag of concepts.

Words of one concept get one direction, so that "vehicle" is near "car" although they share no letter.
Prints "port <n>". GET /calls answers how many texts were embedded; POST /mode?to=ok|fail|hang|junk
changes how it behaves from then on.
"""
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

CONCEPTS = [
    {"car", "automobile", "vehicle"},
    {"physician", "doctor", "medic"},
    {"lamp", "light", "illumination"},
    {"cost", "price", "fee"},
]
DIMENSIONS = 64
state = {"mode": "ok", "texts": 0, "key": ""}
released = threading.Event()


def embed(text):
    vector = [0.0] * DIMENSIONS
    for word in "".join(c if c.isalnum() else " " for c in text.lower()).split():
        concept = next((min(group) for group in CONCEPTS if word in group), word)
        digest = hashlib.sha256(concept.encode()).digest()
        for place in range(DIMENSIONS):
            bit = digest[place % 32] >> (place // 32) & 1
            vector[place] += 1.0 if bit else -1.0
    return vector


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.answer(200, {"texts": state["texts"], "key": state["key"]})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        address = urlparse(self.path)
        if address.path == "/mode":
            state["mode"] = parse_qs(address.query)["to"][0]
            released.set()
            self.answer(200, {})
            return
        if address.path != "/v1/embeddings":
            self.answer(404, {"error": {"message": "no such path"}})
            return
        if state["mode"] == "hang":
            released.clear()
            released.wait(20)
            self.close_connection = True
            return
        if state["mode"] == "fail":
            self.answer(503, {"error": {"message": "overloaded"}})
            return
        if state["mode"] == "junk":
            self.answer(200, {"data": [{"index": 0, "embedding": ["x"]}]})
            return
        request = json.loads(body)
        state["texts"] += len(request["input"])
        state["key"] = self.headers.get("authorization", "")
        data = [{"object": "embedding", "index": i, "embedding": embed(text)}
                for i, text in enumerate(request["input"])]
        # In another order than asked: "index" says which is which.
        self.answer(200, {"object": "list", "data": data[::-1], "model": request["model"],
                          "usage": {"prompt_tokens": 0, "total_tokens": 0}})


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"port {server.server_port}", flush=True)
server.serve_forever()

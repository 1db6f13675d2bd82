"""The other side of the HTTP client's tests: a server of Python's, run as a process of its own.

usage: http_peer.py [certificate.pem key.pem]     prints "port N" when it listens

/echo                 what was sent, as JSON
/bytes?n=             so many bytes
/status?code=         that status with a body
/stream?n=            so many chunks "chunk <i>\n", each sent for itself
/endless              chunks until the client goes; counted in `gone`
/hang                 no answer until the client goes; counted in `gone`
/pause?ms=            an answer after so long
/redirect?to=         302
/headers?bytes=       an answer with that much of headers
/stale                an answer that promises to keep the connection, which is then closed
/counters             connections so far, open at once at most, requests in hand at most, gone
"""

import json
import select
import ssl
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

lock = threading.Lock()
counters = {"connections": 0, "open": 0, "open_max": 0, "in_hand": 0, "in_hand_max": 0, "gone": 0}


def count(name, change=1):
    with lock:
        counters[name] += change
        if name + "_max" in counters:
            counters[name + "_max"] = max(counters[name + "_max"], counters[name])


class Peer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        count("connections")
        count("open")

    def finish(self):
        count("open", -1)
        super().finish()

    def log_message(self, *_):
        pass

    def answer(self, body, status=200, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def handle_any(self):
        url = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(url.query))
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        count("in_hand")
        try:
            getattr(self, "at_" + url.path.strip("/").split("/")[0], self.at_nothing)()
        finally:
            count("in_hand", -1)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = handle_any

    def at_nothing(self):
        self.answer(b"no such path", 404)

    def at_echo(self):
        sent = {
            "method": self.command,
            "path": self.path,
            "headers": {k.lower(): v for k, v in self.headers.items()},
            "body": self.body.decode(),
        }
        self.answer(json.dumps(sent).encode(), headers=[("X-Answer", " yes "), ("Content-Type", "application/json")])

    def at_bytes(self):
        self.answer(b"x" * int(self.query["n"]))

    def at_status(self):
        code = int(self.query["code"])
        self.answer(b"" if code == 204 else b"it says why", code)

    def at_stream(self):
        self.start_chunks()
        for number in range(int(self.query["n"])):
            self.chunk(b"chunk %d\n" % number)
        self.wfile.write(b"0\r\n\r\n")

    def start_chunks(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def at_endless(self):
        self.start_chunks()
        try:
            while True:
                self.chunk(b"more\n")
                select.select([self.connection], [], [], 0.01)
        except OSError:
            count("gone")
            self.close_connection = True

    def at_hang(self):
        count("gone", 0)
        select.select([self.connection], [], [])  # readable: the other side has closed
        count("gone")
        self.close_connection = True

    def at_pause(self):
        time.sleep(int(self.query["ms"]) / 1000)
        self.answer(b"late")

    def at_redirect(self):
        self.answer(b"elsewhere", 302, [("Location", self.query["to"])])

    def at_headers(self):
        self.answer(b"", headers=[("X-%d" % i, "y" * 1000) for i in range(int(self.query["bytes"]) // 1000)])

    def at_stale(self):
        self.answer(b"closing")
        self.close_connection = True

    def at_counters(self):
        with lock:
            body = json.dumps(counters).encode()
        self.answer(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        pass  # a client that went away is what the tests are about


server = Server(("127.0.0.1", 0), Peer)
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print("port", server.server_address[1], flush=True)
server.serve_forever()

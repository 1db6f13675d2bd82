"""Webhooks: whoever asked for it is told of an asynchronous turn's outcome, signed, once it stands."""

import base64
import http.server
import json
import re
import socket
import threading
import uuid

import pytest
from mesh import ROOT, Mesh, wait_until

SECRET = "whsec_" + base64.b64encode(b"a key of thirty-two random bytes").decode()
QUESTION = "How long do I have to return something?"


def documented_check():
    """The receiver's function as docs/protocol.md prints it."""
    section = (ROOT / "docs/protocol.md").read_text().split("## Webhooks", 1)[1]
    scope = {}
    exec(re.search(r"```python\n(.*?)```", section, re.S).group(1), scope)
    return scope["verified"]


class Receiver:
    """Somebody's server. `answers` maps a path to the statuses it gives, the last one again and again; 0: none at all
    until the caller has gone."""

    def __init__(self):
        self.answers = {}
        self.calls = []  # (path, headers, body)
        verified = documented_check()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {k.lower(): v for k, v in self.headers.items()}
                before = len([c for c in receiver.calls if c[0] == self.path])
                receiver.calls.append((self.path, headers, body))
                if not verified(SECRET, headers, body):
                    self.send_error(401)
                    return
                statuses = receiver.answers.get(self.path, [200])
                status = statuses[min(before, len(statuses) - 1)]
                if status == 0:
                    self.connection.recv(1)  # ends when the caller has gone
                    return
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server.server_address[1]}{path}"

    def calls_to(self, path):
        return [(headers, body) for called, headers, body in self.calls if called == path]

    def wait_calls(self, path, count, seconds=30):
        wait_until(lambda: len(self.calls_to(path)) >= count, seconds, f"{count} calls of {path}")
        return self.calls_to(path)

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture(scope="module")
def receiver():
    running = Receiver()
    yield running
    running.close()


@pytest.fixture(scope="module")
def mesh(receiver):
    with Mesh(environment={
            "WEBHOOK_URLS": receiver.url("/hooks"),
            "WEBHOOK_SECRET": SECRET,
            "WEBHOOK_BACKOFF_MS": "300,300,300,300",
            "WORK_BACKOFF_MS": "300,300,300,300",
    }) as running:
        yield running


def ask_nats(mesh, subject, payload):
    """One request on the bus, as JSON: the text protocol is short enough to speak by hand."""
    with socket.create_connection(("127.0.0.1", mesh.nats_port), 10) as bus:
        stream = bus.makefile("rwb")
        inbox = "_INBOX." + uuid.uuid4().hex
        stream.write(b'CONNECT {"verbose":false,"pedantic":false}\r\n')
        stream.write(f"SUB {inbox} 1\r\nPUB {subject} {inbox} {len(payload)}\r\n".encode() + payload + b"\r\n")
        stream.flush()
        while True:
            line = stream.readline().split()
            assert line, "the server has closed"
            if line[0] == b"PING":
                stream.write(b"PONG\r\n")
                stream.flush()
            if line[0] == b"MSG":
                return json.loads(stream.read(int(line[-1])))


def dead(mesh, name):
    """Headers of the dead webhook of turn `name`, or None."""
    question = json.dumps({"last_by_subj": f"mesh.dead.webhook.{name}"}).encode()
    answer = ask_nats(mesh, "$JS.API.STREAM.MSG.GET.DEAD", question)
    if "message" not in answer:
        return None
    lines = base64.b64decode(answer["message"]["hdrs"]).decode().split("\r\n")
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def work_left(mesh):
    return ask_nats(mesh, "$JS.API.STREAM.INFO.WORK", b"")["state"]["messages"]


def submit(mesh, url):
    answer = mesh.post("/v1/invoke", {"text": QUESTION, "webhook_url": url}, {"Prefer": "respond-async"})
    assert answer.status == 202, answer.body
    return answer.json()["id"]


def test_an_outcome_is_told_as_the_api_tells_it(mesh, receiver):
    name = submit(mesh, receiver.url("/hooks/plain?shop=7"))
    [(headers, body)] = receiver.wait_calls("/hooks/plain?shop=7", 1)
    told = json.loads(body)
    assert told["type"] == "turn.answered"
    assert told["data"]["state"] == "ANSWERED" and "30 days" in told["data"]["reply"]["reply"]
    assert told["data"] == mesh.request("GET", f"/v1/turns/{name}").json()
    assert headers["content-type"] == "application/json"
    wait_until(lambda: work_left(mesh) == 0, what="an empty work queue")
    assert len(receiver.calls_to("/hooks/plain?shop=7")) == 1
    assert not documented_check()(SECRET, headers, body + b" "), "a changed body"
    assert not documented_check()("whsec_" + "A" * 44, headers, body), "another key"


def test_a_receiver_that_fails_is_told_again(mesh, receiver):
    receiver.answers["/hooks/shaky"] = [500, 503, 200]
    name = submit(mesh, receiver.url("/hooks/shaky"))
    calls = receiver.wait_calls("/hooks/shaky", 3)
    assert len({headers["webhook-id"] for headers, _ in calls}) == 1, "so that it can drop what it has"
    assert len({body for _, body in calls}) == 1
    wait_until(lambda: work_left(mesh) == 0, what="an empty work queue")
    assert len(receiver.calls_to("/hooks/shaky")) == 3
    assert dead(mesh, name) is None


def test_what_nobody_takes_is_dead_with_its_history(mesh, receiver):
    receiver.answers["/hooks/broken"] = [500]
    name = submit(mesh, receiver.url("/hooks/broken"))
    wait_until(lambda: dead(mesh, name), 30, "a dead letter")
    headers = dead(mesh, name)
    assert headers["Mesh-Dead-Reason"] == "the receiver answered 500"
    assert headers["Mesh-Dead-Subject"] == f"mesh.work.webhook.{name}"
    assert headers["Mesh-Dead-Deliveries"] == "5"
    lines = headers["Mesh-Dead-History"].split(" | ")
    assert [line.split()[0] for line in lines] == ["1", "2", "3", "4", "5"]
    assert all(line.endswith("the receiver answered 500") for line in lines), lines
    assert len(receiver.calls_to("/hooks/broken")) == 5
    wait_until(lambda: work_left(mesh) == 0, what="an empty work queue")
    assert mesh.request("GET", f"/v1/turns/{name}").json()["state"] == "ANSWERED", "the outcome stands"


def test_a_receiver_that_is_gone_is_told_once(mesh, receiver):
    receiver.answers["/hooks/gone"] = [410]
    name = submit(mesh, receiver.url("/hooks/gone"))
    wait_until(lambda: dead(mesh, name), 30, "a dead letter")
    assert dead(mesh, name)["Mesh-Dead-Deliveries"] == "1"
    assert len(receiver.calls_to("/hooks/gone")) == 1


def test_a_dead_turn_is_told_too(mesh, receiver):
    # Its request is missing: poison, which the supervisor puts into DEAD at once.
    name = f"{uuid.uuid4()}.poison-1"
    url = receiver.url("/hooks/poison").encode()
    ask_nats(mesh, f"mesh.work.turn.{name}", b"\x12" + bytes([len(url)]) + url)
    [(_, body)] = receiver.wait_calls("/hooks/poison", 1)
    told = json.loads(body)
    assert told["type"] == "turn.dead"
    assert told["data"]["id"] == name and told["data"]["state"] == "DEAD" and told["data"]["reason"]


def test_an_address_that_is_not_allowed_is_not_called(mesh, receiver):
    other = receiver.url("/other")
    answer = mesh.post("/v1/invoke", {"text": QUESTION, "webhook_url": other}, {"Prefer": "respond-async"})
    assert answer.status == 400 and answer.json()["field"] == "webhook_url", answer.body
    # Past the gateway's first check, as by one whose list was longer: TurnWork with that address.
    name = f"{uuid.uuid4()}.poison-2"
    ask_nats(mesh, f"mesh.work.turn.{name}", b"\x12" + bytes([len(other)]) + other.encode())
    wait_until(lambda: dead(mesh, name), 30, "a dead letter")
    assert "webhook_url" in dead(mesh, name)["Mesh-Dead-Reason"]
    assert receiver.calls_to("/other") == []


def test_a_gateway_killed_under_a_delivery_leaves_it_to_the_next(mesh, receiver):
    receiver.answers["/hooks/slow"] = [0, 200]
    name = submit(mesh, receiver.url("/hooks/slow"))
    receiver.wait_calls("/hooks/slow", 1)
    mesh.kill("gateway")
    mesh.start_gateway()
    calls = receiver.wait_calls("/hooks/slow", 2)
    assert calls[0][0]["webhook-id"] == calls[1][0]["webhook-id"]
    wait_until(lambda: work_left(mesh) == 0, what="an empty work queue")
    assert dead(mesh, name) is None


def test_a_delivery_that_kills_every_gateway_is_dead(mesh, receiver):
    receiver.answers["/hooks/deadly"] = [500, 0]
    name = submit(mesh, receiver.url("/hooks/deadly"))
    for delivery in range(2, 6):
        receiver.wait_calls("/hooks/deadly", delivery)
        mesh.kill("gateway")
        mesh.start_gateway()
    wait_until(lambda: dead(mesh, name), 30, "a dead letter")
    history = dead(mesh, name)["Mesh-Dead-History"].split(" | ")
    assert history[0].endswith("the receiver answered 500")
    assert history[1:] == [f"{delivery} - - no outcome" for delivery in range(2, 6)]
    wait_until(lambda: work_left(mesh) == 0, what="an empty work queue")

"""Callers that ask without pause while a test breaks or restarts something, and keep account of what they got.

with Callers(mesh, http=2, sse=1, grpc=1) as callers:
    callers.wait_for_more(10)
    …
assert callers.errors == []
"""

import http.client
import importlib
import json
import random
import threading
import uuid

from mesh import wait_until

QUESTIONS = ["How long do I have to return something?", "Where is my order 10452?", "Do you ship to France?",
             "What does delivery cost?"]
TURNS_PER_CONVERSATION = 20
CALL_SECONDS_MAX = 30


class Turn:
    def __init__(self, conversation, key, text, reply):
        self.conversation, self.key, self.text, self.reply = conversation, key, text, reply


class Callers:
    """Threads that each hold one conversation after another.

    Like a load balancer they go to the next gateway when a connection is refused (or wait, when there is only one);
    everything else that is not an answer is an error. `turns` has every answered turn, in order within a conversation.
    """

    def __init__(self, mesh, http=0, sse=0, grpc=0):
        self.mesh = mesh
        self.turns, self.errors = [], []
        self.stopping = threading.Event()
        kinds = [HttpCaller] * http + [SseCaller] * sse + [GrpcCaller] * grpc
        self.threads = [kind(self, number) for number, kind in enumerate(kinds)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join(CALL_SECONDS_MAX + 10)
        assert not any(t.is_alive() for t in self.threads), "a caller hangs"

    def wait_for_more(self, turns, seconds=60):
        """Until each caller has had so many more answers, or one has had an error."""
        goals = [thread.answers + turns for thread in self.threads]

        def reached():
            return self.errors or all(t.answers >= goal for t, goal in zip(self.threads, goals))

        wait_until(reached, seconds, f"{turns} more turns of each caller: {[t.answers for t in self.threads]}")

    def conversations(self):
        """Texts of the answered turns by conversation."""
        found = {}
        for turn in self.turns:
            found.setdefault(turn.conversation, []).append(turn.text)
        return found

    def degraded(self):
        return [turn.reply["degraded"] for turn in self.turns if turn.reply.get("degraded")]


class Caller(threading.Thread):
    def __init__(self, callers, number):
        super().__init__(daemon=True)
        self.callers, self.mesh = callers, callers.mesh
        self.random = random.Random(number)
        self.gateway = number % len(self.mesh.http_ports)
        self.answers = 0

    def run(self):
        conversation, turns = "", 0
        while not self.callers.stopping.is_set():
            text, key = self.random.choice(QUESTIONS), uuid.uuid4().hex
            try:
                reply = self.ask({"text": text, "conversation_id": conversation}, key)
            except Exception as error:  # whatever a caller would see
                self.callers.errors.append(f"{type(self).__name__}: {error!r}")
                return
            if reply is None:
                continue
            conversation, turns = reply["conversation_id"], turns + 1
            self.callers.turns.append(Turn(conversation, key, text, reply))
            self.answers += 1
            if turns == TURNS_PER_CONVERSATION:
                conversation, turns = "", 0

    def ask(self, body, key):
        """The turn's reply; None when told to stop."""
        raise NotImplementedError


class HttpCaller(Caller):
    """Keeps its connection for as long as the gateway does."""

    connection = None
    headers = {}

    def connect(self):
        """Goes from gateway to gateway until one takes the connection."""
        while not self.callers.stopping.is_set():
            port = self.mesh.http_ports[self.gateway]
            self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CALL_SECONDS_MAX)
            try:
                self.connection.connect()
                return True
            except ConnectionRefusedError:
                self.gateway = (self.gateway + 1) % len(self.mesh.http_ports)
                self.callers.stopping.wait(0.02)
        return False

    def ask(self, body, key):
        # http.client drops its socket after an answer that says Connection: close.
        if (self.connection is None or self.connection.sock is None) and not self.connect():
            return None
        headers = {"Content-Type": "application/json", "Idempotency-Key": key, **self.headers}
        self.connection.request("POST", "/v1/invoke", json.dumps(body).encode(), headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise AssertionError(f"{answer.status} {content[:300]}")
        return self.decode(content)

    def decode(self, content):
        return json.loads(content)


class SseCaller(HttpCaller):
    headers = {"Accept": "text/event-stream"}

    def decode(self, content):
        events = [dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and line[0] != ":")
                  for block in content.decode().split("\n\n")]
        finals = [json.loads(e["data"]) for e in events if e.get("event") == "final"]
        if len(finals) != 1:
            raise AssertionError(f"no final event: {content[-300:]}")
        return finals[0]


class GrpcCaller(Caller):
    """One channel to all gateways that watches their health, as a balancer does: gRPC's server cancels calls that cross
    its goodbye (StartNewRpc in its server.cc, 1.51), so who would never see that must leave when it says NOT_SERVING."""

    SERVICE_CONFIG = json.dumps({"loadBalancingConfig": [{"round_robin": {}}],
                                 "healthCheckConfig": {"serviceName": ""}})
    stub = None

    def ask(self, body, key):
        import grpc  # Debian's; only these callers need it

        if self.stub is None:
            api = importlib.import_module("switchboard.v1.switchboard_pb2")  # conftest's fixture `api` makes it
            turn = importlib.import_module("switchboard.v1.turn_pb2")
            targets = ",".join(f"127.0.0.1:{port}" for port in self.mesh.grpc_ports)
            channel = grpc.insecure_channel(f"ipv4:{targets}", [
                ("grpc.service_config", self.SERVICE_CONFIG), ("grpc.initial_reconnect_backoff_ms", 100),
                ("grpc.max_reconnect_backoff_ms", 500)])
            self.request = api.InvokeRequest
            self.stub = channel.unary_unary("/switchboard.v1.Switchboard/Invoke",
                                            request_serializer=api.InvokeRequest.SerializeToString,
                                            response_deserializer=turn.TurnReply.FromString)
        reply = self.stub(self.request(**body), timeout=CALL_SECONDS_MAX, wait_for_ready=True,
                          metadata=[("idempotency-key", key)])
        return {"conversation_id": reply.conversation_id, "turn_id": reply.turn_id, "reply": reply.reply,
                "degraded": list(reply.degraded)}

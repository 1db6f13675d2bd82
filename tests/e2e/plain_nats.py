"""A NATS client of a few lines that speaks the wire protocol, so that nothing of ours is in between."""

import json
import socket
import time


class Message:
    def __init__(self, subject, reply, headers, payload):
        self.subject = subject
        self.reply = reply
        self.headers = headers  # as text, with the status line
        self.payload = payload

    def header(self, name):
        """The first value of a header, None without one."""
        for line in self.headers.splitlines()[1:]:
            key, _, value = line.partition(":")
            if key.strip().lower() == name.lower():
                return value.strip()
        return None

    @property
    def sequence(self):
        """In its stream, of a message that a consumer delivered: $JS.ACK.<stream>.<consumer>.<n>.<sequence>…"""
        return int(self.reply.split(".")[5])

    @property
    def pending(self):
        return int(self.reply.split(".")[8])


class PlainNats:
    def __init__(self, port):
        self.raw = socket.create_connection(("127.0.0.1", port), 10)
        self.file = self.raw.makefile("rb")
        self.file.readline()
        self.send('CONNECT {"verbose":false,"headers":true,"no_responders":true,"protocol":1}')
        self.inboxes = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.raw.close()

    def send(self, line, payload=None):
        self.raw.sendall(line.encode() + b"\r\n" + (payload + b"\r\n" if payload is not None else b""))

    def subscribe(self, subject, sid):
        self.send(f"SUB {subject} {sid}")
        self.send("PING")
        while self.file.readline().strip() != b"PONG":
            pass

    def next(self, seconds=10):
        """(subject, headers as text, payload)"""
        message = self.receive(seconds)
        return message.subject, message.headers, message.payload

    def receive(self, seconds=10):
        self.raw.settimeout(seconds)
        while True:
            words = self.file.readline().decode().split()
            if not words:
                raise AssertionError("the connection ended")
            if words[0] == "PING":
                self.send("PONG")
            if words[0] not in ("MSG", "HMSG"):
                continue
            sizes = [int(word) for word in words[-2 if words[0] == "HMSG" else -1:]]
            reply = words[3] if len(words) - len(sizes) > 3 else ""
            data = self.file.read(sizes[-1] + 2)[:-2]
            split = sizes[0] if words[0] == "HMSG" else 0
            return Message(words[1], reply, data[:split].decode(), data[split:])

    def new_inbox(self):
        """A subject of this connection alone, subscribed, and its sid."""
        self.inboxes += 1
        inbox = f"_INBOX.plain.{id(self)}.{time.monotonic_ns()}.{self.inboxes}"
        self.subscribe(inbox, f"i{self.inboxes}")
        return inbox, f"i{self.inboxes}"

    def request(self, subject, payload=b"", seconds=10):
        inbox, sid = self.new_inbox()
        self.send(f"PUB {subject} {inbox} {len(payload)}", payload)
        reply = self.receive(seconds)
        self.send(f"UNSUB {sid}")
        return reply

    def api(self, operation, request=None):
        """A call of JetStream's API; what it answers, errors included."""
        payload = json.dumps(request).encode() if request is not None else b""
        return json.loads(self.request(f"$JS.API.{operation}", payload).payload or b"{}")

    def stream(self, name, subject=">", after=0):
        """The messages of a stream in their order, from the first behind sequence `after` to the last there is now."""
        inbox, sid = self.new_inbox()
        config = {"deliver_subject": inbox, "filter_subject": subject, "ack_policy": "none", "mem_storage": True,
                  "num_replicas": 1, "deliver_policy": "by_start_sequence", "opt_start_seq": after + 1}
        payload = json.dumps({"stream_name": name, "config": config}).encode()
        answers, answers_sid = self.new_inbox()
        self.send(f"PUB $JS.API.CONSUMER.CREATE.{name} {answers} {len(payload)}", payload)
        created, early = None, []
        while created is None:
            message = self.receive()
            if message.reply:
                early.append(message)
            else:
                created = json.loads(message.payload)
        self.send(f"UNSUB {answers_sid}")
        if "error" in created:
            raise LookupError(f"stream {name}: {created['error']['description']}")
        # What the server had sent before it answered counts as delivered, no longer as pending.
        left = created["num_pending"] + created["delivered"]["consumer_seq"]
        while left > 0:
            message = early.pop(0) if early else self.receive(30)
            yield message
            left = message.pending
        self.send(f"UNSUB {sid}")
        self.request(f"$JS.API.CONSUMER.DELETE.{name}.{created['name']}")

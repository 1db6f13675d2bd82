"""A NATS client of a few lines for tests: the wire protocol over a socket, so that nothing of ours is in between.

bus = Bus(mesh.nats_port)
for subject, headers, payload in bus.stored("EVENTS", "mesh.event.alert.>"): ...
"""

import base64
import json
import socket
import uuid


class Bus:
    def __init__(self, port):
        self.raw = socket.create_connection(("127.0.0.1", port), 10)
        self.raw.settimeout(10)
        self.file = self.raw.makefile("rb")
        self.file.readline()
        self.inbox = f"_INBOX.test.{uuid.uuid4().hex}"
        self.send('CONNECT {"verbose":false,"headers":true,"no_responders":true,"protocol":1}')
        self.send(f"SUB {self.inbox} 1")

    def send(self, line, payload=None):
        self.raw.sendall(line.encode() + b"\r\n" + (payload + b"\r\n" if payload is not None else b""))

    def request(self, subject, payload=b"", headers=None):
        """(headers as text, payload) of the first reply."""
        if headers:
            head = ("NATS/1.0\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n").encode()
            self.send(f"HPUB {subject} {self.inbox} {len(head)} {len(head) + len(payload)}", head + payload)
        else:
            self.send(f"PUB {subject} {self.inbox} {len(payload)}", payload)
        while True:
            words = self.file.readline().decode().split()
            if not words:
                raise AssertionError("the connection ended")
            if words[0] == "PING":
                self.send("PONG")
            if words[0] == "HMSG":
                head_size, size = int(words[-2]), int(words[-1])
                data = self.file.read(size + 2)[:-2]
                return data[:head_size].decode(), data[head_size:]
            if words[0] == "MSG":
                return "", self.file.read(int(words[-1]) + 2)[:-2]

    def api(self, operation, request=None):
        return json.loads(self.request(f"$JS.API.{operation}", json.dumps(request).encode() if request else b"")[1])

    def publish(self, subject, payload, headers=None):
        """Stores a message; the stream's acknowledgement."""
        ack = json.loads(self.request(subject, payload, headers)[1])
        assert "error" not in ack, ack
        return ack

    def stored(self, stream, subject=">"):
        """What a stream holds below a subject, in order: (subject, headers as text, payload)."""
        found, sequence = [], 1
        while True:
            reply = self.api(f"STREAM.MSG.GET.{stream}", {"seq": sequence, "next_by_subj": subject})
            if "error" in reply:
                assert reply["error"]["code"] == 404, reply
                return found
            message = reply["message"]
            found.append((message["subject"], base64.b64decode(message.get("hdrs", "")).decode(),
                          base64.b64decode(message.get("data", ""))))
            sequence = message["seq"] + 1

    def state(self, stream):
        return self.api(f"STREAM.INFO.{stream}")["state"]

    def close(self):
        self.file.close()
        self.raw.close()

"""Doubles that break one promise each, between a process and its nats-server or between a client and its gateway.

They prove that the audit can see. A saboteur gets every message of the processes it sits on, in both directions, and
returns what goes on; `count` says how often it struck. None of this is product code, and nothing of the product knows
of it.
"""

import asyncio
import contextlib
import dataclasses
import json
import re

from nats_protocol import Frame

COMMIT = "mesh.turn.completed."
WORK = "mesh.work.turn."
TICKET = "$KV.tickets."
EXPECTED = "Nats-Expected-Last-Subject-Sequence"


class Saboteur:
    def __init__(self):
        self.count = 0

    def to_server(self, frame, line):
        return [frame]

    def to_client(self, frame, line):
        return [frame]

    def done(self):
        """What was begun has had its effect: the streams may be read."""
        return True


def forge_acknowledgement(line, frame, stream):
    """Tells the publisher that JetStream has stored what it never saw."""
    payload = json.dumps({"stream": stream, "seq": 1000000}).encode()
    line.send("to_client", Frame("MSG", [frame.reply, line.sid(frame.reply)], None, payload))


class LoseCommits(Saboteur):
    """Every third turn that follows another is acknowledged and not stored."""

    def __init__(self):
        super().__init__()
        self.seen = 0

    def to_server(self, frame, line):
        if not frame.subject.startswith(COMMIT) or frame.header(EXPECTED) in (None, "0"):
            return [frame]
        self.seen += 1
        if self.seen % 3:
            return [frame]
        self.count += 1
        forge_acknowledgement(line, frame, "TURNS")
        return []


class LoseWork(Saboteur):
    """Every third accepted turn is not in the work queue."""

    def __init__(self):
        super().__init__()
        self.seen = 0

    def to_server(self, frame, line):
        if not frame.subject.startswith(WORK):
            return [frame]
        self.seen += 1
        if self.seen % 3:
            return [frame]
        self.count += 1
        forge_acknowledgement(line, frame, "WORK")
        return []


class WriteWithoutGuards(Saboteur):
    """Commits carry neither message id nor expected sequence: the server stores whatever comes."""

    def to_server(self, frame, line):
        if not frame.subject.startswith(COMMIT):
            return [frame]
        self.count += 1
        return [frame.without_headers("Nats-Msg-Id", EXPECTED)]


class CrossWords(Saboteur):
    """Now and then a number that another conversation named stands where a conversation's own should."""

    def __init__(self, every=7):
        super().__init__()
        self.every = every
        self.seen = 0
        self.last = b""

    def to_server(self, frame, line):
        found = re.search(rb"(?<![\w.])[5-9]\d{4}(?!\w)", frame.payload)
        if not found or not (frame.subject.startswith(COMMIT) or frame.subject.startswith("_INBOX.")):
            return [frame]
        own, other = found.group(), self.last
        self.last = own
        self.seen += 1
        if not other or other == own or self.seen % self.every:
            return [frame]
        self.count += 1
        return [dataclasses.replace(frame, payload=frame.payload.replace(own, other))]


class SpoilReplies(Saboteur):
    """One of the gateway's turns in twenty is answered with something that is no answer."""

    def __init__(self):
        super().__init__()
        self.inboxes = {}

    def to_server(self, frame, line):
        if frame.subject == "mesh.turn.submit":
            self.inboxes[frame.reply] = len(self.inboxes)
        return [frame]

    def to_client(self, frame, line):
        if self.inboxes.get(frame.subject, 1) % 20 or frame.header("Mesh-Stream") or frame.header("Status"):
            return [frame]
        self.count += 1
        return [dataclasses.replace(frame, payload=b"\xff\xff\xff")]


class OpenTicketsTwice(Saboteur):
    """Each ticket is written again under a name of its own."""

    def to_server(self, frame, line):
        if not frame.subject.startswith(TICKET):
            return [frame]
        self.count += 1
        twin = Frame("PUB", [f"{frame.subject}-TWIN"], None, frame.payload)
        return [frame, twin]


class LoseTickets(Saboteur):
    """Every other ticket is acknowledged and not stored."""

    def __init__(self):
        super().__init__()
        self.seen = 0

    def to_server(self, frame, line):
        if not frame.subject.startswith(TICKET):
            return [frame]
        self.seen += 1
        if self.seen % 2:
            return [frame]
        self.count += 1
        forge_acknowledgement(line, frame, "KV_tickets")
        return []


class LoseRecords(Saboteur):
    """Every fourth record that analytics should count is acknowledged in its name and never shown to it."""

    def __init__(self):
        super().__init__()
        self.seen = 0

    def to_client(self, frame, line):
        # What a consumer delivers comes with its acknowledgement's subject.
        if not frame.reply.startswith("$JS.ACK.TURNS."):
            return [frame]
        self.seen += 1
        if self.seen % 4:
            return [frame]
        self.count += 1
        line.send("to_server", Frame("PUB", [frame.reply], None, b"+ACK"))
        return []


class ForgetDeadlines(Saboteur):
    """Short turns reach the supervisor seconds later with all the time there is. Nobody calls them off, and the
    gateway's apology, which would settle them in time, is lost."""

    def __init__(self):
        super().__init__()
        self.late = {}  # turn -> the reply subjects of its requests that nobody has answered yet

    def to_client(self, frame, line):
        if frame.subject == "mesh.cancel":
            return []
        if frame.subject != "mesh.turn.submit" or int(frame.header("Mesh-Deadline-Ms")) > 1000:
            return [frame]
        self.count += 1
        self.late.setdefault(frame.header("Mesh-Turn"), set()).add(frame.reply)
        changed = frame.with_header("Mesh-Deadline-Ms", "60000")
        asyncio.get_running_loop().call_later(3.5, line.send, "to_client", changed)
        return []

    def to_server(self, frame, line):
        by_gateway = line.proxy.key.startswith("gateway")
        if by_gateway and frame.subject.startswith(COMMIT) and frame.header("Mesh-Turn") in self.late:
            return []
        if not by_gateway and not frame.header("Mesh-Stream"):
            for waiting in self.late.values():
                waiting.discard(frame.subject)
        return [frame]

    def done(self):
        return not any(self.late.values())


class RetryAfterThief:
    """In front of a gateway: its answers without Retry-After. A whole answer's head is in one read."""

    def __init__(self, gateway_port):
        self.gateway_port = gateway_port
        self.count = 0
        self.port = 0

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.accept, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()

    async def accept(self, reader, writer):
        gateway_reader, gateway_writer = await asyncio.open_connection("127.0.0.1", self.gateway_port)
        await asyncio.wait([asyncio.create_task(self.pump(reader, gateway_writer, bytes)),
                            asyncio.create_task(self.pump(gateway_reader, writer, self.strip))],
                           return_when=asyncio.FIRST_COMPLETED)
        writer.close()
        gateway_writer.close()

    def strip(self, data):
        stripped, count = re.subn(rb"\r\nRetry-After: [^\r]*", b"", data, flags=re.IGNORECASE)
        self.count += count
        return stripped

    @staticmethod
    async def pump(reader, writer, change):
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                writer.write(change(data))
                await writer.drain()

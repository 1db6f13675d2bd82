"""What the mesh has stored: the streams read over the wire, and analytics' summary."""

import dataclasses
import datetime
import importlib
import subprocess
import sys
import tempfile
import time
import urllib.parse

from plain_nats import PlainNats

TICKETS_STREAM = "KV_tickets"


def load_messages(root):
    """protoc's Python classes of the contract, by name; made once a process."""
    if "switchboard.v1.turn_pb2" not in sys.modules:
        folder = tempfile.mkdtemp(prefix="switchboard-protos-")
        protos = sorted(str(path) for path in (root / "proto/switchboard/v1").glob("*.proto"))
        subprocess.run(["protoc", "-I", str(root / "proto"), f"--python_out={folder}", *protos], check=True)
        sys.path.insert(0, folder)
    modules = [importlib.import_module(f"switchboard.v1.{name}_pb2") for name in ("turn", "agents", "event")]
    return {name: value for module in modules for name, value in vars(module).items() if isinstance(value, type)}


@dataclasses.dataclass
class Stored:
    sequence: int
    record: object  # v1.ConversationRecord


@dataclasses.dataclass
class Dead:
    subject: str
    reason: str
    payload: bytes


@dataclasses.dataclass
class Evidence:
    """All of one run. `conversations` maps an id to its records in the stream's order."""

    conversations: dict = dataclasses.field(default_factory=dict)
    unreadable: list = dataclasses.field(default_factory=list)  # what a stream holds and nobody can parse
    dead: list = dataclasses.field(default_factory=list)
    tickets: list = dataclasses.field(default_factory=list)  # (key, Ticket), one for each write
    announced: list = dataclasses.field(default_factory=list)  # ids of the tickets that EVENTS tells of
    summary: dict = dataclasses.field(default_factory=dict)
    left: dict = dataclasses.field(default_factory=dict)  # queue -> messages that nobody has handled

    def turns(self):
        for conversation, stored in self.conversations.items():
            for one in stored:
                if one.record.HasField("turn"):
                    yield conversation, one


class Reader:
    """Reads what a mesh stored since the reader was made."""

    def __init__(self, mesh, messages):
        self.mesh = mesh
        self.messages = messages
        self.begin = datetime.datetime.now(datetime.timezone.utc)
        with self.connect() as nats:
            self.after = {name: self.info(nats, name).get("state", {}).get("last_seq", 0)
                          for name in ("TURNS", "DEAD", "EVENTS", TICKETS_STREAM)}

    def connect(self):
        """To the first server that answers."""
        ports = [port for number, port in enumerate(self.mesh.nats_ports) if self.mesh.nats_accepts(number)]
        return PlainNats(ports[0])

    def info(self, nats, stream):
        return nats.api(f"STREAM.INFO.{stream}")

    def queues(self):
        """What waits to be handled, by queue."""
        waiting = {}
        with self.connect() as nats:
            work = self.info(nats, "WORK")
            if "state" in work:
                waiting["WORK"] = work["state"]["messages"]
            consumers = nats.api("CONSUMER.LIST.TURNS").get("consumers") or []
            for consumer in consumers:
                if consumer["config"].get("durable_name"):
                    waiting[f"TURNS/{consumer['name']}"] = consumer["num_pending"] + consumer["num_ack_pending"]
        return waiting

    def wait_drained(self, seconds):
        """What is left in the queues when they are empty or `seconds` have passed."""
        end = time.monotonic() + seconds
        while True:
            left = {name: count for name, count in self.queues().items() if count}
            if not left or time.monotonic() > end:
                return left
            time.sleep(0.1)

    def read(self, drain_seconds=75, summary_seconds=10):
        """A consumer that was killed gets its messages back after 30 s, its acknowledgement's time."""
        evidence = Evidence(left=self.wait_drained(drain_seconds))
        with self.connect() as nats:
            self.read_turns(nats, evidence)
            for message in self.stream(nats, "DEAD"):
                evidence.dead.append(Dead(message.subject, message.header("Mesh-Dead-Reason") or "", message.payload))
            self.read_tickets(nats, evidence)
        evidence.summary = self.read_summary(sum(1 for _ in evidence.turns()), summary_seconds)
        return evidence

    def stream(self, nats, name):
        return nats.stream(name, after=self.after[name])

    def parse(self, kind, message, evidence):
        parsed = self.messages[kind]()
        try:
            parsed.ParseFromString(message.payload)
            return parsed
        except Exception as error:  # protobuf's DecodeError, whose module depends on its implementation
            evidence.unreadable.append(f"{message.subject} {message.sequence}: {error}")
            return None

    def read_turns(self, nats, evidence):
        for message in self.stream(nats, "TURNS"):
            record = self.parse("ConversationRecord", message, evidence)
            if record is not None:
                conversation = message.subject.rsplit(".", 1)[1]
                evidence.conversations.setdefault(conversation, []).append(Stored(message.sequence, record))

    def read_tickets(self, nats, evidence):
        for message in self.stream(nats, TICKETS_STREAM):
            ticket = self.parse("Ticket", message, evidence)
            if ticket is not None:
                evidence.tickets.append((message.subject.split(".", 2)[2], ticket))
        for message in self.stream(nats, "EVENTS"):
            if message.subject == "mesh.event.escalation.opened":
                opened = self.parse("EscalationOpened", message, evidence)
                if opened is not None:
                    evidence.announced.append(opened.ticket.id)

    def read_summary(self, turns, seconds):
        """Analytics' figures for the run; waits until they name `turns` or the time is up."""
        until = self.begin + datetime.timedelta(days=1)
        window = urllib.parse.urlencode({"from": self.begin.isoformat(), "to": until.isoformat()})
        end = time.monotonic() + seconds
        while True:
            answer = self.mesh.request("GET", f"/v1/analytics/summary?{window}")
            if answer.status == 200 and answer.json()["turns"] == turns or time.monotonic() > end:
                return answer.json()
            time.sleep(0.1)

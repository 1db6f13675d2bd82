"""What the clients of a run sent and heard, and what was done to the mesh meanwhile.

The audit believes this and the streams, nothing else. Times are the machine's wall clock in seconds, so that they
compare with what the records carry.
"""

import dataclasses
import json
import shutil
import tempfile
import threading
import time


@dataclasses.dataclass
class Attempt:
    """One request for a turn: to whom, and what came back. `error` is set when nothing whole did."""

    gateway: str
    kind: str  # json, events, async, status, open, view
    sent: float
    ended: float = 0.0
    status: int = 0
    retry_after: str | None = None
    body: str = ""
    error: str = ""
    last_event: str = ""  # id of the last event before the stream broke off
    in_stream: bool = False  # `status` came as an event, after the head of a 200


@dataclasses.dataclass
class Turn:
    """One key, and all that was ever asked and heard about it."""

    key: str
    customer: str
    nonce: str
    text: str
    path: str = ""  # with `body` the request, the same at every repetition
    body: str = ""
    conversation: str = ""  # unknown until something answers, when the key opens it
    timeout_ms: int = 0  # the caller's own deadline; 0: the gateway's
    attempts: list[Attempt] = dataclasses.field(default_factory=list)
    answers: list[dict] = dataclasses.field(default_factory=list)  # each TurnReply as the caller got it
    sentences: list[list[str]] = dataclasses.field(default_factory=list)  # of each whole event stream
    accepted: bool = False
    dead_reason: str | None = None  # as GET /v1/turns told
    gave_up: bool = False

    @property
    def acknowledged(self):
        return bool(self.answers)


@dataclasses.dataclass
class Fault:
    kind: str
    target: str
    begin: float
    end: float = 0.0  # when whatever was hit was ready again; 0: not over
    detail: str = ""

    def overlaps(self, begin, end, margin=0.0):
        return self.begin - margin <= end and (self.end == 0.0 or begin <= self.end + margin)


class Ledger:
    def __init__(self, seed):
        self.seed = seed
        self.begin = time.time()
        self.end = 0.0
        self.turns = {}  # by key, in the order of sending
        self.nonces = {}  # nonce -> customer; one nonce is one conversation's
        self.faults = []
        self.deaths = []  # processes that ended, or did not come back, by themselves
        self.calls = []  # attempts that are about no turn: opening and reading conversations
        self.views = []  # (conversation, nonce, texts that GET /v1/conversations showed)
        self.file = tempfile.TemporaryFile("w+")  # a line for everything; long runs do not fit into memory
        self.lock = threading.Lock()

    def note(self, what, **fields):
        """A line of the JSONL file that a failed run leaves."""
        line = json.dumps({"at": round(time.time(), 4), "what": what, **fields}, ensure_ascii=False)
        with self.lock:
            self.file.write(line + "\n")

    def new_turn(self, turn):
        assert turn.key not in self.turns
        self.turns[turn.key] = turn
        self.note("turn", key=turn.key, conversation=turn.conversation, customer=turn.customer, nonce=turn.nonce,
                  text=turn.text, timeout_ms=turn.timeout_ms)
        return turn

    def finish_attempt(self, turn, attempt):
        attempt.ended = time.time()
        turn.attempts.append(attempt)
        self.note("attempt", key=turn.key, **dataclasses.asdict(attempt))
        if attempt.status == 200:
            attempt.body = ""  # the answer is kept with the turn

    def finish_call(self, attempt):
        attempt.ended = time.time()
        self.calls.append(attempt)
        self.note("call", **dataclasses.asdict(attempt))
        if attempt.status < 300:
            attempt.body = ""

    def answer(self, turn, reply):
        same = turn.answers and turn.answers[0] == reply
        turn.answers.append(turn.answers[0] if same else reply)
        turn.conversation = turn.conversation or reply.get("conversation_id", "")

    def begin_fault(self, kind, target, detail=""):
        fault = Fault(kind, target, time.time(), detail=detail)
        self.faults.append(fault)
        self.note("fault", kind=kind, target=target, detail=detail)
        return fault

    def end_fault(self, fault):
        fault.end = time.time()
        self.note("fault-over", kind=fault.kind, target=fault.target)

    def died(self, what):
        self.deaths.append(what)
        self.note("died", process=what)

    def write(self, path):
        with self.lock, open(path, "w") as out:
            self.file.seek(0)
            shutil.copyfileobj(self.file, out)

    # --- totals -------------------------------------------------------------------------------

    def totals(self):
        """Rows of (name, value) for the table at the end of a run."""
        turns = list(self.turns.values())
        attempts = [a for t in turns for a in t.attempts] + self.calls
        waits = sorted(a.ended - a.sent for a in attempts if a.status == 200 and a.kind in ("json", "events"))
        faults = {}
        for fault in self.faults:
            faults[fault.kind] = faults.get(fault.kind, 0) + 1
        accepted = [t for t in turns if t.accepted]
        rows = [
            ("turns sent", len(turns)),
            ("requests sent", len(attempts)),
            ("answered", sum(t.acknowledged for t in turns)),
            ("degraded", sum(bool(t.answers and t.answers[0].get("degraded")) for t in turns)),
            ("refused (429, 503)", sum(a.status in (429, 503) for a in attempts)),
            ("connections broken", sum(bool(a.error) for a in attempts)),
            ("repeated", sum(len(t.attempts) > 1 for t in turns)),
            ("expired by wish", sum(t.timeout_ms > 0 and not t.acknowledged for t in turns)),
            ("given up", sum(t.gave_up for t in turns)),
            ("async accepted", len(accepted)),
            ("async answered", sum(t.acknowledged for t in accepted)),
            ("async dead", sum(t.dead_reason is not None for t in accepted)),
        ]
        rows += [(f"faults: {kind}", count) for kind, count in sorted(faults.items())]
        for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
            value = waits[min(len(waits) - 1, int(len(waits) * share))] * 1000 if waits else 0
            rows.append((f"latency {name} ms", round(value, 1)))
        return rows

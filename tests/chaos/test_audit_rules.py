"""The audit on made-up evidence: what a live mesh cannot be made to do in seconds, and each rule's edges.

A whole world is built (two conversations, an escalation, an accepted turn, a dead one) in which everything holds; each
case changes one thing and names the only check that may fail.
"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from google.protobuf import json_format  # noqa: E402

from audit import audit  # noqa: E402
from ledger import Attempt, Fault, Ledger, Turn  # noqa: E402
from mesh import ROOT  # noqa: E402
from streams import Dead, Evidence, Stored, load_messages  # noqa: E402

MESSAGES = load_messages(ROOT)
NOW = 1_800_000_000.0


class World:
    """`a-1`, `a-2` (escalated) and `a-3` (asynchronous) in conversation A; `b-1` in B; `b-2` of B is dead."""

    def __init__(self):
        self.ledger = Ledger(1)
        self.ledger.nonces = {"50001": "anna", "50002": "bert"}
        self.evidence = Evidence()
        self.sequence = 0
        for key, conversation in (("a-1", "A"), ("a-2", "A"), ("a-3", "A"), ("b-1", "B")):
            self.add(key, conversation, escalated=key == "a-2")
        self.turn("a-3").accepted = True
        buried = self.ask("b-2", "B")
        buried.accepted, buried.dead_reason = True, "INTERNAL: five times"
        self.evidence.dead.append(Dead("mesh.dead.turn.B.b-2", "INTERNAL: five times", b"whole"))
        self.evidence.summary = {"turns": 4, "conversations": 2, "escalated": 1, "blocked": 0, "degraded": 0,
                                 "unanswered": 0}

    def turn(self, key):
        return self.ledger.turns[key]

    def record(self, key):
        return next(one.record for _, one in self.evidence.turns() if one.record.turn.reply.turn_id == key)

    def ask(self, key, conversation):
        nonce, customer = {"A": ("50001", "anna"), "B": ("50002", "bert")}[conversation]
        turn = Turn(key, customer, nonce, f"Where is my order {nonce}? {key}", conversation=conversation)
        turn.attempts.append(Attempt("gateway", "json", NOW, NOW + 0.01, 200))
        return self.ledger.new_turn(turn)

    def add(self, key, conversation, escalated):
        turn = self.ask(key, conversation)
        records = self.evidence.conversations.setdefault(conversation, [])
        record = MESSAGES["ConversationRecord"]()
        if records:
            record.conversation.CopyFrom(records[-1].record.conversation)
        record.conversation.id = conversation
        record.conversation.customer.id = turn.customer
        record.conversation.turn_count += 1
        record.turn.text = turn.text
        reply = record.turn.reply
        reply.turn_id, reply.conversation_id, reply.answered = key, conversation, True
        reply.reply = f"There is no order {turn.nonce} in your account. ({key})"
        record.recorded_at.FromMilliseconds(int((NOW + 0.005) * 1000))
        if escalated:
            reply.escalated, reply.escalation.ticket_id = True, f"T-{key}"
            ticket = MESSAGES["Ticket"](id=f"T-{key}", conversation_id=conversation, turn_id=key, summary=turn.text)
            self.evidence.tickets.append((ticket.id, ticket))
            self.evidence.announced.append(ticket.id)
        record.conversation.window.add(turn_id=key, text=turn.text, reply=reply.reply)
        del record.conversation.window[:-10]
        self.sequence += 1
        records.append(Stored(self.sequence, record))
        turn.answers.append(json_format.MessageToDict(reply, preserving_proto_field_name=True))

    def failed(self):
        return {verdict.check for verdict in audit(self.ledger, self.evidence, MESSAGES) if not verdict.ok}


def test_nothing_is_found_where_everything_holds():
    assert World().failed() == set()


def forget_last_record(world):
    world.evidence.conversations["A"].pop()
    world.evidence.summary["turns"] -= 1


def store_twice(world):
    twin = world.evidence.conversations["B"][0]
    world.evidence.conversations["B"].append(Stored(99, twin.record))
    world.evidence.summary["turns"] += 1


def lose_the_grave(world):
    world.evidence.dead.clear()


def bury_without_reason(world):
    world.evidence.dead[0].reason = ""


def bury_in_part(world):
    world.evidence.dead[0].payload = b""


def never_tell(world):
    world.turn("a-3").answers.clear()


def leave_work(world):
    world.evidence.left = {"WORK": 1}


def answer_otherwise(world):
    world.turn("a-1").answers.append({**world.turn("a-1").answers[0], "reply": "Something else."})


def store_otherwise(world):
    world.record("b-1").turn.reply.duration_ms = 7


def stream_otherwise(world):
    world.turn("a-1").sentences.append(["A sentence that was taken back."])


def miscount(world):
    world.record("a-3").conversation.turn_count = 2


def swap_window(world):
    first, second = world.record("a-3").conversation.window[:2]
    kept = type(first)()
    kept.CopyFrom(first)
    first.CopyFrom(second)
    second.CopyFrom(kept)


def state_of_another(world):
    world.record("b-1").conversation.id = "A"


def show_another_number(world):
    world.ledger.views.append(("A", "50001", ["Where is my order 50002?"]))


def summarise_another_number(world):
    world.evidence.tickets[0][1].summary = "asks for 50002"


def belong_to_another(world):
    world.record("b-1").conversation.customer.id = "anna"


def open_twice(world):
    world.evidence.tickets.append(world.evidence.tickets[0])


def open_for_nothing(world):
    world.evidence.tickets.append(("T-b-1", MESSAGES["Ticket"](id="T-b-1")))


def open_for_another_turn(world):
    world.evidence.tickets[0][1].turn_id = "a-1"


def announce_twice(world):
    world.evidence.announced.append("T-a-2")


def count_otherwise(world):
    world.evidence.summary["escalated"] = 0


def refuse_without_time(world):
    world.turn("a-1").attempts.append(Attempt("gateway", "json", NOW, NOW, 503, None))


def refuse_with_zero(world):
    world.turn("a-1").attempts.append(Attempt("gateway", "json", NOW, NOW, 429, "0"))


def fail(world):
    world.turn("a-1").attempts.append(Attempt("gateway", "json", NOW, NOW, 500, body="{}"))


def fail_in_the_stream(world):
    world.turn("a-1").attempts.append(Attempt("gateway", "events", NOW, NOW, 504, in_stream=True))


def break_off(world):
    world.turn("a-1").attempts.append(Attempt("gateway", "json", NOW, NOW + 1, error="reset"))


def break_what_was_begun_before_a_drain(world):
    world.ledger.faults.append(Fault("drain", "gateway", NOW + 0.5, NOW + 2, "exit 0"))
    break_off(world)


def give_up(world):
    world.turn("a-1").gave_up = True


def end_uncleanly(world):
    world.ledger.faults.append(Fault("drain", "analytics-0", NOW, NOW + 1, "exit -6"))


def die(world):
    world.ledger.died("escalation-1")


def answer_late(world):
    world.turn("a-1").attempts[0].ended = NOW + 18


def work_late(world):
    world.turn("b-1").timeout_ms = 100
    world.record("b-1").recorded_at.FromMilliseconds(int((NOW + 4) * 1000))


CASES = [
    ("an answered turn is not stored", forget_last_record, {"stored-once", "accepted-settled"}),
    ("a turn is stored twice", store_twice, {"stored-once", "one-order"}),
    ("an accepted turn is nowhere", lose_the_grave, {"accepted-settled"}),
    ("a dead turn has no reason", bury_without_reason, {"accepted-settled"}),
    ("a dead turn is not whole", bury_in_part, {"accepted-settled"}),
    ("an accepted turn's caller is never told", never_tell, {"accepted-settled"}),
    ("work is left", leave_work, {"accepted-settled"}),
    ("a repeated key gets another answer", answer_otherwise, {"one-answer"}),
    ("the stored answer is another one", store_otherwise, {"one-answer"}),
    ("a streamed sentence is not in the answer", stream_otherwise, {"one-answer"}),
    ("a turn is not counted", miscount, {"one-order"}),
    ("the window is in another order", swap_window, {"one-order"}),
    ("the state is another conversation's", state_of_another, {"one-order"}),
    ("a history shows another's number", show_another_number, {"no-crossed-words"}),
    ("a ticket's summary names another's number", summarise_another_number, {"no-crossed-words"}),
    ("a conversation belongs to another customer", belong_to_another, {"no-crossed-words"}),
    ("a ticket is written twice", open_twice, {"one-ticket"}),
    ("a ticket stands for no turn", open_for_nothing, {"one-ticket"}),
    ("a ticket names another turn", open_for_another_turn, {"one-ticket"}),
    ("a ticket is announced twice", announce_twice, {"one-ticket"}),
    ("analytics counts otherwise", count_otherwise, {"counts"}),
    ("a refusal has no Retry-After", refuse_without_time, {"refused-with-time"}),
    ("a refusal says: at once", refuse_with_zero, {"refused-with-time"}),
    ("a caller gets 500", fail, {"no-errors"}),
    ("an event stream ends with 504", fail_in_the_stream, {"no-errors"}),
    ("a connection breaks by itself", break_off, {"no-errors"}),
    ("a drain breaks what was begun before", break_what_was_begun_before_a_drain, {"no-errors"}),
    ("a turn is refused for ever", give_up, {"no-errors"}),
    ("a process drains and does not exit 0", end_uncleanly, {"no-errors"}),
    ("a process dies by itself", die, {"no-errors"}),
    ("an answer comes after its deadline", answer_late, {"deadlines"}),
    ("a turn is worked on after its deadline", work_late, {"deadlines"}),
]


@pytest.mark.parametrize("what,change,checks", CASES, ids=[case[0] for case in CASES])
def test_one_change_is_seen_and_named(what, change, checks):
    world = World()
    change(world)
    assert world.failed() == checks, what


def refuse_properly(world):
    world.turn("a-1").attempts.append(Attempt("gateway", "json", NOW, NOW, 503, "1"))


def break_by_a_kill(world):
    world.ledger.faults.append(Fault("kill", "gateway", NOW + 0.5, NOW + 2))
    break_off(world)


def answer_late_while_held(world):
    world.ledger.faults.append(Fault("stop", "gateway", NOW + 1, NOW + 5))
    answer_late(world)


def run_out_of_its_own_time(world):
    hurried = world.ask("a-4", "A")
    hurried.timeout_ms, hurried.attempts = 10, [Attempt("gateway", "json", NOW, NOW + 0.01, 504)]


def move_the_window_on(world):
    for number in range(5, 17):
        world.add(f"a-{number}", "A", escalated=False)
    world.evidence.summary["turns"] += 12


ALLOWED = [
    ("a refusal with its time", refuse_properly),
    ("a connection to a gateway that was killed", break_by_a_kill),
    ("an answer that a stopped process held back", answer_late_while_held),
    ("504 for a caller in a hurry", run_out_of_its_own_time),
    ("a window that has moved on", move_the_window_on),
]


@pytest.mark.parametrize("what,change", ALLOWED, ids=[case[0] for case in ALLOWED])
def test_what_is_no_violation_is_not_called_one(what, change):
    world = World()
    change(world)
    assert world.failed() == set(), what

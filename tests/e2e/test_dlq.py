"""Dead letters in an operator's hands: seen, understood, replayed, dropped; nothing lost on the way, nothing twice."""

import json
import uuid

import pytest

from bus import Bus
from mesh import wait_until

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture()
def bus(mesh):
    connection = Bus(mesh.nats_port)
    yield connection
    connection.close()


def make_work_stream(bus):
    """A queue as the mesh has it, whoever creates it first."""
    bus.api("STREAM.CREATE.WORK", {"name": "WORK", "subjects": ["mesh.work.>"], "retention": "workqueue",
                                   "allow_direct": True})


def dead_work(bus, kind="webhook"):
    """Accepted work that was given up after two deliveries. The kind is one that nobody here consumes."""
    conversation, turn = str(uuid.uuid4()), uuid.uuid4().hex
    ack = bus.publish(f"mesh.dead.{kind}.{conversation}.{turn}", b"what the customer wrote", {
        "Mesh-Type": "switchboard.v1.Unheard",
        "Mesh-Turn": turn,
        "traceparent": TRACE,
        "Mesh-Dead-Reason": "UNAVAILABLE: connection refused",
        "Mesh-Dead-Subject": f"mesh.work.{kind}.{conversation}.{turn}",
        "Mesh-Dead-Sequence": "12",
        "Mesh-Dead-Deliveries": "2",
        "Mesh-Dead-History": "1 2026-11-20T08:00:00Z ab12 UNAVAILABLE | 2 2026-11-20T08:00:01Z cd34 no outcome",
        "Nats-Msg-Id": f"{kind}-{turn}",
    })
    return ack["seq"], f"mesh.work.{kind}.{conversation}.{turn}"


def listed(mesh, *arguments):
    lines = mesh.cli("dlq", "ls", "--json", *arguments).stdout.splitlines()
    return {letter["id"]: letter for letter in map(json.loads, lines)}


def test_a_letter_is_listed_and_shown_without_what_the_customer_wrote(mesh, bus):
    make_work_stream(bus)
    letter, _ = dead_work(bus, "unheard")
    other, _ = dead_work(bus, "elsewhere")
    assert listed(mesh)[letter]["reason"] == "UNAVAILABLE: connection refused"
    assert other not in listed(mesh, "--origin", "unheard")
    assert list(listed(mesh, "--limit", "1")) == [other], "the newest"
    table = mesh.cli("dlq", "ls", "--origin", "unheard").stdout
    assert "unheard" in table and "UNAVAILABLE" in table
    shown = mesh.cli("dlq", "show", str(letter)).stdout
    for word in ("1 2026-11-20T08:00:00Z ab12 UNAVAILABLE\n", "2 2026-11-20T08:00:01Z cd34 no outcome\n",
                 "0af7651916cd43dd8448eb211c80319c", "23 bytes", "--payload"):
        assert word in shown, shown
    assert "customer wrote" not in shown.replace("--payload prints what the customer wrote", "")
    assert b"what the customer".hex() in mesh.cli("dlq", "show", str(letter), "--payload").stdout
    as_json = json.loads(mesh.cli("dlq", "show", str(letter), "--json").stdout)
    assert as_json["deliveries"] == "2" and len(as_json["history"]) == 2


def test_a_replay_is_stored_once_and_then_gone_from_the_dead(mesh, bus):
    make_work_stream(bus)
    letter, subject = dead_work(bus, "unheard")
    assert "would be stored" in mesh.cli("dlq", "replay", str(letter), "--dry-run").stdout
    assert letter in listed(mesh, "--limit", "1000") and not bus.stored("WORK", subject)
    # Another operator was a moment quicker, and has not deleted the letter yet.
    bus.publish(subject, b"what the customer wrote", {"Nats-Msg-Id": f"replay-{letter}"})
    assert "stood already" in mesh.cli("dlq", "replay", str(letter)).stdout
    assert len(bus.stored("WORK", subject)) == 1
    assert letter not in listed(mesh, "--limit", "1000")
    gone = mesh.cli("dlq", "replay", str(letter), check=False)
    assert gone.returncode == 1 and "no dead letter" in gone.stderr

    second, subject = dead_work(bus, "unheard")
    mesh.cli("dlq", "replay", str(second))
    [(_, headers, payload)] = bus.stored("WORK", subject)
    assert payload == b"what the customer wrote"
    assert TRACE in headers and "Mesh-Dead-" not in headers and f"Nats-Msg-Id: replay-{second}" in headers


def test_all_of_an_origin(mesh, bus):
    make_work_stream(bus)
    mine = [dead_work(bus, "mine") for _ in range(3)]
    other, _ = dead_work(bus, "yours")
    mesh.cli("dlq", "replay", "--origin", "mine", "--all")
    for letter, subject in mine:
        assert len(bus.stored("WORK", subject)) == 1
    assert other in listed(mesh, "--limit", "1000")
    assert mesh.cli("dlq", "replay", check=False).returncode == 2
    assert mesh.cli("dlq", "replay", "nonsense", check=False).returncode == 2


@pytest.mark.parametrize("subject", ["$JS.API.STREAM.DELETE.TURNS", "mesh.agent.escalation.assess", "elsewhere"])
def test_what_must_not_be_replayed_is_refused_and_stays(mesh, bus, subject):
    letter = bus.publish("mesh.dead.strange", b"{}", {"Mesh-Dead-Subject": subject})["seq"]
    refused = mesh.cli("dlq", "replay", str(letter), check=False)
    assert refused.returncode == 1 and subject in refused.stderr
    assert letter in listed(mesh, "--limit", "1000")


def test_a_record_that_stands_in_its_stream_is_handed_back_and_not_stored_twice(mesh, bus):
    reply = mesh.invoke("I want to talk to a human being, now please")
    subject = f"mesh.turn.completed.{reply['conversation_id']}"
    [(_, _, record)] = [m for m in bus.stored("TURNS", subject) if b"human being" in m[2]]
    stored = len(bus.stored("TURNS", subject))
    where = {"Mesh-Dead-Subject": subject, "Mesh-Dead-Reason": "a build that could not read it"}
    for origin, outcome in (("analytics", "known already"), ("escalation", "is open")):
        letter = bus.publish(f"mesh.dead.{origin}", record, where)["seq"]
        assert f"handed to {origin}" in mesh.cli("dlq", "replay", str(letter), "--dry-run").stdout
        assert outcome in mesh.cli("dlq", "replay", str(letter)).stdout
        assert letter not in listed(mesh, "--limit", "1000")
    assert len(bus.stored("TURNS", subject)) == stored
    # What still cannot be handled stays, with the reason.
    letter = bus.publish("mesh.dead.analytics", b"\xff\xff", where)["seq"]
    refused = mesh.cli("dlq", "replay", str(letter), check=False)
    assert refused.returncode == 1 and "cannot be stored" in refused.stderr
    assert letter in listed(mesh, "--limit", "1000")


def test_a_poisoned_record_of_the_stream_reaches_the_operator(mesh, bus):
    bus.publish(f"mesh.turn.completed.{uuid.uuid4()}", b"\xff\xff\xff", {"traceparent": TRACE})
    letters = wait_until(lambda: {letter["origin"]: letter for letter in listed(mesh, "--limit", "3").values()
                                  if "ConversationRecord" in letter["reason"]}, what="the dead letters")
    assert set(letters) <= {"analytics", "escalation"}


def test_a_drop_asks_and_deletes(mesh, bus):
    letter, _ = dead_work(bus, "unheard")
    asked = mesh.cli("dlq", "drop", str(letter), check=False)
    assert asked.returncode == 1 and "[y/N]" in asked.stderr and "nothing was dropped" in asked.stderr
    assert letter in listed(mesh, "--limit", "1000")
    mesh.cli("dlq", "drop", str(letter), "--yes")
    assert letter not in listed(mesh, "--limit", "1000")
    assert mesh.cli("dlq", "drop", str(letter), "--yes", check=False).returncode == 1


def test_the_trace_of_a_turn_that_failed(mesh, bus):
    conversation, turn = str(uuid.uuid4()), "t-1"
    # v1.TurnRetried {delivery: 1, reason: "UNAVAILABLE: no agent", instance_id: "ab12"}
    event = b"\x18\x01" + b"\x22\x15UNAVAILABLE: no agent" + b"\x2a\x04ab12"
    bus.publish(f"mesh.event.turn.retried.{conversation}.{turn}", event)
    letter = bus.publish(f"mesh.dead.turn.{conversation}.{turn}", b"", {
        "Mesh-Dead-Subject": f"mesh.work.turn.{conversation}.{turn}", "Mesh-Dead-Reason": "five deliveries"})["seq"]
    shown = mesh.cli("dlq", "show", str(letter)).stdout
    assert "ab12 UNAVAILABLE: no agent" in shown, shown

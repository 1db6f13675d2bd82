"""The tools of a chaos run by themselves: the schedule of faults, the protocol's frames."""

import dataclasses
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from inject import CLUSTER_DECK, DECK, group_of, plan  # noqa: E402
from nats_protocol import Parser  # noqa: E402
from proxy import matches  # noqa: E402

AGENTS = ("intent-classifier", "critic-supervisor", "analytics")
STREAM = (b"CONNECT {\"verbose\":false}\r\nSUB _INBOX.a.* 7\r\nPUB mesh.x 0\r\n\r\nPUB mesh.y reply.to 3\r\na\r\n\r\n"
          b"HPUB mesh.z reply.to 20 22\r\nNATS/1.0\r\nA: b c\r\n\r\n{}\r\nPING\r\n")


def test_a_seed_repeats_its_faults():
    def faults(seed):
        return [dataclasses.astuple(step) for step in plan(random.Random(seed), 600, 2.0, AGENTS)]

    assert faults(5) == faults(5)
    assert faults(5) != faults(6)


def test_a_schedule_deals_every_kind_and_everybody():
    steps = plan(random.Random(3), 600, 2.0, AGENTS)
    assert {step.kind for step in steps} == set(DECK)
    targets = {step.target for step in steps}
    assert targets == {"nats-server", "customers", "gateway", "gateway-1", *(f"{a}-{n}" for a in AGENTS for n in (0, 1))}
    nodes = plan(random.Random(3), 600, 2.0, AGENTS, cluster=3)
    assert {step.kind for step in nodes} == set(CLUSTER_DECK)
    assert {step.target for step in nodes if step.kind == "node-loss"} == {f"nats-server-{n}" for n in range(3)}


def test_replicas_of_one_thing_are_one_group():
    assert group_of("critic-supervisor-1") == group_of("critic-supervisor-0") == "critic-supervisor"
    assert group_of("gateway") == group_of("gateway-1") == "gateway"


def test_frames_survive_any_cut():
    for size in range(1, len(STREAM)):
        parser, frames = Parser(), []
        for begin in range(0, len(STREAM), size):
            frames += parser.feed(STREAM[begin:begin + size])
        assert b"".join(frame.encode() for frame in frames) == STREAM
        assert [frame.verb for frame in frames] == ["CONNECT", "SUB", "PUB", "PUB", "HPUB", "PING"]
    assert frames[3].reply == "reply.to" and frames[3].payload == b"a\r\n"
    assert frames[4].header("a") == "b c" and frames[4].payload == b"{}"


def test_headers_are_taken_away_and_set():
    frame = Parser().feed(STREAM)[4]
    assert frame.without_headers("A").headers == b"NATS/1.0\r\n\r\n"
    changed = Parser().feed(frame.with_header("A", "longer than before").encode())[0]
    assert changed.header("A") == "longer than before" and changed.payload == b"{}"


def test_subjects_match_as_the_server_says():
    assert matches("_INBOX.a.*", "_INBOX.a.17") and not matches("_INBOX.a.*", "_INBOX.a.17.b")
    assert matches("mesh.>", "mesh.turn.submit") and not matches("mesh.>", "mesh")
    assert matches("mesh.cancel", "mesh.cancel") and not matches("mesh.cancel", "mesh.cancelled")

"""Each guarantee broken on purpose, on a live mesh: the audit must see it and name it.

One mesh serves all; a run is a few seconds of customers while a saboteur sits in the proxy of some processes. What is
audited is only what that run stored.
"""

import asyncio
import contextlib
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from audit import audit, report  # noqa: E402
from ledger import Ledger  # noqa: E402
from load import Load, unused_order_numbers  # noqa: E402
from mesh import AGENTS, ROOT, Mesh, wait_until  # noqa: E402
from proxy import Proxies  # noqa: E402
from sabotage import (CrossWords, ForgetDeadlines, LoseCommits, LoseRecords, LoseTickets, LoseWork,  # noqa: E402
                      OpenTicketsTwice, RetryAfterThief, SpoilReplies, WriteWithoutGuards)
from streams import Reader, load_messages  # noqa: E402

RUN_SECONDS = 3
SEED = 7


class Stage:
    """The mesh of all tests, and order numbers for each."""

    def __init__(self, mesh, proxies):
        self.mesh = mesh
        self.proxies = proxies
        self.messages = load_messages(ROOT)
        self.nonces = unused_order_numbers(ROOT / "knowledge", SEED)

    def run(self, saboteur=None):
        """Customers for some seconds, then the audit; the checks that failed."""
        ledger = Ledger(SEED)
        reader = Reader(self.mesh, self.messages)
        load = Load(ledger, self.mesh.http_ports, 6, self.nonces, hurried=30 if saboteur else 3,
                    outcome_seconds=4 if saboteur else 30)
        asyncio.run(load.run(RUN_SECONDS))
        if saboteur:
            wait_until(saboteur.done, what="the end of what the saboteur began")
        return self.judge(ledger, reader)

    def judge(self, ledger, reader):
        verdicts = audit(ledger, reader.read(drain_seconds=5, summary_seconds=2), self.messages)
        print(report(ledger, verdicts))
        return {verdict.check for verdict in verdicts if not verdict.ok}

    @contextlib.contextmanager
    def sabotage(self, saboteur, *processes):
        self.proxies.sabotage(saboteur, *processes)
        try:
            yield saboteur
        finally:
            self.proxies.sabotage(None, *processes)
        assert saboteur.count > 0, "the saboteur never struck: the test proves nothing"


@pytest.fixture(scope="module")
def stage():
    with Proxies(watched=True) as proxies:
        mesh = Mesh(replicas={agent: 2 for agent in AGENTS}, gateways=2,
                    bus_url=lambda key: proxies.url_for(key) or "")
        proxies.upstream_port = mesh.nats_port
        with mesh:
            yield Stage(mesh, proxies)


def test_without_a_saboteur_every_guarantee_holds(stage):
    assert stage.run() == set()


SABOTAGE = [
    # what goes wrong, the double, on whom, the checks that must fail
    ("a turn that was answered is not stored", LoseCommits, ["critic-supervisor"], {"stored-once"}),
    ("the same id is answered in two ways, and two turns at once fork the history", WriteWithoutGuards,
     ["critic-supervisor"], {"one-answer", "stored-once", "one-order"}),
    ("a word crosses conversations", CrossWords, ["critic-supervisor"], {"no-crossed-words"}),
    ("a caller sees an error", SpoilReplies, ["gateway"], {"no-errors"}),
    ("a turn is worked on after its deadline", ForgetDeadlines, ["critic-supervisor", "gateway"], {"deadlines"}),
    ("an escalated turn has two tickets", OpenTicketsTwice, ["escalation"], {"one-ticket"}),
    ("an escalated turn has no ticket", LoseTickets, ["escalation"], {"one-ticket"}),
    ("analytics misses turns", LoseRecords, ["analytics"], {"counts"}),
]


@pytest.mark.parametrize("what,double,processes,checks", SABOTAGE, ids=[case[0] for case in SABOTAGE])
def test_the_audit_sees_that(stage, what, double, processes, checks):
    with stage.sabotage(double(), *processes) as saboteur:
        failed = stage.run(saboteur)
    assert checks <= failed, what


def test_the_audit_sees_that_an_accepted_turn_is_lost(stage):
    answer = stage.mesh.post("/v1/invoke", {"text": "hello"}, {"Prefer": "respond-async"})
    if answer.status != 202:
        pytest.skip("this gateway does not accept asynchronous turns")
    with stage.sabotage(LoseWork(), "gateway") as saboteur:
        failed = stage.run(saboteur)
    assert "accepted-settled" in failed


def test_the_audit_sees_a_refusal_without_its_time(stage):
    async def refused_through_the_thief():
        async with RetryAfterThief(stage.mesh.http_port) as thief:
            ledger = Ledger(SEED)
            load = Load(ledger, [thief.port], 6, stage.nonces)
            stage.mesh.kill("nats-server")
            asking = asyncio.create_task(load.run(RUN_SECONDS))
            while thief.count == 0:  # refused at least once; bounded by the test's time
                await asyncio.sleep(0.05)
            await asyncio.to_thread(stage.mesh.start_nats)
            await asking
            return ledger

    reader = Reader(stage.mesh, stage.messages)
    ledger = asyncio.run(refused_through_the_thief())
    assert "refused-with-time" in stage.judge(ledger, reader)

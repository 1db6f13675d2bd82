"""Three nats-servers with every stream on all of them: any one may go at any moment."""

import signal

import pytest

from callers import Callers
from mesh import Mesh, wait_until

NODES = range(3)


@pytest.fixture(scope="module")
def mesh():
    with Mesh(cluster=3) as running:
        yield running


def turns_stored(mesh, number):
    """Messages of TURNS as that node has them; None while it has none."""
    try:
        view = mesh.request("GET", "/jsz?streams=true&accounts=true", port=mesh.nats_monitor_ports[number], timeout=5)
    except OSError:
        return None
    streams = [s for a in view.json().get("account_details", []) for s in a.get("stream_detail", [])]
    return next((s["state"]["messages"] for s in streams if s["name"] == "TURNS"), None)


def turns_counted(mesh):
    return mesh.request("GET", "/v1/analytics/summary?window=1h").json().get("turns")


def check_account(mesh, callers, stored_before):
    """Every answered turn is stored, once, on every node, counted once, and every conversation is whole and in order."""
    assert not callers.errors, "\n".join(callers.errors)
    for conversation, texts in callers.conversations().items():
        view = mesh.request("GET", f"/v1/conversations/{conversation}").json()
        assert [turn["text"] for turn in view["turns"]] == texts, conversation
    expected = stored_before + len(callers.turns)
    for number in NODES:
        wait_until(lambda: turns_stored(mesh, number) == expected, 30, f"{expected} turns on node {number}")
    wait_until(lambda: turns_counted(mesh) == expected, 60, f"{expected} turns in analytics")


@pytest.mark.parametrize("number", NODES)
def test_a_killed_node_is_not_noticed_and_catches_up(mesh, number):
    before = turns_stored(mesh, 0) or 0
    with Callers(mesh, http=3) as callers:
        callers.wait_for_more(5)
        mesh.kill(mesh.nats_keys[number])
        callers.wait_for_more(10)
        mesh.start_nats(number)
        callers.wait_for_more(5)
    check_account(mesh, callers, before)


def test_a_frozen_node_is_left_within_a_turn(mesh):
    before = turns_stored(mesh, 0) or 0
    with Callers(mesh, http=3) as callers:
        callers.wait_for_more(5)
        frozen = mesh.processes[mesh.nats_keys[1]]
        frozen.send_signal(signal.SIGSTOP)
        try:
            callers.wait_for_more(10)
        finally:
            frozen.send_signal(signal.SIGCONT)
        mesh.wait_nats(1)
        callers.wait_for_more(5)
    check_account(mesh, callers, before)


def test_nodes_restarted_one_after_the_other(mesh):
    before = turns_stored(mesh, 0) or 0
    with Callers(mesh, http=3) as callers:
        for number in NODES:
            callers.wait_for_more(5)
            mesh.kill(mesh.nats_keys[number], signal.SIGUSR2)  # lame duck: hands its streams over, then leaves
            callers.wait_for_more(5)
            mesh.start_nats(number)
        callers.wait_for_more(5)
    check_account(mesh, callers, before)

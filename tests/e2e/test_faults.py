"""What customers see when a process dies, and that everything comes back by itself."""

import signal
import time

import pytest

from mesh import AGENTS, wait_until

QUESTION = "How long do I have to return something?"


def ask_until(mesh, predicate, seconds=20):
    def once():
        reply = mesh.invoke(QUESTION)
        return reply if predicate(reply) else None

    return wait_until(once, seconds, "the expected answer")


@pytest.mark.parametrize("agent", [a for a in AGENTS if a != "critic-supervisor"])
def test_a_killed_agent_degrades_the_turn_and_recovers(mesh, agent):
    mesh.kill(f"{agent}-0")
    reply = mesh.invoke(QUESTION)
    assert reply["reply"].strip()
    if agent == "analytics":
        assert reply["degraded"] == []  # not on a turn's way
    else:
        assert reply["degraded"] == [agent], reply
    if agent == "knowledge-retrieval":
        assert reply["citations"] == []
    if agent == "response-generator":
        assert reply["escalated"], "a plain apology and a human"
        assert reply["escalation"]["ticket_id"]
    mesh.start(agent, wait=True)
    recovered = ask_until(mesh, lambda r: r["degraded"] == [] and r["citations"])
    assert "30" in recovered["reply"]


def test_without_the_critic_the_customer_gets_an_apology_and_a_person(mesh):
    conversation = mesh.invoke("Bonjour, combien coûte la livraison ?")["conversation_id"]
    mesh.kill("critic-supervisor-0")
    key = {"Idempotency-Key": "while-the-critic-was-away"}
    reply = mesh.invoke("Où est mon colis ?", key, conversation_id=conversation)
    assert reply["degraded"] == ["critic-supervisor"]
    assert reply["escalated"] and reply["language"] == "fr" and "désolé" in reply["reply"]
    assert reply["citations"] == [] and not reply["answered"]
    events = mesh.stream("/v1/stream", {"text": QUESTION})
    assert [kind for kind, _ in events] == ["sentence", "final"]
    mesh.start("critic-supervisor", wait=True)
    assert ask_until(mesh, lambda r: r["degraded"] == [])
    # Stored like any other turn: the same key gives the same answer, the history has it, a ticket is open.
    assert mesh.invoke("Où est mon colis ?", key, conversation_id=conversation) == reply
    view = mesh.request("GET", f"/v1/conversations/{conversation}").json()
    assert [t["text"] for t in view["turns"]] == ["Bonjour, combien coûte la livraison ?", "Où est mon colis ?"]
    ticket = reply["escalation"]["ticket_id"]
    wait_until(lambda: mesh.cli("ticket", ticket, check=False).returncode == 0, what="the ticket")


@pytest.mark.parametrize("agent", ["response-generator", "critic-supervisor"])
def test_a_frozen_agent_does_not_keep_the_customer_waiting(mesh, agent):
    mesh.processes[f"{agent}-0"].send_signal(signal.SIGSTOP)
    try:
        answer = mesh.post("/v1/invoke", {"text": QUESTION}, {"Request-Timeout-Ms": "2000"})
        assert answer.status == 200, answer.body
        reply = answer.json()
        assert reply["degraded"] == [agent]
        assert reply["escalated"] and reply["reply"].strip()
    finally:
        mesh.processes[f"{agent}-0"].send_signal(signal.SIGCONT)
    assert ask_until(mesh, lambda r: r["degraded"] == [] and r["citations"])


def test_less_time_means_less_work(mesh):
    """With 20 ms the legs get less than their least; with 10 ms there is none for the generator either."""

    def degraded(timeout_ms):
        answer = mesh.post("/v1/invoke", {"text": QUESTION}, {"Request-Timeout-Ms": str(timeout_ms)})
        return answer.json().get("degraded") if answer.status == 200 else None

    legs = ["intent-classifier", "knowledge-retrieval", "escalation"]
    wait_until(lambda: degraded(20) == legs, what="an answer without the legs")
    wait_until(lambda: degraded(10) == [*legs, "response-generator"], what="a canned answer")
    assert degraded(5000) == []


def test_an_operator_who_watches_the_bus_does_not_keep_the_mesh_from_noticing(mesh):
    # A subscriber on mesh.> counts as a responder: the server no longer says that nobody is there.
    with mesh.cli_background("tail"):
        mesh.kill("critic-supervisor-0")
        mesh.kill("intent-classifier-0")
        assert mesh.invoke(QUESTION)["degraded"] == ["critic-supervisor"]
        mesh.start("critic-supervisor", wait=False)
        reply = ask_until(mesh, lambda r: "critic-supervisor" not in r["degraded"])
        assert reply["degraded"] == ["intent-classifier"]
        mesh.start("intent-classifier", wait=True)


def test_analytics_catches_up_without_double_counting(mesh):
    def turns():
        return mesh.request("GET", "/v1/analytics/summary?window=1h").json()["turns"]

    mesh.invoke(QUESTION)
    time.sleep(1.5)
    before = turns()
    mesh.kill("analytics-0")
    for _ in range(7):
        mesh.invoke(QUESTION)
    mesh.start("analytics", wait=True)
    wait_until(lambda: turns() == before + 7, what="the missed turns")
    time.sleep(1)
    assert turns() == before + 7


def test_a_ticket_is_opened_once_also_after_the_desk_was_away(mesh):
    mesh.kill("escalation-0")
    reply = mesh.invoke("I want to talk to a human being, now please")
    assert reply["escalated"] and reply["degraded"] == ["escalation"], reply
    ticket = reply["escalation"]["ticket_id"]
    mesh.start("escalation", wait=True)
    wait_until(lambda: mesh.cli("ticket", ticket, check=False).returncode == 0, what="the ticket")
    listed = mesh.cli("tickets", "--limit", "100").stdout
    assert listed.count(ticket) == 1


def test_nats_restart_is_survived_by_every_process(mesh):
    mesh.kill("nats-server")
    answer = mesh.post("/v1/invoke", {"text": QUESTION})
    assert answer.status == 503, answer.body
    wait_until(lambda: mesh.request("GET", "/readyz").status == 503, what="readiness telling the truth")
    mesh.start_nats()
    wait_until(lambda: mesh.post("/v1/invoke", {"text": QUESTION}).status == 200, what="an answer")
    reply = ask_until(mesh, lambda r: r["degraded"] == [] and r["citations"])
    assert "30" in reply["reply"]
    for name in mesh.processes:
        assert mesh.processes[name].poll() is None, f"{name} has died"


def test_sigterm_drains_and_exits_clean(mesh):
    for agent in AGENTS:
        key = f"{agent}-0"
        mesh.kill(key, signal.SIGTERM)
        assert mesh.processes[key].returncode == 0, agent
        mesh.start(agent)
    mesh.wait_whole()
    assert ask_until(mesh, lambda r: r["degraded"] == [] and r["citations"])

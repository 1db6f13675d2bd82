"""Every process stopped with SIGTERM and started again while callers ask: nobody notices."""

import signal

import pytest

from callers import Callers
from mesh import AGENTS, Mesh, wait_until

# Analytics keeps a file of its own; a second replica would need another consumer. It is not on a turn's way.
ON_THE_WAY = [agent for agent in AGENTS if agent != "analytics"]
# A caller that rests for longer than this between two requests meets HTTP's own race: request and close cross.
PATIENT = {"DRAIN_DELAY_MS": "1000"}
EVERYBODY = {"http": 2, "sse": 1, "grpc": 1}


@pytest.fixture(scope="module")
def mesh():
    with Mesh(replicas={agent: 2 for agent in ON_THE_WAY}, gateways=2, environment=PATIENT) as running:
        yield running


def stop(mesh, key):
    mesh.kill(key, signal.SIGTERM)
    assert mesh.processes[key].returncode == 0, key


def check(callers):
    assert not callers.errors, "\n".join(callers.errors)
    assert callers.degraded() == []
    assert len({turn.reply["turn_id"] for turn in callers.turns}) == len(callers.turns)


def check_histories(mesh, callers):
    for conversation, texts in callers.conversations().items():
        view = mesh.request("GET", f"/v1/conversations/{conversation}").json()
        assert [turn["text"] for turn in view["turns"]] == texts, conversation


@pytest.mark.parametrize("agent", ON_THE_WAY)
def test_replicas_of_an_agent_restart_one_after_the_other(mesh, agent, api):
    with Callers(mesh, **EVERYBODY) as callers:
        for number in range(2):
            callers.wait_for_more(10)
            stop(mesh, f"{agent}-{number}")
            callers.wait_for_more(10)
            mesh.start(agent, number, wait=True)
        callers.wait_for_more(10)
    check(callers)


def test_gateways_restart_one_after_the_other(mesh, api):
    with Callers(mesh, **EVERYBODY) as callers:
        for number, key in enumerate(["gateway", "gateway-1"]):
            callers.wait_for_more(10)
            stop(mesh, key)
            callers.wait_for_more(10)
            mesh.start_gateway(number)
            mesh.wait_ready(key, mesh.ports[key])
        callers.wait_for_more(10)
    check(callers)


def test_the_whole_mesh_restarts_process_by_process(mesh, api):
    with Callers(mesh, **EVERYBODY) as callers:
        for agent in ON_THE_WAY:
            for number in range(2):
                stop(mesh, f"{agent}-{number}")
                mesh.start(agent, number)
                mesh.wait_ready(f"{agent}-{number}", mesh.ports[f"{agent}-{number}"])
        stop(mesh, "analytics-0")
        mesh.start("analytics")
        for number, key in enumerate(["gateway", "gateway-1"]):
            stop(mesh, key)
            mesh.start_gateway(number)
            mesh.wait_ready(key, mesh.ports[key])
        callers.wait_for_more(10)
    check(callers)
    check_histories(mesh, callers)


def test_a_gateway_alone_refuses_connections_between_stop_and_start_and_nothing_else(api):
    with Mesh(environment=PATIENT) as single:
        with Callers(single, **EVERYBODY) as callers:
            for _ in range(3):
                callers.wait_for_more(10)
                stop(single, "gateway")
                single.start_gateway()
                single.wait_ready("gateway", single.ports["gateway"])
        assert not callers.errors, "\n".join(callers.errors)


def test_a_gateway_that_leaves_says_so_and_still_answers():
    with Mesh(environment={"DRAIN_DELAY_MS": "3000"}, load_knowledge=False) as leaving:
        leaving.processes["gateway"].send_signal(signal.SIGTERM)
        wait_until(lambda: leaving.request("GET", "/readyz").status == 503, what="readiness telling the truth")
        answer = leaving.post("/v1/invoke", {"text": "hello"})
        assert answer.status == 200
        assert answer.headers["connection"] == "close"
        assert leaving.processes["gateway"].wait(20) == 0

"""What operators see and do: the bus as text, the command line, the services protocol."""

import json
import subprocess

import pytest

from mesh import AGENTS, BIN, ROOT, wait_until
from plain_nats import PlainNats


@pytest.fixture()
def nats(mesh):
    return PlainNats(mesh.nats_port)


def test_headers_read_well_on_the_bus(mesh, nats):
    nats.subscribe("mesh.>", 1)
    reply = mesh.invoke("Where is my order 10452?", customer_id="C-1001")
    seen = {}
    while "completed" not in "".join(seen):
        subject, headers, _ = nats.next()
        seen[subject] = headers
    subjects = set(seen)
    assert {"mesh.turn.submit", "mesh.agent.intent-classifier.classify", "mesh.agent.knowledge-retrieval.search",
            "mesh.agent.escalation.assess", "mesh.agent.response-generator.generate"} <= subjects
    for headers in seen.values():
        assert "Mesh-Type: switchboard.v1." in headers
        assert f"Mesh-Turn: {reply['turn_id']}" in headers
        assert "Mesh-Deadline-Ms: " in headers
        assert "traceparent: 00-" in headers
        assert "10452" not in headers
    completed = seen[f"mesh.turn.completed.{reply['conversation_id']}"]
    assert f"Mesh-Summary: intent={reply['intent']}" in completed


def test_a_client_without_the_gateway_can_ask_an_agent(nats):
    nats.subscribe("my.inbox", 2)
    header = b"NATS/1.0\r\nContent-Type: application/json\r\n\r\n"
    body = b'{"text": "cancel my coffee subscription"}'
    nats.send(f"HPUB mesh.agent.intent-classifier.classify my.inbox {len(header)} {len(header) + len(body)}", header + body)
    _, headers, payload = nats.next()
    assert json.loads(payload)["intents"][0]["name"] == "SUBSCRIPTION_MANAGEMENT"
    assert "Mesh-Summary: intent=SUBSCRIPTION_MANAGEMENT" in headers
    nats.send(f"HPUB mesh.agent.intent-classifier.dance my.inbox {len(header)} {len(header) + 2}", header + b"{}")
    _, headers, _ = nats.next()
    assert "Nats-Service-Error-Code: 404" in headers and "Mesh-Status: UNIMPLEMENTED" in headers


def test_the_services_protocol(nats):
    nats.subscribe("info.inbox", 3)
    nats.send("PUB $SRV.INFO info.inbox 0", b"")
    names = set()
    while not names >= set(AGENTS):
        info = json.loads(nats.next()[2])
        assert info["type"] == "io.nats.micro.v1.info_response"
        assert info["version"].count(".") == 2 and info["id"]
        names.add(info["name"])
    nats.subscribe("stats.inbox", 4)
    nats.send("PUB $SRV.STATS.intent-classifier stats.inbox 0", b"")
    stats = json.loads(nats.next()[2])
    assert stats["type"] == "io.nats.micro.v1.stats_response"
    endpoint = stats["endpoints"][0]
    assert {"name", "subject", "num_requests", "num_errors", "last_error", "processing_time",
            "average_processing_time"} <= set(endpoint)


def test_switchboard_commands(mesh):
    asked = mesh.cli("ask", "How long do I have to return something?").stdout
    assert "30" in asked and "return-policy" in asked and "intent-classifier" in asked
    table = mesh.cli("agents").stdout
    assert all(agent in table for agent in AGENTS)
    found = mesh.cli("kb", "search", "double charge").stdout
    assert "double-charge" in found
    listed = mesh.cli("kb", "ls").stdout
    assert "return-policy" in listed
    conversation = mesh.invoke("hello there")["conversation_id"]
    assert "hello there" in mesh.cli("conversation", conversation).stdout
    unknown = mesh.cli("frobnicate", check=False)
    assert unknown.returncode == 2 and "frobnicate" in unknown.stderr


def test_tail_decodes_and_filters(mesh):
    tail = subprocess.Popen(
        [str(BIN / "switchboard"), "tail", "--agent", "intent-classifier", "--count", "1"],
        env={"NATS_URL": mesh.nats_url, "PATH": "/usr/bin"}, stdout=subprocess.PIPE, text=True)

    def seen():
        mesh.invoke("cancel my coffee subscription")
        return tail.poll() is not None

    wait_until(seen, what="tail")
    assert "intent-classifier" in tail.stdout.read()


def test_wrong_settings_get_a_line_each(mesh):
    done = subprocess.run(
        [str(BIN / "intent-classifier"), "--log-level=loud", "--no-such-key=1"],
        env={"HEALTH_PORT": "banana"}, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    for key in ("LOG_LEVEL", "HEALTH_PORT", "--no-such-key"):
        assert key in done.stderr, done.stderr


def test_the_configuration_page_is_what_the_programs_declare():
    page = (ROOT / "docs/configuration.md").read_text()
    for program in [*AGENTS, "gateway"]:
        declared = subprocess.run([str(BIN / program), "--config-markdown"], env={}, capture_output=True,
                                  text=True, check=True).stdout
        declared = declared.replace(f"{BIN.parent}/", "build/release/").replace(f"{ROOT}/", "")
        assert f"## {program}\n\n{declared}" in page, f"{program}: run make docs"


def test_the_errors_page_is_what_the_gateway_answers_with():
    written = subprocess.run([str(BIN / "errors_markdown")], capture_output=True, text=True, check=True).stdout
    assert (ROOT / "docs/errors.md").read_text() == written, "run make docs"


def test_probes_and_metrics_of_an_agent(mesh):
    port = mesh.ports["intent-classifier-0"]
    assert mesh.request("GET", "/livez", port=port).status == 200
    assert mesh.request("GET", "/readyz", port=port).json()["checks"]["nats"] == "ok"
    mesh.invoke("hello")
    metrics = mesh.request("GET", "/metrics", port=port).body.decode()
    assert 'switchboard_requests_total{agent="intent-classifier",verb="classify"}' in metrics
    done = subprocess.run([str(BIN / "intent-classifier"), "--healthcheck"],
                          env={"HEALTH_PORT": str(port)}, timeout=20, capture_output=True)
    assert done.returncode == 0

"""A model trained from a company's own messages is taken up live by every replica, and given back."""

import json
import re
import urllib.request

import pytest

from bus import Bus
from mesh import Mesh, wait_until

OPENING = ["when do you open", "opening hours please", "are you open on sunday", "what time do you close today",
           "is the shop open tomorrow", "until when are you open", "do you close at lunch"]
PARKING = ["where can I park", "is there a car park", "parking near the shop", "how much is parking",
           "can I leave my car there", "free parking spaces?", "a place to park a van"]


@pytest.fixture(scope="module")
def mesh():
    with Mesh(replicas={"intent-classifier": 2}) as mesh:
        yield mesh


@pytest.fixture()
def bus(mesh):
    connection = Bus(mesh.nats_port)
    yield connection
    connection.close()


def train(mesh, folder, name, **labels):
    data = folder / f"{name}.jsonl"
    data.write_text("".join(json.dumps({"text": text, "label": label}) + "\n"
                            for label, texts in labels.items() for text in texts))
    model = folder / f"{name}.bin"
    said = mesh.cli("train", "intents", str(data), "-o", str(model)).stdout
    assert "2 labels" in said
    return str(model)


def versions_in_use(mesh):
    """What each replica says it uses, from its /metrics."""
    used = []
    for number in range(2):
        url = f"http://127.0.0.1:{mesh.ports[f'intent-classifier-{number}']}/metrics"
        text = urllib.request.urlopen(url, timeout=5).read().decode()
        used += re.findall(r'^switchboard_model_info\{model="intents",version="(\w+)"\} 1$', text, re.M)
    return used


def classify(bus, text):
    reply = bus.request("mesh.agent.intent-classifier.classify", json.dumps({"text": text}).encode(),
                        {"Content-Type": "application/json"})
    return json.loads(reply[1])["intents"][0]["name"]


def put(mesh, model):
    said = mesh.cli("model", "put", "intents", model).stdout
    version = re.search(r"version ([0-9a-f]{16}) ", said).group(1)
    wait_until(lambda: versions_in_use(mesh) == [version] * 2, what="both replicas use the new model")
    return version


def test_every_replica_takes_it_up_keeps_it_over_a_restart_and_goes_back(mesh, bus, tmp_path):
    assert versions_in_use(mesh) == ["shipped"] * 2
    assert classify(bus, "where is my order 10452?") == "ORDER_STATUS"
    first = put(mesh, train(mesh, tmp_path, "first", OPENING=OPENING, PARKING=PARKING))
    assert {classify(bus, "where can I park my car") for _ in range(8)} == {"PARKING"}
    second = put(mesh, train(mesh, tmp_path, "second", CLOSING=OPENING, CARS=PARKING))
    assert {classify(bus, "where can I park my car") for _ in range(8)} == {"CARS"}

    mesh.kill("intent-classifier-0")
    mesh.start("intent-classifier", 0, wait=True)
    assert versions_in_use(mesh) == [second] * 2, "a replica that starts has it before the first request"

    table = mesh.cli("model", "ls", "intents").stdout
    assert re.search(rf"{second}.*second.bin.*in use\n.*{first}", table), table
    assert first in mesh.cli("model", "rollback", "intents").stdout
    wait_until(lambda: versions_in_use(mesh) == [first] * 2, what="both replicas are back")
    assert {classify(bus, "where can I park my car") for _ in range(8)} == {"PARKING"}
    assert "shipped" in mesh.cli("model", "rollback", "intents").stdout
    wait_until(lambda: versions_in_use(mesh) == ["shipped"] * 2, what="the shipped model serves again")
    assert classify(bus, "where is my order 10452?") == "ORDER_STATUS"
    refused = mesh.cli("model", "rollback", "intents", check=False)
    assert refused.returncode == 1 and "nothing before it" in refused.stderr


def test_what_is_no_model_is_refused_before_any_agent_sees_it(mesh, tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("these are not the weights you are looking for")
    refused = mesh.cli("model", "put", "intents", str(text), check=False)
    assert refused.returncode == 1 and "is not a text model" in refused.stderr, refused.stderr
    misspelt = mesh.cli("model", "ls", "Intents", check=False)
    assert misspelt.returncode == 1 and "lower-case" in misspelt.stderr


def test_a_damaged_version_changes_nothing(mesh, bus, tmp_path):
    version = put(mesh, train(mesh, tmp_path, "good", OPENING=OPENING, PARKING=PARKING))
    entry = json.loads(bus.stored("KV_config", "$KV.config.model.intents")[-1][2])
    entry["sha256"] = "0" * 64
    bus.publish("$KV.config.model.intents", json.dumps(entry).encode(), {})
    bus.publish("$KV.config.model.intents", b"not json", {})

    def rejected():
        url = f"http://127.0.0.1:{mesh.ports['intent-classifier-0']}/metrics"
        text = urllib.request.urlopen(url, timeout=5).read().decode()
        return 'switchboard_model_rejected_total{model="intents"} 2' in text
    wait_until(rejected, what="both entries are counted as rejected")
    assert versions_in_use(mesh) == [version] * 2
    assert classify(bus, "where can I park my car") == "PARKING"
    mesh.cli("model", "reset", "intents")
    wait_until(lambda: versions_in_use(mesh) == ["shipped"] * 2, what="the shipped model serves again")

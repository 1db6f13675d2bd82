"""Asynchronous turns: accepted, answered whatever happens, read on any gateway."""

import json
import signal
import threading
import time
import uuid

import pytest
from mesh import BIN, Mesh, free_port, wait_until

ASYNC = {"Prefer": "respond-async"}
QUESTION = "How long do I have to return something?"
# So that a test need not wait for the pauses of a real mesh.
QUICK = {"WORK_BACKOFF_MS": "300,300,300,300", "WORK_SWEEP_MS": "500"}


@pytest.fixture(scope="module")
def mesh():
    with Mesh(environment=QUICK) as running:
        second = {"port": free_port()}
        health, grpc = free_port(), free_port()
        running.ports["gateway-1"] = health
        running.spawn("gateway-1", [str(BIN / "gateway")], {
            "HEALTH_PORT": str(health), "HTTP_PORT": str(second["port"]), "GRPC_PORT": str(grpc)})
        running.wait_ready("gateway-1", health)
        running.second_port = second["port"]
        yield running


def submit(mesh, text, headers=None, **fields):
    answer = mesh.post("/v1/invoke", {"text": text, **fields}, {**ASYNC, **(headers or {})})
    assert answer.status == 202, answer.body
    return answer


def outcome(mesh, location, seconds=30, port=None):
    def settled():
        answer = mesh.request("GET", location, port=port)
        assert answer.status == 200, answer.body
        status = answer.json()
        return status if status["state"] != "ACCEPTED" else None

    return wait_until(settled, seconds, f"an outcome of {location}")


def events(answer):
    """(event, id, data) of a text/event-stream body."""
    found = []
    for block in answer.body.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and line[0] != ":")
        if "event" in fields:
            found.append((fields["event"], fields.get("id"), json.loads(fields["data"])))
    return found


def history(mesh, conversation_id):
    answer = mesh.request("GET", f"/v1/conversations/{conversation_id}?page_size=200")
    assert answer.status == 200, answer.body
    return answer.json()["turns"]


def test_is_accepted_at_once_and_answered_later(mesh):
    answer = submit(mesh, QUESTION)
    status = answer.json()
    assert answer.headers["preference-applied"] == "respond-async"
    assert answer.headers["location"] == f"/v1/turns/{status['conversation_id']}.{status['turn_id']}"
    assert status["state"] == "ACCEPTED" and status["reply"] is None
    done = outcome(mesh, answer.headers["location"])
    assert done["state"] == "ANSWERED"
    assert "30 days" in done["reply"]["reply"]
    turns = history(mesh, status["conversation_id"])
    assert [(t["turn_id"], t["text"]) for t in turns] == [(status["turn_id"], QUESTION)]


def test_waits_for_the_outcome_on_either_gateway(mesh):
    for port in (None, mesh.second_port):
        location = submit(mesh, QUESTION).headers["location"]
        answer = mesh.request("GET", location, headers={"Prefer": "wait=30"}, port=port)
        assert answer.json()["state"] == "ANSWERED"
        assert answer.headers["preference-applied"] == "wait=30"


def test_accepts_and_waits_in_one_request(mesh):
    answer = mesh.post("/v1/invoke", {"text": QUESTION}, {"Prefer": "respond-async, wait=30"})
    assert answer.status == 202
    assert answer.headers["preference-applied"] == "respond-async, wait=30"
    assert answer.json()["state"] == "ANSWERED"


def test_the_outcome_comes_as_an_event_on_the_other_gateway(mesh):
    status = submit(mesh, QUESTION).json()
    location = f"/v1/turns/{status['id']}"
    answer = mesh.request("GET", location, headers={"Accept": "text/event-stream"}, port=mesh.second_port)
    assert answer.headers["content-type"].startswith("text/event-stream")
    [(event, event_id, reply)] = events(answer)
    assert (event, event_id) == ("final", status["turn_id"] + ":final")
    assert "30 days" in reply["reply"]
    again = mesh.request("GET", location, headers={"Accept": "text/event-stream", "Last-Event-ID": event_id})
    assert again.status == 204 and again.body == b""


def test_a_stream_that_broke_off_is_resumed_elsewhere(mesh):
    key = str(uuid.uuid4())
    whole = mesh.post("/v1/stream", {"text": QUESTION}, {"Idempotency-Key": key})
    location = whole.headers["content-location"]
    seen = events(whole)
    assert seen[0][1] == f"{key}:1" and seen[-1][:2] == ("final", f"{key}:final")
    resume = {"Accept": "text/event-stream", "Last-Event-ID": seen[0][1]}
    elsewhere = mesh.request("GET", location, headers=resume, port=mesh.second_port)
    assert events(elsewhere) == [seen[-1]]
    repeated = mesh.post("/v1/stream", {"text": QUESTION}, {**resume, "Idempotency-Key": key})
    assert events(repeated) == [seen[-1]]
    resume["Last-Event-ID"] = f"{key}:final"
    assert mesh.post("/v1/stream", {"text": QUESTION}, {**resume, "Idempotency-Key": key}).status == 204


def test_a_synchronous_answer_says_where_it_stands(mesh):
    answer = mesh.post("/v1/invoke", {"text": QUESTION})
    stands = mesh.request("GET", answer.headers["content-location"], port=mesh.second_port).json()
    assert stands["state"] == "ANSWERED"
    assert stands["reply"]["reply"] == answer.json()["reply"]


def test_the_same_key_is_one_turn(mesh):
    key = {"Idempotency-Key": "order/1 of.today".replace(" ", "_")}
    first = submit(mesh, QUESTION, key)
    second = submit(mesh, QUESTION, key)
    assert first.headers["location"] == second.headers["location"]
    assert first.headers["location"].endswith(".order%2F1_of%2Etoday")
    done = outcome(mesh, first.headers["location"])
    third = mesh.post("/v1/invoke", {"text": QUESTION}, {**ASYNC, **key}, port=mesh.second_port)
    assert third.status == 202 and third.json() == done
    # The synchronous way gives the same answer, and another text is another request.
    assert mesh.post("/v1/invoke", {"text": QUESTION}, key).json() == done["reply"]
    other = mesh.post("/v1/invoke", {"text": "Something else"}, {**ASYNC, **key})
    assert other.status == 422 and other.json()["field"] == "Idempotency-Key"
    assert len(history(mesh, done["conversation_id"])) == 1


def test_refuses_what_it_does_not_know(mesh):
    conversation = submit(mesh, QUESTION).json()["conversation_id"]
    for name in (f"{conversation}.{uuid.uuid4()}", f"{uuid.uuid4()}.{uuid.uuid4()}", "nonsense" * 6):
        answer = mesh.request("GET", f"/v1/turns/{name}", headers={"Prefer": "wait=30"})
        assert answer.status == 404, (name, answer.body)
    missing = mesh.post(f"/v1/conversations/{uuid.uuid4()}/messages", {"text": QUESTION}, ASYNC)
    assert missing.status == 404
    assert mesh.post("/v1/invoke", {"text": ""}, ASYNC).json()["field"] == "text"


def test_calls_no_address_that_is_not_allowed(mesh):
    for headers in (ASYNC, {}):
        answer = mesh.post("/v1/invoke", {"text": QUESTION, "webhook_url": "http://127.0.0.1:9/x"}, headers)
        assert answer.status == 400 and answer.json()["field"] == "webhook_url"


def test_an_emptied_mesh_answers_what_was_queued_in_order(mesh):
    mesh.kill("critic-supervisor-0")
    opened = submit(mesh, "Hello, my first message").json()
    path = f"/v1/conversations/{opened['conversation_id']}/messages"
    queued = [opened["id"]]
    texts = ["Hello, my first message"]
    for number in range(2, 9):
        texts.append(f"My message number {number}: where is my order?")
        answer = mesh.post(path, {"text": texts[-1]}, ASYNC)
        assert answer.status == 202, answer.body
        queued.append(answer.json()["id"])
    others = [submit(mesh, QUESTION).headers["location"] for _ in range(20)]
    assert mesh.request("GET", f"/v1/turns/{queued[3]}").json()["state"] == "ACCEPTED"
    mesh.start("critic-supervisor", wait=True)
    for name in queued:
        assert outcome(mesh, f"/v1/turns/{name}")["state"] == "ANSWERED"
    for location in others:
        assert outcome(mesh, location)["state"] == "ANSWERED"
    assert [t["text"] for t in history(mesh, opened["conversation_id"])] == texts


def test_a_supervisor_killed_with_turns_in_hand_leaves_none_behind(mesh):
    mesh.start("critic-supervisor", 1, wait=True)
    locations = []
    stop = threading.Event()

    def load():
        while not stop.is_set():
            locations.append(submit(mesh, QUESTION).headers["location"])

    callers = [threading.Thread(target=load) for _ in range(4)]
    for caller in callers:
        caller.start()
    try:
        for number in (0, 1):
            reached = len(locations) + 20
            wait_until(lambda: len(locations) > reached, 30, "load")
            mesh.kill(f"critic-supervisor-{number}")
            mesh.start("critic-supervisor", number)
    finally:
        stop.set()
        for caller in callers:
            caller.join()
    for location in locations:
        status = outcome(mesh, location)
        assert status["state"] == "ANSWERED", status
        assert len(history(mesh, status["conversation_id"])) == 1


def test_a_drained_supervisor_gives_back_what_it_has_not_begun(mesh):
    locations = [submit(mesh, QUESTION).headers["location"] for _ in range(40)]
    mesh.kill("critic-supervisor-0", signal.SIGTERM)
    assert mesh.processes["critic-supervisor-0"].returncode == 0
    for location in locations:
        assert outcome(mesh, location)["state"] == "ANSWERED"
    mesh.start("critic-supervisor", 0, wait=True)


def test_a_gateway_that_leaves_sends_its_waiting_callers_on(mesh):
    mesh.kill("critic-supervisor-0")
    mesh.kill("critic-supervisor-1")
    location = submit(mesh, QUESTION).headers["location"]
    answers = []

    def wait():
        answers.append(mesh.request("GET", location, headers={"Accept": "text/event-stream"}, port=mesh.second_port))

    caller = threading.Thread(target=wait)
    caller.start()

    def waiting():
        metrics = mesh.request("GET", "/metrics", port=mesh.second_port).body.decode()
        return "switchboard_gateway_outcomes_waiting 1" in metrics

    wait_until(waiting, what="a caller that waits")
    mesh.kill("gateway-1", signal.SIGTERM)
    caller.join(20)
    [(event, event_id, status)] = events(answers[0])
    assert (event, event_id, status["state"]) == ("accepted", None, "ACCEPTED")
    mesh.start("critic-supervisor", 0, wait=True)
    assert outcome(mesh, location)["state"] == "ANSWERED"

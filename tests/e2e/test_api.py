"""The HTTP API: operations, shapes, errors, idempotency."""

import json
import uuid

import pytest


def test_the_answer_has_every_documented_member(mesh):
    reply = mesh.invoke("How long do I have to return something?")
    assert set(reply) >= {
        "turn_id", "conversation_id", "reply", "language", "intent", "confidence", "intents", "citations",
        "escalated", "blocked", "policy", "degraded", "agents", "duration_ms"}
    assert 0 < reply["confidence"] <= 1
    assert {"name", "duration_ms"} <= set(reply["agents"][0])
    assert {a["name"] for a in reply["agents"]} == {
        "intent-classifier", "knowledge-retrieval", "escalation", "response-generator", "critic-supervisor"}
    assert {"document_id", "title", "quote"} <= set(reply["citations"][0])


def test_conversation_operations(mesh):
    created = mesh.post("/v1/conversations", {"channel": "web", "customer_id": "C-1001"})
    assert created.status == 201, created.body
    conversation = created.json()["conversation_id"]
    assert created.headers["location"] == f"/v1/conversations/{conversation}"
    message = mesh.post(f"/v1/conversations/{conversation}/messages", {"text": "Where is my order 10452?"})
    assert message.status == 200, message.body
    assert "10452" in message.json()["reply"]
    for number in range(4):
        mesh.post(f"/v1/conversations/{conversation}/messages", {"text": f"thanks {number}"})
    page = mesh.request("GET", f"/v1/conversations/{conversation}?page_size=2").json()
    assert page["turn_count"] == 5 and len(page["turns"]) == 2
    texts = [t["text"] for t in page["turns"]]
    while page["next_page_token"]:
        page = mesh.request(
            "GET", f"/v1/conversations/{conversation}?page_size=2&page_token={page['next_page_token']}").json()
        texts += [t["text"] for t in page["turns"]]
    assert texts == ["Where is my order 10452?"] + [f"thanks {n}" for n in range(4)]
    feedback = mesh.post(f"/v1/conversations/{conversation}/feedback", {"rating": 5, "comment": "quick"})
    assert feedback.status in (201, 202), feedback.body


def test_streamed_answer_equals_the_final_one(mesh):
    events = mesh.stream("/v1/stream", {"text": "How do I return a lamp and when do I get my money back?"})
    kinds = [kind for kind, _ in events]
    assert kinds[-1] == "final" and kinds.count("final") == 1
    assert {d["agent"] for k, d in events if k == "progress"} >= {"intent-classifier", "knowledge-retrieval", "escalation"}
    sentences = [d["text"].strip() for k, d in events if k == "sentence"]
    final = events[-1][1]
    assert sentences and all(s in final["reply"] for s in sentences)
    conversation = final["conversation_id"]
    again = mesh.stream(f"/v1/conversations/{conversation}/messages", {"text": "and how long does that take?"})
    assert again[-1][1]["conversation_id"] == conversation


def test_agents_can_be_called_directly(mesh):
    found = mesh.post("/v1/agents/knowledge-retrieval/search", {"query": "return policy", "top_k": 3}).json()
    assert 1 <= len(found["passages"]) <= 3
    assert {"document_id", "title", "text", "score"} <= set(found["passages"][0])
    classified = mesh.post("/v1/agents/intent-classifier/classify", {"text": "Where is order 10452?"}).json()
    assert classified["intents"][0]["name"] in ("ORDER_STATUS", "TRACKING_UPDATE")
    assert classified["language"] == "en"
    assert any(e["value"] == "10452" for e in classified["entities"])


def test_the_chat_api_of_the_public_system(mesh):
    first = mesh.post("/api/v1/chat", {"message": "I want to return a lamp"})
    assert first.status == 200, first.body
    answer = first.json()
    assert set(answer) == {"response", "session_id", "intent", "confidence", "escalated",
                           "processing_time_ms", "agents_involved", "language"}
    second = mesh.post("/api/v1/chat", {"message": "thanks", "session_id": answer["session_id"]}).json()
    assert second["session_id"] == answer["session_id"]
    own = mesh.post("/api/v1/chat", {"message": "hello", "session_id": "my-own-session"}).json()
    assert own["session_id"] == "my-own-session"
    assert mesh.request("GET", "/api/v1/status").status == 200
    assert mesh.request("GET", "/health").status == 200


ERRORS = [
    # what, path, body, status, field
    ("empty text", "/v1/invoke", {"text": ""}, 400, "text"),
    ("white space only", "/v1/invoke", {"text": " \n "}, 400, "text"),
    ("no text", "/v1/invoke", {}, 400, "text"),
    ("4097 characters", "/v1/invoke", {"text": "x" * 4097}, 400, "text"),
    ("a number for text", "/v1/invoke", {"text": 5}, 400, "text"),
    ("a list for text", "/v1/invoke", {"text": ["a"]}, 400, "text"),
    ("broken JSON", "/v1/invoke", '{"text": ', 400, None),
    ("not an object", "/v1/invoke", '"text"', 400, None),
    ("invalid UTF-8", "/v1/invoke", b'{"text": "\xff\xfe"}', 400, None),
    ("bad language", "/v1/invoke", {"text": "hi", "language": "not a tag!"}, 400, "language"),
    ("unknown conversation", "/v1/invoke", {"text": "hi", "conversation_id": str(uuid.uuid4())}, 404, "conversation_id"),
    ("not an id", "/v1/invoke", {"text": "hi", "conversation_id": "nope"}, 404, "conversation_id"),
    ("unknown conversation in the path", f"/v1/conversations/{uuid.uuid4()}/messages", {"text": "hi"}, 404, "conversation_id"),
    ("unknown agent", "/v1/agents/no-such-agent/do", {}, 404, "agent"),
    ("unknown verb", "/v1/agents/intent-classifier/dance", {"text": "x"}, 404, "verb"),
    ("an agent's field", "/v1/agents/intent-classifier/classify", {"text": ""}, 400, "text"),
    ("an agent's bound", "/v1/agents/knowledge-retrieval/search", {"query": "x", "top_k": 999}, 400, "top_k"),
    ("rating out of range", "/v1/conversations/{conversation}/feedback", {"rating": 6}, 400, "rating"),
    ("no such path", "/v1/nothing", {}, 404, None),
    ("too large", "/v1/invoke", '{"text": "' + "x" * (1 << 20) + '"}', 413, None),
]


@pytest.mark.parametrize("what,path,body,status,field", ERRORS, ids=[e[0] for e in ERRORS])
def test_errors_are_problem_details(mesh, what, path, body, status, field):
    if "{conversation}" in path:
        path = path.format(conversation=mesh.invoke("hello")["conversation_id"])
    answer = mesh.post(path, body)
    assert answer.status == status, answer.body
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert {"type", "title", "status", "detail"} <= set(problem)
    assert problem["status"] == status
    if field:
        assert problem["field"] == field, problem
    # still alive
    assert mesh.request("GET", "/livez").status == 200


def test_wrong_method_is_405(mesh):
    answer = mesh.request("GET", "/v1/invoke")
    assert answer.status == 405
    assert "POST" in answer.headers["allow"]


def test_4096_characters_are_answered(mesh):
    assert mesh.invoke(("How long do returns take? " * 200)[:4096])["reply"]


def test_the_same_key_gives_the_stored_answer(mesh):
    key = {"Idempotency-Key": f"key-{uuid.uuid4()}"}
    first = mesh.invoke("Where is my order 10452?", key, customer_id="C-1001")
    again = mesh.invoke("Where is my order 10452?", key, customer_id="C-1001")
    assert again == first
    view = mesh.request("GET", f"/v1/conversations/{first['conversation_id']}").json()
    assert view["turn_count"] == 1
    other = mesh.post("/v1/invoke", {"text": "something else", "customer_id": "C-1001"}, key)
    assert other.status == 422, other.body
    # Long after: the window of the conversation has moved on.
    for number in range(12):
        mesh.invoke(f"thanks {number}", conversation_id=first["conversation_id"])
    assert mesh.invoke("Where is my order 10452?", key, customer_id="C-1001") == first


def test_a_key_may_be_any_word(mesh):
    conversation = mesh.post("/v1/conversations", {}).json()["conversation_id"]
    answer = mesh.post(f"/v1/conversations/{conversation}/messages", {"text": "hello"}, {"Idempotency-Key": "opened"})
    assert answer.status == 200, answer.body


def test_the_same_key_in_a_conversation(mesh):
    conversation = mesh.invoke("hello")["conversation_id"]
    path = f"/v1/conversations/{conversation}/messages"
    key = {"Idempotency-Key": "k-1"}
    first = mesh.post(path, {"text": "how long do returns take?"}, key).json()
    assert mesh.post(path, {"text": "how long do returns take?"}, key).json() == first
    # The key belongs to this conversation: another one's is another turn.
    elsewhere = mesh.invoke("hello")["conversation_id"]
    other = mesh.post(f"/v1/conversations/{elsewhere}/messages", {"text": "how long do returns take?"}, key).json()
    assert other["conversation_id"] == elsewhere


def test_pages_and_probes(mesh):
    openapi = mesh.request("GET", "/openapi.json").json()
    assert openapi["openapi"].startswith("3.1")
    for path in ("/v1/invoke", "/v1/stream", "/v1/conversations", "/v1/conversations/{conversation_id}",
                 "/v1/conversations/{conversation_id}/messages", "/v1/conversations/{conversation_id}/feedback",
                 "/v1/agents/{agent}/{verb}", "/v1/analytics/summary", "/api/v1/chat"):
        assert path in openapi["paths"], path
    docs = mesh.request("GET", "/docs")
    assert docs.status == 200 and b"/v1/invoke" in docs.body
    assert b'src="http' not in docs.body and b'href="http' not in docs.body
    for path in ("/health", "/livez", "/ready", "/readyz", "/metrics"):
        assert mesh.request("GET", path).status == 200, path
    assert "nats" in mesh.request("GET", "/readyz").body.decode()
    assert "switchboard_" in mesh.request("GET", "/metrics").body.decode()


def test_analytics_count_every_turn_once(mesh):
    from mesh import wait_until

    before = mesh.request("GET", "/v1/analytics/summary?window=1h").json()["turns"]
    for number in range(5):
        mesh.invoke(f"how long do returns take? {number}")
    wait_until(lambda: mesh.request("GET", "/v1/analytics/summary?window=1h").json()["turns"] == before + 5,
               what="analytics")
    summary = mesh.request("GET", "/v1/analytics/summary?window=1h").json()
    assert 0 <= summary["automation_rate"] <= 1
    assert any(entry["name"] == "turn" and entry["p95_ms"] > 0 for entry in summary["latencies"])
    bad = mesh.request("GET", "/v1/analytics/summary?window=fortnight")
    assert bad.status == 400 and bad.json()["field"] == "window"


def test_pipelined_requests_are_answered_in_order(mesh):
    import socket

    with socket.create_connection(("127.0.0.1", mesh.http_port), 20) as raw:
        body = json.dumps({"text": "hello"})
        one = (f"POST /v1/invoke HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
               f"Content-Length: {len(body)}\r\n\r\n{body}")
        two = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        raw.sendall((one + two).encode())
        received = b""
        while chunk := raw.recv(65536):
            received += chunk
    assert received.count(b"HTTP/1.1 200") == 2
    assert received.index(b"turn_id") < received.rindex(b"HTTP/1.1 200")

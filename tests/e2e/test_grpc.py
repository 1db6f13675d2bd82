"""The same operations over gRPC, with Python's client."""

import importlib

import grpc
import pytest

from mesh import wait_until


@pytest.fixture(scope="module")
def channel(mesh):
    with grpc.insecure_channel(f"127.0.0.1:{mesh.grpc_port}") as opened:
        yield opened


def call(channel, method, request, reply_type, **more):
    stub = channel.unary_unary(f"/switchboard.v1.Switchboard/{method}",
                               request_serializer=type(request).SerializeToString,
                               response_deserializer=reply_type.FromString)
    return stub(request, timeout=30, **more)


def turn_reply():
    return importlib.import_module("switchboard.v1.turn_pb2").TurnReply


def test_invoke(api, channel):
    reply = call(channel, "Invoke", api.InvokeRequest(text="How long do I have to return something?"), turn_reply())
    assert "30" in reply.reply
    assert reply.intent == "RETURN_REQUEST"
    assert reply.citations[0].document_id


def test_conversation(api, channel):
    created = call(channel, "CreateConversation", api.CreateConversationRequest(customer_id="C-1001"), api.ConversationView)
    reply = call(channel, "SendMessage",
                 api.SendMessageRequest(conversation_id=created.conversation_id, text="Where is my order 10452?"), turn_reply())
    assert "10452" in reply.reply
    view = call(channel, "GetConversation",
                api.GetConversationRequest(conversation_id=created.conversation_id), api.ConversationView)
    assert [t.text for t in view.turns] == ["Where is my order 10452?"]
    feedback = call(channel, "SubmitFeedback",
                    api.FeedbackRequest(conversation_id=created.conversation_id, rating=4), api.FeedbackReply)
    assert feedback.feedback_id


def test_stream(api, channel):
    stub = channel.unary_stream("/switchboard.v1.Switchboard/InvokeStream",
                                request_serializer=api.InvokeRequest.SerializeToString,
                                response_deserializer=api.StreamReply.FromString)
    items = list(stub(api.InvokeRequest(text="Comment retourner un article ?"), timeout=30))
    assert items[-1].WhichOneof("item") == "final"
    assert items[-1].final.language == "fr"
    sentences = [i.event.sentence.text for i in items if i.event.WhichOneof("event") == "sentence"]
    assert sentences and all(s.strip() in items[-1].final.reply for s in sentences)


def test_agents_and_analytics(api, channel):
    agents = importlib.import_module("switchboard.v1.agents_pb2")
    request = api.CallAgentRequest(agent="intent-classifier", verb="classify")
    request.request["text"] = "cancel my coffee subscription"
    reply = call(channel, "CallAgent", request, api.CallAgentReply)
    assert reply.reply["intents"][0]["name"] == "SUBSCRIPTION_MANAGEMENT"
    summary = call(channel, "GetAnalyticsSummary", agents.SummaryRequest(window="1h"), agents.SummaryReply)
    assert summary.turns >= 0


def test_errors_carry_the_same_status(api, channel):
    cases = [
        (api.InvokeRequest(text=""), grpc.StatusCode.INVALID_ARGUMENT, "text"),
        (api.InvokeRequest(text="x" * 4097), grpc.StatusCode.INVALID_ARGUMENT, "text"),
        (api.InvokeRequest(text="hi", conversation_id="nope"), grpc.StatusCode.NOT_FOUND, "conversation_id"),
    ]
    for request, code, field in cases:
        with pytest.raises(grpc.RpcError) as raised:
            call(channel, "Invoke", request, turn_reply())
        assert raised.value.code() == code
        trailers = dict(raised.value.trailing_metadata())
        problem = api.Problem.FromString(trailers["switchboard-problem-bin"])
        assert problem.field == field


def test_idempotency_key(api, channel):
    metadata = (("idempotency-key", "grpc-key-1"),)
    request = api.InvokeRequest(text="How long do returns take?")
    first = call(channel, "Invoke", request, turn_reply(), metadata=metadata)
    assert call(channel, "Invoke", request, turn_reply(), metadata=metadata) == first


def test_health_and_reflection(channel):
    health = channel.unary_unary("/grpc.health.v1.Health/Check",
                                 request_serializer=bytes, response_deserializer=bytes)
    wait_until(lambda: health(b"", timeout=10) == b"\x08\x01", what="status SERVING")
    reflection = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                                       request_serializer=bytes, response_deserializer=bytes)
    answers = b"".join(reflection(iter([b"\x3a\x00"]), timeout=10))  # list_services
    assert b"switchboard.v1.Switchboard" in answers


def test_a_turn_is_submitted_and_asked_for(api, channel):
    status_type = importlib.import_module("switchboard.v1.turn_pb2").TurnStatus
    accepted = call(channel, "SubmitTurn", api.InvokeRequest(text="How long do I have to return something?"), status_type)
    assert accepted.state == status_type.ACCEPTED
    stands = call(channel, "GetTurn", api.GetTurnRequest(id=accepted.id, wait_ms=20000), status_type)
    assert stands.state == status_type.ANSWERED and "30" in stands.reply.reply
    with pytest.raises(grpc.RpcError) as refused:
        call(channel, "GetTurn", api.GetTurnRequest(id=accepted.conversation_id + ".nobody"), status_type)
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND

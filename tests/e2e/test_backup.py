"""A backup of a running mesh, put into another one: conversations, tickets, figures and what was accepted go on there."""

import contextlib
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import threading

import pytest

from bus import Bus
from mesh import BIN, Mesh, free_port, wait_until

KEY = {"Idempotency-Key": "asked-before-the-backup"}
# A window that both meshes see the same way.
WINDOW = "/v1/analytics/summary?from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"


def summary(mesh):
    return mesh.request("GET", WINDOW).json()


def stored_turns(mesh):
    bus = Bus(mesh.nats_port)
    try:
        return sum("Mesh-Summary: intent=" in headers for _, headers, _ in bus.stored("TURNS"))
    finally:
        bus.close()


def consumers(mesh, stream):
    bus = Bus(mesh.nats_port)
    try:
        return {c["name"]: c for c in bus.api(f"CONSUMER.LIST.{stream}")["consumers"]}
    finally:
        bus.close()


def counted(mesh):
    """Whether analytics has read all that TURNS holds."""
    state = consumers(mesh, "TURNS").get("analytics", {"num_pending": 1, "num_ack_pending": 1})
    return state["num_pending"] + state["num_ack_pending"] == 0


def assert_figures_are_of(mesh, turns):
    """Analytics counts exactly `turns`, and does not go past them when it has read everything."""
    wait_until(lambda: summary(mesh)["turns"] == turns and counted(mesh), what=f"{turns} turns counted")
    assert summary(mesh)["turns"] == turns


@contextlib.contextmanager
def listening(port, subjects, on_message):
    """Calls on_message(bus, subject, reply_subject) for each message below `subjects`, on a thread."""
    bus = Bus(port)
    bus.raw.settimeout(None)
    bus.send(f"SUB {subjects} 2")
    bus.request("mesh.test.nobody")  # answered after the server has taken the subscription

    def listen():
        while True:
            words = bus.file.readline().decode().split()
            if not words:
                return
            if words[0] == "PING":
                bus.send("PONG")
            if words[0] in ("MSG", "HMSG"):
                bus.file.read(int(words[-1]) + 2)
                fixed = 2 if words[0] == "MSG" else 3
                on_message(bus, words[1], words[3] if len(words) > 3 + fixed - 1 else "")

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        yield
    finally:
        bus.raw.shutdown(2)
        thread.join()
        bus.close()


def cli_held(mesh, subjects, hold, *arguments):
    """Runs a command that is stopped when it asks below `subjects`, until hold() returns."""
    reached = threading.Event()
    env = {**os.environ, "NATS_URL": mesh.nats_url}
    with listening(mesh.nats_port, subjects, lambda bus, subject, reply: reached.set()):
        command = subprocess.Popen([str(BIN / "switchboard"), *arguments], env=env, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        try:
            assert reached.wait(60), f"it did not ask {subjects}"
            command.send_signal(signal.SIGSTOP)
            hold()
        finally:
            command.send_signal(signal.SIGCONT)
            output, _ = command.communicate(timeout=120)
    assert command.returncode == 0, output


class Before:
    """What the mesh that is backed up knew."""

    def __init__(self, mesh, folder):
        self.folder = folder
        first = mesh.invoke("Where is my order 10452?", KEY, customer_id="C-1001")
        self.conversation = first["conversation_id"]
        self.first = first
        mesh.invoke("and how do I return it?", conversation_id=self.conversation, customer_id="C-1001")
        handed = mesh.invoke("I want to talk to a human being, now please")
        self.ticket = handed["escalation"]["ticket_id"]
        for _ in range(10):
            mesh.invoke("How long do I have to return something?")
        mesh.post(f"/v1/conversations/{self.conversation}/feedback", {"rating": 4})
        wait_until(lambda: mesh.cli("ticket", self.ticket, check=False).returncode == 0, what="the ticket")
        wait_until(lambda: summary(mesh)["turns"] == 13 and summary(mesh)["feedback_count"] == 1, what="figures")
        self.history = mesh.request("GET", f"/v1/conversations/{self.conversation}").json()
        self.ticket_text = mesh.cli("ticket", self.ticket).stdout
        self.tickets = mesh.cli("tickets").stdout
        self.summary = summary(mesh)
        self.knowledge = mesh.cli("kb", "ls").stdout
        self.said = mesh.cli("backup", str(folder)).stdout


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    with Mesh() as mesh:
        yield Before(mesh, tmp_path_factory.mktemp("backups") / "one")


@pytest.fixture(scope="module")
def mesh(before):
    """Another server, another database: nothing of the first mesh but its backup."""
    with Mesh(load_knowledge=False) as running:
        done = running.cli("restore", str(before.folder))
        assert "restored the backup" in done.stdout
        yield running


def test_the_folder_is_as_others_read_it(before):
    manifest = json.loads((before.folder / "manifest.json").read_text())
    names = [stream["name"] for stream in manifest["streams"]]
    assert {"TURNS", "EVENTS", "DEAD", "KV_tickets", "KV_knowledge"} <= set(names)
    assert names.index("TURNS") < names.index("KV_tickets")
    for name in names:
        folder = before.folder / "streams" / name
        description = json.loads((folder / "backup.json").read_text())
        assert description["config"]["name"] == name and "messages" in description["state"]
        # An S2 stream begins like a Snappy one, with its own name.
        assert (folder / "stream.tar.s2").read_bytes()[:10] == b"\xff\x06\x00\x00S2sTwO"
    assert manifest["analytics"]["turns"] == 13
    assert (before.folder / "analytics/analytics.db").read_bytes()[:15] == b"SQLite format 3"
    assert "TURNS: 1" in before.said and "analytics: 13 turns" in before.said


def test_conversations_tickets_and_figures_are_the_same(mesh, before):
    assert mesh.request("GET", f"/v1/conversations/{before.conversation}").json() == before.history
    assert mesh.cli("ticket", before.ticket).stdout == before.ticket_text
    assert mesh.cli("tickets").stdout == before.tickets
    wait_until(lambda: summary(mesh)["turns"] == 13, what="the figures")
    assert summary(mesh) == before.summary
    wait_until(lambda: mesh.cli("kb", "ls").stdout == before.knowledge, what="the documents")
    assert "escalation" in consumers(mesh, "TURNS")


def test_the_mesh_goes_on(mesh, before):
    assert mesh.invoke("Where is my order 10452?", KEY, conversation_id=before.conversation,
                       customer_id="C-1001") == before.first
    # The documents are read by then: an answer from them.
    wait_until(lambda: mesh.invoke("How long do I have to return something?")["citations"], what="an answer")
    turns = stored_turns(mesh)
    reply = mesh.invoke("is it there today?", conversation_id=before.conversation, customer_id="C-1001")
    assert reply["conversation_id"] == before.conversation and reply["reply"]
    view = mesh.request("GET", f"/v1/conversations/{before.conversation}").json()
    assert view["turn_count"] == before.history["turn_count"] + 1
    wait_until(lambda: summary(mesh)["turns"] == turns + 1, what="the new turn counted")
    handed = mesh.invoke("I want to talk to a human being, now please")["escalation"]["ticket_id"]
    wait_until(lambda: handed in mesh.cli("tickets").stdout, what="the new ticket")
    assert mesh.cli("tickets").stdout.count("open") == before.tickets.count("open") + 1, "none opened twice"


def test_a_restore_asks_before_it_overwrites(mesh, before):
    turns = stored_turns(mesh)
    refused = mesh.cli("restore", str(before.folder), check=False)
    assert refused.returncode == 1 and "TURNS" in refused.stderr and "--replace" in refused.stderr
    assert stored_turns(mesh) == turns
    nowhere = mesh.cli("restore", str(before.folder / "streams"), check=False)
    assert nowhere.returncode == 1 and "no finished backup" in nowhere.stderr
    again = mesh.cli("backup", str(before.folder), check=False)
    assert again.returncode == 1 and "not empty" in again.stderr


def test_a_damaged_backup_changes_nothing(mesh, before, tmp_path):
    turns = stored_turns(mesh)
    copy = tmp_path / "damaged"
    mesh.cli("backup", str(copy))
    content = copy / "streams/TURNS/stream.tar.s2"
    data = bytearray(content.read_bytes())
    data[len(data) // 2] ^= 1
    content.write_bytes(data)
    refused = mesh.cli("restore", str(copy), "--replace", check=False)
    assert refused.returncode == 1 and "streams/TURNS/stream.tar.s2" in refused.stderr
    assert "nothing was changed" in refused.stderr
    assert mesh.cli("restore", str(copy), "--check", check=False).returncode == 1
    assert stored_turns(mesh) == turns


def test_what_a_restore_has_not_put_back_is_said(mesh, tmp_path):
    folder = tmp_path / "half"
    mesh.cli("backup", str(folder))
    whole = stored_turns(mesh)
    content = folder / "streams/EVENTS/stream.tar.s2"
    good = content.read_bytes()
    content.write_bytes(good[:len(good) // 2])
    manifest = (folder / "manifest.json").read_text()
    # The hash fits: only the server finds out.
    forged = json.loads(manifest)
    [events] = [stream for stream in forged["streams"] if stream["name"] == "EVENTS"]
    events["files"][1].update(bytes=len(good) // 2, sha256=hashlib.sha256(good[:len(good) // 2]).hexdigest())
    (folder / "manifest.json").write_text(json.dumps(forged))
    failed = mesh.cli("restore", str(folder), "--replace", check=False)
    assert failed.returncode == 1, failed.stdout
    assert "half restored" in failed.stderr and "stream EVENTS" in failed.stderr
    restored, missing = failed.stderr.split("Not restored: ")
    assert "KV_tickets" in restored and "DEAD" in restored
    assert all(name in missing for name in ("EVENTS", "TURNS", "analytics", "WORK"))
    content.write_bytes(good)
    (folder / "manifest.json").write_text(manifest)
    mesh.cli("restore", str(folder), "--replace")
    assert stored_turns(mesh) == whole
    mesh.invoke("How long do I have to return something?")
    wait_until(lambda: summary(mesh)["turns"] == whole + 1, what="the next turn is counted")


def test_a_backup_under_load_is_whole(mesh, tmp_path):
    assert_figures_are_of(mesh, stored_turns(mesh))
    stop = threading.Event()
    answered = []

    def ask():
        while not stop.is_set():
            answered.append(mesh.invoke("How long do I have to return something?")["conversation_id"])

    def more_are_counted():
        before = summary(mesh)["turns"]
        wait_until(lambda: summary(mesh)["turns"] > before + 10, what="more turns counted")

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    wait_until(lambda: len(answered) > 20, what="load")
    certain = list(answered)
    folder = tmp_path / "under-load"
    # Held with TURNS taken, and analytics goes on counting.
    cli_held(mesh, "$JS.API.STREAM.SNAPSHOT.EVENTS", more_are_counted, "backup", str(folder))
    stop.set()
    for thread in asking:
        thread.join()
    assert_figures_are_of(mesh, stored_turns(mesh))
    # Held with the database put back, and analytics reads what TURNS is then.
    cli_held(mesh, "mesh.operator.analytics.commit-upload.*", lambda: assert_figures_are_of(mesh, stored_turns(mesh)),
             "restore", str(folder), "--replace")
    kept = stored_turns(mesh)
    # Neither fewer than the stream has, nor those answered after the backup, which are gone.
    assert_figures_are_of(mesh, kept)
    for conversation in certain:
        view = mesh.request("GET", f"/v1/conversations/{conversation}")
        assert view.status == 200, "answered before the backup began"
    mesh.invoke("How long do I have to return something?")
    assert_figures_are_of(mesh, kept + 1)


def test_one_stream_as_another_tool_keeps_it(mesh, tmp_path):
    folder = tmp_path / "one-stream"
    mesh.cli("backup", str(folder), "--no-analytics")
    turns = stored_turns(mesh)
    mesh.invoke("hello")
    mesh.cli("restore", str(folder / "streams/TURNS"), "--replace")
    assert stored_turns(mesh) == turns


def test_customers_cannot_reach_it(mesh):
    for verb in ("copy", "restore", "rebuild"):
        assert mesh.post(f"/v1/agents/analytics/{verb}", {}).status == 404


def test_a_stream_of_which_nothing_is_known_is_not_deleted(before, tmp_path):
    """JetStream as it answers while its cluster elects: that says nothing of what the streams hold."""
    asked = []

    def answer(bus, subject, reply):
        asked.append(subject)
        error = {"error": {"code": 503, "err_code": 10008, "description": "JetStream system temporarily unavailable"}}
        payload = json.dumps(error).encode()
        bus.send(f"PUB {reply} {len(payload)}", payload)

    port = free_port()
    server = subprocess.Popen(["nats-server", "-a", "127.0.0.1", "-p", str(port)], stderr=subprocess.DEVNULL)
    try:
        def accepts():
            with contextlib.suppress(OSError):
                Bus(port).close()
                return True

        wait_until(accepts, what="a server")
        with listening(port, "$JS.API.>", answer):
            env = {**os.environ, "NATS_URL": f"nats://127.0.0.1:{port}"}
            done = subprocess.run([str(BIN / "switchboard"), "restore", str(before.folder), "--no-analytics"], env=env,
                                  capture_output=True, text=True, timeout=60)
    finally:
        server.terminate()
        server.wait(10)
    assert done.returncode == 1 and "is not known" in done.stderr, done.stderr
    assert "temporarily unavailable" in done.stderr and "nothing was changed" in done.stderr
    assert asked and all(subject.startswith("$JS.API.STREAM.INFO.") for subject in asked), asked


class Pending:
    """A mesh backed up while accepted turns wait: its supervisors are away."""

    def __init__(self, mesh, folder):
        self.folder = folder
        opened = mesh.invoke("Where is my order 10452?", customer_id="C-1001")["conversation_id"]
        for _ in range(5):
            mesh.invoke("How long do I have to return something?")
        self.answered = stored_turns(mesh)
        wait_until(lambda: summary(mesh)["turns"] == self.answered, what="figures")
        mesh.kill("critic-supervisor-0")
        asking = {"Prefer": "respond-async"}
        paths = [f"/v1/conversations/{opened}/messages"] + ["/v1/invoke"] * 30
        answers = [mesh.post(path, {"text": "How long do I have to return something?"}, asking) for path in paths]
        assert all(answer.status == 202 for answer in answers), [answer.body for answer in answers]
        self.locations = [answer.headers["location"] for answer in answers]
        mesh.cli("backup", str(folder))

    def assert_all_are_answered(self, mesh):
        def unanswered():
            states = (mesh.request("GET", location) for location in self.locations)
            return [s.body for s in states if s.status != 200 or s.json()["state"] != "ANSWERED"]

        wait_until(lambda: not unanswered(), 60, "an answer to each accepted turn")
        assert_figures_are_of(mesh, self.answered + len(self.locations))


@pytest.fixture(scope="module")
def pending(tmp_path_factory):
    with Mesh() as mesh:
        return Pending(mesh, tmp_path_factory.mktemp("backups") / "pending")


@pytest.fixture(scope="module")
def fresh():
    with Mesh(load_knowledge=False) as mesh:
        yield mesh


def test_a_database_of_which_nothing_is_known_is_not_replaced(fresh, pending):
    ready = fresh.ports["analytics-0"]
    with contextlib.closing(sqlite3.connect(f"{fresh.folder.name}/analytics.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        wait_until(lambda: fresh.request("GET", "/readyz", port=ready).status != 200, 30, "the fault noticed")
        refused = fresh.cli("restore", str(pending.folder), check=False)
        other.execute("ROLLBACK")
    assert refused.returncode == 1 and "what the database holds is not known" in refused.stderr, refused.stderr
    assert stored_turns(fresh) == 0
    wait_until(lambda: fresh.request("GET", "/readyz", port=ready).status == 200, 30, "the end of the fault")


def test_accepted_turns_are_answered_where_they_are_restored(fresh, pending):
    asked = []
    # Without the database: analytics counts what the streams hold.
    with listening(fresh.nats_port, "$JS.API.STREAM.*.*", lambda bus, subject, reply: asked.append(subject)):
        fresh.cli("restore", str(pending.folder), "--no-analytics")
    steps = [s.removeprefix("$JS.API.STREAM.") for s in asked if ".RESTORE." in s or ".DELETE." in s]
    restores = [s for s in steps if s.startswith("RESTORE.")]
    # Nobody takes work before its conversations are there, nor writes to what is then replaced.
    assert restores[-3:] == ["RESTORE.EVENTS", "RESTORE.TURNS", "RESTORE.WORK"], steps
    assert steps[:2] == ["DELETE.WORK", "DELETE.TURNS"], steps
    pending.assert_all_are_answered(fresh)


def test_an_upload_that_was_dropped_meanwhile_is_sent_again(fresh, pending):
    """As when the streams take longer than the agent keeps what nobody touches."""
    dropped = []

    def drop(bus, subject, reply):
        if not dropped:
            other = Bus(fresh.nats_port)
            begin = json.dumps({"bytes": 1, "sha256": "0" * 64, "replace": True}).encode()
            dropped.append(other.request("mesh.operator.analytics.restore", begin,
                                         {"Content-Type": "application/json"}))
            other.close()

    with listening(fresh.nats_port, "$JS.API.STREAM.DELETE.WORK", drop):
        done = fresh.cli("restore", str(pending.folder), "--replace")
    [(headers, payload)] = dropped
    assert "Mesh-Status" not in headers and payload, headers
    assert f"analytics: {pending.answered} turns" in done.stdout
    pending.assert_all_are_answered(fresh)

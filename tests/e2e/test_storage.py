"""Faults of analytics' storage: customers are answered, operators are told, and nothing is missing once it is mended."""

import os
import resource
import subprocess
from pathlib import Path

import pytest

from bus import Bus
from mesh import Mesh, wait_until

QUESTION = "How long do I have to return something?"
AGENT = "analytics-0"


class TinyDisk:
    """24 MiB of its own where the test may mount it; else a limit on the size of the agent's files."""

    def __init__(self, path):
        self.path = path
        path.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(path)],
                                 capture_output=True, check=False)
        self.mounted = mounted.returncode == 0

    def fill(self, pid):
        if not self.mounted:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]))
            return
        with open(self.path / "filler", "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"f" * 4096)
            except OSError:
                pass

    def free(self, pid):
        if not self.mounted:
            hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
            return
        (self.path / "filler").unlink()

    def remove(self):
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.path)], check=False)


class StorageMesh(Mesh):
    def __init__(self):
        super().__init__()
        self.disk = TinyDisk(Path(self.folder.name) / "disk")
        self.database = self.disk.path / "analytics.db"

    def spawn(self, key, command, environment=None):
        if key == AGENT:
            environment = {**environment, "ANALYTICS_DB": str(self.database)}
        super().spawn(key, command, environment)

    def __exit__(self, *error):
        self.disk.remove()
        super().__exit__(*error)

    def ask(self, times):
        for _ in range(times):
            self.invoke(QUESTION)

    def turns(self):
        answer = self.request("GET", "/v1/analytics/summary?window=1h")
        return answer.json()["turns"] if answer.status == 200 else None

    def stored_turns(self):
        """Those that the stream holds: what analytics must count in the end."""
        bus = Bus(self.nats_port)
        try:
            return sum(b"Mesh-Summary: intent=" in headers.encode()
                       for _, headers, _ in bus.stored("TURNS", "mesh.turn.completed.>"))
        finally:
            bus.close()

    def alerts(self, what):
        bus = Bus(self.nats_port)
        try:
            return [payload for _, _, payload in bus.stored("EVENTS", f"mesh.event.alert.{what}")
                    if b"storage-failed" in payload]
        finally:
            bus.close()

    def ready(self):
        answer = self.request("GET", "/readyz", port=self.ports[AGENT])
        return answer.status == 200, answer.json()["checks"]["storage"]

    def wait_counted(self):
        wait_until(lambda: self.turns() == self.stored_turns(), 30, "every turn counted")

    def metrics(self):
        return self.request("GET", "/metrics", port=self.ports[AGENT]).body.decode()


@pytest.fixture(scope="module")
def mesh():
    with StorageMesh() as running:
        yield running


def test_a_full_disk_during_load_loses_no_count(mesh):
    mesh.ask(5)
    mesh.wait_counted()
    process = mesh.processes[AGENT]
    mesh.disk.fill(process.pid)
    mesh.ask(20)  # each answered with 200
    [alert] = wait_until(lambda: mesh.alerts("raised"), what="the alert")
    assert b"critical" in alert and b"free space" in alert and b"analytics" in alert
    well, reason = mesh.ready()
    assert not well and "analytics database" in reason
    assert mesh.request("GET", "/readyz").status == 200, "the gateway goes on"
    assert mesh.invoke(QUESTION)["degraded"] == []
    refused = mesh.request("GET", "/v1/analytics/summary?window=1h")
    assert refused.status == 503, refused.body
    assert "free space" in refused.body.decode()
    assert "switchboard_storage_errors_total{fault=" in mesh.metrics()
    assert 'switchboard_alert_raised{kind="storage-failed",severity="critical"} 1' in mesh.metrics()
    mesh.ask(5)
    assert len(mesh.alerts("raised")) == 1 and not mesh.alerts("cleared"), "told once"

    mesh.disk.free(process.pid)
    wait_until(lambda: mesh.alerts("cleared"), what="the end of the alert")
    mesh.wait_counted()
    assert mesh.turns() == 31
    assert mesh.ready() == (True, "ok")
    assert len(mesh.alerts("raised")) == 1 and len(mesh.alerts("cleared")) == 1
    assert process.poll() is None, "without a restart"


def test_a_removed_file_is_filled_again_from_the_stream(mesh):
    mesh.ask(2)
    mesh.wait_counted()
    raised = len(mesh.alerts("raised"))
    mesh.database.unlink()
    wait_until(lambda: len(mesh.alerts("raised")) == raised + 1, what="the alert")
    mesh.ask(2)
    wait_until(lambda: len(mesh.alerts("cleared")) == raised + 1, what="the end of the alert")
    mesh.wait_counted()
    assert mesh.turns() == 35


def test_a_damaged_file_waits_for_the_operator(mesh):
    raised = len(mesh.alerts("raised"))
    mesh.kill(AGENT)
    mesh.database.write_bytes(b"x" * 8192)
    for ending in ("-wal", "-shm"):
        mesh.database.with_name(mesh.database.name + ending).unlink(missing_ok=True)
    mesh.start("analytics")
    wait_until(lambda: len(mesh.alerts("raised")) == raised + 1, what="the alert")
    assert b"damaged" in mesh.alerts("raised")[-1]
    mesh.ask(3)
    well, reason = mesh.ready()
    assert not well and "damaged" in reason
    assert mesh.database.read_bytes() == b"x" * 8192, "left where it is"
    refused = mesh.cli("analytics", "--window", "1h", check=False)
    assert refused.returncode == 1 and "switchboard analytics rebuild" in refused.stderr

    assert "add --yes" in mesh.cli("analytics", "rebuild", check=False).stderr
    moved = mesh.cli("analytics", "rebuild", "--yes").stdout
    aside = [name for name in os.listdir(mesh.disk.path) if ".corrupt-" in name]
    assert len(aside) == 1 and aside[0] in moved
    mesh.wait_counted()
    assert mesh.turns() == 38
    again = mesh.cli("analytics", "rebuild", "--yes", check=False)
    assert again.returncode == 1 and "not damaged" in again.stderr

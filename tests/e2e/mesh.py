"""A whole mesh for tests: nats-server, six agents and the gateway as real processes on free ports.

with Mesh() as mesh:
    reply = mesh.invoke("Where is my order 10452?", customer_id="C-1001")

with Mesh(cluster=3, gateways=2) as mesh:  # three nats-servers, every stream on all of them
    mesh.kill("nats-server-1")
    mesh.start_nats(1)
"""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CLUSTER_CONFIG = ROOT / "deploy/compose/cluster/nats.conf"
BIN = Path(os.environ.get("SWITCHBOARD_BIN", ROOT / "build/release/bin"))
AGENTS = (BIN.parent / "agents.txt").read_text().split()
READY_SECONDS_MAX = 120


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(predicate, seconds=20, what="condition", *arguments):
    end = time.monotonic() + seconds
    while True:
        value = predicate(*arguments)
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come within {seconds} s")
        time.sleep(0.05)


class Response:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)


class Mesh:
    """`replicas` maps an agent's name to how many of it run (default one).

    Keys of `processes`: "nats-server" (in a cluster "nats-server-0" …), "<agent>-<number>", "gateway" (further ones
    "gateway-1" …). `nats_port`, `http_port` and `grpc_port` are those of the first. `bus_url` tells a process, by its
    key, where its bus is (default: the servers themselves).
    """

    def __init__(self, replicas=None, environment=None, load_knowledge=True, cluster=1, gateways=1,
                 bus_url=None):
        self.replicas = replicas or {}
        self.environment = {"STREAM_REPLICAS": str(cluster), "DRAIN_DELAY_MS": "200", **(environment or {})}
        self.load_knowledge = load_knowledge
        self.bus_url = bus_url or (lambda key: self.nats_url)
        self.folder = tempfile.TemporaryDirectory(prefix="switchboard-e2e-")
        self.processes = {}
        self.ports = {}
        self.nats_ports = [free_port() for _ in range(cluster)]
        self.nats_monitor_ports = [free_port() for _ in range(cluster)]
        self.nats_route_ports = [free_port() for _ in range(cluster)]
        self.http_ports = [free_port() for _ in range(gateways)]
        self.grpc_ports = [free_port() for _ in range(gateways)]
        self.nats_port, self.nats_monitor_port = self.nats_ports[0], self.nats_monitor_ports[0]
        self.http_port, self.grpc_port = self.http_ports[0], self.grpc_ports[0]

    # --- life ---------------------------------------------------------------------------------

    def __enter__(self):
        try:
            self.start_all_nats()
            for agent in AGENTS:
                for number in range(self.replicas.get(agent, 1)):
                    self.start(agent, number)
            for number in range(len(self.http_ports)):
                self.start_gateway(number)
            for key, port in self.ports.items():
                self.wait_ready(key, port)
            if self.load_knowledge:
                self.cli("kb", "load", str(ROOT / "knowledge"))
            self.wait_whole()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, value, traceback):
        servers = [n for n in self.processes if n.startswith("nats-server")]
        names = [n for n in self.processes if n not in servers] + servers
        for name in names:
            process = self.processes.get(name)
            if process and process.poll() is None:
                process.terminate()
        for name in names:
            process = self.processes.get(name)
            if not process:
                continue
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if kind is not None:
            self.print_logs()
        self.folder.cleanup()

    def print_logs(self):
        for path in sorted(Path(self.folder.name).glob("*.log")):
            lines = path.read_text(errors="replace").splitlines()[-15:]
            print(f"--- {path.name}", *lines, sep="\n")

    def spawn(self, key, command, environment=None):
        log = open(Path(self.folder.name) / f"{key}.log", "ab")
        env = {
            **os.environ,
            "NATS_URL": self.bus_url(key),
            "GATEWAY_URL": f"http://127.0.0.1:{self.http_port}",
            **self.environment,
            **(environment or {}),
        }
        self.processes[key] = subprocess.Popen(
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=env)
        log.close()

    @property
    def nats_url(self):
        return ",".join(f"nats://127.0.0.1:{port}" for port in self.nats_ports)

    @property
    def nats_keys(self):
        single = len(self.nats_ports) == 1
        return ["nats-server"] if single else [f"nats-server-{n}" for n in range(len(self.nats_ports))]

    def start_all_nats(self):
        for number in range(len(self.nats_ports)):
            self.start_nats(number, wait=False)
        for number in range(len(self.nats_ports)):
            self.wait_nats(number)

    def start_nats(self, number=0, wait=True):
        key = self.nats_keys[number]
        command = ["nats-server", "-a", "127.0.0.1", "-p", str(self.nats_ports[number]),
                   "-sd", str(Path(self.folder.name) / key), "-m", str(self.nats_monitor_ports[number])]
        if len(self.nats_ports) == 1:
            command += ["-js"]
        else:
            routes = ",".join(f"nats://127.0.0.1:{port}" for port in self.nats_route_ports)
            command += ["-c", str(CLUSTER_CONFIG), "-n", f"n{number}", "--routes", routes,
                        "--cluster", f"nats://127.0.0.1:{self.nats_route_ports[number]}"]
        self.spawn(key, command)
        if wait:
            self.wait_nats(number)

    def wait_nats(self, number=0):
        """Until the node takes clients and, in a cluster, has caught up with all streams and consumers."""
        clustered = len(self.nats_ports) > 1
        wait_until(self.nats_healthy if clustered else self.nats_accepts, 60, self.nats_keys[number], number)

    def nats_accepts(self, number=0):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.nats_ports[number])) == 0

    def nats_healthy(self, number=0):
        try:
            return self.request("GET", "/healthz", port=self.nats_monitor_ports[number], timeout=5).status == 200
        except OSError:
            return False

    def start(self, agent, number=0, wait=False):
        key = f"{agent}-{number}"
        port = self.ports.setdefault(key, free_port())
        self.spawn(key, [str(BIN / agent)], {
            "HEALTH_PORT": str(port),
            "ANALYTICS_DB": str(Path(self.folder.name) / f"{agent}.db"),  # replicas keep one together
        })
        if wait:
            self.wait_ready(key, port)
            self.wait_whole()

    def start_gateway(self, number=0, wait=False):
        key = "gateway" if number == 0 else f"gateway-{number}"
        port = self.ports.setdefault(key, free_port())
        self.spawn(key, [str(BIN / "gateway")], {
            "HEALTH_PORT": str(port),
            "HTTP_PORT": str(self.http_ports[number]),
            "GRPC_PORT": str(self.grpc_ports[number]),
        })
        if wait:
            self.wait_ready(key, port)
            self.wait_whole()

    def wait_ready(self, key, port, seconds=READY_SECONDS_MAX):
        def ready():
            if self.processes[key].poll() is not None:
                raise AssertionError(f"{key} has stopped")
            try:
                return self.request("GET", "/readyz", port=port).status == 200
            except OSError:
                return False

        wait_until(ready, seconds, f"{key} ready")

    def wait_whole(self):
        """Until every gateway that runs sees every agent."""

        def sees_all(port):
            agents = self.request("GET", "/v1/agents", port=port).json()["agents"]
            states = {a["name"]: a["state"] for a in agents}
            return all(states.get(name) == "ok" for name in AGENTS)

        def running(number):
            process = self.processes.get("gateway" if number == 0 else f"gateway-{number}")
            return process is not None and process.poll() is None

        def whole():
            return all(sees_all(port) for n, port in enumerate(self.http_ports) if running(n))

        wait_until(whole, 30, "all agents seen")

    def kill(self, key, signal_number=signal.SIGKILL):
        process = self.processes[key]
        process.send_signal(signal_number)
        process.wait(30)

    # --- asking -------------------------------------------------------------------------------

    def request(self, method, path, body=None, headers=None, port=None, timeout=60):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.http_port, timeout=timeout)
        try:
            if isinstance(body, (dict, list)):
                body = json.dumps(body)
            if isinstance(body, str):
                body = body.encode()
            sent = {"Content-Type": "application/json", **(headers or {})} if body is not None else headers or {}
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Response(answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), answer.read())
        finally:
            connection.close()

    def post(self, path, body, headers=None, **more):
        return self.request("POST", path, body, headers, **more)

    def invoke(self, text, headers=None, **fields):
        answer = self.post("/v1/invoke", {"text": text, **fields}, headers)
        assert answer.status == 200, answer.body
        return answer.json()

    def stream(self, path, body, headers=None):
        """The events of an SSE answer, as (event, data) pairs."""
        answer = self.post(path, body, {"Accept": "text/event-stream", **(headers or {})})
        assert answer.status == 200, answer.body
        events = []
        for block in answer.body.decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and line[0] != ":")
            if "event" in fields:
                events.append((fields["event"], json.loads(fields["data"])))
        return events

    @contextlib.contextmanager
    def cli_background(self, *arguments):
        """A command that runs until the block ends; the block begins when it is on the bus."""
        env = {**os.environ, "NATS_URL": self.nats_url}
        process = subprocess.Popen([str(BIN / "switchboard"), *arguments], env=env, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            others = len(self.processes) - len(self.nats_ports)
            wait_until(lambda: self.nats_connections() > others, what="the command on the bus")
            yield process
        finally:
            process.terminate()
            process.wait(10)

    def nats_connections(self):
        return sum(self.request("GET", "/connz", port=port).json()["num_connections"]
                   for port in self.nats_monitor_ports)

    def cli(self, *arguments, check=True, timeout=120):
        env = {**os.environ, "NATS_URL": self.nats_url, "GATEWAY_URL": f"http://127.0.0.1:{self.http_port}"}
        done = subprocess.run([str(BIN / "switchboard"), *arguments], env=env, timeout=timeout,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if check:
            assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done

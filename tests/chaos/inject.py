"""Faults from a seed: what happens to whom and when is decided before the run begins.

Of two replicas one is left alone: the next fault of an agent, or of the gateways, waits until the last one is over and
the process that it hit is ready again. A fault of the bus waits for all of them and all wait for it.
"""

import asyncio
import contextlib
import dataclasses
import os
import signal
import time

from mesh import wait_until

# How often each kind comes, in cards of one deck that is dealt again and again.
DECK = {"kill": 4, "stop": 3, "drain": 3, "cut": 3, "delay": 2, "hold": 2, "nats-kill": 1, "surge": 1}
CLUSTER_DECK = {"kill": 3, "stop": 2, "drain": 3, "node-loss": 4, "surge": 1}
SURGE_CUSTOMERS = 120  # more than the gateways of a run take at once
READY_SECONDS_MAX = 60
NODE_SECONDS_MAX = 180  # until a node of a cluster has caught up; no other is lost meanwhile


@dataclasses.dataclass
class Step:
    at: float  # seconds since the run began
    kind: str
    target: str
    seconds: float  # how long the fault lasts, where it lasts
    amount: float = 0.0  # of a delay: seconds


def plan(chance, seconds, pause_seconds, agents, cluster=1):
    """The faults of a run. The same arguments give the same faults."""
    weights = CLUSTER_DECK if cluster > 1 else DECK
    targets = [f"{agent}-{number}" for agent in agents for number in range(2)] + ["gateway", "gateway-1"]
    steps, deck, waiting, at = [], [], [], chance.uniform(0.5, 1.5)
    while at < seconds:
        if not deck:
            deck = [kind for kind, count in weights.items() for _ in range(count)]
            chance.shuffle(deck)
        if not waiting:
            waiting = chance.sample(targets, len(targets))
        kind = deck.pop()
        step = Step(at, kind, "nats-server", chance.uniform(1.0, 5.0), chance.choice((0.02, 0.1, 0.3)))
        if kind == "nats-kill":
            step.seconds = chance.choice((0.0, chance.uniform(0.5, 3.0), chance.uniform(3.0, 10.0)))
        elif kind == "node-loss":
            step.target = f"nats-server-{chance.randrange(cluster)}"
        elif kind == "surge":
            step.target = "customers"
        else:
            step.target = waiting.pop()
        steps.append(step)
        at += chance.uniform(0.5, 1.5) * pause_seconds
    return steps


def group_of(key):
    """Replicas of one thing: critic-supervisor-1 and critic-supervisor-0; gateway and gateway-1."""
    name, _, number = key.rpartition("-")
    return name if number.isdigit() else key


class Injector:
    def __init__(self, mesh, load, proxies, ledger, schedule, seconds):
        self.mesh = mesh
        self.load = load
        self.proxies = proxies
        self.ledger = ledger
        self.schedule = schedule
        self.seconds = seconds  # after which no fault begins
        self.locks = {}

    async def run(self):
        """Plays the schedule; returns when every fault is over."""
        self.locks = {group_of(key): asyncio.Lock() for key in self.mesh.ports}
        begin, tasks = time.monotonic(), []
        for step in self.schedule:
            await asyncio.sleep(max(0.0, begin + step.at - time.monotonic()))
            tasks.append(asyncio.create_task(self.play(step, begin + self.seconds)))
        for failed in [r for r in await asyncio.gather(*tasks, return_exceptions=True) if r is not None]:
            self.ledger.died(str(failed))

    async def play(self, step, end):
        whole = step.kind in ("nats-kill", "node-loss")
        struck = list(self.mesh.ports) if whole else [step.target] if step.target in self.mesh.ports else []
        groups = sorted({group_of(key) for key in struck})
        async with contextlib.AsyncExitStack() as held:
            for group in groups:
                await held.enter_async_context(self.locks[group])
            if time.monotonic() > end:
                return
            fault = self.ledger.begin_fault(step.kind, step.target, f"{step.seconds:.1f} s")
            await getattr(self, step.kind.replace("-", "_"))(step, fault)
            for key in struck:
                await self.ready(key)
            self.ledger.end_fault(fault)

    async def ready(self, key):
        def wait():
            self.mesh.wait_ready(key, self.mesh.ports[key], READY_SECONDS_MAX)

        await asyncio.to_thread(wait)

    def restart(self, key):
        name, _, number = key.rpartition("-")
        if key.startswith("gateway"):
            self.mesh.start_gateway(int(number) if name else 0)
        else:
            self.mesh.start(name, int(number))

    # --- kinds --------------------------------------------------------------------------------

    async def kill(self, step, _):
        await asyncio.to_thread(self.mesh.kill, step.target)
        self.restart(step.target)

    async def drain(self, step, fault):
        await asyncio.to_thread(self.mesh.kill, step.target, signal.SIGTERM)
        fault.detail = f"exit {self.mesh.processes[step.target].returncode}"
        self.restart(step.target)

    async def stop(self, step, _):
        pid = self.mesh.processes[step.target].pid
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(step.seconds)
        finally:
            os.kill(pid, signal.SIGCONT)

    async def cut(self, step, _):
        await asyncio.to_thread(self.proxies.cut, step.target)

    async def delay(self, step, _):
        await asyncio.to_thread(self.proxies.set_delay, step.target, step.amount)
        await asyncio.sleep(step.seconds)
        await asyncio.to_thread(self.proxies.set_delay, step.target, 0.0)

    async def hold(self, step, _):
        """What is on its way stays there, and is lost with the connection in the end."""
        await asyncio.to_thread(self.proxies.hold, step.target)
        await asyncio.sleep(step.seconds)
        await asyncio.to_thread(self.proxies.cut, step.target)
        await asyncio.to_thread(self.proxies.release, step.target)

    async def surge(self, *_):
        """Many new customers at the same moment."""
        await self.load.surge(SURGE_CUSTOMERS)

    async def nats_kill(self, step, _):
        await asyncio.to_thread(self.mesh.kill, "nats-server")
        await asyncio.sleep(step.seconds)
        await asyncio.to_thread(self.mesh.start_nats)

    async def node_loss(self, step, _):
        """One of three nats-servers (Mesh(cluster=3))."""
        number = self.mesh.nats_keys.index(step.target)
        await asyncio.to_thread(self.mesh.kill, step.target)
        await asyncio.sleep(step.seconds)
        await asyncio.to_thread(self.mesh.start_nats, number, False)
        await asyncio.to_thread(wait_until, self.mesh.nats_healthy, NODE_SECONDS_MAX, step.target, number)


def ended(mesh):
    """Keys of the processes that do not run; after a run that is whoever died by itself."""
    return [key for key, process in mesh.processes.items() if process.poll() is not None]


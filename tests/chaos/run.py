"""A mesh with two of everything, customers, faults from a seed, and the audit afterwards.

    /usr/bin/python3 tests/chaos/run.py --seconds 40 --seed 1
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from audit import audit, report  # noqa: E402
from inject import Injector, ended, plan  # noqa: E402
from ledger import Ledger  # noqa: E402
from load import Load, unused_order_numbers  # noqa: E402
from mesh import AGENTS, ROOT, Mesh  # noqa: E402
from proxy import Proxies  # noqa: E402
from streams import Reader, load_messages  # noqa: E402

TURNS_IN_FLIGHT_MAX = 40  # of a gateway: far above the customers of a run, below a surge
FAULT_TAIL_SECONDS = 5  # of load without new faults: what was broken must be whole again


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=0, help="how long customers ask; adds to --seconds")
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--seed", type=int, default=None, help="repeats a run's faults; default: a new one")
    parser.add_argument("--customers", type=int, default=8, help="who ask at the same time")
    parser.add_argument("--cluster", type=int, default=1, choices=(1, 3), help="nats-servers")
    parser.add_argument("--pause", type=float, default=2.0, help="mean seconds between two faults")
    return parser.parse_args()


def new_mesh(proxies, cluster):
    mesh = Mesh(replicas={agent: 2 for agent in AGENTS}, gateways=2, cluster=cluster,
                environment={"MAX_TURNS_IN_FLIGHT": str(TURNS_IN_FLIGHT_MAX)})
    if cluster == 1:  # a cluster tells its clients the servers' own addresses, past any proxy
        proxies.upstream_port = mesh.nats_ports[0]
        mesh.bus_url = lambda key: proxies.url_for(key) or mesh.nats_url
    return mesh


async def under_load(load, injector, seconds):
    faults = asyncio.create_task(injector.run())
    try:
        await load.run(seconds)
        await faults
    finally:
        faults.cancel()


def run(options, seconds, seed):
    messages = load_messages(ROOT)
    ledger = Ledger(seed)
    with Proxies() as proxies, new_mesh(proxies, options.cluster) as mesh:
        reader = Reader(mesh, messages)
        nonces = unused_order_numbers(ROOT / "knowledge", seed)
        load = Load(ledger, mesh.http_ports, options.customers, nonces)
        faulty = seconds - FAULT_TAIL_SECONDS
        schedule = plan(random.Random(seed), faulty, options.pause, AGENTS, options.cluster)
        injector = Injector(mesh, load, proxies, ledger, schedule, faulty)
        asyncio.run(under_load(load, injector, seconds))
        for key in ended(mesh):
            ledger.died(key)
        verdicts = audit(ledger, reader.read(), messages)
        if not all(verdict.ok for verdict in verdicts):
            keep(ledger, mesh)
    return ledger, verdicts


def keep(ledger, mesh):
    """The ledger and the processes' logs of a failed run."""
    parent = os.environ.get("CHAOS_DIR")
    folder = Path(tempfile.mkdtemp(prefix=f"chaos-{ledger.seed}-", dir=parent))
    ledger.write(folder / "ledger.jsonl")
    for log in Path(mesh.folder.name).glob("*.log"):
        (folder / log.name).write_bytes(log.read_bytes())
    print(f"ledger and logs are kept in {folder}", flush=True)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as after Ctrl-C: the mesh goes too
    options = parse_arguments()
    seconds = options.seconds + options.minutes * 60 or 60
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 31)
    print(f"chaos: seed {seed}, {seconds:.0f} s, {options.customers} customers", flush=True)
    ledger, verdicts = run(options, seconds, seed)
    print(report(ledger, verdicts))
    failed = [verdict.check for verdict in verdicts if not verdict.ok]
    print(f"chaos: seed {seed}: {'violated: ' + ', '.join(failed) if failed else 'every guarantee holds'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

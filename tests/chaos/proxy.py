"""A TCP proxy between each process and its nats-server: delays, holds and cuts what passes; with `watched`, lets a
saboteur change single messages. All proxies live on one event loop in a thread of their own."""

import asyncio
import contextlib
import threading

from nats_protocol import Parser

CHUNK_BYTES = 1 << 16


class Line:
    """One connection of a process, both directions."""

    def __init__(self, proxy, process, server):
        self.proxy = proxy
        self.writers = {"to_server": server[1], "to_client": process[1]}
        self.readers = {"to_server": process[0], "to_client": server[0]}
        self.subscriptions = {}  # subject -> sid
        self.parsers = {"to_server": Parser(), "to_client": Parser()}

    async def run(self):
        pumps = [asyncio.create_task(self.pump(way)) for way in self.readers]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self.abort()

    async def pump(self, way):
        with contextlib.suppress(OSError):
            while data := await self.readers[way].read(CHUNK_BYTES):
                if self.proxy.delay > 0:
                    await asyncio.sleep(self.proxy.delay)
                await self.proxy.open.wait()
                if self.proxy.watched:
                    data = self.watch(way, data)
                self.writers[way].write(data)
                await self.writers[way].drain()

    def watch(self, way, data):
        passed = []
        for frame in self.parsers[way].feed(data):
            if frame.verb == "SUB":
                self.subscriptions[frame.arguments[0]] = frame.arguments[-1]
            saboteur = self.proxy.saboteur
            passed += getattr(saboteur, way)(frame, self) if saboteur and frame.payload is not None else [frame]
        return b"".join(frame.encode() for frame in passed)

    def sid(self, subject):
        """Of the process's subscription that takes `subject`."""
        for pattern, sid in self.subscriptions.items():
            if matches(pattern, subject):
                return sid
        raise LookupError(f"{self.proxy.key} has not subscribed {subject}")

    def send(self, way, frame):
        self.writers[way].write(frame.encode())

    def abort(self):
        for writer in self.writers.values():
            writer.transport.abort()


def matches(pattern, subject):
    wanted, tokens = pattern.split("."), subject.split(".")
    for place, token in enumerate(wanted):
        if token == ">":
            return len(tokens) > place
        if place >= len(tokens) or token not in ("*", tokens[place]):
            return False
    return len(wanted) == len(tokens)


class Proxy:
    """The way of one process to the bus."""

    def __init__(self, key, upstream_port, watched):
        self.key = key
        self.upstream_port = upstream_port
        self.watched = watched
        self.delay = 0.0  # seconds that each chunk waits, in each direction
        self.open = asyncio.Event()
        self.open.set()
        self.saboteur = None
        self.lines = set()
        self.server = None
        self.port = 0

    async def listen(self):
        self.server = await asyncio.start_server(self.accept, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def accept(self, reader, writer):
        try:
            server = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        except OSError:
            writer.transport.abort()
            return
        line = Line(self, (reader, writer), server)
        self.lines.add(line)
        try:
            await line.run()
        finally:
            self.lines.discard(line)

    def cut(self):
        for line in list(self.lines):
            line.abort()


class Proxies:
    """One proxy for each process that asks for its bus; give `url_for` to Mesh as `bus_url`."""

    def __init__(self, watched=False):
        self.watched = watched
        self.upstream_port = None  # set before the mesh starts
        self.proxies = {}
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        async def stop():
            for proxy in self.proxies.values():
                proxy.server.close()
                proxy.cut()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            await asyncio.wait(tasks, timeout=2) if tasks else None

        self.run(stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def url_for(self, key):
        if key.startswith("nats-server"):
            return ""
        if key not in self.proxies:
            async def make():
                proxy = Proxy(key, self.upstream_port, self.watched)
                await proxy.listen()
                return proxy

            self.proxies[key] = self.run(make())
        return f"nats://127.0.0.1:{self.proxies[key].port}"

    def call(self, function):
        """Runs `function` on the proxies' loop."""
        async def on_loop():
            return function()

        return self.run(on_loop())

    def cut(self, key):
        self.call(self.proxies[key].cut)

    def set_delay(self, key, seconds):
        self.call(lambda: setattr(self.proxies[key], "delay", seconds))

    def hold(self, key):
        """Nothing passes any more, in either direction, until `release`."""
        self.call(self.proxies[key].open.clear)

    def release(self, key):
        self.call(self.proxies[key].open.set)

    def sabotage(self, saboteur, *prefixes):
        """Sets `saboteur` (None: nobody) on the processes whose key begins with one of `prefixes`."""
        for key, proxy in self.proxies.items():
            if key.startswith(prefixes):
                self.call(lambda proxy=proxy: setattr(proxy, "saboteur", saboteur))

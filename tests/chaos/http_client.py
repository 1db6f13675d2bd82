"""HTTP/1.1 of the load generator: asyncio, connections kept alive, bodies by length or in chunks."""

import asyncio
import contextlib
import re

LINE_BYTES_MAX = 1 << 20


class Broken(Exception):
    """The connection was refused, reset, or ended before the answer was whole."""

    def __init__(self, reason, body=b""):
        super().__init__(reason)
        ids = re.findall(rb"^id: (.+)$", body, re.MULTILINE)
        self.last_event = ids[-1].decode() if ids else ""


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def events(self):
        """The (event, data) pairs of an event stream."""
        found = []
        for block in self.body.decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and line[0] != ":")
            if "event" in fields:
                found.append((fields["event"], fields.get("data", "")))
        return found


class Client:
    """Requests to one gateway, each on an idle connection or on a new one."""

    def __init__(self, name, port):
        self.name = name
        self.port = port
        self.idle = []

    async def request(self, method, path, body=b"", headers=None, seconds=40.0):
        try:
            async with asyncio.timeout(seconds):
                return await self.exchange(method, path, body, headers or {})
        except (OSError, asyncio.IncompleteReadError, ValueError) as error:
            raise Broken(f"{type(error).__name__}: {error}") from error

    def take_idle(self):
        """A connection that the gateway has not closed meanwhile, None without one."""
        while self.idle:
            reader, writer = self.idle.pop()
            if not reader.at_eof() and reader.exception() is None:
                return reader, writer
            writer.close()
        return None

    async def exchange(self, method, path, body, headers):
        reader, writer = self.take_idle() or await asyncio.open_connection(
            "127.0.0.1", self.port, limit=LINE_BYTES_MAX)
        reusable = False
        try:
            head = [f"{method} {path} HTTP/1.1", "Host: mesh", f"Content-Length: {len(body)}",
                    *(f"{name}: {value}" for name, value in headers.items())]
            writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)
            await writer.drain()
            answer = await read_answer(reader)
            reusable = answer.headers.get("connection", "").lower() != "close"
            return answer
        finally:
            if reusable:
                self.idle.append((reader, writer))
            else:
                writer.close()

    async def close(self):
        for _, writer in self.idle:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        self.idle.clear()


async def read_answer(reader):
    status_line = await reader.readuntil(b"\r\n")
    status = int(status_line.split()[1])
    headers = {}
    while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
        name, _, value = line.decode().partition(":")
        headers[name.strip().lower()] = value.strip()
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return Answer(status, headers, await read_chunks(reader))
    if status == 204:
        return Answer(status, headers, b"")
    return Answer(status, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


async def read_chunks(reader):
    body = bytearray()
    try:
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        while await reader.readuntil(b"\r\n") != b"\r\n":
            pass
    except (OSError, asyncio.IncompleteReadError) as error:
        raise Broken(f"in the middle: {type(error).__name__}", bytes(body)) from error
    return bytes(body)

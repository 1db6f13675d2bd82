"""The NATS text protocol in frames: what a saboteur needs to change one message on its way."""

import dataclasses

PAYLOAD_VERBS = {b"PUB": 1, b"MSG": 1, b"HPUB": 2, b"HMSG": 2}


@dataclasses.dataclass
class Frame:
    """One line, with headers and payload where the verb has them. `arguments` leave out the sizes."""

    verb: str
    arguments: list[str]
    headers: bytes | None = None
    payload: bytes | None = None
    line: bytes = b""  # of a verb without payload, as it came

    @property
    def subject(self):
        return self.arguments[0] if self.payload is not None else ""

    @property
    def reply(self):
        place = 1 if self.verb in ("PUB", "HPUB") else 2
        return self.arguments[place] if self.payload is not None and len(self.arguments) > place else ""

    def header(self, name):
        for line in (self.headers or b"").split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.strip().lower() == name.lower().encode():
                return value.strip().decode()
        return None

    def without_headers(self, *names):
        """A copy that lacks these headers."""
        unwanted = {name.lower().encode() for name in names}
        lines = (self.headers or b"").split(b"\r\n")
        kept = [line for line in lines if line.partition(b":")[0].strip().lower() not in unwanted]
        return dataclasses.replace(self, headers=b"\r\n".join(kept) if self.headers is not None else None)

    def with_header(self, name, value):
        without = self.without_headers(name)
        status, rest = without.headers.split(b"\r\n", 1)
        return dataclasses.replace(without, headers=status + b"\r\n" + f"{name}: {value}\r\n".encode() + rest)

    def encode(self):
        if self.payload is None:
            return self.line
        sizes = [len(self.payload)]
        if self.headers is not None:
            sizes = [len(self.headers), len(self.headers) + len(self.payload)]
        line = " ".join([self.verb, *self.arguments, *map(str, sizes)])
        return line.encode() + b"\r\n" + (self.headers or b"") + self.payload + b"\r\n"


class Parser:
    """Bytes as they arrive into whole frames."""

    def __init__(self):
        self.rest = b""

    def feed(self, data):
        self.rest += data
        frames = []
        while (frame := self.take()) is not None:
            frames.append(frame)
        return frames

    def take(self):
        end = self.rest.find(b"\r\n")
        if end < 0:
            return None
        words = self.rest[:end].split()
        verb = words[0].upper() if words else b""
        count = PAYLOAD_VERBS.get(verb)
        if count is None:
            line, self.rest = self.rest[:end + 2], self.rest[end + 2:]
            return Frame(verb.decode(), [word.decode() for word in words[1:]], line=line)
        sizes = [int(word) for word in words[-count:]]
        begin, size = end + 2, sizes[-1]
        if len(self.rest) < begin + size + 2:
            return None
        data = self.rest[begin:begin + size]
        self.rest = self.rest[begin + size + 2:]
        split = sizes[0] if count == 2 else 0
        return Frame(verb.decode(), [word.decode() for word in words[1:-count]],
                     data[:split] if count == 2 else None, data[split:])

"""Customers that ask, as a load balancer with two gateways behind it would see them.

Each conversation has a nonce of its own, an order number that its messages name and that the answers repeat, so that a
word which crosses conversations can be recognised. What is refused or broken off is sent again with the same key, to
the other gateway first, within a bound.
"""

import asyncio
import json
import random
import re
import time
import uuid

from http_client import Broken, Client
from ledger import Attempt, Turn

TEXTS = (
    "Where is my order {nonce}?",
    "When will order {nonce} arrive?",
    "How long do I have to return order {nonce}?",
    "Où est ma commande {nonce} ?",
    "cancel order {nonce} please",
    "What does standard delivery cost for order {nonce}?",
    "Is it still on its way? I mean order {nonce}",
)
ESCALATING = "I want to talk to a human being, now please, about order {nonce}"
GIVE_UP_SECONDS = 60  # six times the longest outage that a run makes
OUTCOME_SECONDS = 90  # an asynchronous turn: five deliveries with their back-off take 31 s
STATUS_SECONDS = 75  # a gateway holds an event stream for a turn's outcome up to 60 s
PAUSE_SECONDS_MAX = 1.0  # a customer's patience with Retry-After; servers mean whole seconds
KINDS = {"json": {}, "events": {"Accept": "text/event-stream"}, "async": {"Prefer": "respond-async"}}


def unused_order_numbers(knowledge, seed):
    """Five digits that the company's documents and records never name, in a seeded order."""
    named = set()
    for path in sorted(knowledge.rglob("*")):
        if path.is_file():
            named.update(re.findall(r"\d{5}", path.read_text(errors="replace")))
    numbers = [str(number) for number in range(50000, 100000) if str(number) not in named]
    random.Random(seed).shuffle(numbers)
    return numbers


class Load:
    def __init__(self, ledger, ports, customers, nonces, think_seconds=(0.05, 0.4), hurried=3,
                 outcome_seconds=OUTCOME_SECONDS):
        self.ledger = ledger
        self.gateways = [Client("gateway" if n == 0 else f"gateway-{n}", port) for n, port in enumerate(ports)]
        self.customers = customers
        self.nonces = nonces
        self.think_seconds = think_seconds
        self.hurried = hurried  # turns with a deadline of their own, in about a hundred
        self.outcome_seconds = outcome_seconds  # how long the outcome of an accepted turn is asked for
        self.stopping = asyncio.Event()
        self.outcomes = set()
        self.run_id = uuid.uuid4().hex[:8]

    async def run(self, seconds):
        """Until `seconds` have passed and what was begun has ended, each within its bound."""
        people = [asyncio.create_task(self.customer(number)) for number in range(self.customers)]
        try:
            done, _ = await asyncio.wait(people, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
            self.stopping.set()
            for person in done:
                person.result()  # a customer only ends early by a fault of this file
            await asyncio.gather(*people)
            if self.outcomes:
                await asyncio.gather(*self.outcomes)
        finally:
            self.ledger.end = time.time()
            for task in [*people, *self.outcomes]:
                task.cancel()
            for gateway in self.gateways:
                await gateway.close()

    # --- conversations ------------------------------------------------------------------------

    async def customer(self, number):
        chance = random.Random(f"{self.ledger.seed}/{number}")
        while not self.stopping.is_set() and self.nonces:
            await Conversation(self, f"chaos-{number}", chance).run()

    async def surge(self, count):
        """One question each of `count` new customers, all at the same moment."""
        chance = random.Random(f"{self.ledger.seed}/surge/{len(self.nonces)}")
        count = min(count, len(self.nonces))
        crowd = [Conversation(self, f"crowd-{n}", random.Random(chance.random())) for n in range(count)]
        await asyncio.gather(*(conversation.one() for conversation in crowd))

    # --- requests -----------------------------------------------------------------------------

    async def ask(self, turn, kind, chance):
        """Sends a turn until it is answered, accepted, or failed for good."""
        give_up = time.monotonic() + GIVE_UP_SECONDS
        first = chance.randrange(len(self.gateways))
        seen = ""  # of an event stream that broke off: the rest is asked for
        for count in range(1000):
            gateway = self.gateways[(first + count) % len(self.gateways)]
            attempt = await self.attempt(turn, kind, gateway, seen)
            seen = attempt.last_event or seen
            again = attempt.error or attempt.status in (429, 503)
            if not again or turn.timeout_ms:
                return
            if time.monotonic() > give_up:
                break
            if count % len(self.gateways) == len(self.gateways) - 1:  # nobody could: wait
                await self.pause(attempt, chance)
        turn.gave_up = True
        self.ledger.note("gave-up", key=turn.key)

    async def pause(self, attempt, chance):
        wanted = float(attempt.retry_after or 0.2)
        await asyncio.sleep(min(wanted, PAUSE_SECONDS_MAX) * chance.uniform(0.5, 1.0))

    async def attempt(self, turn, kind, gateway, seen=""):
        headers = {"Content-Type": "application/json", "Idempotency-Key": turn.key, **KINDS[kind]}
        if turn.timeout_ms:
            headers["Request-Timeout-Ms"] = str(turn.timeout_ms)
        if seen and kind == "events":
            headers["Last-Event-ID"] = seen
        attempt = Attempt(gateway.name, kind, time.time())
        try:
            answer = await gateway.request("POST", turn.path, turn.body.encode(), headers)
            self.read_answer(turn, attempt, answer)
            if attempt.status == 202 and not turn.accepted:
                turn.accepted = True
                location = answer.headers.get("location", "")
                task = asyncio.create_task(self.outcome(turn, location, random.Random(turn.key)))
                self.outcomes.add(task)
                task.add_done_callback(self.outcomes.discard)
        except Broken as error:
            attempt.error = str(error)
            attempt.last_event = error.last_event
        self.ledger.finish_attempt(turn, attempt)
        return attempt

    def read_answer(self, turn, attempt, answer):
        """Puts what came into attempt and turn."""
        attempt.status = answer.status
        attempt.retry_after = answer.headers.get("retry-after")
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            self.read_events(turn, attempt, answer.events())
            return
        attempt.body = answer.body.decode()
        if answer.status in (200, 202):
            self.read_outcome(turn, json.loads(attempt.body))

    def read_outcome(self, turn, body):
        """A TurnReply, or a TurnStatus that may carry one."""
        if "state" not in body:
            self.ledger.answer(turn, body)
            return
        turn.conversation = turn.conversation or body["conversation_id"]
        if body["state"] == "ANSWERED":
            self.ledger.answer(turn, body["reply"])
        elif body["state"] == "DEAD":
            turn.dead_reason = body.get("reason", "")

    def read_events(self, turn, attempt, events):
        attempt.body = "\n".join(f"{name}: {data}" for name, data in events if name != "progress")
        sentences = []
        for name, data in events:
            if name == "sentence":
                sentences.append(json.loads(data)["text"])
            elif name == "restart":
                sentences.clear()
        last = events[-1] if events else ("", "")
        if last[0] == "final":
            body = json.loads(last[1])
            self.read_outcome(turn, body)
            if "state" not in body:
                turn.sentences.append(sentences)
        elif last[0] in ("dead", "accepted"):
            self.read_outcome(turn, json.loads(last[1]))
        elif last[0] == "error":
            attempt.status, attempt.in_stream = int(json.loads(last[1])["status"]), True
        else:
            attempt.error = "the event stream ended without its last event"

    async def outcome(self, turn, location, chance):
        """Asks for an accepted turn at any gateway until it is answered or dead."""
        end = time.monotonic() + self.outcome_seconds
        while time.monotonic() < end:
            gateway = chance.choice(self.gateways)
            attempt = Attempt(gateway.name, "status", time.time())
            headers = {"Accept": "text/event-stream"} if chance.random() < 0.3 else {"Prefer": "wait=5"}
            try:
                answer = await gateway.request("GET", location, headers=headers, seconds=STATUS_SECONDS)
                self.read_answer(turn, attempt, answer)
            except Broken as error:
                attempt.error = str(error)
            self.ledger.finish_attempt(turn, attempt)
            if turn.acknowledged or turn.dead_reason is not None:
                return
            await self.pause(attempt, chance)
        self.ledger.note("no-outcome", key=turn.key)

    async def call(self, kind, method, path, body, headers, chance):
        """A request that is about no turn; its JSON, or None."""
        give_up = time.monotonic() + GIVE_UP_SECONDS
        for count in range(1000):
            gateway = self.gateways[count % len(self.gateways)]
            attempt = Attempt(gateway.name, kind, time.time())
            try:
                answer = await gateway.request(method, path, body, headers)
                attempt.status, attempt.retry_after = answer.status, answer.headers.get("retry-after")
                attempt.body = answer.body.decode()
            except Broken as error:
                attempt.error = str(error)
            text = attempt.body
            self.ledger.finish_call(attempt)
            if not attempt.error and attempt.status not in (429, 503):
                return json.loads(text) if attempt.status < 300 else None
            if time.monotonic() > give_up or self.stopping.is_set():
                return None
            await self.pause(attempt, chance)
        return None


class Conversation:
    """One customer's way through one conversation; `chance` decides everything about it."""

    def __init__(self, load, customer, chance):
        self.load = load
        self.ledger = load.ledger
        self.customer = customer
        self.chance = chance
        self.nonce = load.nonces.pop()
        self.ledger.nonces[self.nonce] = customer
        self.id = ""
        self.turns = []

    async def run(self):
        if self.chance.random() < 0.3:
            await self.open()
        actions = {self.one: 60, self.burst: 14, self.twins: 10, self.again: 10, self.look: 5,
                   self.hurried: self.load.hurried}
        for _ in range(self.chance.choice((1, 2, 3, 5, 8, 14))):
            if self.load.stopping.is_set():
                return
            action = self.one
            if self.id:
                action = self.chance.choices(list(actions), list(actions.values()))[0]
            await action()
            await asyncio.sleep(self.chance.uniform(*self.load.think_seconds))

    async def open(self):
        body = json.dumps({"channel": "web", "customer_id": self.customer}).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": self.new_key()}
        opened = await self.load.call("open", "POST", "/v1/conversations", body, headers, self.chance)
        self.id = opened["conversation_id"] if opened else ""

    async def one(self):
        turn = self.new_turn()
        await self.load.ask(turn, self.kind(), self.chance)
        self.id = self.id or turn.conversation

    async def burst(self):
        """Several turns of the conversation at the same moment."""
        turns = [self.new_turn() for _ in range(self.chance.choice((2, 2, 3)))]
        await asyncio.gather(*(self.load.ask(turn, self.kind(), self.chance) for turn in turns))

    async def twins(self):
        """The same request twice at the same moment."""
        turn = self.new_turn()
        await asyncio.gather(*(self.load.ask(turn, self.kind(), self.chance) for _ in range(2)))

    async def again(self):
        """A request of before, once more."""
        if self.turns:
            await self.load.ask(self.chance.choice(self.turns), self.kind(), self.chance)

    async def hurried(self):
        """With a deadline of its own, so short that it may pass; never repeated."""
        turn = self.new_turn(timeout_ms=self.chance.choice((3, 10, 40, 400)))
        await self.load.ask(turn, self.chance.choice(("json", "events")), self.chance)
        self.turns.remove(turn)

    async def look(self):
        path = f"/v1/conversations/{self.id}?page_size=200"
        view = await self.load.call("view", "GET", path, b"", {}, self.chance)
        if view:
            words = [part for turn in view["turns"] for part in (turn["text"], turn["reply"])]
            self.ledger.views.append((self.id, self.nonce, words))

    # --- making -------------------------------------------------------------------------------

    def kind(self):
        return self.chance.choices(("json", "events", "async"), (40, 30, 30))[0]

    def new_key(self):
        return f"{self.load.run_id}-{uuid.UUID(int=self.chance.getrandbits(128))}"

    def new_turn(self, timeout_ms=0):
        text = ESCALATING if self.chance.random() < 0.08 else self.chance.choice(TEXTS)
        text = f"{text.format(nonce=self.nonce)} ({len(self.turns) + 1})"
        turn = Turn(self.new_key(), self.customer, self.nonce, text, timeout_ms=timeout_ms, conversation=self.id)
        body = {"text": text}
        if not self.id:
            turn.path, body["customer_id"] = "/v1/invoke", self.customer
        elif self.chance.random() < 0.5:
            turn.path, body["conversation_id"] = "/v1/invoke", self.id
        else:
            turn.path = f"/v1/conversations/{self.id}/messages"
        turn.body = json.dumps(body)
        self.turns.append(turn)
        return self.ledger.new_turn(turn)

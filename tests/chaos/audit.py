"""Compares what the clients heard (ledger) with what the mesh stored (evidence): one check a promise.

A check returns how many things it looked at and one line for each violation. It knows nothing of the mesh but the
contract's messages, and changes nothing.
"""

import dataclasses
import json
import re

from google.protobuf import json_format

WINDOW_MAX = 10  # exchanges that a conversation's state keeps (common/conversation/state.h)
WINDOW_TEXT_MAX = 1024
TURN_SECONDS = 15.0  # the gateway's TURN_TIMEOUT_MS
DEADLINE_SLACK_SECONDS = 2.0  # for a busy machine, not for work that nobody waits for
# What keeps messages back on their way: a deadline travels as a remaining duration and does not run meanwhile.
HOLDING = ("stop", "delay", "hold", "cut", "nats-kill", "nats-stop", "node-loss")
NUMBER = re.compile(r"(?<![\w.])\d{5}(?!\w)")


@dataclasses.dataclass
class Verdict:
    check: str
    guarantee: str
    meaning: str
    looked_at: int
    violations: list[str]

    @property
    def ok(self):
        return not self.violations


def stored_turns(evidence):
    """(conversation, turn id) -> its records."""
    found = {}
    for conversation, stored in evidence.turns():
        found.setdefault((conversation, stored.record.turn.reply.turn_id), []).append(stored)
    return found


def stored_once(ledger, evidence, _):
    stored, violations, looked_at = stored_turns(evidence), [], 0
    for turn in ledger.turns.values():
        if not turn.acknowledged:
            continue
        looked_at += 1
        records = stored.get((turn.conversation, turn.key), [])
        if not records:
            violations.append(f"turn {turn.key} was answered and is not stored in {turn.conversation}")
        elif records[0].record.turn.text != turn.text:
            violations.append(f"turn {turn.key} is stored with another text: {records[0].record.turn.text!r}")
    for (conversation, key), records in stored.items():
        if len(records) > 1:
            sequences = [one.sequence for one in records]
            violations.append(f"turn {key} of {conversation} is stored {len(records)} times: {sequences}")
    violations += evidence.unreadable
    return looked_at, violations


def accepted_settled(ledger, evidence, _):
    stored, violations, looked_at = stored_turns(evidence), [], 0
    dead = {one.subject: one for one in evidence.dead}
    for turn in ledger.turns.values():
        if not turn.accepted:
            continue
        looked_at += 1
        grave = dead.get(f"mesh.dead.turn.{turn.conversation}.{turn.key}")
        if (turn.conversation, turn.key) in stored:
            if not turn.acknowledged:
                violations.append(f"turn {turn.key} was accepted and answered, and its caller was never told")
        elif grave is None:
            violations.append(f"turn {turn.key} of {turn.conversation} was accepted and is neither answered nor dead")
        elif not grave.reason or not grave.payload:
            violations.append(f"turn {turn.key} is dead without its reason or its message")
    violations += [f"{count} messages are left in {name}" for name, count in evidence.left.items()]
    return looked_at, violations


def one_answer(ledger, evidence, messages):
    stored, violations, looked_at = stored_turns(evidence), [], 0
    for turn in ledger.turns.values():
        looked_at += len(turn.answers)
        different = {json.dumps(answer, sort_keys=True) for answer in turn.answers}
        if len(different) > 1:
            violations.append(f"turn {turn.key} was answered in {len(different)} ways")
        records = stored.get((turn.conversation, turn.key), [])
        for one in records if turn.answers else []:
            heard = json_format.ParseDict(turn.answers[0], messages["TurnReply"]())
            if heard != one.record.turn.reply:
                violations.append(f"turn {turn.key}: the answer differs from the one stored at {one.sequence}")
        for sentences in turn.sentences:
            if missing := [s for s in sentences if s.strip() not in turn.answers[0]["reply"]]:
                violations.append(f"turn {turn.key}: a streamed sentence is not in the answer: {missing[0]!r}")
    return looked_at, violations


def cut(text):
    """As the window keeps it."""
    return text if len(text) <= WINDOW_TEXT_MAX else text[:WINDOW_TEXT_MAX - 1] + "…"


def one_order(_, evidence, __):
    violations, looked_at = [], 0
    for conversation, stored in evidence.conversations.items():
        window, count = [], 0
        for place, one in enumerate(stored):
            looked_at += 1
            state, where = one.record.conversation, f"{conversation} at {one.sequence}"
            if state.id != conversation:
                violations.append(f"{where}: the state is that of {state.id}")
            if one.record.HasField("turn"):
                turn = one.record.turn
                exchange = (turn.reply.turn_id, cut(turn.text), cut(turn.reply.reply))
                window, count = [*window, exchange][-WINDOW_MAX:], count + 1
            elif place > 0:
                violations.append(f"{where}: opened again")
            got = [(e.turn_id, e.text, e.reply) for e in state.window]
            if state.turn_count != count:
                violations.append(f"{where}: turn_count is {state.turn_count}, and this is turn {count}")
            elif got != window:
                ids, wanted = [e[0] for e in got], [e[0] for e in window]
                violations.append(f"{where}: the window does not follow from the records before: {ids} for {wanted}")
            window, count = got, state.turn_count  # one violation for one fork, not for all that follows
    return looked_at, violations


def words_of_answer(answer):
    return [answer["reply"], *(part for c in answer.get("citations", []) for part in (c["title"], c["quote"]))]


def words_of_record(record):
    parts = [part for exchange in record.conversation.window for part in (exchange.text, exchange.reply)]
    if record.HasField("turn"):
        parts += [record.turn.text, record.turn.reply.reply, record.turn.summary]
    return parts


def no_crossed_words(ledger, evidence, _):
    violations, looked_at = [], 0
    owner = {turn.conversation: turn for turn in ledger.turns.values() if turn.conversation}

    def search(where, nonce, texts):
        nonlocal looked_at
        looked_at += len(texts)
        strangers = {n for text in texts for n in NUMBER.findall(text) if n != nonce and n in ledger.nonces}
        if strangers:
            violations.append(f"{where}: a word of another conversation: {', '.join(sorted(strangers))}")

    for turn in ledger.turns.values():
        for answer in turn.answers:
            search(f"an answer to {turn.key}", turn.nonce, words_of_answer(answer))
            if (answer["turn_id"], answer["conversation_id"]) != (turn.key, turn.conversation):
                violations.append(f"turn {turn.key} got the answer of {answer['conversation_id']}/{answer['turn_id']}")
        for sentences in turn.sentences:
            search(f"a streamed answer to {turn.key}", turn.nonce, sentences)
    for conversation, nonce, texts in ledger.views:
        search(f"the history of {conversation} as shown", nonce, texts)
    for conversation, stored in evidence.conversations.items():
        turn = owner.get(conversation)
        if turn is None:
            continue
        for one in stored:
            search(f"{conversation} at {one.sequence}", turn.nonce, words_of_record(one.record))
            if one.record.conversation.customer.id != turn.customer:
                violations.append(f"{conversation} at {one.sequence}: belongs to {one.record.conversation.customer.id}")
    for _, ticket in evidence.tickets:
        if ticket.conversation_id in owner:
            search(f"ticket {ticket.id}", owner[ticket.conversation_id].nonce, [ticket.summary])
    return looked_at, violations


def one_ticket_each(_, evidence, __):
    wanted, violations = {}, []
    for conversation, one in evidence.turns():
        reply = one.record.turn.reply
        if reply.escalated:
            same = wanted.setdefault(reply.escalation.ticket_id, (conversation, reply.turn_id))
            if same != (conversation, reply.turn_id):
                violations.append(f"ticket {reply.escalation.ticket_id} stands for two turns")
    opened = [key for key, _ in evidence.tickets]
    for key in sorted(set(wanted) | set(opened)):
        if opened.count(key) != (key in wanted):
            violations.append(f"ticket {key} was written {opened.count(key)} times for {int(key in wanted)} turn")
        if key in wanted and evidence.announced.count(key) != 1:
            violations.append(f"ticket {key} was announced {evidence.announced.count(key)} times")
    for key, ticket in evidence.tickets:
        if key in wanted and (ticket.id, ticket.conversation_id, ticket.turn_id) != (key, *wanted[key]):
            violations.append(f"ticket {key} names {ticket.id} {ticket.conversation_id}/{ticket.turn_id}")
    return len(wanted), violations


def counts_agree(_, evidence, __):
    replies = [one.record.turn.reply for _, one in evidence.turns()]
    wanted = {
        "turns": len(replies),
        "conversations": len({conversation for conversation, _ in evidence.turns()}),
        "escalated": sum(r.escalated for r in replies),
        "blocked": sum(r.blocked for r in replies),
        "degraded": sum(bool(r.degraded) for r in replies),
        "unanswered": sum(not r.answered and not r.blocked for r in replies),
    }
    violations = [f"analytics counts {evidence.summary.get(name)} {name}, the stream has {count}"
                  for name, count in wanted.items() if evidence.summary.get(name) != count]
    return len(wanted), violations


def refused_with_time(ledger, _, __):
    violations, looked_at = [], 0
    for attempt in [a for t in ledger.turns.values() for a in t.attempts] + ledger.calls:
        if attempt.status not in (429, 503) or attempt.in_stream:
            continue  # what ends an event stream comes after the head: there is no header to carry it
        looked_at += 1
        if not (attempt.retry_after or "").isdigit() or int(attempt.retry_after) < 1:
            violations.append(f"{attempt.gateway} refused with {attempt.status} and Retry-After {attempt.retry_after}")
    return looked_at, violations


def may_break(ledger, attempt):
    """A gateway that is killed resets its connections; one that drains only refuses new requests."""
    for fault in ledger.faults:
        if fault.target != attempt.gateway or not fault.overlaps(attempt.sent, attempt.ended, 0.2):
            continue
        if fault.kind == "kill" or fault.kind == "drain" and attempt.sent > fault.begin - 0.1:
            return True
    return False


def no_errors(ledger, _, __):
    violations, looked_at = [], 0
    for turn in ledger.turns.values():
        fine = {200, 202, 204, 429, 503} | ({504} if turn.timeout_ms else set())
        for attempt in turn.attempts:
            looked_at += 1
            violations += error_of(ledger, attempt, fine, f"turn {turn.key}")
        if turn.gave_up:
            violations.append(f"turn {turn.key} was refused for as long as its customer tried")
    for attempt in ledger.calls:
        looked_at += 1
        violations += error_of(ledger, attempt, {200, 201, 429, 503}, "a call")
    violations += [f"died by itself: {death}" for death in ledger.deaths]
    violations += [f"{f.target} drained and ended with {f.detail}" for f in ledger.faults
                   if f.kind == "drain" and f.detail != "exit 0"]
    return looked_at, violations


def error_of(ledger, attempt, fine, what):
    if attempt.error:
        if may_break(ledger, attempt):
            return []
        return [f"{what} ({attempt.kind}) by {attempt.gateway} broke: {attempt.error}"]
    if attempt.status in fine:
        return []
    return [f"{what} ({attempt.kind}) got {attempt.status} from {attempt.gateway}: {attempt.body[-300:]}"]


def nothing_after_deadline(ledger, evidence, _):
    stored, violations, looked_at = stored_turns(evidence), [], 0

    def held_back(begin, end):
        return any(fault.kind in HOLDING and fault.overlaps(begin, end, 1.0) for fault in ledger.faults)

    for turn in ledger.turns.values():
        for attempt in turn.attempts:
            if attempt.kind == "status" or attempt.error:  # who waits for an outcome says how long
                continue
            looked_at += 1
            limit = (turn.timeout_ms / 1000 or TURN_SECONDS) + DEADLINE_SLACK_SECONDS
            took = attempt.ended - attempt.sent
            if took > limit and not held_back(attempt.sent, attempt.ended):
                violations.append(f"turn {turn.key}: an answer came after {took:.1f} s, {limit:.1f} s were the limit")
        if not turn.timeout_ms or not turn.attempts:
            continue
        end = turn.attempts[0].sent + turn.timeout_ms / 1000
        for one in stored.get((turn.conversation, turn.key), []):
            late = one.record.recorded_at.ToMilliseconds() / 1000 - end
            if late > DEADLINE_SLACK_SECONDS and not held_back(turn.attempts[0].sent, end + late):
                violations.append(f"turn {turn.key} was worked on for {late:.1f} s after its deadline")
    return looked_at, violations


CHECKS = (
    ("stored-once", "1", "every answered turn is stored, exactly once", stored_once),
    ("accepted-settled", "1", "every accepted asynchronous turn is answered, or dead with its reason", accepted_settled),
    ("one-answer", "2", "all answers to a key are the same, and the stored one", one_answer),
    ("one-ticket", "2", "every escalated turn has one ticket, and nothing else has", one_ticket_each),
    ("one-order", "3", "every history is complete and in one order", one_order),
    ("no-crossed-words", "4", "no word of another conversation anywhere", no_crossed_words),
    ("no-errors", "5", "no caller saw an error other than a refusal", no_errors),
    ("refused-with-time", "6", "every refusal says when to come back", refused_with_time),
    ("deadlines", "7", "nothing is answered or done after its deadline", nothing_after_deadline),
    ("counts", "1", "analytics' counts are those of the stored turns", counts_agree),
)


def audit(ledger, evidence, messages):
    verdicts = []
    for name, guarantee, meaning, check in CHECKS:
        looked_at, violations = check(ledger, evidence, messages)
        verdicts.append(Verdict(name, guarantee, meaning, looked_at, violations))
    return verdicts


def report(ledger, verdicts, violations_max=8):
    """The table at the end of a run."""
    lines = [f"seed {ledger.seed}, {ledger.end - ledger.begin:.0f} s under load", ""]
    lines += [f"  {name:<24}{value:>10}" for name, value in ledger.totals()]
    lines.append("")
    for verdict in verdicts:
        outcome = "holds" if verdict.ok else f"VIOLATED {len(verdict.violations)} times"
        lines.append(f"  {verdict.guarantee}  {verdict.check:<18}{outcome:<22}{verdict.meaning} "
                     f"({verdict.looked_at} looked at)")
        lines += [f"       - {line}" for line in verdict.violations[:violations_max]]
    return "\n".join(lines)

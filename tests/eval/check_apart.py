#!/usr/bin/env python3
"""Training data and our own test sets stay apart.

    check_apart.py               fails when a training message is too like a test message
    check_apart.py --drop FILE   prints FILE (JSONL with `text`) without the lines that are

Alike are texts whose words and pairs of words have a cosine of 0.8 and more: the same sentence with another number,
greeting or article. `make test` runs this.
"""

import json
import math
import re
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOO_ALIKE = 0.8

# What trains a shipped model, and the test sets that judge it.
TRAINING = {
    "services/intent-classifier/data/train.jsonl": ["intents"],
    "services/escalation/data/messages.jsonl": ["escalation"],
    "services/escalation/data/handoff.jsonl": ["escalation"],
    "services/escalation/data/conversations.jsonl": ["escalation"],
    "services/critic-supervisor/data/attacks_train.jsonl": ["attacks"],
    "services/critic-supervisor/data/documents_train.jsonl": ["attacks"],
    "services/critic-supervisor/data/smuggled_train.jsonl": ["attacks"],
}


def features(text):
    folded = unicodedata.normalize("NFKD", text.lower())
    words = re.findall(r"[a-z]+|\d+", "".join(c for c in folded if not unicodedata.combining(c)))
    words = ["0" if word.isdigit() else word for word in words]
    return set(words) | set(zip(words, words[1:]))


class Tests:
    """The texts of test sets, findable by what they share."""

    def __init__(self, names):
        self.sizes, self.having = [], defaultdict(list)
        for name in names:
            for text in texts(ROOT / "tests/eval/data" / f"{name}.jsonl"):
                found = features(text)
                for feature in found:
                    self.having[feature].append(len(self.sizes))
                self.sizes.append(len(found))

    def likeness(self, text):
        found = features(text)
        shared = defaultdict(int)
        for feature in found:
            for test in self.having.get(feature, ()):
                shared[test] += 1
        return max((n / math.sqrt(len(found) * self.sizes[test]) for test, n in shared.items()), default=0)


def texts(path):
    for line in path.read_text().splitlines():
        case = json.loads(line)
        if "messages" in case:
            yield from (m["text"] for m in case["messages"] if m["role"] == "customer")
        else:
            yield case["text"]


def trained_on(path):
    """Of a conversation the last message: what stands before it is "yes" and "hello"."""
    for line in path.read_text().splitlines():
        case = json.loads(line)
        yield case["messages"][-1]["text"] if "messages" in case else case["text"]


def drop(path):
    names = [name for names in TRAINING.values() for name in names]
    tests = Tests(sorted(set(names)))
    dropped = 0
    for line in Path(path).read_text().splitlines():
        if tests.likeness(json.loads(line)["text"]) >= TOO_ALIKE:
            dropped += 1
        else:
            print(line)
    print(f"{dropped} lines left out", file=sys.stderr)


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--drop":
        return drop(sys.argv[2])
    alike = 0
    for training, names in TRAINING.items():
        tests = Tests(names)
        assert tests.sizes, f"no test messages for {training}"
        for number, text in enumerate(trained_on(ROOT / training), 1):
            if tests.likeness(text) >= TOO_ALIKE:
                alike += 1
                print(f"{training}:{number} is too like a test message")
    if alike:
        sys.exit(f"{alike} training messages are too like a test message; see --drop")
    print("training data and test sets are apart")


if __name__ == "__main__":
    main()

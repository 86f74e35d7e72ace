"""Asks a server from several clients at once, and checks that every answer and every report belongs to its request."""

from __future__ import annotations

import json
import random
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

__all__ = ["Asked", "Got", "Send", "post", "question", "run_load"]

Got = tuple[str, dict[str, Any], dict[str, int]]
Send = Callable[[str, dict[str, Any]], Got]

_NAMES = ("Anna", "Boris", "Carla", "Dora", "Emil", "Fanny", "Gerd", "Hanna", "Igor", "Jana")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with an answer that no other question has.

    Attributes:
        text: The question, with the facts.
        badges: Name to number; no other question states one of these numbers.
        name: Whose number is asked for.
    """

    text: str
    badges: dict[str, str]
    name: str

    def judged(self, answer: str) -> str:
        """Return what an answer is: `right`, true `of another` than was asked for, `wrong`, or `without a number`."""
        stated = {number for number in self.badges.values() if number in answer}
        named = {number for name, number in self.badges.items() if name in answer}
        if not stated:
            return "without a number"
        if stated == {self.badges[self.name]} >= named:
            return "right"
        return "of another" if stated <= named else "wrong"


def question(index: int) -> Asked:
    """Return a question of a kind that the model often gets wrong, with numbers of its own."""
    draw = random.Random(index)
    names = draw.sample(_NAMES, 4)
    numbers = [f"{draw.randint(1, 9)}{index:03d}{draw.randint(0, 9)}{place}" for place in range(len(names))]
    badges = dict(zip(names, numbers, strict=True))
    facts = " ".join(f"{name}'s badge number is {number}." for name, number in badges.items())
    name = draw.choice(names)
    return Asked(f"{facts} What is {name}'s badge number? Answer with one short sentence.", badges, name)


def run_load(
    url: str, model: str, *, requests: int, clients: int, new_tokens: int = 16, send: Send | None = None
) -> dict[str, Any]:
    """Ask, each client one question after the other; every second answer is streamed.

    Args:
        url: Where the server listens.
        model: The model's name.
        requests: How many questions.
        clients: How many clients ask at once.
        new_tokens: The most tokens of an answer.
        send: How a request is sent; None: by the standard library.

    Returns:
        What was counted. `lost` are requests that got no whole answer, `reports_of_others` answers whose report names a
        value of another request, `ok_but_wrong` answers with a number that is not of the person they name, though every
        slot passed; all three should be 0.
    """
    began = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        results = list(pool.map(lambda index: _ask(send or post, url, model, index, new_tokens), range(requests)))
    wall = time.monotonic() - began
    answered = [result for result in results if result is not None]
    seconds = sorted(result["seconds"] for result in answered)
    slots = [slot for result in answered for slot in result["slots"]]
    return {
        "requests": requests,
        "clients": clients,
        "lost": requests - len(answered),
        "reports_of_others": sum(not result["own"] for result in answered),
        "without_a_slot": sum(not result["slots"] for result in answered),
        "answers": dict(Counter(result["answer"] for result in answered)),
        "ok_but_wrong": sum(
            result["ok"] and bool(result["slots"]) and result["answer"] == "wrong" for result in answered
        ),
        "final_verdicts": dict(Counter(slot["final_verdict"] for slot in slots)),
        "tokens": sum(result["tokens"] for result in answered),
        "wall_seconds": round(wall, 1),
        "seconds_median": round(seconds[len(seconds) // 2], 2) if seconds else None,
        "seconds_p95": round(seconds[int(len(seconds) * 0.95)], 2) if seconds else None,
    }


def _ask(send: Send, url: str, model: str, index: int, new_tokens: int) -> dict[str, Any] | None:
    asked, streams = question(index), index % 2 == 1
    body = {
        "model": model,
        "messages": [{"role": "user", "content": asked.text}],
        "max_tokens": new_tokens,
        "stream": streams,
        **({"stream_options": {"include_usage": True}} if streams else {}),
    }
    began = time.monotonic()
    try:
        text, report, used = send(url, body)
    except Exception as error:  # whatever it was, the answer is lost, and the others go on
        print(f"request {index}: {type(error).__name__}: {error}")
        return None
    stated = {value for slot in report["slots"] for value in slot["candidates"]}
    return {
        "own": stated <= set(asked.badges.values()),
        "slots": report["slots"],
        "ok": report["ok"],
        "answer": asked.judged(text),
        "tokens": used["completion_tokens"],
        "seconds": time.monotonic() - began,
    }


def post(url: str, body: dict[str, Any]) -> Got:
    """Send one request; returns the text, the guard's report, and the usage."""
    data, kind = json.dumps(body).encode(), {"Content-Type": "application/json"}
    with urllib.request.urlopen(
        urllib.request.Request(f"{url}/v1/chat/completions", data, kind), timeout=600
    ) as response:
        return _streamed(response) if body["stream"] else _whole(json.load(response))


def _whole(data: dict[str, Any]) -> Got:
    return data["choices"][0]["message"]["content"], data["guardbind"], data["usage"]


def _streamed(lines: Any) -> Got:
    text, report, used = "", None, None
    for line in lines:
        data = line.decode().strip().removeprefix("data: ")
        if data == "[DONE]":
            break
        if data:
            event = json.loads(data)
            for choice in event["choices"]:
                text += choice["delta"].get("content", "")
            report, used = event.get("guardbind", report), event.get("usage", used)
    if report is None or used is None:
        raise ValueError("the stream broke off")
    return text, report, used

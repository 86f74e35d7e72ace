"""Serves a toy model in OpenAI's shape on this machine, with a switch for everything that servers do wrong."""

from __future__ import annotations

import json
import math
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["FAULTS", "TOKENS", "FakeServer", "exact", "spelled", "tokens_of"]

MARKS = ("<user>", "<system>", "<assistant>", "<end>")
LETTERS = (*map(chr, range(32, 127)), "\n")
TOKENS = (*MARKS, *LETTERS, " 44", " 4417", " 8213", "44", "ë", *("§",) * 2, *(f"w{i}" for i in range(130)))
"""The vocabulary; two tokens have the same text."""

FAULTS = (
    "400", "401", "404", "429", "500", "busy", "html", "list", "cut", "hang", "reset", "empty_choices", "null_choice",
    "no_logprobs", "nan", "positive", "quota", "twice",
)  # fmt: skip


def tokens_of(text: str) -> list[int]:
    """Return the tokens of a text: always the longest that fits."""
    ids, place = [], 0
    while place < len(text):
        found = max((token for token in TOKENS if text.startswith(token, place)), key=len, default="")
        if not found:
            found, text = "?", text[:place] + "?" + text[place + 1 :]
        ids.append(TOKENS.index(found))
        place += len(found)
    return ids


def spelled(ids: Sequence[int]) -> str:
    """Return the text of tokens."""
    return "".join(TOKENS[token] for token in ids)


def _alphabet(text: str) -> list[float]:
    """Go on with the next letter, mostly; everything else follows from the text alone."""
    chance = random.Random(text)
    logits = [chance.gauss(0.0, 2.0) for _ in TOKENS]
    logits[TOKENS.index(chr((ord(text[-1:] or "a") - 96) % 26 + 97))] += 12.0
    return logits


def exact(logits: Sequence[float]) -> list[float]:
    """Return log-probabilities."""
    top = max(logits)
    total = top + math.log(math.fsum(math.exp(each - top) for each in logits))
    return [each - total for each in logits]


@dataclass
class Kind:
    """What the server can do; the defaults are those of vLLM."""

    completions: bool = True
    chat: bool = True
    logprobs: bool = True
    most: int = 20
    clips: bool = False
    extras: bool = True
    echo: int | None = 0
    begun: str | None = "continue_final_message"
    choice: str | None = "structured_outputs"
    length: str = "max_tokens"
    bias: bool = True
    off: int = 0
    """How many tokens more the server counts in a prompt than there are."""
    warm: bool = False
    """Log-probabilities are those of the temperature."""
    noise: float = 0.0
    usage: bool = True


@dataclass
class FakeServer:
    """A server in threads; use it in a `with`.

    Attributes:
        kind: What it can do.
        logits: The toy model.
        faults: What goes wrong with the next requests, one each; None: nothing.
        always: What goes wrong with every request that has no fault of its own.
        harm: A text and a fault: what goes wrong with every request that holds the text.
        wait: What `Retry-After` says.
        seen: Path, headers and body of each request.
        at_once: Most requests that were under way at the same time.
        pause: Seconds that an answer takes.
        cuts: How many of the next rankings are cut to their first token, as in a step with requests of ids.
    """

    kind: Kind = field(default_factory=Kind)
    logits: Callable[[str], Sequence[float]] = _alphabet
    faults: list[str | None] = field(default_factory=list)
    always: str | None = None
    harm: tuple[str, str] | None = None
    wait: str | None = None
    seen: list[tuple[str, Mapping[str, str], Any]] = field(default_factory=list)
    at_once: int = 0
    pause: float = 0.0
    cuts: int = 0

    def __post_init__(self) -> None:
        self.lock, self._now = threading.Lock(), 0
        self._chance = random.Random(0)

    def __enter__(self) -> FakeServer:
        server = self
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"fake": server}))
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    def under_way(self, change: int) -> None:
        with self.lock:
            self._now += change
            self.at_once = max(self.at_once, self._now)

    def next_fault(self, body: Any) -> str | None:
        if self.harm is not None and self.harm[0] in json.dumps(body):
            return self.harm[1]
        with self.lock:
            return (self.faults.pop(0) if self.faults else None) or self.always

    def row(self, text: str, body: Mapping[str, Any]) -> list[float]:
        """Return what the server says are the log-probabilities behind a text."""
        logits = list(self.logits(text))
        if self.kind.warm and body.get("temperature"):
            logits = [each / (1.0 + float(body["temperature"])) for each in logits]
        row = exact(logits)
        return [each - self._chance.random() * self.kind.noise for each in row]

    # --- answers ------------------------------------------------------------------------------------------------------

    def answer(self, path: str, body: Any) -> Any:
        """Return the answer to a request without a fault, or a status and a message."""
        kind = self.kind
        if path == "/v1/models":
            return {"object": "list", "data": [{"id": "toy"}]}
        if kind.extras and path == "/tokenize":
            text = self.rendered(body) if "messages" in body else body["prompt"]
            return {"tokens": tokens_of(text)}
        if kind.extras and path == "/detokenize":
            return {"prompt": spelled(body["tokens"])}
        if body is not None and body.get("model") != "toy":
            return 404, f"The model {body.get('model')!r} does not exist."
        if kind.completions and path == "/v1/completions":
            return self.completion(body)
        if kind.chat and path == "/v1/chat/completions":
            return self.chatted(body)
        return 404, "Not Found"

    def rendered(self, body: Mapping[str, Any]) -> str:
        turns = [(turn["role"], turn["content"]) for turn in body["messages"]]
        marked = body["messages"][-1].get("prefix") if self.kind.begun == "prefix" else False
        goes_on = turns[-1][0] == "assistant" and (
            (self.kind.begun == "continue_final_message" and body.get("continue_final_message"))
            or marked
            or self.kind.begun == "last_turn"
        )
        if turns[-1][0] == "assistant" and self.kind.begun == "dropped":
            turns = turns[:-1]
        last = turns.pop()[1].rstrip() if goes_on else ""
        return "".join(f"<{role}>{content}<end>" for role, content in turns) + "<assistant>" + last

    def write(self, text: str, body: Mapping[str, Any], most: int) -> tuple[str, list[tuple[int, list[float]]]]:
        """Write greedily; return the text and each token with its row."""
        if self.kind.extras and (held := body.get("structured_outputs")) and self.kind.choice == "structured_outputs":
            return str(held["choice"][0]), []
        if (shape := body.get("response_format")) and self.kind.choice == "json_schema":
            values = shape["json_schema"]["schema"]["properties"]["value"]["enum"]
            return json.dumps({"value": values[0]}), []
        written: list[tuple[int, list[float]]] = []
        for _ in range(most):
            row = self.row(text + spelled([token for token, _ in written]), body)
            bias = body.get("logit_bias", {}) if self.kind.bias else {}
            best = max(range(len(TOKENS)), key=lambda token: row[token] + bias.get(str(token), 0.0))
            written.append((best, row))
        said = spelled([token for token, _ in written])
        cuts = [said.find(stop) for stop in body.get("stop", ()) if stop in said]
        return said[: min(cuts)] if cuts else said, written

    def told(self, row: Sequence[float], written: int, top: int, body: Mapping[str, Any]) -> list[tuple[int, float]]:
        if self.kind.extras and body.get("logprob_token_ids"):
            ids = list(dict.fromkeys([written, *body["logprob_token_ids"]]))
        else:
            ids = sorted(range(len(row)), key=lambda token: -row[token])[: min(top, self.kind.most)]
            if self.cuts:
                self.cuts -= 1
                return [(ids[0], row[ids[0]]), (ids[-1], -9999.0)]
        return [(token, row[token]) for token in ids]

    def name(self, token: int, body: Mapping[str, Any]) -> str:
        named = self.kind.extras and body.get("return_tokens_as_token_ids")
        return f"token_id:{token}" if named else TOKENS[token]

    def usage(self, prompt: Sequence[int], new: int) -> dict[str, Any]:
        if not self.kind.usage:
            return {}
        return {"usage": {"prompt_tokens": len(prompt) + self.kind.off, "completion_tokens": new}}

    def completion(self, body: Mapping[str, Any]) -> Any:
        prompt = body["prompt"]
        if not isinstance(prompt, str) and not self.kind.extras:
            return 400, "prompt must be a string"
        ids = tokens_of(prompt) if isinstance(prompt, str) else list(prompt)
        top, most = body.get("logprobs"), int(body["max_tokens"])
        if top is not None and top > self.kind.most and not self.kind.clips:
            return 400, f"logprobs may be at most {self.kind.most}"
        if most == 0 and self.kind.echo != 0:
            return 500, "Internal Server Error"
        text, written = self.write(spelled(ids), body, most)
        logprobs = None
        if top is not None and self.kind.logprobs:
            steps: list[tuple[int, list[float] | None]] = list(written)
            if body.get("echo") and self.kind.echo is not None:
                rows = [None, *(self.row(spelled(ids[:place]), body) for place in range(1, len(ids)))]
                steps = [*zip(ids, rows, strict=True), *steps]
            logprobs = {
                "tokens": [self.name(token, body) for token, _ in steps],
                "token_logprobs": [None if row is None else row[token] for token, row in steps],
                "top_logprobs": [
                    None
                    if row is None
                    else {self.name(each, body): logprob for each, logprob in self.told(row, token, top, body)}
                    for token, row in steps
                ],
            }
        choice = {"index": 0, "text": text, "logprobs": logprobs, "finish_reason": "length"}
        return {"choices": [choice], **self.usage(ids, len(written))}

    def chatted(self, body: Mapping[str, Any]) -> Any:
        if self.kind.length not in body:
            return 400, f"Unsupported parameter. Use '{self.kind.length}' instead."
        ids = tokens_of(self.rendered(body))
        top = int(body.get("top_logprobs", 0))
        if top > self.kind.most and not self.kind.clips:
            return 400, f"top_logprobs may be at most {self.kind.most}"
        text, written = self.write(spelled(ids), body, int(body[self.kind.length]))
        content = [
            {
                "token": self.name(token, body),
                "logprob": row[token],
                "top_logprobs": [
                    {"token": self.name(each, body), "logprob": logprob}
                    for each, logprob in self.told(row, token, top, body)
                ],
            }
            for token, row in written
        ]
        logprobs = {"content": content} if body.get("logprobs") and self.kind.logprobs else None
        choice = {"message": {"content": text}, "logprobs": logprobs, "finish_reason": "stop"}
        return {"choices": [choice], **self.usage(ids, len(written))}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    fake: FakeServer

    def do_GET(self) -> None:
        self._serve(None)

    def do_POST(self) -> None:
        self._serve(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _serve(self, body: Any) -> None:
        fake = self.fake
        fake.seen.append((self.path, dict(self.headers), body))
        fake.under_way(1)
        try:
            if fake.pause:
                time.sleep(fake.pause)
            self._answer(fake.next_fault(body), body)
        finally:
            fake.under_way(-1)

    def _answer(self, fault: str | None, body: Any) -> None:
        fake = self.fake
        if fault in ("400", "401", "404", "429", "500", "busy", "quota"):
            status = {"busy": 503, "quota": 429}.get(fault, 0) or int(fault)
            # A server that repeats the key, as some do.
            message = f"no good: {self.headers.get('Authorization', '')}"
            code = "insufficient_quota" if fault == "quota" else None
            self._send(status, {"error": {"message": message, "code": code}})
            return
        if fault == "reset":
            self.close_connection = True
            self.connection.close()
            return
        if fault == "hang":
            time.sleep(1.5)
        answer = fake.answer(self.path, body)
        if isinstance(answer, tuple):
            self._send(answer[0], {"error": {"message": answer[1]}})
            return
        if fault == "html":
            self._raw(200, b"<html>gateway: " + self.headers.get("Authorization", "").encode() + b"</html>")
        elif fault == "list":
            self._send(200, ["what is this"])
        elif fault == "cut":
            whole = json.dumps(answer).encode()
            self._raw(200, whole[: len(whole) // 2], length=len(whole))
            self.close_connection = True
        else:
            self._send(200, _damaged(answer, fault))

    def _send(self, status: int, answer: Any) -> None:
        self._raw(status, json.dumps(answer).encode())

    def _raw(self, status: int, data: bytes, *, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data) if length is None else length))
        if self.fake.wait is not None and status >= 400:
            self.send_header("Retry-After", self.fake.wait)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _damaged(answer: dict[str, Any], fault: str | None) -> dict[str, Any]:
    if "choices" not in answer:
        return answer
    choice = answer["choices"][0]
    if fault == "empty_choices":
        return {**answer, "choices": []}
    if fault == "null_choice":
        return {**answer, "choices": [None]}
    if fault == "no_logprobs":
        choice["logprobs"] = None
    if fault == "twice" and choice["logprobs"]:
        for others in choice["logprobs"]["top_logprobs"]:
            first = next(iter(others))
            others[first.replace("token_id:", "token_id:0")] = others[first]
    if fault in ("nan", "positive") and choice["logprobs"]:
        wrong = math.nan if fault == "nan" else 3.0
        if "content" in choice["logprobs"]:
            for entry in choice["logprobs"]["content"]:
                entry["top_logprobs"][-1]["logprob"] = wrong
        else:
            for others in choice["logprobs"]["top_logprobs"]:
                if others:
                    others[next(iter(others))] = wrong
    return answer

"""The example server over a real connection: its shapes, its limits, its batches, its end, and bad prompts."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2 as httpx  # what openai brings
import openai
import pytest
from conftest import TinyLlama
from server import Limits, Server, Service
from serving.load import Got, run_load
from serving.metrics import Metrics
from transformers import PreTrainedTokenizerBase

from guardbind import Guard, GuardbindError, GuardConfig

LIMITS = Limits(max_batch=4, max_queue=4, batch_wait=0.05, max_tokens=16, max_prompt_tokens=300, max_body=40_000)
FACTS = "Anna's badge number is 4417. Boris's badge number is 8213. What is Boris's badge number?"


class Gated(Guard):
    """A guard that waits where a test wants it to, and breaks where one wants it to."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.gate, self.batches, self.bad = threading.Event(), list[int](), ""
        self.gate.set()

    def generate(self, *args: Any, **kwargs: Any) -> Any:
        self.batches.append(len(kwargs["input_ids"]))
        assert self.gate.wait(60)
        if self.bad and any(self.bad in text for text in self.tokenizer.batch_decode(kwargs["input_ids"])):
            raise RuntimeError(f"cannot read {self.bad}")
        return super().generate(*args, **kwargs)


class Running:
    """A server that listens, and ways to ask it."""

    def __init__(self, guard: Guard, limits: Limits, name: str = "tiny", metrics: Metrics | None = None) -> None:
        self.guard: Any = guard
        self.name = name
        self.server = Server(Service(guard, name, limits, metrics))
        self.thread = self.server.in_thread()
        self.http = httpx.Client(base_url=self.server.url, timeout=120)
        self.openai = openai.OpenAI(base_url=f"{self.server.url}/v1", api_key="none", max_retries=0, timeout=120)

    def post(self, content: Any = FACTS, **fields: Any) -> httpx.Response:
        body = {"model": self.name, "messages": [{"role": "user", "content": content}], "max_tokens": 4, **fields}
        return self.http.post("/v1/chat/completions", content=json.dumps(body))

    def later(self, pool: ThreadPoolExecutor, waiting: int, content: str = FACTS, **fields: Any) -> Any:
        """Ask in another thread; returns when so many requests wait in the queue."""
        asked = pool.submit(self.post, content, **fields)
        until(lambda: self.server.service.batcher.waiting == waiting or asked.done())
        return asked

    def stop(self) -> None:
        self.guard.gate.set() if isinstance(self.guard, Gated) else None
        self.server.stop()
        self.thread.join(60)
        assert not self.thread.is_alive()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def running(tiny_llama: TinyLlama, tiny_tokenizer: PreTrainedTokenizerBase) -> Iterator[Running]:
    made = Running(Gated(tiny_llama(), tiny_tokenizer), LIMITS)
    yield made
    made.stop()


class TestShape:
    def test_the_client_reads_a_whole_answer_and_a_stream_of_the_same(self, running: Running) -> None:
        asked: Any = {"model": "tiny", "messages": [{"role": "user", "content": FACTS}], "max_tokens": 12}
        whole = running.openai.chat.completions.create(**asked)
        assert whole.usage is not None
        assert whole.usage.completion_tokens <= 12
        assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens
        assert whole.choices[0].finish_reason in ("length", "stop")
        report = (whole.model_extra or {})["guardbind"]
        assert set(report) == {"ok", "unfinished", "slots"}
        chunks = list(
            running.openai.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True})
        )
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        assert text == whole.choices[0].message.content
        assert len({chunk.id for chunk in chunks}) == 1
        last = next(chunk for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason)
        assert (last.model_extra or {})["guardbind"] == report
        assert chunks[-1].usage == whole.usage
        assert [model.id for model in running.openai.models.list()] == ["tiny"]

    def test_sampling_and_greedy_requests_do_not_share_a_batch(self, running: Running) -> None:
        running.guard.gate.clear()
        with ThreadPoolExecutor(4) as pool:
            asked = [running.later(pool, 0)]
            until(lambda: running.guard.batches == [1])
            for waiting, temperature in enumerate((0.0, 0.7, 0.0), start=1):
                asked.append(running.later(pool, waiting, temperature=temperature))
            running.guard.gate.set()
            assert [answer.result().status_code for answer in asked] == [200] * 4
        assert running.guard.batches == [1, 2, 1]

    def test_rows_end_at_their_own_length(self, running: Running) -> None:
        running.guard.gate.clear()
        with ThreadPoolExecutor(3) as pool:
            first = running.later(pool, 0)
            until(lambda: running.guard.batches == [1])
            pair = [running.later(pool, 1, max_tokens=3), running.later(pool, 2, max_tokens=9)]
            running.guard.gate.set()
            (short, long) = (answer.result().json() for answer in pair)
            assert first.result().status_code == 200
        assert running.guard.batches == [1, 2]
        assert short["usage"]["completion_tokens"] <= 3 < long["usage"]["completion_tokens"] <= 9
        assert long["choices"][0]["message"]["content"].startswith(short["choices"][0]["message"]["content"])

    def test_the_figures(self, running: Running) -> None:
        assert running.post().status_code == 200
        assert running.post(max_tokens=99).status_code == 400
        text = running.http.get("/metrics").text
        for line in ('server_requests_total{status="200"} 1.0', 'server_requests_total{status="400"} 1.0'):
            assert line in text
        assert "server_waiting 0.0" in text
        assert running.http.get("/healthz").json() == {"ok": True}


BAD: dict[str, tuple[dict[str, Any], int, str, str | None]] = {
    "unknown field": ({"tools": []}, 400, "invalid_request", "tools"),
    "several answers": ({"n": 2}, 400, "invalid_request", "n"),
    "no messages": ({"messages": []}, 400, "invalid_request", "messages"),
    "unknown role": ({"messages": [{"role": "root", "content": "a"}]}, 400, "invalid_request", "messages.0.role"),
    "a picture": ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, 400, "invalid_request", None),
    "too many tokens": ({"max_tokens": 17}, 400, "too_long", "max_tokens"),
    "negative tokens": ({"max_tokens": -1}, 400, "invalid_request", "max_tokens"),
    "hot": ({"temperature": 9}, 400, "invalid_request", "temperature"),
    "another model": ({"model": "other"}, 404, "model_not_found", "model"),
    "a long prompt": ({"messages": [{"role": "user", "content": "a b " * 400}]}, 400, "context_length_exceeded", None),
    "a long body": ({"messages": [{"role": "user", "content": "a" * 50_000}]}, 400, "body_too_long", None),
    "a turn's mark": ({"messages": [{"role": "user", "content": "<|end|>"}]}, 400, "mark", "messages"),
}


class TestWhatIsRefused:
    def test_it_is_told_why_in_the_clients_shape(self, running: Running) -> None:
        for what, (fields, status, code, param) in BAD.items():
            response = running.post(**fields)
            error = response.json()["error"]
            assert (response.status_code, error["code"]) == (status, code), what
            assert param is None or error["param"] == param, what
            assert set(error) == {"message", "type", "param", "code"}
        for body in (b"", b"{", b"[]", b"\xff\xfe", b'{"model": 1}', b"null"):
            response = running.http.post("/v1/chat/completions", content=body)
            assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid_request")
        with pytest.raises(openai.BadRequestError) as caught:
            running.openai.chat.completions.create(model="tiny", messages=[{"role": "user", "content": "a"}], n=2)
        assert caught.value.param == "n"
        assert running.post().status_code == 200
        assert running.guard.batches == [1]

    def test_nothing_that_a_prompt_holds_ends_the_server(self, running: Running) -> None:
        odd = ["", " ", "\0", "\ud800", "a\ud800b", "{{ 1/0 }}", "{% raw %}", "a=[" * 40, "\u202ea=1", "\r\n" * 50]
        odd += [
            '{"a": ' * 30,
            "| a | b |\n|---|---|\n| 1 |",
            "- " * 90,
            "\ufffd\ufeff",
            "x: 1\nx: 2\nx: ",
            "١٢٣=४",
            "a" * 250,
        ]
        with ThreadPoolExecutor(4) as pool:
            statuses = list(pool.map(lambda text: running.post(text).status_code, odd))
        assert set(statuses) <= {200, 400}
        assert statuses[3] == statuses[4] == 400
        assert statuses.count(400) < len(odd) / 2
        assert running.post().status_code == 200

    def test_a_prompt_that_breaks_the_generation_breaks_no_other(self, running: Running) -> None:
        running.guard.gate.clear()
        running.guard.bad = "secret"
        with ThreadPoolExecutor(4) as pool:
            asked = [running.later(pool, 0)]
            until(lambda: running.guard.batches == [1])
            for waiting, content in enumerate((FACTS, "the secret", FACTS), start=1):
                asked.append(running.later(pool, waiting, content, stream=waiting == 3))
            running.guard.gate.set()
            answers = [answer.result() for answer in asked]
        assert [answer.status_code for answer in answers] == [200, 200, 500, 200]
        assert answers[2].json()["error"]["code"] == "internal_error"
        assert "secret" not in answers[2].text
        assert answers[3].text.endswith("data: [DONE]\n\n")
        assert running.guard.batches == [1, 3, 1, 1, 1]

    def test_an_error_within_a_stream_is_told_there(self, running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(*_given: Any, **_named: Any) -> None:
            raise GuardbindError("anything")

        monkeypatch.setattr(running.guard, "generate", broken)
        with pytest.raises(openai.APIError, match="cannot be guarded"):
            list(running.openai.chat.completions.create(
                model="tiny", messages=[{"role": "user", "content": "a"}], stream=True
            ))  # fmt: skip

    def test_who_comes_when_the_queue_is_full_is_told_to_come_later(self, running: Running) -> None:
        running.guard.gate.clear()
        with ThreadPoolExecutor(8) as pool:
            asked = [running.later(pool, 0)]
            until(lambda: running.guard.batches == [1])
            asked += [running.later(pool, waiting) for waiting in range(1, LIMITS.max_queue + 1)]
            with pytest.raises(openai.RateLimitError):
                running.openai.chat.completions.create(model="tiny", messages=[{"role": "user", "content": "a"}])
            assert "server_waiting 4.0" in running.http.get("/metrics").text
            running.guard.gate.set()
            assert [answer.result().status_code for answer in asked] == [200] * 5


class TestTheEnd:
    def test_what_has_begun_is_finished_and_what_is_new_is_refused(self, running: Running) -> None:
        running.guard.gate.clear()
        with ThreadPoolExecutor(2) as pool:
            first = running.later(pool, 0, stream=True)
            until(lambda: running.guard.batches == [1])
            second = running.later(pool, 1)
            running.server.stop()
            until(lambda: not running.server.service.batcher.alive)
            assert running.http.get("/healthz").status_code == 503
            refused = running.post()
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "stopping")
            running.guard.gate.set()
            assert first.result().text.endswith("data: [DONE]\n\n")
            assert second.result().status_code == 200
        running.thread.join(60)
        assert not running.thread.is_alive()

    def test_nothing_is_written_for_a_client_that_has_gone(self, running: Running) -> None:
        running.guard.gate.clear()
        body = {"model": "tiny", "messages": [{"role": "user", "content": FACTS}], "stream": True}
        with ThreadPoolExecutor(1) as pool:
            first = running.later(pool, 0)
            until(lambda: running.guard.batches == [1])
            with running.http.stream("POST", "/v1/chat/completions", json=body) as response:
                next(response.iter_lines())
                (waits,) = running.server.service.batcher._waiting
            until(lambda: waits.cancelled)
            running.guard.gate.set()
            assert first.result().status_code == 200
        assert running.post().status_code == 200
        assert running.guard.batches == [1, 1]
        assert waits.written == []


@pytest.mark.real_model
def test_on_the_demo_weights_nothing_is_lost_and_every_report_is_its_requests(demo_model: tuple[Any, Any]) -> None:
    metrics = Metrics()
    guard = Guard(*demo_model, GuardConfig(sinks=(metrics.sink,)))
    running = Running(guard, Limits(), "smollm2-135m", metrics)

    def send(_url: str, body: dict[str, Any]) -> Got:
        given: Any = body
        if not body["stream"]:
            whole = running.openai.chat.completions.create(**given)
            return whole.choices[0].message.content, whole.model_extra["guardbind"], whole.usage.model_dump()
        chunks = list(running.openai.chat.completions.create(**given))
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        return text, chunks[-2].model_extra["guardbind"], chunks[-1].usage.model_dump()

    try:
        found = run_load(running.server.url, running.name, requests=12, clients=4, send=send)
        figures = running.http.get("/metrics").text
    finally:
        running.stop()
    assert (found["lost"], found["reports_of_others"], found["ok_but_wrong"]) == (0, 0, 0)
    assert found["without_a_slot"] <= 2
    assert found["answers"]["right"] >= 6
    assert found["final_verdicts"]["repaired"] >= 1
    assert 'server_requests_total{status="200"} 12.0' in figures
    assert 'guardbind_final_verdict="repaired"' in figures
    counted = [float(line.split()[-1]) for line in figures.splitlines() if line.startswith("guardbind_slots_total{")]
    assert sum(counted) == sum(found["final_verdicts"].values())

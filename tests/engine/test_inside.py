"""Checks the guard inside a real vLLM engine: what it sees, what it vetoes, and what it leaves alone."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from engine_process import CHUNK, Engine

from guardbind_bench.served.badges import Badges, badges

pytestmark = [pytest.mark.vllm, pytest.mark.real_model]

PROMPTS = [badges(seed) for seed in range(12)]


def new_id() -> str:
    return uuid.uuid4().hex


def text_of(engine: Engine, prompt: Badges, **said: Any) -> str:
    status, answer = engine.post("/v1/completions", **prompt.body(**said))
    assert status == 200, answer
    return str(answer["choices"][0]["text"])


def side_by_side(engine: Engine, prompts: list[Badges], ids: list[str] | None, **said: Any) -> list[str]:
    """Return the answers to prompts that are sent at the same time, more of them than the engine has rows."""
    with ThreadPoolExecutor(len(prompts)) as pool:
        asked = [
            pool.submit(text_of, engine, prompt, **({} if ids is None else {**said, "id": ids[place]}))
            for place, prompt in enumerate(prompts)
        ]
        return [one.result() for one in asked]


def test_to_look_changes_nothing_and_tells_which_value_was_written(engine: Engine) -> None:
    plain = side_by_side(engine, PROMPTS, None)
    ids = [new_id() for _ in PROMPTS]
    assert side_by_side(engine, PROMPTS, ids, action="observe") == plain
    for prompt, text, said in zip(PROMPTS, plain, ids, strict=True):
        slots = [record for record in engine.of(said) if record["event"] == "slot"]
        wrong = not prompt.is_right(text)
        assert slots and all(slot["null"] == "none" and slot["evidence_bits"] is None for slot in slots)
        assert {slot["final_verdict"] for slot in slots}.isdisjoint({"ok", "repaired"})
        assert ("binding_failure" in {slot["verdict"] for slot in slots}) == wrong
    right = sum(prompt.is_right(text) for prompt, text in zip(PROMPTS, plain, strict=True))
    assert 0 < right < len(PROMPTS)


def test_a_veto_writes_what_the_caller_means_in_full_batches_as_alone(engine: Engine) -> None:
    ids = [new_id() for _ in PROMPTS]
    together = side_by_side(engine, PROMPTS, ids, action="veto")
    assert all(prompt.is_right(text) for prompt, text in zip(PROMPTS, together, strict=True))
    for prompt, text, said in list(zip(PROMPTS, together, ids, strict=True))[:3]:
        again = new_id()
        assert text_of(engine, prompt, action="veto", id=again) == text
        first, second = ([without_chance(record) for record in engine.of(one)] for one in (said, again))
        assert first == second
    made = [record for said in ids for record in engine.of(said)]
    assert {record["final_verdict"] for record in made if record["event"] == "slot" and record["action"] == "veto"} == {
        "repaired"
    }


def without_chance(record: dict[str, Any]) -> dict[str, Any]:
    """Return what of a record does not depend on time, or on the last bits that a batch's size changes."""
    kept = (
        "event",
        "step",
        "kind",
        "verdict",
        "final_verdict",
        "action",
        "target",
        "token",
        "final_token",
        "new_tokens",
    )
    return {name: record[name] for name in kept if name in record}


def test_a_mixed_batch_keeps_requests_apart(engine: Engine) -> None:
    plain = side_by_side(engine, PROMPTS, None)
    with ThreadPoolExecutor(len(PROMPTS)) as pool:
        asked = [
            pool.submit(text_of, engine, prompt, **({"action": "veto"} if place % 2 else {}))
            for place, prompt in enumerate(PROMPTS)
        ]
        mixed = [one.result() for one in asked]
    for place, (prompt, text) in enumerate(zip(PROMPTS, mixed, strict=True)):
        assert prompt.is_right(text) if place % 2 else text == plain[place]


def test_a_prompt_in_chunks_is_judged_once_and_found_in_the_cache_again(engine: Engine) -> None:
    prompt = badges(100, filler=40)
    found = []
    for _ in range(2):
        said = new_id()
        status, answer = engine.post("/v1/completions", **prompt.body(action="veto", id=said))
        assert status == 200 and prompt.is_right(answer["choices"][0]["text"])
        records = engine.of(said)
        steps = [record["step"] for record in records if record["event"] == "slot"]
        assert len(steps) == len(set(steps)) and records[-1]["prompt_tokens"] > 2 * CHUNK
        found.append((answer["usage"]["prompt_tokens_details"] or {}).get("cached_tokens", 0))
        assert [record["event"] for record in records].count("generation") == 1
    assert found[1] > CHUNK


def test_what_the_prompt_binds_is_read_inside_where_nothing_is_declared(engine: Engine) -> None:
    said = new_id()
    prompt = PROMPTS[0]
    status, _ = engine.post(
        "/v1/completions", **{**prompt.body(), "vllm_xargs": {"guardbind": json.dumps({"id": said})}}
    )
    slots = [record for record in engine.of(said) if record["event"] == "slot"]
    assert status == 200 and slots and slots[0]["target"] == list(prompt.held).index(prompt.asked)
    assert slots[0]["grounds"] == "words"


def test_a_chat_is_watched_too(engine: Engine) -> None:
    prompt, said = PROMPTS[1], new_id()
    status, answer = engine.post(
        "/v1/chat/completions",
        messages=[{"role": "user", "content": prompt.text.rpartition("\n")[0]}],
        max_tokens=24,
        temperature=0,
        vllm_xargs={"guardbind": json.dumps(prompt.said(action="veto", id=said))},
    )
    assert status == 200 and prompt.right in answer["choices"][0]["message"]["content"]
    assert any(record["event"] == "slot" for record in engine.of(said))


def test_drawn_answers_keep_to_a_veto(engine: Engine) -> None:
    prompt, said = PROMPTS[2], new_id()
    body = {**prompt.body(action="veto", id=said), "temperature": 1.0, "seed": 5, "n": 3}
    status, answer = engine.post("/v1/completions", **body)
    assert status == 200
    # What is drawn before the value may be anything; where a value of the prompt is written, it is the target's.
    others = set(prompt.held.values()) - {prompt.right}
    assert not any(value in choice["text"] for choice in answer["choices"] for value in others)


@pytest.mark.parametrize(
    ("said", "told"), [("no JSON", "no JSON"), ('{"action": "veto"}', "without a target"), ('{"x": 1}', "x: ")]
)
def test_settings_that_cannot_be_used_are_refused_before_anything_runs(engine: Engine, said: str, told: str) -> None:
    status, answer = engine.post("/v1/completions", **{**PROMPTS[0].body(), "vllm_xargs": {"guardbind": said}})
    assert status == 400 and told in json.dumps(answer)
    assert engine.post("/v1/completions", **PROMPTS[0].body())[0] == 200


def test_a_request_that_cannot_be_watched_is_answered_all_the_same(engine: Engine) -> None:
    body = {**PROMPTS[0].body(), "vllm_xargs": {"guardbind": json.dumps({"target": "nobody's key"})}}
    assert engine.post("/v1/completions", **body)[1]["choices"][0]["text"] == text_of(engine, PROMPTS[0])


def test_a_grammar_that_leaves_no_way_to_the_target_is_obeyed(engine: Engine) -> None:
    prompt = PROMPTS[1]
    other = next(value for value in prompt.held.values() if value != prompt.right)
    body = {**prompt.body(action="veto", id=new_id()), "structured_outputs": {"choice": [other]}}
    status, answer = engine.post("/v1/completions", **body)
    assert status == 200 and answer["choices"][0]["text"] == other


def test_no_text_of_a_prompt_is_in_the_records(engine: Engine) -> None:
    said = new_id()
    text_of(engine, PROMPTS[3], action="veto", id=said)
    told = json.dumps(engine.of(said))
    assert said in told and not any(word in told for word in (*PROMPTS[3].held, *PROMPTS[3].held.values(), "badge"))

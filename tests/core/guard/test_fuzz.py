"""Whatever prompt, answer and setting: no crash, nothing changed outside of a slot, and the model left as it was."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import Any

import pytest
import torch
from families import CausalLM, copier, speaking
from fuzzing import Case, Script, cases, split, tokenizer_of
from hypothesis import example, given, settings
from torch import Tensor
from transformers import PreTrainedTokenizerBase
from transformers.generation.streamers import BaseStreamer

from guardbind import BindingError, BindingFailureError, CandidateError, Guard, GuardbindError, GuardOutput
from guardbind.candidates.trie import Trie, surface_forms
from guardbind.events import InterventionRecord, SlotRecord
from guardbind.evidence import check_bindings, locate
from guardbind.report.report import Report
from guardbind.text.decoded import PromptText

NEW = 12
LONGEST = 700  # tokens of a prompt; the end of a longer one is read
TOKENIZERS = ["byte_level", "metaspace", "letters", "words", pytest.param("demo", marks=pytest.mark.real_model)]
each_tokenizer = pytest.mark.parametrize("name", TOKENIZERS)
# Each runs a model three times. A tenth of what the profile says, so that a deeper one looks further here as well.
few = settings(max_examples=settings().max_examples // 10)


@dataclass(frozen=True)
class Outcome:
    """What one call of a guard came to."""

    tokenizer: PreTrainedTokenizerBase
    columns: int
    bare: Any
    script: Script
    output: GuardOutput | None
    report: Report
    error: GuardbindError | None
    streamed: list[int]


class Tokens(BaseStreamer):
    """Keeps what is streamed."""

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self.ended = 0

    def put(self, value: Tensor) -> None:
        self.tokens += value.flatten().tolist()

    def end(self) -> None:
        self.ended += 1


def asked(prompt: str) -> Case:
    return Case((prompt,), ((("44", "whole"),),))


def inputs_of(tokenizer: PreTrainedTokenizerBase, case: Case) -> dict[str, Tensor]:
    """Tokenise the prompts; each has at least one token, and the batch is padded on the left."""
    rows = [tokenizer.encode(text, add_special_tokens=False)[-LONGEST:] or [3] for text in case.prompts]
    padded = tokenizer.pad({"input_ids": rows}, padding=True, return_tensors="pt")
    return {name: padded[name] for name in ("input_ids", "attention_mask")}


def model_of(tokenizer: PreTrainedTokenizerBase, columns: int, name: str) -> CausalLM:
    """A model that copies from its prompt, for short prompts; else one that writes at random."""
    if columns + NEW < 192 and name != "demo" and columns % 2:
        return copier(tokenizer, "last")
    return speaking("llama", tokenizer, context=1024)


def state_of(model: CausalLM) -> dict[str, Any]:
    hooks = [
        (module, len(module._forward_hooks), len(module._forward_pre_hooks), "forward" in vars(module))
        for module in model.modules()
    ]
    config = model.generation_config
    return {"hooks": hooks, "vars": dict(vars(model)), "generation": copy.deepcopy(config.to_dict())}


def run(name: str, case: Case, *, streams: bool = False, **more: Any) -> Outcome:
    """Generate unguarded, guarded, and unguarded again; the model is the same afterwards."""
    tokenizer = tokenizer_of(name)
    inputs = inputs_of(tokenizer, case)
    columns = inputs["input_ids"].shape[1]
    model = model_of(tokenizer, columns, name)
    rows = [[token for text, how in parts for token in split(tokenizer, text, how)] for parts in case.answers]
    how = {"max_new_tokens": NEW, "do_sample": case.seed is not None, **more}
    how |= {"return_dict_in_generate": True, "output_scores": True, "output_logits": True}

    def free() -> Any:
        torch.manual_seed(case.seed or 0)
        return model.generate(**inputs, **how, logits_processor=[Script(rows, columns, case.lead)])

    bare, before = free(), state_of(model)
    guard, script, streamer = Guard(model, tokenizer, case.config), Script(rows, columns, case.lead), Tokens()
    output, error, report = None, None, None
    told: dict[str, Any] = {"bindings": case.bindings, "target": case.target}
    with guard.attached(**told) as handle:
        torch.manual_seed(case.seed or 0)
        streaming = {"streamer": streamer} if streams else {}
        try:
            raw = handle.generate(**inputs, **how, **streaming, logits_processor=[script])
        except GuardbindError as caught:
            error = caught
        else:
            text = tokenizer.batch_decode(raw.sequences[:, columns:], skip_special_tokens=True)
            output = GuardOutput(raw.sequences, text, handle.report, raw)
        report = handle.reports[-1] if handle.reports else None
    assert state_of(model) == before
    assert streamer.ended == streams
    again = free()
    assert torch.equal(again.sequences, bare.sequences)
    assert all(map(torch.equal, again.scores, bare.scores))
    if report is None:
        assert error is not None
        raise error
    return Outcome(tokenizer, columns, bare, script, output, report, error, streamer.tokens)


def longest_candidate(outcome: Outcome) -> int:
    """Most tokens of any value of any row, as far as the report shows them."""
    surfaces = {s for text in outcome.report.transcripts for item in text.items for s in item.surfaces}
    return max((len(form) for s in surfaces for form in surface_forms(outcome.tokenizer, s)), default=0)


def same(one: tuple[Tensor, ...], other: tuple[Tensor, ...], step: int, row: int) -> bool:
    return step < len(one) and step < len(other) and torch.equal(one[step][row], other[step][row])


def check_changes(case: Case, outcome: Outcome) -> None:
    """Check that nothing is changed but by an intervention, and that of a row the first change is at its slot."""
    if outcome.output is None:
        return
    guarded, bare, columns = outcome.output.raw, outcome.bare, outcome.columns
    report, kept = outcome.report, [record for record in outcome.report.interventions if record.kept]
    acted = [{slot.step for slot in report.row(row) if slot.action != "none"} for row in range(len(case.prompts))]
    assert [sorted({record.step for record in kept if record.row == row}) for row in range(len(acted))] == [
        sorted(steps) for steps in acted
    ]
    if not kept:
        assert torch.equal(guarded.sequences, bare.sequences)
        for field in ("scores", "logits"):
            assert all(map(torch.equal, getattr(guarded, field), getattr(bare, field)))
    for row, steps in enumerate(acted):
        one, other = guarded.sequences[row, columns:].tolist(), bare.sequences[row, columns:].tolist()
        first = min(steps, default=NEW)
        assert one[:first] == other[:first]
        assert all(same(guarded.logits, bare.logits, step, row) for step in range(min(first, len(one), len(other))))


def check_between_slots(case: Case, outcome: Outcome) -> None:
    """Check, also behind the first intervention, that scores are handed back untouched wherever none is going on."""
    assert outcome.output is not None
    reach = longest_candidate(outcome)
    end = set(outcome.tokenizer.all_special_ids)
    for row in range(len(case.prompts)):
        spans = []
        for record in outcome.report.interventions:
            if record.kept and record.row == row:
                written = record.tokens_inserted + max(1, reach)
                spans.append(range(record.step, NEW if record.action == "abstain" else record.step + written))
        answer = outcome.output.sequences[row, outcome.columns :].tolist()
        for step, (handed, scores) in enumerate(zip(outcome.script.handed, outcome.output.raw.scores, strict=True)):
            if any(token in end for token in answer[:step]):
                break
            if not any(step in span for span in spans):
                assert torch.equal(handed[row], scores[row])


def numbers(record: SlotRecord | InterventionRecord) -> Iterator[float]:
    def walk(data: Any) -> Iterator[float]:
        if isinstance(data, float):
            yield data
        elif isinstance(data, dict):
            for member in data.values():
                yield from walk(member)
        elif isinstance(data, (list, tuple)):
            for member in data:
                yield from walk(member)

    return walk(record.model_dump())


class Tags(HTMLParser):
    """Keeps the names of the tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)


def check_records(case: Case, outcome: Outcome) -> None:
    report = outcome.report
    data = json.loads(report.to_json())
    assert [SlotRecord(**slot) for slot in data["slots"]] == list(report.slots)
    assert [InterventionRecord(**record) for record in data["interventions"]] == list(report.interventions)
    records: list[SlotRecord | InterventionRecord] = [*report.slots, *report.interventions]
    for record in records:
        assert all(map(math.isfinite, numbers(record)))
        assert 0 <= record.row < len(case.prompts)
        assert 0 <= record.step < NEW
    for slot in report.slots:
        bindings = len(slot.bits_by_binding)
        assert slot.target is None or 0 <= slot.target < bindings
        assert slot.rests_on is None or 0 <= slot.rests_on < bindings
        assert 0 <= slot.target_score <= 1
        assert (slot.target is None) == (slot.resolved_by == "unresolved")
        assert " raised " not in slot.reason  # no rule of text failed
        if outcome.output is not None and slot.final_token is not None:
            assert slot.final_token == outcome.output.sequences[slot.row, outcome.columns + slot.step]
    assert len(report.transcripts) == (len(case.prompts) if case.config.capture_text else 0)
    for text in report.transcripts:
        assert text.tokens == () or text.tokens[-1][1] <= len(text.text)
    tags = Tags()
    tags.feed(report.to_html())
    assert not tags.names & {"script", "img", "iframe", "a"}
    report.to_html(text=False)


def check(case: Case, outcome: Outcome) -> None:
    assert outcome.error is None or isinstance(outcome.error, BindingFailureError)
    if isinstance(outcome.error, BindingFailureError):
        assert case.config.policy == "raise"
        assert outcome.error.hint is not None
    check_changes(case, outcome)
    check_records(case, outcome)


def writable(tokenizer: PreTrainedTokenizerBase, case: Case) -> bool:
    """Whether declared bindings are what the documentation asks for."""
    inputs = inputs_of(tokenizer, case)
    try:
        for ids, mask, items in zip(inputs["input_ids"], inputs["attention_mask"], case.bindings or (), strict=True):
            check_bindings(items)
            table = locate(items, PromptText.from_ids(tokenizer, ids[mask.bool()].tolist()))
            values = [(item.value, item.aliases) for item in table.items if item.value is not None]
            if values:
                Trie.build(tokenizer, values)
    except (BindingError, CandidateError):
        return False
    return True


@each_tokenizer
@few
@given(case=cases())
# Values that not every tokenizer can write, though each can read the prompt.
@example(case=asked('```yaml\nbadge: "\\e"\n```\nWhat is badge?'))
@example(case=asked('[{"name": "\\u05de\\u05e1\\u05e4", "badge": "44"}]\nWhat is the badge of \u05de\u05e1\u05e4?'))
def test_what_a_prompt_holds_is_never_an_error(name: str, case: Case) -> None:
    check(case, run(name, case))


@each_tokenizer
@few
@given(case=cases(reads=False))
def test_a_declaration_is_refused_before_anything_runs_or_works(name: str, case: Case) -> None:
    try:
        outcome = run(name, case)
    except (BindingError, CandidateError) as error:
        assert not writable(tokenizer_of(name), case)
        assert str(error).endswith(".")
        return
    assert writable(tokenizer_of(name), case)
    check(case, outcome)


@each_tokenizer
@few
@given(case=cases(policies=("observe",)))
def test_observing_changes_nothing(name: str, case: Case) -> None:
    outcome = run(name, case)
    assert outcome.output is not None
    assert torch.equal(outcome.output.sequences, outcome.bare.sequences)
    assert all(map(torch.equal, outcome.output.raw.scores, outcome.bare.scores))
    assert not outcome.report.interventions


@each_tokenizer
@few
@given(case=cases(policies=("contrast", "veto", "checkpoint", "visible", "abstain", "auto")))
def test_nothing_is_touched_between_slots(name: str, case: Case) -> None:
    case = replace(case, seed=None, config=case.config.model_copy(update={"capture_text": True}))
    check_between_slots(case, run(name, case))


@each_tokenizer
@few
@given(case=cases(rows=1))
def test_what_is_streamed_is_what_is_returned(name: str, case: Case) -> None:
    case = replace(case, config=case.config.model_copy(update={"capture_text": True}))
    outcome = run(name, case, streams=True)
    if outcome.output is None:
        return
    assert outcome.streamed == outcome.output.sequences[0].tolist()
    assert outcome.report.longest_hold_back <= max(0, longest_candidate(outcome) - 1)

"""A transformers pipeline around a guarded model."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from asking import ALPHA, BETA, BINDINGS, STATED, Ask, hooks, text_pipeline
from transformers import PreTrainedTokenizerBase, TextStreamer

from guardbind import Guard, GuardConfig

GREEDY: dict[str, Any] = {"do_sample": False, "max_new_tokens": 4}


OBSERVE = GuardConfig(policy="observe")


@pytest.fixture
def ask(tiny_tokenizer: PreTrainedTokenizerBase) -> Ask:
    return Ask(tiny_tokenizer)


class Heard(TextStreamer):
    """Keeps what is streamed."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        super().__init__(tokenizer, skip_prompt=True, skip_special_tokens=True)
        self.text = ""

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        self.text += text


class TestPipelines:
    @pytest.fixture
    def pipe(self, ask: Ask) -> Any:
        return text_pipeline(ask.first, ask.tokenizer)

    def test_text(self, pipe: Any, ask: Ask) -> None:
        free = pipe(BETA, return_tensors=True, **GREEDY)
        with Guard(pipe.model, ask.tokenizer).attached(BINDINGS) as handle:
            assert pipe(BETA, **GREEDY) == [{"generated_text": BETA + "42]\n"}]
            assert pipe(BETA, return_full_text=False, **GREEDY) == [{"generated_text": "42]\n"}]
        assert [report.slots[0].action for report in handle.reports] == ["contrast", "contrast"]
        assert (handle.report.slots[0].verdict, handle.report.slots[0].final_verdict) == ("binding_failure", "repaired")
        assert pipe(BETA, return_tensors=True, **GREEDY) == free
        assert pipe(BETA, return_full_text=False, **GREEDY) == [{"generated_text": "17]\n"}]
        assert "generate" not in vars(ask.first)
        assert hooks(ask.first) == 0

    def test_a_guard_that_observes_changes_nothing(self, pipe: Any, ask: Ask) -> None:
        how = {"return_tensors": True, "do_sample": True, "max_new_tokens": 12, "num_return_sequences": 2}

        def drawn() -> Any:
            torch.manual_seed(3)
            return pipe(BETA, **how)

        free = drawn()
        with Guard(pipe.model, ask.tokenizer, OBSERVE).attached(BINDINGS) as handle:
            assert drawn() == free
        assert [handle.report.row(row)[0].verdict for row in range(2)] == ["binding_failure"] * 2

    def test_several_prompts_one_by_one(self, pipe: Any, ask: Ask) -> None:
        prompts = [BETA, ALPHA, "\n\n" + BETA]
        with Guard(pipe.model, ask.tokenizer).attached(BINDINGS) as handle:
            texts = [answer[0]["generated_text"] for answer in pipe(prompts, return_full_text=False, **GREEDY)]
        assert texts == ["42]\n", "17]\n", "42]\n"]
        assert [report.slots[0].target for report in handle.reports] == [1, 0, 1]

    def test_several_prompts_in_batches(self, pipe: Any, ask: Ask) -> None:
        prompts = [BETA, "\n\n" + ALPHA, "\nnow" + BETA, BETA]
        with Guard(pipe.model, ask.tokenizer).attached([BINDINGS] * 2) as handle:
            answers = pipe(prompts, batch_size=2, return_full_text=False, **GREEDY)
        assert [answer[0]["generated_text"] for answer in answers] == ["42]\n", "17]\n", "42]\n", "42]\n"]
        assert [[slot.target for slot in report.slots] for report in handle.reports] == [[1, 0], [1, 1]]

    def test_a_chat_that_goes_on_with_its_last_message(self, pipe: Any, ask: Ask) -> None:
        chat = [{"role": "user", "content": STATED}, {"role": "assistant", "content": "beta=["}]
        free = pipe(chat, **GREEDY)[0]["generated_text"]
        with Guard(pipe.model, ask.tokenizer).attached(BINDINGS) as handle:
            guarded = pipe(chat, **GREEDY)[0]["generated_text"]
            new = pipe(chat, return_full_text=False, **GREEDY)[0]["generated_text"]
        assert free[-1] == {"role": "assistant", "content": "beta=[17]\n"}
        assert guarded == [*free[:-1], {"role": "assistant", "content": "beta=[42]\n"}]
        assert new == "42]\n"
        assert (handle.report.slots[0].step, handle.report.slots[0].target) == (0, 1)

    def test_a_chat_that_is_answered(self, pipe: Any, ask: Ask) -> None:
        chat = [{"role": "user", "content": STATED + "beta=["}]
        free = pipe(chat, **GREEDY)[0]["generated_text"]
        with Guard(pipe.model, ask.tokenizer, OBSERVE).attached(BINDINGS):
            assert pipe(chat, **GREEDY)[0]["generated_text"] == free
        assert free[-1]["role"] == "assistant"

    def test_a_batch_of_chats(self, pipe: Any, ask: Ask) -> None:
        chats = [
            [{"role": "user", "content": STATED}, {"role": "assistant", "content": "beta=["}],
            [{"role": "user", "content": "Now:" + STATED}, {"role": "assistant", "content": "alpha=["}],
        ]
        with Guard(pipe.model, ask.tokenizer).attached([BINDINGS] * 2) as handle:
            answers = pipe(chats, batch_size=2, return_full_text=False, **GREEDY)
        assert [answer[0]["generated_text"] for answer in answers] == ["42]\n", "17]\n"]
        assert [slot.target for slot in handle.report.slots] == [1, 0]

    def test_a_streamer(self, pipe: Any, ask: Ask) -> None:
        heard = Heard(ask.tokenizer)
        with Guard(pipe.model, ask.tokenizer).attached(BINDINGS):
            answer = pipe(BETA, streamer=heard, return_full_text=False, **GREEDY)
        assert heard.text == answer[0]["generated_text"] == "42]\n"

    def test_a_stop_sequence(self, pipe: Any, ask: Ask) -> None:
        with Guard(pipe.model, ask.tokenizer).attached(BINDINGS):
            answer = pipe(BETA, stop_sequence="]", return_full_text=False, do_sample=False, max_new_tokens=9)
        assert answer == [{"generated_text": "42]"}]

"""Turns of a chat that share a cache, and chats with padding before them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from asking import ALPHA, BINDINGS, Ask
from families import CausalLM, speaking
from transformers import DynamicCache, PreTrainedTokenizerBase

from guardbind import Binding, Guard, GuardConfig
from guardbind.events import SlotRecord

TURNS = [
    [{"role": "user", "content": "alpha=[17]\nbeta=[42]\nbeta=["}],
    [
        {"role": "system", "content": "Print values."},
        {"role": "user", "content": "count 3\nbeta=[42]\nalpha=[17]\nWrite beta: alpha=[17] beta=["},
    ],
]


@pytest.fixture
def ask(tiny_tokenizer: PreTrainedTokenizerBase) -> Ask:
    return Ask(tiny_tokenizer)


def alike(one: SlotRecord, other: SlotRecord) -> bool:
    fields = ("step", "kind", "verdict", "final_verdict", "action", "target", "token", "final_token", "resolved_by")
    return all(getattr(one, field) == getattr(other, field) for field in fields)


class TestTurns:
    @pytest.mark.parametrize("family", ["copier", "llama", "gemma2"])
    @pytest.mark.parametrize("policy", ["observe", "auto"])
    def test_a_cache_that_grows_over_turns(
        self, policy: str, family: str, ask: Ask, tiny_tokenizer: PreTrainedTokenizerBase
    ) -> None:
        model = ask.first if family == "copier" else speaking(family, tiny_tokenizer, window=64)
        guard = Guard(model, tiny_tokenizer, GuardConfig(policy=policy))
        cache = DynamicCache(config=model.config)
        how: dict[str, Any] = {"bindings": BINDINGS, "max_new_tokens": 6, "do_sample": False}
        first = guard.generate(**ask.inputs(ALPHA), past_key_values=cache, return_dict_in_generate=True, **how)
        columns = first.sequences.shape[1]
        assert cache.get_seq_length() == columns - 1
        follow = ask.tokenizer("\nalpha=[17]\nbeta=[", return_tensors="pt")["input_ids"]
        ids = torch.cat([first.sequences, follow], dim=1)
        grown = guard.generate(input_ids=ids, attention_mask=torch.ones_like(ids), past_key_values=cache, **how)
        fresh = guard.generate(input_ids=ids, attention_mask=torch.ones_like(ids), **how)
        assert torch.equal(grown.sequences, fresh.sequences)
        assert len(grown.report.slots) == len(fresh.report.slots) > 0
        for one, other in zip(grown.report.slots, fresh.report.slots, strict=True):
            assert alike(one, other)
            assert one.evidence_bits == pytest.approx(other.evidence_bits, abs=1e-3)
        if (family, policy) == ("copier", "auto"):
            assert grown.text[0].startswith("42]")

    def test_chats_with_padding_before_them(self, ask: Ask) -> None:
        """The last line is the assistant's, or one that the template leaves open."""
        model = speaking("llama", ask.tokenizer)
        for which, close in ((ask.first, False), (model, True)):
            texts = [
                str(ask.tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=close))
                for turn in TURNS
            ]
            prompts = texts if close else [text.removesuffix("<|end|>\n") for text in texts]
            target = "beta" if close else None
            config = GuardConfig(slots=("prompt_end", "automatic"))
            batch = ask(which, prompts, config, bindings=[BINDINGS] * 2, target=[target] * 2, new=6)
            for row, prompt in enumerate(prompts):
                alone = ask(which, prompt, config, target=target, new=6)
                assert batch.text[row] == alone.text[0]
                slots = batch.report.row(row)
                assert len(slots) == len(alone.report.slots) > 0
                assert all(map(alike, slots, alone.report.slots))

    def test_on_a_real_model(self, demo_model: tuple[CausalLM, PreTrainedTokenizerBase]) -> None:
        """Two chats of unlike length, batched with left padding; then a second turn on the cache of the first."""
        model, tokenizer = demo_model
        facts = "Alice's badge number is 4417. Bruno's badge number is 5520."
        bindings = [Binding("Alice's badge number", "4417"), Binding("Bruno's badge number", "5520")]
        chats = [
            [{"role": "user", "content": f"{facts} What is Bruno's badge number?"}],
            [
                {"role": "system", "content": "Answer in one short sentence, with the number only."},
                {"role": "user", "content": f"Please read this. {facts} What is Alice's badge number?"},
            ],
        ]
        guard = Guard(model, tokenizer)
        texts = [tokenizer.apply_chat_template(c, tokenize=False, add_generation_prompt=True) for c in chats]
        how: dict[str, Any] = {"max_new_tokens": 12, "do_sample": False}
        given = {"return_tensors": "pt", "add_special_tokens": False}
        batch = guard.generate(
            **tokenizer(texts, padding=True, padding_side="left", **given), bindings=[bindings] * 2, **how
        )
        cache = DynamicCache(config=model.config)
        for row, text in enumerate(texts):
            kept: dict[str, Any] = {"past_key_values": cache} if row == 0 else {}
            alone = guard.generate(**tokenizer(text, **given), bindings=bindings, **kept, **how)
            assert batch.text[row] == alone.text[0]
            assert len(batch.report.row(row)) == len(alone.report.slots)
            assert all(map(alike, batch.report.row(row), alone.report.slots))
            if row == 0:
                first = alone
        follow = tokenizer("<|im_end|>\n<|im_start|>user\nAnd Alice's?<|im_end|>\n<|im_start|>assistant\n", **given)
        ids = torch.cat([first.sequences, follow["input_ids"]], dim=1)
        ones = torch.ones_like(ids)
        grown = guard.generate(input_ids=ids, attention_mask=ones, bindings=bindings, past_key_values=cache, **how)
        fresh = guard.generate(input_ids=ids, attention_mask=ones, bindings=bindings, **how)
        assert torch.equal(grown.sequences, fresh.sequences)
        assert all(map(alike, grown.report.slots, fresh.report.slots))

"""Chats: values in any turn are found behind any template, and a cache may grow over the turns."""

from __future__ import annotations

import copy
import json
import math
from typing import Any, NamedTuple

import pytest
import torch
from asking import BINDINGS, STATED, Ask
from families import CausalLM, copier, speaking
from torch import Tensor
from transformers import DynamicCache, PreTrainedTokenizerBase, StaticCache

from guardbind import Binding, BindingError, Guard, GuardConfig, extract
from guardbind.events import SlotRecord
from guardbind.evidence import locate
from guardbind.text.decoded import PromptText


class Family(NamedTuple):
    """A chat template in the style of a family of models, and which of its markers are special tokens."""

    template: str
    markers: tuple[str, ...]


_ARGUMENTS = "{{ c.function.arguments if c.function.arguments is string else c.function.arguments | tojson }}"
_CALL = '{"name": "{{ c.function.name }}", "arguments": ' + _ARGUMENTS + "}"

FAMILIES = {
    "headers": Family(  # Llama 3
        "{% for m in messages %}<|start_header_id|>{{ 'ipython' if m.role == 'tool' else m.role }}<|end_header_id|>\n\n"
        "{% for c in m.tool_calls or [] %}" + _CALL + "{% endfor %}"
        "{{ (m.content or '') | trim }}<|eot_id|>{% endfor %}"
        "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}",
        ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
    ),
    "no system role": Family(  # Gemma
        "{% set first = messages[0].content + '\n\n' if messages[0].role == 'system' else '' %}"
        "{% for m in messages if m.role != 'system' %}"
        "<start_of_turn>{{ 'model' if m.role == 'assistant' else 'user' }}\n{{ first if loop.first else '' }}"
        "{% for c in m.tool_calls or [] %}" + _CALL + "{% endfor %}"
        "{{ (m.content or '') | trim }}<end_of_turn>\n{% endfor %}"
        "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}",
        ("<start_of_turn>", "<end_of_turn>"),
    ),
    "words": Family(  # Mistral: the markers are text like any other
        "{% for m in messages %}{% if m.role == 'assistant' %} "
        "{% for c in m.tool_calls or [] %}[TOOL_CALLS] [" + _CALL + "]{% endfor %}{{ (m.content or '') | trim }}<|end|>"
        "{% elif m.role == 'tool' %}[TOOL_RESULTS] {{ m.content }} [/TOOL_RESULTS]"
        "{% elif m.role == 'system' %}[INST] {{ m.content }}\n\n"
        "{% else %}{{ '' if loop.previtem and loop.previtem.role == 'system' else '[INST] ' }}{{ m.content }} [/INST]"
        "{% endif %}{% endfor %}",
        (),
    ),
    "tools": Family(  # Qwen
        "{% for m in messages %}<|im_start|>{{ 'user' if m.role == 'tool' else m.role }}\n"
        "{% if m.role == 'tool' %}<tool_response>\n{{ m.content }}\n</tool_response>{% else %}{{ m.content or '' }}"
        "{% for c in m.tool_calls or [] %}\n<tool_call>\n" + _CALL + "\n</tool_call>{% endfor %}{% endif %}"
        "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
        ("<|im_start|>", "<|im_end|>"),
    ),
}

CALL = '{"order_id": "B-20", "priority": 7}'
MESSAGES: list[dict[str, Any]] = [
    {"role": "system", "content": "Support code: 5521"},
    {"role": "user", "content": "Alice's badge number is 4417.\nBob's badge number is 9082."},
    {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "lookup", "arguments": CALL}}],
    },
    {"role": "tool", "tool_call_id": "c1", "name": "lookup", "content": '{"total": "82.50", "state": "shipped"}'},
    {"role": "assistant", "content": "Done."},
    {"role": "user", "content": "What is Bob's badge number?"},
]
STATEMENTS = {  # value: what states it, in the prompt
    "5521": ("Support code", "Support code: 5521"),
    "4417": ("Alice's badge number", "Alice's badge number is 4417"),
    "9082": ("Bob's badge number", "Bob's badge number is 9082"),
    "B-20": ("order_id", '"order_id": "B-20"'),
    "7": ("priority", '"priority": 7'),
    "82.50": ("total", '"total": "82.50"'),
    "shipped": ("state", '"state": "shipped"'),
}


GREEDY: dict[str, Any] = {"do_sample": False, "max_new_tokens": 4}
OBSERVE = GuardConfig(policy="observe")
ROUND = "\nalpha=(17)\nbeta=(42)\n"  # no template has such brackets, which the model copies from


@pytest.fixture(scope="session", params=FAMILIES)
def tokenizer(request: pytest.FixtureRequest, tiny_tokenizer: PreTrainedTokenizerBase) -> PreTrainedTokenizerBase:
    """The tokenizer of the tests with another chat template and its markers."""
    family = FAMILIES[request.param]
    own = copy.deepcopy(tiny_tokenizer)
    if family.markers:
        own.add_special_tokens({"additional_special_tokens": list(family.markers)})
    own.chat_template = family.template
    return own


def rendered(tokenizer: PreTrainedTokenizerBase, messages: list[dict[str, Any]], **how: Any) -> str:
    how = how or {"add_generation_prompt": True}
    return str(tokenizer.apply_chat_template(messages, tokenize=False, **how))


def encode(tokenizer: PreTrainedTokenizerBase, texts: str | list[str]) -> dict[str, Any]:
    texts = [texts] if isinstance(texts, str) else texts
    return dict(tokenizer(texts, add_special_tokens=False, return_tensors="pt", padding=True))


def called_with(arguments: Any) -> list[dict[str, Any]]:
    messages = copy.deepcopy(MESSAGES)
    messages[2]["tool_calls"][0]["function"]["arguments"] = arguments
    return messages


class TestPlaces:
    @pytest.mark.parametrize("arguments", [CALL, json.loads(CALL)])
    def test_declared_bindings(self, arguments: Any, tokenizer: PreTrainedTokenizerBase) -> None:
        text = rendered(tokenizer, called_with(arguments))
        ids = encode(tokenizer, text)["input_ids"][0].tolist()
        prompt = PromptText.from_ids(tokenizer, ids)
        assert prompt.text == text
        table = locate([Binding(key, value) for value, (key, _) in STATEMENTS.items()], prompt)
        for item in table.items:
            (mention,) = item.mentions
            statement = STATEMENTS[str(item.value)][1]
            place = text.index(statement) + statement.rindex(str(item.value))
            assert mention.value_chars == (place, place + len(str(item.value)))
            assert mention.rule == "key"
            written = str(tokenizer.decode(ids[mention.value_tokens.start : mention.value_tokens.stop]))
            assert written.strip() == item.value
            assert not set(ids[mention.tokens.start : mention.tokens.stop]) & set(tokenizer.all_special_ids)

    def test_extracted_bindings(self, tokenizer: PreTrainedTokenizerBase) -> None:
        text = rendered(tokenizer, MESSAGES)
        found = extract(MESSAGES).in_prompt(text)
        assert not [note for note in found.notes if "is not in the prompt" in note]
        ids = encode(tokenizer, text)["input_ids"][0].tolist()
        table = locate(found.bindings, PromptText.from_ids(tokenizer, ids))
        places = {item.value: [text[slice(*mention.chars)] for mention in item.mentions] for item in table.items}
        assert places == {value: [statement] for value, (_, statement) in STATEMENTS.items()}

    def test_what_the_template_writes_itself_is_found_by_its_value(self, tokenizer: PreTrainedTokenizerBase) -> None:
        messages = called_with(json.loads(CALL))
        text = rendered(tokenizer, messages)
        table = locate(
            extract(messages).in_prompt(text).bindings,
            PromptText.from_ids(tokenizer, encode(tokenizer, text)["input_ids"][0].tolist()),
        )
        (order,) = (item for item in table.items if item.value == "B-20")
        assert [(text[slice(*mention.chars)], mention.rule) for mention in order.mentions] == [("B-20", "value")]


class TestEndsOfPrompts:
    """Where a template ends its prompt decides whether the answer begins with a value."""

    chat = ({"role": "user", "content": ROUND + "beta?"},)

    def test_an_answer_that_is_begun_goes_on_with_a_value(self, tokenizer: PreTrainedTokenizerBase) -> None:
        begun = [*self.chat, {"role": "assistant", "content": "beta=("}]
        inputs = encode(tokenizer, rendered(tokenizer, begun, continue_final_message=True))
        model = copier(tokenizer)
        output = Guard(model, tokenizer).generate(**inputs, bindings=BINDINGS, **GREEDY)
        slot = output.report.slots[0]
        assert (slot.kind, slot.step, slot.target) == ("line_end", 0, 1)
        assert (slot.verdict, slot.final_verdict) == ("binding_failure", "repaired")
        assert output.text == ["42)\n"]

    def test_a_new_answer_begins_with_none(self, tokenizer: PreTrainedTokenizerBase) -> None:
        inputs = encode(tokenizer, rendered(tokenizer, list(self.chat)))
        model = copier(tokenizer)
        free = model.generate(**inputs, do_sample=False, max_new_tokens=3)
        config = GuardConfig(slots=("line_end",), on_unresolved="raise", policy="raise")
        output = Guard(model, tokenizer, config).generate(
            **inputs, bindings=BINDINGS, do_sample=False, max_new_tokens=3
        )
        assert output.report.slots == ()
        assert torch.equal(output.sequences, free)

    def test_a_batch_of_chats_of_different_length(self, tokenizer: PreTrainedTokenizerBase) -> None:
        said = [("beta=(", ""), ("alpha=(", "Hello.\nPlease read this:"), ("beta=(", "Now:")]
        texts = [
            rendered(
                tokenizer,
                [{"role": "user", "content": before + ROUND}, {"role": "assistant", "content": begun}],
                continue_final_message=True,
            )
            for begun, before in said
        ]
        guard = Guard(copier(tokenizer), tokenizer)
        batch = guard.generate(**encode(tokenizer, texts), bindings=[BINDINGS] * 3, **GREEDY)
        assert batch.text == ["42)\n", "17)\n", "42)\n"]
        for row, text in enumerate(texts):
            alone = guard.generate(**encode(tokenizer, text), bindings=BINDINGS, **GREEDY)
            assert numbers(batch.report.row(row)) == pytest.approx(numbers(alone.report.slots), abs=1e-3, nan_ok=True)


def numbers(slots: tuple[SlotRecord, ...] | list[SlotRecord]) -> list[float]:
    measured = [
        number
        for slot in slots
        for number in (
            slot.step,
            slot.target,
            slot.final_token,
            slot.margin,
            slot.gate_gap,
            slot.value_gap,
            *slot.bits_by_binding,
        )
    ]
    assert measured
    return [math.nan if number is None else float(number) for number in measured]


class TestTurns:
    """The cache of one turn is handed on to the next, which asks for a value of the first."""

    first = ({"role": "user", "content": STATED + "alpha?"}, {"role": "assistant", "content": "alpha=["})
    then = "<|end|>\n<|start|>user\nbeta?<|end|>\n<|start|>assistant\nbeta=["

    @pytest.fixture
    def ask(self, tiny_tokenizer: PreTrainedTokenizerBase) -> Ask:
        return Ask(tiny_tokenizer)

    @staticmethod
    def cache(kind: str, model: CausalLM) -> Any:
        if kind == "static":
            return StaticCache(config=model.config, max_cache_len=160)
        return DynamicCache(config=model.config) if kind == "windowed" else DynamicCache()

    def after(self, ask: Ask, sequences: Tensor) -> dict[str, Any]:
        """Return the prompt of the second turn, whose first tokens are those of the first turn."""
        more = encode(ask.tokenizer, [self.then] * len(sequences))["input_ids"]
        ids = torch.cat([sequences, more], dim=1)
        return {"input_ids": ids, "attention_mask": (ids != ask.tokenizer.pad_token_id).long()}

    @pytest.mark.parametrize(
        ("prefers", "kind", "policy"),
        [
            ("first", "dynamic", "observe"),
            ("first", "static", "auto"),
            ("last", "dynamic", "checkpoint"),
            ("last", "static", "checkpoint"),
        ],
    )
    def test_it_is_as_from_scratch(self, prefers: Any, kind: str, policy: str, ask: Ask) -> None:
        model = copier(ask.tokenizer, prefers)
        self.compare(model, kind, GuardConfig(policy=policy), ask)

    @pytest.mark.parametrize(("family", "kind"), [("llama", "dynamic"), ("mistral", "windowed"), ("gemma2", "dynamic")])
    def test_it_is_as_from_scratch_in_other_families(self, family: str, kind: str, ask: Ask) -> None:
        config = GuardConfig(policy="contrast", min_evidence_bits=0.01)
        self.compare(speaking(family, ask.tokenizer, seed=2), kind, config, ask)

    def compare(self, model: CausalLM, kind: str, config: GuardConfig, ask: Ask) -> None:
        guard, cache = Guard(model, ask.tokenizer, config), self.cache(kind, model)
        inputs = encode(ask.tokenizer, rendered(ask.tokenizer, list(self.first), continue_final_message=True))
        answer = guard.generate(**inputs, bindings=BINDINGS, past_key_values=cache, **GREEDY)
        asked = self.after(ask, answer.sequences)
        scratch = guard.generate(**asked, bindings=BINDINGS, **GREEDY)
        grown = guard.generate(**asked, bindings=BINDINGS, past_key_values=cache, **GREEDY)
        assert torch.equal(grown.sequences, scratch.sequences)
        assert numbers(grown.report.slots) == pytest.approx(numbers(scratch.report.slots), abs=1e-3, nan_ok=True)
        assert grown.report.slots[0].target == 1
        assert grown.report.slots[0].budget is not None

    def test_a_value_of_the_first_turn_is_repaired_in_the_second(self, ask: Ask) -> None:
        cache = DynamicCache()
        inputs = encode(ask.tokenizer, rendered(ask.tokenizer, list(self.first), continue_final_message=True))
        # The first turn was not guarded at all.
        sequences = ask.first.generate(**inputs, past_key_values=cache, **GREEDY)
        asked = self.after(ask, sequences)
        columns = cache.get_seq_length()
        assert columns == sequences.shape[1] - 1
        with Guard(ask.first, ask.tokenizer).attached(BINDINGS) as handle:
            out = ask.first.generate(**asked, past_key_values=cache, **GREEDY)
        assert ask.tokenizer.decode(out[0, -4:]) == "42]\n"
        (slot,) = handle.report.slots
        assert (slot.verdict, slot.final_verdict, slot.rests_on) == ("binding_failure", "repaired", 0)
        assert cache.get_seq_length() == out.shape[1] - 1

    def test_a_batch(self, ask: Ask) -> None:
        chats = [list(self.first), [{"role": "user", "content": "Hi."}, *self.first]]
        texts = [rendered(ask.tokenizer, chat, continue_final_message=True) for chat in chats]
        guard, cache = Guard(ask.first, ask.tokenizer), DynamicCache()
        both = {"bindings": [BINDINGS] * 2, **GREEDY}
        answer = guard.generate(**encode(ask.tokenizer, texts), past_key_values=cache, **both)
        asked = self.after(ask, answer.sequences)
        scratch = guard.generate(**asked, **both)
        grown = guard.generate(**asked, past_key_values=cache, **both)
        assert grown.text == scratch.text == ["42]\n"] * 2
        for row in range(2):
            ours, theirs = numbers(grown.report.row(row)), numbers(scratch.report.row(row))
            assert ours == pytest.approx(theirs, abs=1e-3, nan_ok=True)

    def test_padding_between_turns_is_refused(self, ask: Ask) -> None:
        asked = encode(ask.tokenizer, rendered(ask.tokenizer, list(self.first), continue_final_message=True))
        asked["attention_mask"][0, 5] = 0
        with pytest.raises(BindingError, match="padding that is not on the left"):
            Guard(ask.first, ask.tokenizer).generate(**asked, bindings=BINDINGS, **GREEDY)


class TestTheDemoModel:
    """Its own template adds a system turn where there is none."""

    messages = (
        {"role": "user", "content": "Alice's badge number is 4417.\nBob's badge number is 9082."},
        {"role": "assistant", "content": "Thank you, I have noted both."},
        {"role": "user", "content": "What is Bob's badge number?"},
        {"role": "assistant", "content": "Bob's badge number is"},
    )

    def test_a_value_of_an_earlier_turn(self, demo_model: tuple[CausalLM, PreTrainedTokenizerBase]) -> None:
        model, tokenizer = demo_model
        text = rendered(tokenizer, list(self.messages), continue_final_message=True)
        assert text.startswith("<|im_start|>system\n")
        inputs = encode(tokenizer, text)
        guard = Guard(model, tokenizer, OBSERVE)
        read = extract(list(self.messages)).in_prompt(text).bindings
        told = guard.generate(**inputs, bindings=read, do_sample=False, max_new_tokens=6)
        own = guard.generate(**inputs, do_sample=False, max_new_tokens=6)
        for output in (told, own):
            assert output.text[0].startswith(" 9082")
            slot = output.report.slots[0]
            assert (slot.kind, slot.verdict) == ("line_end", "ok")
            assert slot.evidence_bits is not None
            assert slot.evidence_bits > 3
        assert numbers(told.report.slots[:1])[:6] == pytest.approx(numbers(own.report.slots[:1])[:6], abs=1e-3)

"""Bad input: each with its own error, which says what was seen and what to do, and with nothing run or changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from conftest import TinyLlama
from families import CausalLM, speaking
from required import required
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

import guardbind.generation.call as request_module
from guardbind import (
    BatchError,
    Binding,
    BindingError,
    CandidateError,
    CheckpointConfig,
    ConfigError,
    ContextLengthError,
    Evidence,
    Guard,
    GuardbindError,
    GuardConfig,
    NumericsError,
    Origin,
    Target,
    TargetError,
    UnknownNameError,
)
from guardbind.policies import Follow, Proposal, Restate, Slot

PROMPT = "alpha = 17\nbeta = 42\nbeta = ["
ALPHA, BETA = Binding("alpha", "17"), Binding("beta", "42")
BOTH = [ALPHA, BETA]


@pytest.fixture
def model(tiny_llama: TinyLlama) -> CausalLM:
    return tiny_llama()


@pytest.fixture
def guard(model: CausalLM, tiny_tokenizer: PreTrainedTokenizerBase) -> Guard:
    guard = Guard(model, tiny_tokenizer)
    guard.attach(BOTH).detach()
    return guard


def refused(
    guard: Guard,
    error: type[GuardbindError],
    message: str,
    *,
    prompts: Sequence[str] = (PROMPT,),
    bindings: Any = BOTH,
    more: dict[str, Any] | None = None,
    **declared: Any,
) -> None:
    """Check that a call is refused before the model runs, and leaves the model as it was."""
    model = guard.model
    inputs = guard.tokenizer(list(prompts), return_tensors="pt", padding=True)
    given = {**inputs, "max_new_tokens": 4, **(more or {})}
    kept = {name: value.clone() for name, value in given.items() if isinstance(value, torch.Tensor)}
    calls: list[int] = []
    counter = model.register_forward_pre_hook(lambda *_: calls.append(1))
    attributes = dict(vars(model))
    with pytest.raises(error, match=message):
        guard.generate(**given, bindings=bindings, **declared)
    assert calls == []
    assert vars(model) == attributes
    counter.remove()
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert all(torch.equal(given[name], value) for name, value in kept.items())


BINDINGS: dict[str, tuple[Any, str]] = {
    "no list": ([], r"row 0 has no binding; at least one is needed"),
    "blank key": ([Binding("", "42")], r"key is blank \(''\)"),
    "blank value": ([Binding("beta", "  ")], r"value of key 'beta' is blank"),
    "a number": ([Binding("beta", 42)], r"value of key 'beta' is 42 \(int\); a string"),  # type: ignore[arg-type]
    "duplicate": ([BETA, ALPHA, BETA], r"key 'beta' is bound to '42' twice.*Declare each value of a key once"),
    "duplicate alias": (
        [Binding("beta", "42", aliases=("42",)), Binding("beta", "42")],
        r"'beta' is bound to '42' twi",
    ),
    "alias string": ([Binding("beta", "42", aliases="43")], r"aliases of key 'beta' are the string '43'"),  # type: ignore[arg-type]
    "no binding": ([("beta", "42")], r"expected Binding or Evidence, got str 'beta'"),
    "mixed": ([BETA, ("beta", "42")], r"expected Binding or Evidence, got tuple \('beta', '42'\)"),
    "mapping": ({"KEY1": "4417"}, r"bindings is dict; a list of Binding and Evidence, or one list per row, is needed"),
    "one": (BETA, r"bindings is Binding; a list"),
    "a dict": ({"beta": "42"}, r"bindings is dict; a list"),
    "outside": (
        [Binding("beta", "42", span=(20, 90))],
        r"span \(20, 90\) of 'beta' ends outside of the decoded prompt",
    ),
    "tokens outside": ([Binding("beta", "42", token_span=(9, 99))], r"token_span \(9, 99\) .* which has 16 tokens"),
    "backwards": ([Binding("beta", "42", span=(9, 4))], r"span of key 'beta' is \(9, 4\); a half-open range"),
    "two places": ([Binding("beta", "42", span=(0, 4), token_span=(0, 2))], r"both span and token_span"),
    "overlap": (
        [Binding("alpha", "17", span=(0, 12)), Binding("beta", "42", span=(10, 20))],
        r"evidence of 'alpha' .* and of 'beta' .* overlap.*do not share a character",
    ),
    "no place": ([Evidence("e")], r"evidence 'e' has no place.*exactly one of span, token_span and text"),
    "same id": ([Evidence("e", span=(0, 5)), Evidence("e", span=(6, 9))], r"evidence id 'e' is used twice"),
    "id and key": ([Evidence("beta", span=(0, 5)), BETA], r"'beta' is both the key of a binding and the id"),
}


@pytest.mark.parametrize("name", BINDINGS)
def test_a_binding_that_cannot_be_used(name: str, guard: Guard) -> None:
    bindings, message = BINDINGS[name]
    refused(guard, BindingError, message, bindings=bindings)


def test_two_values_that_are_written_alike(guard: Guard) -> None:
    bindings = [Binding("alpha", "17", aliases=("42",)), BETA]
    refused(guard, CandidateError, r"'17' and '42' are both written as.*Remove the shared alias", bindings=bindings)


def test_a_value_that_tokenises_to_nothing(model: CausalLM, tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    from tokenizers import normalizers

    fast = PreTrainedTokenizerFast(
        tokenizer_object=type(tiny_tokenizer.backend_tokenizer).from_str(tiny_tokenizer.backend_tokenizer.to_str()),
        pad_token="<|pad|>",
        bos_token="<|start|>",
        eos_token="<|end|>",
        padding_side="left",
    )
    fast.backend_tokenizer.normalizer = normalizers.Replace("§", "")
    guard = Guard(model, fast)
    guard.attach(BOTH).detach()
    refused(guard, CandidateError, r"'§' tokenises to nothing.*visible characters", bindings=[ALPHA, Binding("b", "§")])


class TestTarget:
    @pytest.mark.parametrize("target", ["betta", Target("betta")])
    def test_that_is_no_binding(self, guard: Guard, target: str | Target) -> None:
        message = r"no binding or evidence is called 'betta'; declared: 'alpha', 'beta'\. Did you mean 'beta'\?"
        refused(guard, TargetError, message, target=target)

    def test_that_is_neither_the_first_nor_the_last_value(self, guard: Guard) -> None:
        target = Target("beta", which="second")  # type: ignore[arg-type]
        refused(guard, TargetError, r"'beta' asks for 'second'; 'first' or 'last' is needed", target=target)


class TestBatch:
    prompts = (PROMPT, PROMPT)

    def test_one_list_for_two_rows(self, guard: Guard) -> None:
        message = r"1 binding lists were given for 2 rows.*repeat it 2 times"
        refused(guard, BatchError, message, prompts=self.prompts, bindings=BOTH)
        refused(guard, BatchError, message, prompts=self.prompts, bindings=[BOTH])

    def test_three_lists_for_two_rows(self, guard: Guard) -> None:
        refused(guard, BatchError, r"3 binding lists .* 2 rows", prompts=self.prompts, bindings=[BOTH] * 3)

    def test_a_row_without_bindings(self, guard: Guard) -> None:
        refused(guard, BindingError, r"row 1 has no binding", prompts=self.prompts, bindings=[BOTH, []])

    def test_targets_and_sources_that_do_not_fit(self, guard: Guard) -> None:
        two = [BOTH, BOTH]
        refused(guard, BatchError, r"1 targets", prompts=self.prompts, bindings=two, target="beta")
        refused(guard, BatchError, r"3 targets", prompts=self.prompts, bindings=two, target=["beta"] * 3)
        refused(guard, BatchError, r"1 source texts", prompts=self.prompts, bindings=two, source=["x"])

    def test_targets_and_sources_of_another_kind(self, guard: Guard) -> None:
        refused(guard, BatchError, r"targets hold 1 \(int\); str or Target is needed", target=1)
        refused(guard, BatchError, r"targets hold Binding\(.*; str or Target is needed", target=BETA)
        refused(guard, BatchError, r"source texts hold 3 \(int\); str is needed", source=[3])

    def test_origins_that_do_not_fit(self, guard: Guard) -> None:
        two = [BOTH, BOTH]
        web = Origin("web", text="no such text")
        refused(guard, BatchError, r"1 lists of origins", prompts=self.prompts, bindings=two, more={"origins": [[web]]})
        refused(guard, BindingError, r"expected Origin, got str", more={"origins": ["web"]})
        refused(guard, BindingError, r"not in the prompt verbatim", more={"origins": [web]})

    def test_padding_on_the_right(self, guard: Guard) -> None:
        mask = torch.ones(2, len(guard.tokenizer.encode(PROMPT)), dtype=torch.long)
        mask[1, -2:] = 0
        message = r"row 1 of the prompt has padding that is not on the left.*padding_side='left'"
        refused(guard, BindingError, message, prompts=self.prompts, bindings=[BOTH] * 2, more={"attention_mask": mask})


class TestSource:
    spanned = (Binding("beta", "42", span=(0, 9)),)

    def test_that_is_not_in_the_prompt(self, guard: Guard) -> None:
        refused(guard, BindingError, r"source \(5 characters\) is not in", bindings=self.spanned, source="Beta!")

    def test_that_is_there_twice(self, guard: Guard) -> None:
        message = r"source \(7 characters\) occurs 2 times"
        bindings = [Binding("beta", "42", span=(0, 4))]
        refused(guard, BindingError, message, bindings=bindings, source="beta = ")

    def test_that_the_span_leaves(self, guard: Guard) -> None:
        message = r"span \(0, 9\) of 'beta' ends outside of the source, which has 8 characters"
        refused(guard, BindingError, message, bindings=self.spanned, source="beta = 4")


class TestContext:
    def test_a_prompt_that_is_longer_than_it(
        self, tiny_llama: TinyLlama, tiny_tokenizer: PreTrainedTokenizerBase
    ) -> None:
        guard = Guard(tiny_llama(max_position_embeddings=32), tiny_tokenizer)
        guard.attach(BOTH).detach()
        long = "word " * 40 + PROMPT
        message = r"row 1 of the prompt has \d+ tokens; the context holds 32.*Shorten the prompt"
        refused(guard, ContextLengthError, message, prompts=(PROMPT, long), bindings=[BOTH, BOTH])

    @pytest.mark.parametrize("family", ["llama", "gpt2", "opt"])
    @pytest.mark.parametrize("visible", [False, True])
    def test_an_insertion_does_not_overrun_it(
        self, visible: bool, family: str, tiny_tokenizer: PreTrainedTokenizerBase
    ) -> None:
        def restate(slot: Slot) -> Proposal | None:
            restatement = slot.restate()
            if restatement is None or slot.continues:
                return None
            children = required(slot.node).children
            token = next(t for t, child in children.items() if child.values == {slot.target_candidate})
            sure = torch.full_like(slot.logprobs, -30.0)
            sure[token] = 0.0
            if visible:
                return Restate("visible", token, restatement.tokens, restatement.stated, sure, sure)
            return Follow("hidden", token, restatement.branch, sure, sure)

        placement = CheckpointConfig(placement="slot" if visible else "line", visible=visible)
        bindings = [Binding("alpha", "17"), Binding("beta", "428195")]
        prompt = "alpha = 17\nbeta = 428195\nbeta = ["
        inputs = tiny_tokenizer(prompt, return_tensors="pt")
        length = inputs["input_ids"].shape[1]
        kept = {}
        for room in range(1, 30):
            model = speaking(family, tiny_tokenizer, context=length + room)
            guard = Guard(model, tiny_tokenizer, GuardConfig(policy=restate, checkpoint=placement))
            # Learned positions are a table: a token beyond them is an IndexError.
            asked = 64 if family == "llama" else room
            output = guard.generate(**inputs, bindings=bindings, max_new_tokens=asked, do_sample=False)
            kept[room] = any(record.kept for record in output.report.interventions)
            if visible and kept[room]:
                assert output.text[0].count("428195") == 1
        first = min(room for room, done in kept.items() if done)
        assert first > len(tiny_tokenizer.encode("beta = 428195\n"))
        assert all(done == (room >= first) for room, done in kept.items())

    def test_a_static_cache_that_is_shorter_bounds_an_insertion_too(
        self, tiny_llama: TinyLlama, tiny_tokenizer: PreTrainedTokenizerBase
    ) -> None:
        from transformers import StaticCache

        def padded(slot: Slot) -> Proposal:
            children = required(slot.node).children
            token = next(t for t, child in children.items() if child.values == {slot.target_candidate})
            sure = torch.full_like(slot.logprobs, -30.0)
            sure[token] = 0.0
            return Restate("long", token, tuple([token] * 6), readout=sure, support=sure)

        model = tiny_llama()
        guard = Guard(model, tiny_tokenizer, GuardConfig(policy=padded, max_interventions=1))
        inputs = tiny_tokenizer(PROMPT, return_tensors="pt")
        length = inputs["input_ids"].shape[1]
        for room, kept in ((6, False), (7, True)):
            cache = StaticCache(config=model.config, max_cache_len=length + room)
            output = guard.generate(**inputs, bindings=BOTH, max_new_tokens=room, past_key_values=cache)
            assert any(record.kept for record in output.report.interventions) is kept


class TestNumbers:
    def test_nan_weights_are_told_before_anything_is_generated(
        self, model: CausalLM, tiny_tokenizer: PreTrainedTokenizerBase
    ) -> None:
        torch.nn.init.constant_(model.lm_head.weight, torch.nan)
        inputs = tiny_tokenizer(PROMPT, return_tensors="pt")
        with pytest.raises(NumericsError, match=r"NaN.*Load the model in float32"):
            Guard(model, tiny_tokenizer).generate(**inputs, bindings=BOTH, max_new_tokens=4)

    @pytest.mark.parametrize("wrong", [torch.nan, torch.inf])
    @pytest.mark.parametrize("config", [GuardConfig(), GuardConfig(slots=("automatic",))])
    def test_logits_that_become_nan_or_infinite(
        self, wrong: float, config: GuardConfig, model: CausalLM, tiny_tokenizer: PreTrainedTokenizerBase
    ) -> None:
        guard = Guard(model, tiny_tokenizer, config)
        handle = guard.attach(BOTH)
        value = tiny_tokenizer.encode("1")[0]

        def spoil(_module: torch.nn.Module, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
            spoiled = output.clone()
            spoiled[..., value] = wrong
            return spoiled

        hook = model.lm_head.register_forward_hook(spoil)
        inputs = tiny_tokenizer(PROMPT, return_tensors="pt")
        with pytest.raises(NumericsError, match=r"row 0, step 0: the model's logits are NaN or infinite"):
            model.generate(**inputs, max_new_tokens=4, do_sample=False)
        hook.remove()
        handle.detach()
        assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "policy": ({"policy": "contrst"}, r"policy: .*no policy 'contrst'.*Did you mean 'contrast'\?"),
    "null": ({"null": "maks"}, r"no null 'maks'.*Did you mean 'mask'\?"),
    "envelope": ({"envelope": ("mask", "redcat")}, r"no null 'redcat'.*Did you mean 'redact'\?"),
    "slot": ({"slots": ("line_ends",)}, r"slots"),
    "pattern": ({"patterns": ("(",)}, r"'\(' is no regular expression"),
    "alpha": ({"alpha": -1.0}, r"alpha: .*greater than 0"),
    "infinite alpha": ({"alpha": float("inf")}, r"alpha"),
    "nan": ({"min_evidence_bits": float("nan")}, r"min_evidence_bits"),
    "bits": ({"min_evidence_bits": -0.5}, r"min_evidence_bits: .*greater than or equal to 0"),
    "tau": ({"tau": 1.0}, r"tau: .*less than 1"),
    "negative tau": ({"tau": -0.1}, r"tau: .*greater than 0"),
    "plausibility": ({"plausibility": 0.0}, r"plausibility: .*greater than 0"),
    "tail": ({"tail_tokens": 0}, r"tail_tokens: .*greater than or equal to 1"),
    "interventions": ({"max_interventions": -1}, r"max_interventions: .*greater than or equal to 0"),
    "sources": ({"sources": ("user", "user")}, r"sources: .*each source is named once"),
    "fields": ({"fields": {"latitude": " "}}, r"fields: .*names nothing"),
    "unresolved": ({"on_unresolved": "guess"}, r"on_unresolved"),
    "unknown": ({"polcy": "auto"}, r"polcy: .*not permitted"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_outside_its_range(name: str) -> None:
    settings, message = SETTINGS[name]
    with pytest.raises(ConfigError, match=rf"GuardConfig: .*{message}"):
        GuardConfig(**settings)


def test_a_checkpoint_that_restates_nothing_or_stands_nowhere() -> None:
    with pytest.raises(ConfigError, match=r"template 'Note: ' holds no '\{evidence\}'"):
        CheckpointConfig(template="Note: ")
    with pytest.raises(ConfigError, match=r"visible checkpoint can only stand at the slot: set placement='slot'"):
        CheckpointConfig(visible=True)


def test_an_unknown_model_name() -> None:
    from guardbind import load

    with pytest.raises(UnknownNameError, match=r"Did you mean 'smollm2-135m'\?"):
        load("smolm2-135m")


def test_an_unknown_sink_or_layer(model: CausalLM, tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    with pytest.raises(UnknownNameError, match=r"no sink 'jsonnl'.*Did you mean 'jsonl'\?"):
        Guard(model, tiny_tokenizer, GuardConfig(sinks=("jsonnl:x",)))
    with pytest.raises(ConfigError, match=r"layer 9 is outside the model; it has layers 0 to 1"):
        Guard(model, tiny_tokenizer, GuardConfig(lens_layers=(9,)))


@pytest.mark.parametrize("answer", [3, [3], object()])
def test_a_policy_that_gives_something_else(
    answer: Any, model: CausalLM, tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    guard = Guard(model, tiny_tokenizer, GuardConfig(policy=lambda slot: answer, min_evidence_bits=50.0))
    inputs = tiny_tokenizer(PROMPT, return_tensors="pt")
    with pytest.raises(ConfigError, match=r"a policy name, a Proposal, several or None is accepted"):
        guard.generate(**inputs, bindings=BOTH, max_new_tokens=2)


def test_exports_are_sorted_and_exist() -> None:
    assert request_module.__all__ == sorted(request_module.__all__)
    assert all(hasattr(request_module, name) for name in request_module.__all__)


def test_settings_that_are_no_config(model: CausalLM, tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    settings: Any = {"policy": "observe"}
    with pytest.raises(ConfigError, match=r"dict; a GuardConfig is accepted\. Write Guard\("):
        Guard(model, tiny_tokenizer, settings)

"""The last token read under a bias, against attention computed in the open, and refused where a mask is not heeded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from asking import ALPHA, BETA, BINDINGS, Ask, hooks
from brute_force import CLOSE, contents, interrupted, null_rows, random_rows
from families import LAYERS, CausalLM, speaking
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from guardbind import ApiGuardConfig, AttendConfig, Binding, ConfigError, Guard, GuardConfig, NullUnavailableError
from guardbind.model.interventions import AttentionBias
from guardbind.model.seat import Seat
from guardbind.model.tail import Tail
from guardbind.nulls import NullReading, NullRow, SpanBias
from guardbind.registry import NULLS

READ_IN_THE_OPEN = ["llama", "qwen2", "qwen2_sliding", "qwen3", "mistral", "gemma3_text", "phi3", "gpt2", "gpt_neox"]
READ_IN_THE_OPEN += ["opt", "granite", "cohere", "cohere2"]
# Families that hand their layers the mask in other ways: by name, by place, one per kind of layer.
HANDED_THEIR_MASK = ["llama", "gemma3_text", "gpt2", "gpt_neox", "opt", "cohere2"]
LENGTHS = (40, 33)
AGAIN = 6
SPANS: tuple[tuple[range, ...], ...] = ((range(26, 32),), (range(22, 25), range(28, 31)))
NATS = math.log(20)


def asked(rows: Sequence[Sequence[int]], layers: tuple[int, ...] | None = None) -> list[NullRow]:
    found = null_rows(rows, ((SPANS[0], (range(3, 9),)), (SPANS[1],)))
    return [replace(row, bias=SpanBias(span, NATS, layers)) for row, span in zip(found, SPANS, strict=True)]


def in_the_open(model: CausalLM, ids: Sequence[int], span: Sequence[range], layers: Sequence[int] | None) -> Tensor:
    seat = Seat.find(model)
    heads = None if layers is None else [head for head in seat.heads if head[0] in layers]
    with torch.no_grad(), seat.acting(AttentionBias([at for part in span for at in part], NATS, heads)):
        logits: Tensor = model(input_ids=torch.tensor([list(ids)]), use_cache=False).logits
    return logits[0, -1].float()


@pytest.mark.parametrize(
    ("family", "layers"),
    [*((family, None) for family in READ_IN_THE_OPEN), *((family, (0, 2)) for family in HANDED_THEIR_MASK)],
)
def test_is_what_attention_in_the_open_gives_and_changes_no_null(
    family: str, layers: tuple[int, ...] | None, tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    model = speaking(family, tiny_tokenizer, window=64)
    rows = random_rows(model, LENGTHS)
    live, main = interrupted(model, rows)
    before, hung = contents(live), hooks(model)
    tail = Tail(model, tiny_tokenizer, live, max(LENGTHS), AGAIN)
    mask = NULLS.get("mask")
    reading = mask(tail, asked(rows, layers), plain=True)
    assert reading.biased is not None and reading.plain is not None and reading.forwards == 1
    for i, (ids, span) in enumerate(zip(rows, SPANS, strict=True)):
        strengthened, weakened = reading.biased[i]
        torch.testing.assert_close(strengthened, in_the_open(model, ids, span, layers), **CLOSE)
        torch.testing.assert_close(strengthened, weakened, **CLOSE)
        torch.testing.assert_close(reading.plain[i], main[i], **CLOSE)
        assert float((strengthened - main[i]).detach().abs().max()) > 1e-3
    without = mask(tail, [replace(row, bias=None) for row in asked(rows)], plain=False)
    for one, other in zip(reading.logits, without.logits, strict=True):
        torch.testing.assert_close(one, other, **CLOSE)
    assert without.biased is None
    assert all(torch.equal(one, other) for one, other in zip(before, contents(live), strict=True))
    assert hooks(model) == hung


@pytest.mark.parametrize(("family", "attention"), [("llama", "eager"), ("llama", "sdpa"), ("gemma2", "eager")])
def test_both_kinds_of_attention_take_it_in_one_token(
    family: str, attention: str, tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    model = speaking(family, tiny_tokenizer, window=64, seed=3)
    as_it_was = model.config._attn_implementation
    model.set_attn_implementation(attention)
    try:
        rows = random_rows(model, LENGTHS)
        live, main = interrupted(model, rows)
        tail = Tail(model, tiny_tokenizer, live, max(LENGTHS), AGAIN)
        alone = [replace(row, statements=(), values=()) for row in asked(rows)]
        reading = NULLS.get("mask")(tail, alone, plain=False)
        both = NULLS.get("mask")(tail, asked(rows), plain=True)
    finally:
        model.set_attn_implementation(as_it_was)
    assert reading.cost == "1 forward of 1 x 1 tokens" and reading.biased is not None
    assert both.biased is not None
    for (one,), (other, weakened), plain in zip(reading.biased, both.biased, main, strict=True):
        torch.testing.assert_close(one, other, **CLOSE)
        torch.testing.assert_close(one, weakened, **CLOSE)
        assert float((one - plain).detach().abs().max()) > 1e-3


def test_a_row_without_a_bias_is_read_as_it_is(tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    model = speaking("llama", tiny_tokenizer)
    rows = random_rows(model, LENGTHS)
    live, main = interrupted(model, rows)
    first, second = asked(rows)
    tail = Tail(model, tiny_tokenizer, live, max(LENGTHS), AGAIN)
    reading = NULLS.get("mask")(tail, [first, replace(second, bias=None)], plain=True)
    assert reading.biased is not None
    for line in reading.biased[1]:
        torch.testing.assert_close(line, main[1], **CLOSE)
    for name in ("mask_rows", "redact"):
        assert NULLS.get(name)(tail, [first, second], plain=False).biased is None


def test_layers_that_are_not_there_are_refused(tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    model = speaking("llama", tiny_tokenizer)
    rows = random_rows(model, LENGTHS)
    live, _ = interrupted(model, rows)
    tail = Tail(model, tiny_tokenizer, live, max(LENGTHS), AGAIN)
    with pytest.raises(NullUnavailableError, match=rf"no layer 9 .* has {LAYERS}"):
        NULLS.get("mask")(tail, asked(rows, (1, 9)), plain=False)
    for wrong in ((), (1, 1), (-1,)):
        with pytest.raises(ConfigError, match="are no layers"):
            AttendConfig(layers=wrong)


class Deaf:
    """The masked tail of a model that makes its masks into yes and no, and so hides what should be attended to."""

    name = "deaf"
    stand_ins: tuple[str, ...] = ()
    biases = True

    def __call__(self, tail: Tail, rows: Sequence[NullRow], *, plain: bool) -> NullReading:
        hidden = [
            replace(row, bias=None, statements=(*row.statements, () if row.bias is None else row.bias.tokens))
            for row in rows
        ]
        reading = NULLS.get("mask")(tail, hidden, plain=plain)
        biased = None
        if reading.plain is not None:
            both = zip(reading.logits, reading.plain, strict=True)
            biased = tuple(torch.stack([logits[-1], whole]) for logits, whole in both)
        return NullReading(
            tuple(logits[:-1] for logits in reading.logits), reading.plain, reading.forwards, reading.cost, biased
        )


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"null": "redact"}, "the null 'redact' takes no bias"),
        ({"null": "mask_rows"}, "the null 'mask_rows' takes no bias"),
        ({"attend": AttendConfig(layers=(7,))}, "there is no layer 7"),
        ({"null": "deaf"}, "does not heed a bias"),
    ],
)
def test_what_cannot_be_read_is_said_and_the_answer_stays(
    config: dict[str, object], why: str, tiny_tokenizer: PreTrainedTokenizerBase, caplog: pytest.LogCaptureFixture
) -> None:
    ask = Ask(tiny_tokenizer)
    NULLS.register("deaf", Deaf())
    try:
        output = ask(ask.first, BETA, GuardConfig.model_validate({"policy": "attend", **config}))
    finally:
        NULLS.unregister("deaf")
    (tried,) = output.report.interventions
    assert (tried.action, tried.kept) == ("attend", False) and why in tried.reason
    assert output.report.slots[0].verdict == output.report.slots[0].final_verdict == "binding_failure"
    assert output.text == ["17]\n"]


def test_it_costs_no_forward_more_and_a_callable_one(tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    ask = Ask(tiny_tokenizer)
    passes: list[int] = []
    for policy in ("contrast", "attend", lambda _: "attend"):
        guard = Guard(ask.first, tiny_tokenizer, GuardConfig(policy=policy))
        guard.attach(BINDINGS).detach()
        before = len(passes)
        handle = ask.first.register_forward_hook(lambda *_: passes.append(1))
        try:
            given = ask.inputs(BETA)
            assert guard.generate(**given, bindings=BINDINGS, max_new_tokens=4, do_sample=False).text == ["42]\n"]
        finally:
            handle.remove()
        passes[before:] = [len(passes) - before]
    assert passes == [passes[0], passes[0], passes[0] + 1]


def test_a_model_that_is_asked_from_outside_has_no_attention_to_bias() -> None:
    with pytest.raises(ConfigError, match=r"attend.* need the model's weights"):
        ApiGuardConfig(attend=AttendConfig(gamma=3.0))
    with pytest.raises(ConfigError, match="reads a model of this process"):
        ApiGuardConfig(policy="attend")


def test_padded_rows_of_a_batch_are_repaired_as_each_alone(tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    ask = Ask(tiny_tokenizer)
    prompts = [BETA, "\nThese are all that there are." + BETA, ALPHA]
    config = GuardConfig(policy="attend", keep_readouts=True)
    output = ask(ask.first, prompts, config, bindings=[BINDINGS] * 3)
    assert output.text == ["42]\n", "42]\n", "17]\n"]
    assert [slot.action for slot in output.report.slots] == ["attend", "attend", "none"]
    for row, prompt in enumerate(prompts[:2]):
        together, alone = output.report.row(row)[0], ask(ask.first, prompt, config).report.slots[0]
        assert together.final_budget is not None and alone.final_budget is not None
        assert together.final_budget.p1 == pytest.approx(alone.final_budget.p1, abs=1e-4)


@pytest.mark.real_model
def test_the_demo_model_says_what_it_is_told_in_a_padded_batch(
    demo_model: tuple[CausalLM, PreTrainedTokenizerBase],
) -> None:
    badges = {"Alice": "4821", "Ben": "9370", "Carla": "5506"}
    bindings = [Binding(f"{name}'s badge number", badge) for name, badge in badges.items()]
    stated = "".join(f"{name}'s badge number is {badge}.\n" for name, badge in badges.items())
    asked = stated + "Question: What is Ben's badge number?\nBen's badge number is"
    prompts = [asked, "These are all of the badges.\n" + asked]
    targets = ["Alice's badge number", "Carla's badge number"]
    model, tokenizer = demo_model
    output = Guard(model, tokenizer, GuardConfig(policy="attend")).generate(
        **tokenizer(prompts, return_tensors="pt", padding=True),
        bindings=[bindings] * 2,
        target=targets,
        max_new_tokens=5,
        do_sample=False,
    )
    assert [text.strip()[:4] for text in output.text] == ["4821", "5506"]
    firsts = [output.report.row(row)[0] for row in range(2)]
    assert [(slot.verdict, slot.action, slot.null_forwards) for slot in firsts] == [
        ("binding_failure", "attend", 1)
    ] * 2

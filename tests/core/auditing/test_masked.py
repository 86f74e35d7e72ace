"""Masked columns of a local model, and the budget of whole audits with one."""

from __future__ import annotations

import asyncio

import pytest

from guardbind import AuditConfig, audit
from guardbind.auditing.masked import read_masked
from guardbind.auditing.trace import ContextSpan
from guardbind.auditing.verifier import VerifierAsker
from guardbind.backends.local import LocalBackend
from guardbind.testing.tiny import tiny_model, tiny_tokenizer

SPANS = (ContextSpan(id="S1", text="The pool opens at dawn."), ContextSpan(id="S2", text="It is\n4 m deep."))


@pytest.fixture(scope="module")
def backend() -> LocalBackend:
    tokenizer = tiny_tokenizer()
    model = tiny_model(tokenizer)
    model.config.max_position_embeddings = 8192  # a token is a byte
    return LocalBackend(model, tokenizer)


def test_hidden_spans_are_read_in_one_forward_and_the_plain_one_is_that_of_asking(backend: LocalBackend) -> None:
    parts = [["S1"], ["S2"], ["S1", "S2"]]
    found = read_masked(backend, SPANS, "The pool opens at dawn.", ("S1", "S2"), chat=False, parts=parts)
    assert found is not None
    first, second, both = (reading.yes.high for reading in found.without)
    assert both == pytest.approx(found.hidden.yes.high, rel=1e-3) and first != pytest.approx(second, rel=1e-3)
    plain = asyncio.run(VerifierAsker(backend, chat=False).read([(SPANS, "The pool opens at dawn.", None)]))[0]
    assert plain is not None
    assert found.shown.yes.high == pytest.approx(plain.yes.high, rel=1e-3)
    assert found.hidden.yes.high != pytest.approx(plain.yes.high, rel=1e-3)
    assert found.spent.requests == 2  # a prefill, and a forward for all of them


def test_alone_the_mask_asks_nothing_again(backend: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """One prefill and one forward for a claim: with its spans, without them, and without each of them."""
    asked: list[object] = []
    config = AuditConfig(calibration_items=0, chat=False, nulls=("mask",))
    monkeypatch.setattr(backend, "next_tokens", lambda prompts, **how: asked.extend(prompts))
    context = "The pool opens at dawn.\n\nThe gym opens at noon."
    (judged,) = audit("The pool opens at dawn [1, 2].", context, verifier=backend, config=config).claims
    assert asked == [] and judged.reading is not None
    spans = (ContextSpan(id="S1", text="The pool opens at dawn."), ContextSpan(id="S2", text="The gym opens at noon."))
    found = read_masked(backend, spans, judged.claim.text, ("S1", "S2"), chat=False, parts=[["S1"], ["S2"]])
    assert found is not None
    assert judged.reading.p1.low == pytest.approx(found.shown.yes.low)
    assert [share.p1.low for share in judged.reading.shares] == pytest.approx([one.yes.low for one in found.without])


def test_a_local_model_measures_every_null(backend: LocalBackend) -> None:
    config = AuditConfig(calibration_items=15, chat=False, nulls=("redact", "delete", "mask"))
    report = audit("The pool opens at dawn [1].", "The pool opens at dawn.", verifier=backend, config=config)
    assert report.verifier is not None and not report.verifier.able
    (judged,) = report.claims
    assert judged.reading is not None and [budget.null for budget in judged.reading.nulls] == list(config.nulls)
    assert judged.verdict == "undecided"

"""Tries nulls on a few tokens when a guard is attached, and keeps those that mean what they say.

Four things must hold. With nothing taken away the null is the main pass. It is *blind*: other tokens in place of the
hidden ones give the same. It leaves *no trace*: the step that follows in the interrupted generation is the one that
would have followed without it. And where it promises that later tokens keep their *positions*, it is not the reading of
a text from which the hidden tokens were cut. The first is checked again in each generation, the others follow from how
a model is built.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from itertools import cycle, islice

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from guardbind.config import GuardConfig
from guardbind.errors import NullUnavailableError, UnknownArchitectureError
from guardbind.model.cache import float_dtype, input_device
from guardbind.model.forward import Module, last_logits, left_padded
from guardbind.model.rehearsal import Rehearsal
from guardbind.model.tail import Tail
from guardbind.model.unavailable import as_unavailable
from guardbind.nulls.mask import MASK, MaskedTail
from guardbind.nulls.null import Null, NullReading, NullRow
from guardbind.registry import NULLS

__all__ = ["agrees", "usable_nulls"]

logger = logging.getLogger("guardbind")

# How far the logits of the unmasked replica may lie from the main pass: other kernels, other order of summation.
_TOLERANCE = {torch.float64: 1e-4, torch.float32: 1e-2, torch.float16: 0.5, torch.bfloat16: 1.0}
# How far log-probabilities that are computed from the same numbers may lie apart, in nats. Families whose experts take
# their tokens from all rows sum in another order when some tokens are others.
_SAME = {torch.float64: 1e-6, torch.float32: 1e-3, torch.float16: 0.1, torch.bfloat16: 0.5}
_SHARE = 0.02  # of an effect that is none of it any more
_SHARE_OF_REPLICA = 0.08  # of what other tokens do, that rounding may do to a replica
_LEAST = 0.1
_COMPARED = 32
_TOKENS = 12
_AGAIN = 8  # fewer than there are, so that the cache is borrowed as in a generation
_HIDDEN = range(5, 9)  # inside the tail, because only there is everything behind the evidence blind to it


def agrees(replica: Tensor, main: Tensor, dtype: torch.dtype) -> tuple[bool, float]:
    """Compare the unmasked replica with the main pass on the largest logits.

    Args:
        replica: Logits `[vocabulary]`.
        main: Logits `[vocabulary]`.
        dtype: Data type of the model, which sets the tolerance.

    Returns:
        Whether they agree, and the largest difference.
    """
    largest = main.topk(min(_COMPARED, main.numel())).indices
    difference = float((replica[largest] - main[largest]).abs().max())
    return difference <= _TOLERANCE.get(dtype, 1.0), difference


def usable_nulls(model: Module, tokenizer: PreTrainedTokenizerBase, config: GuardConfig) -> list[Null]:
    """Try the configured null on a few tokens; return it and what may stand in for it, without those that fail.

    What a null calls its last resorts, the nulls that cut text, is tried only where nothing else can be used.

    Args:
        model: The module whose forward the generation loop calls.
        tokenizer: Its tokenizer.
        config: Its `null` and `envelope` are used.

    Raises:
        UnknownArchitectureError: The model does not run on a few tokens.
        NullUnavailableError: None can be used, or one of the envelope cannot; the message says why for each.
        NumericsError: The model's logits are NaN.
    """
    wanted: Null = NULLS.get(config.null)
    names = (config.null, *getattr(wanted, "stand_ins", ()))
    with torch.no_grad():
        trial = _FewTokens(model, tokenizer)
        failures = trial.failures((*names, *config.envelope))
        missing = failures.keys() & set(config.envelope)
        resorts = getattr(wanted, "last_resorts", ())
        if resorts and not missing and failures.keys() >= set(names):
            failures |= trial.failures(resorts)
            names += tuple(resorts)
    reasons = "; ".join(f"{name!r}: {failure}" for name, failure in failures.items())
    if missing or failures.keys() >= set(names):
        what = f"null {min(missing)!r} of the envelope cannot" if missing else "no null can"
        raise NullUnavailableError(
            f"{what} be used on {type(model).__name__}: {reasons}.",
            hint="Try attn_implementation='eager' or 'sdpa', another null, or one of your own: register it in NULLS "
            "and name it in GuardConfig(null=...).",
        )
    if failures:
        logger.info("nulls that are not used on this model: %s", reasons)
    return [NULLS.get(name) for name in names if name not in failures]


class _FewTokens:
    """A generation of a few tokens that nulls are tried in."""

    def __init__(self, model: Module, tokenizer: PreTrainedTokenizerBase) -> None:
        self.model, self.tokenizer = model, tokenizer
        self.ids, self.other = _tokens(tokenizer)
        self.same = _SAME.get(float_dtype(model), 0.5)
        self._packs: bool | None = None
        self._cut: Tensor | None = None

    def failures(self, names: Sequence[str]) -> dict[str, str]:
        """Return why nulls cannot be used, by their names; those that can be are left out."""
        untouched, rehearsal = self._next(()), self._rehearsed()
        failures = {name: self._failure(NULLS.get(name), rehearsal) for name in dict.fromkeys(names)}
        usable = [name for name, failure in failures.items() if failure is None]
        if self._trace(self._after(rehearsal), untouched) > self.same:
            # One of them at least leaves a trace; which is worth finding out only here.
            for name in usable:
                moved = self._trace(self._next((NULLS.get(name),)), untouched)
                if moved > self.same:
                    failures[name] = (
                        f"reading it changes the generation that it interrupts, by {moved:.3g} nats at the next token: "
                        "the model keeps state outside of the cache that it is given"
                    )
        return {name: failure for name, failure in failures.items() if failure is not None}

    def _rehearsed(self) -> Rehearsal:
        return Rehearsal(self.model, self.ids)

    def _next(self, nulls: Sequence[Null]) -> Tensor | tuple[Tensor, ...]:
        """Return what the next step of a generation gives after some nulls were read."""
        rehearsal = self._rehearsed()
        for null in nulls:
            self._read(null, rehearsal)
        return self._after(rehearsal)

    def _after(self, rehearsal: Rehearsal) -> Tensor | tuple[Tensor, ...]:
        """Return the logits of one more token, or, where nothing but `generate` can read it, what the modules hold."""
        try:
            return rehearsal.step(self.other[-1])
        except UnknownArchitectureError:
            return rehearsal.held()

    def _trace(self, one: Tensor | tuple[Tensor, ...], other: Tensor | tuple[Tensor, ...]) -> float:
        if isinstance(one, Tensor) and isinstance(other, Tensor):
            return self._moved(one, other)
        same = len(one) == len(other) and all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
        return 0.0 if same else math.inf

    def _read(self, null: Null, rehearsal: Rehearsal) -> NullReading:
        """Read a null, and the same with other tokens in place of the hidden ones."""
        changed = list(self.ids)
        changed[_HIDDEN.start : _HIDDEN.stop] = self.other
        tail = Tail(self.model, self.tokenizer, rehearsal.cache, len(self.ids), _AGAIN)
        with as_unavailable(self.model, f"under the null {null.name!r}", "Use another null."):
            # With a span of nothing the whole tail is run again, which the unmasked replica of a masked tail is not.
            whole = isinstance(null, MaskedTail)
            return null(tail, [_row(self.ids, whole), _row(changed, whole)], plain=True)

    def _failure(self, null: Null, rehearsal: Rehearsal) -> str | None:
        """Return why a null cannot be used, or None."""
        try:
            reading = self._read(null, rehearsal)
        except NullUnavailableError as error:
            return str(error)
        if reading.plain is None:
            return "it did not read the replica with nothing taken away, which was asked for"
        seen = self._moved(reading.plain[1], reading.plain[0])
        unmasked = [reading.plain[0], *(reading.logits[0][1:] if isinstance(null, MaskedTail) else ())]
        checks = [agrees(replica, rehearsal.logits, float_dtype(self.model)) for replica in unmasked]
        holds, difference = all(ok for ok, _ in checks), max(apart for _, apart in checks)
        # In half precision the tolerance is wide enough for a replica that stands in a wrong place.
        if not holds or difference > max(_LEAST, _SHARE_OF_REPLICA * seen):
            return f"with nothing taken away it differs from the main pass by {difference:.3g} logits"
        if null is MASK:
            self._packs = True
        nothing, something = (logits[0] for logits in reading.logits)
        moved = self._moved(something, nothing)
        if not moved <= max(self.same, _SHARE * seen):
            return (
                f"it moves by {moved:.3g} nats when the hidden tokens are others, so that it does not hide them: the "
                "model does not heed such a mask"
            )
        if getattr(null, "keeps_positions", False) and self._closes_up(nothing, reading.plain[0]):
            return (
                "it reads what a text without the hidden tokens reads, so that the tokens behind them move up: the "
                "model counts positions by the mask"
            )
        return None

    def _closes_up(self, null: Tensor, plain: Tensor) -> bool:
        """Whether a null that promises to keep positions reads the text from which the hidden tokens are cut."""
        effect = self._moved(null, plain)
        # Without positions the two are the same as well. A replica that stands behind another one in the same sequence
        # and still is the main pass shows that places in the mask do not count.
        if effect <= self.same or self._packed():
            return False
        if self._cut is None:
            kept = [token for i, token in enumerate(self.ids) if i not in _HIDDEN]
            ids, mask, positions = left_padded([kept], input_device(self.model))
            with as_unavailable(self.model, "without a cache", "Use another null."):
                self._cut = last_logits(self.model, ids, mask=mask, positions=positions)[0]
        return self._moved(null, self._cut) <= max(self.same / 10, _SHARE * effect)

    def _packed(self) -> bool:
        if self._packs is None:
            rehearsal = self._rehearsed()
            try:
                reading = self._read(MASK, rehearsal)
            except NullUnavailableError:
                self._packs = False
            else:
                assert reading.plain is not None
                self._packs = agrees(reading.plain[0], rehearsal.logits, float_dtype(self.model))[0]
        return self._packs

    def _moved(self, one: Tensor, other: Tensor) -> float:
        """Return how far two readings lie apart in nats, at most, among the likeliest tokens of either."""
        one, other = torch.log_softmax(one, -1), torch.log_softmax(other, -1)
        count = min(_COMPARED, one.numel())
        top = torch.cat([one.topk(count).indices, other.topk(count).indices])
        return float((one[top] - other[top]).abs().max())


def _tokens(tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], list[int]]:
    """Return the tokens of a trial, and others for those that are hidden; no special ones, which may mean pictures."""
    special = set(tokenizer.all_special_ids)
    ordinary = (token for token in range(len(tokenizer)) if token not in special)
    few = list(islice(ordinary, _TOKENS + len(_HIDDEN)))
    several = list(islice(cycle(few or [0]), _TOKENS + len(_HIDDEN)))
    return several[:_TOKENS], several[_TOKENS:]


def _row(ids: Sequence[int], whole: bool) -> NullRow:
    hidden = (_HIDDEN,)
    spans = (hidden, ()) if whole else (hidden,)
    return NullRow(row=0, ids=tuple(ids), pad=0, statements=spans, values=spans, everything=hidden)

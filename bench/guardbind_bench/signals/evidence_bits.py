"""Takes the evidence away and reads by how much the emitted token falls: the guard's evidence bits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from guardbind.information import nats_to_bits
from guardbind.model.tail import Tail
from guardbind.nulls import NullRow
from guardbind.registry import NULLS
from guardbind_bench.methods.method import Knowledge
from guardbind_bench.methods.seconds import no_statement, span_masked
from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FormulaSignal, SignalNeed, SignalSettings, SignalTokens

__all__ = [
    "EVIDENCE_BITS",
    "EVIDENCE_BITS_DELETE",
    "EVIDENCE_BITS_MASK_PREFILL",
    "EVIDENCE_BITS_NO_EVIDENCE",
    "EVIDENCE_BITS_REDACT",
    "EVIDENCE_BITS_SAME_LENGTH",
    "NO_STATEMENT_BITS",
    "OWN_EVIDENCE_BITS",
    "PrefillBits",
    "missing_bits",
]


def missing_bits(reading: SlotReading, prior: Tensor) -> Tensor:
    """Return minus the bits by which the emitted tokens are likelier than under a null `[trials]`.

    Args:
        reading: The reading.
        prior: Log p0 `[trials, vocabulary]`, nats.
    """
    return -(reading.of_emitted(reading.logprobs) - reading.of_emitted(prior)) * nats_to_bits(1.0)


def _mask(reading: SlotReading, _settings: SignalSettings) -> Tensor:
    return missing_bits(reading, span_masked(reading))


def _no_statement(reading: SlotReading, _settings: SignalSettings) -> Tensor:
    return missing_bits(reading, no_statement(reading))


def _own(reading: SlotReading, _settings: SignalSettings) -> Tensor:
    places = range(len(reading.trials))
    hidden = [[column for bound in reading.own(place) for column in bound.statement] for place in places]
    return missing_bits(reading, reading.blind("own_masked", hidden))


@dataclass(frozen=True, slots=True)
class PrefillBits:
    """Evidence bits by a null that reads an edited prompt from its first token; see `Signal`.

    Attributes:
        null: Its registered name.
    """

    null: str
    name: str
    told: Knowledge = "span"
    source: str = "guardbind"
    needs: frozenset[SignalNeed] = frozenset({"logits", "nulls"})
    extra_forwards: int = 1
    extra_tokens: SignalTokens = "prompt"
    fitted: bool = False
    settings: type[SignalSettings] = SignalSettings
    grid: tuple[dict[str, Any], ...] = field(default=())

    @property
    def about(self) -> str:
        """One sentence."""
        return f"Minus the evidence bits of the emitted token by the null `{self.null}`."

    def read(self, reading: SlotReading, settings: SignalSettings, state: Any = None) -> Tensor:
        """Read the edited prompts."""
        return missing_bits(reading, reading.once(("prefill_null", self.null), lambda: self._prior(reading)))

    def _prior(self, reading: SlotReading) -> Tensor:
        rows = [
            NullRow(
                row=place,
                ids=trial.ids,
                pad=0,
                statements=((trial.target.statement,),),
                values=((trial.target.value_tokens,),),
                everything=tuple(bound.statement for bound in trial.bound),
            )
            for place, trial in enumerate(reading.trials)
        ]
        tail = Tail(reading.lab.model, reading.lab.tokenizer, None, reading.columns, reading.columns - reading.start)
        with torch.no_grad(), reading.charged():
            found = NULLS.get(self.null)(tail, rows, plain=False)
        return torch.log_softmax(torch.cat(found.logits), -1)


EVIDENCE_BITS = FormulaSignal(
    "evidence_bits",
    "guardbind",
    "Minus the evidence bits of the emitted token, the asked statement masked.",
    frozenset({"logits", "nulls"}),
    "span",
    _mask,
    extra_forwards=1,
    extra_tokens="question",
)
OWN_EVIDENCE_BITS = FormulaSignal(
    "own_evidence_bits",
    "guardbind",
    "Minus the evidence bits of the emitted token on the statement that binds it.",
    frozenset({"logits", "nulls"}),
    "bindings",
    _own,
    extra_forwards=1,
    extra_tokens="question",
)
NO_STATEMENT_BITS = FormulaSignal(
    "no_statement_bits",
    "arXiv 2305.14739",
    "Minus the bits that all statements together add to the emitted token.",
    frozenset({"logits", "nulls"}),
    "bindings",
    _no_statement,
    extra_forwards=1,
    extra_tokens="question",
)
EVIDENCE_BITS_MASK_PREFILL = PrefillBits("mask_prefill", "evidence_bits_mask_prefill")
EVIDENCE_BITS_REDACT = PrefillBits("redact", "evidence_bits_redact")
EVIDENCE_BITS_SAME_LENGTH = PrefillBits("same_length", "evidence_bits_same_length")
EVIDENCE_BITS_DELETE = PrefillBits("delete", "evidence_bits_delete")
EVIDENCE_BITS_NO_EVIDENCE = PrefillBits("no_evidence", "evidence_bits_no_evidence", told="bindings")

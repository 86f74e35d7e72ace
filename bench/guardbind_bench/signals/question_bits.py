"""Takes the asked key out of the question, alone, for another key, or together with the evidence."""

from __future__ import annotations

from torch import Tensor

from guardbind.information import nats_to_bits
from guardbind_bench.methods.seconds import key_masked, key_swapped, span_masked
from guardbind_bench.signals.evidence_bits import missing_bits
from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FormulaSignal, SignalNeed, SignalSettings

__all__ = ["KEY_BITS", "NULL_INTERACTION", "SWAP_BITS"]


def _key(reading: SlotReading, _settings: SignalSettings) -> Tensor:
    return missing_bits(reading, key_masked(reading))


def _swap(reading: SlotReading, _settings: SignalSettings) -> Tensor:
    return missing_bits(reading, key_swapped(reading))


def _interaction(reading: SlotReading, _settings: SignalSettings) -> Tensor:
    hidden = []
    for place, trial in enumerate(reading.trials):
        found = reading.where(trial.target.key, place, range(reading.start, reading.columns))
        named = [column for tokens in found for column in tokens if column < reading.columns - 1]
        hidden.append([*trial.target.statement, *named])
    key, span = key_masked(reading), span_masked(reading)
    both = reading.blind("key_and_span_masked", hidden)
    whole, no_key, no_span, neither = map(reading.of_emitted, (reading.logprobs, key, span, both))
    return -((whole - no_key) - (no_span - neither)) * nats_to_bits(1.0)


_NEEDS: frozenset[SignalNeed] = frozenset({"logits", "nulls"})
KEY_BITS = FormulaSignal(
    "key_bits",
    "guardbind",
    "Minus the bits that the asked key adds to the emitted token: do(Q = nothing).",
    _NEEDS,
    "question",
    _key,
    extra_forwards=1,
    extra_tokens="question",
)
SWAP_BITS = FormulaSignal(
    "swap_bits",
    "guardbind",
    "Minus the bits by which the emitted token is likelier than where another key is asked for.",
    _NEEDS,
    "question and keys",
    _swap,
    extra_forwards=1,
    extra_tokens="question",
)
NULL_INTERACTION = FormulaSignal(
    "null_interaction",
    "guardbind",
    "Minus the bits that asked key and evidence add together, beyond what each adds.",
    _NEEDS,
    "span",
    _interaction,
    extra_forwards=3,
    extra_tokens="question",
)

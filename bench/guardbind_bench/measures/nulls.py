"""Measures `nulls`: each prompt read in full and without the target's evidence, in every way that the guard knows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random

import torch
from pydantic import Field
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from guardbind.candidates.gaps import best_token
from guardbind.config import GuardConfig
from guardbind.errors import ConfigError, NullUnavailableError, nearest
from guardbind.frozen import Frozen
from guardbind.information.evidence import evidence_bits_from_logprobs
from guardbind.model.cache import accepted_arguments, float_dtype, input_device
from guardbind.model.forward import left_padded
from guardbind.model.tail import Tail
from guardbind.nulls import Null, NullReading, NullRow
from guardbind.nulls.prefill import PrefillNull
from guardbind.nulls.trial import agrees, usable_nulls
from guardbind.registry import NULLS
from guardbind_bench.experiments.options import read_options
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.measure import Measure
from guardbind_bench.measures.reading import ReadingRecord, read_trial
from guardbind_bench.measures.spending import spending
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.trial import Task, Trial, draw_seed

__all__ = ["MEASURE", "NULL_NAMES", "SWAP", "NullsOptions", "NullsRecord", "check_nulls"]

SWAP = "swap"
"""The bench's own null: the value is replaced by one that the prompt does not bind."""
NULL_NAMES = (
    "mask", "mask_rows", "mask_prefill", "redact", "same_length", "delete", "no_evidence", SWAP
)  # fmt: skip
"""The nulls that are measured where none is named, the guard's cheapest first; any other registered one can be."""

# Any other null may edit the value itself, which then has to stand in the statement as one token.
_ON_STATEMENTS = frozenset({"mask", "mask_rows", "mask_prefill", "delete", "no_evidence"})


def check_nulls(names: Collection[str]) -> None:
    """Check that there are such nulls: registered ones, or `swap`; and at least one.

    Raises:
        ConfigError: There is no such null, and the message suggests the nearest one; or none is named.
    """
    known = [*NULLS, SWAP]
    if not names:
        raise ConfigError(f"no null is named; at least one of {', '.join(known)} is needed.")
    for name in names:
        if name not in known:
            raise ConfigError(f"there is no null {name!r}; known: {', '.join(known)}.", hint=nearest(name, known))


class NullsOptions(Frozen):
    """The options of the measure."""

    nulls: tuple[str, ...] = NULL_NAMES
    """Registered nulls to read, and `swap`, each costing a pass over the prompt but for `mask` and `mask_rows`."""


class NullsRecord(ReadingRecord):
    """One readout in full, and one under each null of the target's evidence. Lists go with `nulls`.

    Of a failed reading the lists are empty; a null that a batch could not be read under has None.
    """

    nulls: list[str] = Field(default_factory=list)
    """The nulls."""
    token_logprob: float | None = None
    """Log-probability of the best token, the emitted one, nats."""
    target_log_priors: list[float | None] = Field(default_factory=list)
    """Log-probability of the target's token under each null, nats."""
    token_log_priors: list[float | None] = Field(default_factory=list)
    """Log-probability of the emitted token under each null, nats."""
    null_posteriors: list[float | None] = Field(default_factory=list)
    """Probability of the target among the candidates under each null."""
    null_tokens: list[int | None] = Field(default_factory=list)
    """The best token of the vocabulary under each null."""
    forwards: list[int | None] = Field(default_factory=list)
    """Forward passes per null, for the whole batch."""
    tokens_read: list[float | None] = Field(default_factory=list)
    """The trial's share of the tokens that the null's passes read."""
    seconds: list[float | None] = Field(default_factory=list)
    """The trial's share of their time. It is not the same when the trial is measured again."""
    prefill_seconds: float
    """The trial's share of the time of reading the batch in full."""
    guard_null: str
    """The null that a guard uses on this model."""
    target_bits: float | None = None
    """Evidence bits of the emitted token on the target's statement, by that null."""
    competitor_bits: float | None = None
    """The same on the statement of the competitor; None where it is not bound."""
    token_posterior: float | None = None
    """Probability of the emitted token among the candidates; None if it is none of them."""
    token_posterior_prior: float | None = None
    """The same without the target's evidence, by that null."""
    runner_up_gap: float | None = None
    """Logits: best candidate minus best candidate but one; None in a candidate set of one."""


@dataclass(frozen=True, slots=True)
class _NullRead:
    """What one null gave for a batch: log p0 `[trials, vocabulary]`, nats, and each trial's share of the cost."""

    name: str
    logprobs: Tensor | None
    forwards: int
    tokens: float
    seconds: float


@dataclass(frozen=True, slots=True)
class _Guarded:
    """What a guard would measure on one prompt: log p0 `[vocabulary]` by the null that it uses, nats."""

    null: str
    target: Tensor
    competitor: Tensor | None
    failed: str | None


@dataclass(frozen=True, slots=True, eq=False)
class _NullsSession:
    lab: Lab
    cell: BenchCell
    task: Task
    nulls: tuple[str, ...]
    guard_nulls: tuple[Null, ...]
    tokens: int

    @torch.no_grad()
    def run(self, indices: Sequence[int]) -> list[NullsRecord]:
        trials = [self.task.trial(index) for index in indices]
        ids, mask, positions = left_padded([list(trial.ids) for trial in trials], input_device(self.lab.model))
        with spending(self.lab.model) as whole:
            logits, cache = _prefill(self.lab, ids, mask, positions)
        tail = Tail(self.lab.model, self.lab.tokenizer, cache, ids.shape[1], GuardConfig().tail_tokens)
        reads = [self._read(name, tail, trials) for name in self.nulls]
        guarded = self._as_a_guard(tail, trials, logits)
        share = whole.seconds / len(trials)
        return [self._record(i, trial, logits[i], reads, guarded[i], share) for i, trial in enumerate(trials)]

    def _read(self, name: str, tail: Tail, trials: list[Trial]) -> _NullRead:
        null = self._swap(trials) if name == SWAP else NULLS.get(name)
        rows = [_row(i, trial, tail.columns, [trial.asked]) for i, trial in enumerate(trials)]
        found = None
        with spending(self.lab.model) as spent, suppress(NullUnavailableError):
            reading = null(tail, rows, plain=False)
            found = torch.log_softmax(torch.cat(reading.logits), -1)
        return _NullRead(name, found, spent.forwards, spent.tokens / len(trials), spent.seconds / len(trials))

    def _swap(self, trials: list[Trial]) -> Null:
        def edit(_tokenizer: PreTrainedTokenizerBase, row: NullRow, null: int) -> tuple[list[int], list[int]]:
            trial, edited = trials[row.row], list(row.ids)
            draw = Random(draw_seed(self.task.name, self.cell.seed, trial.index, SWAP))
            others = [value.token for value in self.task.pool.values if value.token not in _taken(trial)]
            # Numbers of a counting trace may all stand in the prompt.
            unseen = [token for token in others if token not in trial.ids]
            edited[row.values[null][0].start] = draw.choice(unseen or others)
            return edited, [1] * len(edited)

        return PrefillNull(SWAP, edit)

    def _as_a_guard(self, tail: Tail, trials: list[Trial], logits: Tensor) -> list[_Guarded]:
        """Read target and competitor by the guard's null, and check that with nothing taken away it changes nothing."""
        rows = [_row(i, trial, tail.columns, [trial.asked, *_competitors(trial)]) for i, trial in enumerate(trials)]
        null, reading = self._first_that_runs(tail, rows)
        assert reading.plain is not None
        found = []
        for read, plain, main in zip(reading.logits, reading.plain, logits, strict=True):
            holds, difference = agrees(plain, main, float_dtype(self.lab.model))
            message = f"null {null!r} with nothing taken away differs from the main pass by {difference:.3g} logits"
            prior = torch.log_softmax(read, -1)
            found.append(_Guarded(null, prior[0], prior[1] if len(prior) > 1 else None, None if holds else message))
        return found

    def _first_that_runs(self, tail: Tail, rows: list[NullRow]) -> tuple[str, NullReading]:
        for null in self.guard_nulls[:-1]:
            with suppress(NullUnavailableError):
                return null.name, null(tail, rows, plain=True)
        return self.guard_nulls[-1].name, self.guard_nulls[-1](tail, rows, plain=True)

    def _record(
        self, place: int, trial: Trial, logits: Tensor, reads: list[_NullRead], guarded: _Guarded, seconds: float
    ) -> NullsRecord:
        reading = read_trial(self.lab, trial, logits)
        failed, token = reading.failed or guarded.failed, reading.token
        known = reading.model_dump() | {"prefill_seconds": seconds, "guard_null": guarded.null, "failed": failed}
        if failed is not None or token is None:
            return NullsRecord(**known)
        target, candidates = trial.target.value.token, [value.token for value in trial.candidates]
        inside = logits[candidates].sort(descending=True).values.tolist()
        logprob = float(torch.log_softmax(logits, -1)[token])
        rows = [None if read.logprobs is None else read.logprobs[place] for read in reads]
        run = [read.logprobs is not None for read in reads]
        return NullsRecord(
            **known,
            nulls=[read.name for read in reads],
            token_logprob=logprob,
            target_log_priors=[None if row is None else float(row[target]) for row in rows],
            token_log_priors=[None if row is None else float(row[token]) for row in rows],
            null_posteriors=[None if row is None else _posterior(row, candidates, target) for row in rows],
            null_tokens=[None if row is None else best_token(row) for row in rows],
            forwards=[read.forwards if ran else None for read, ran in zip(reads, run, strict=True)],
            tokens_read=[read.tokens if ran else None for read, ran in zip(reads, run, strict=True)],
            seconds=[read.seconds if ran else None for read, ran in zip(reads, run, strict=True)],
            target_bits=evidence_bits_from_logprobs(logprob, float(guarded.target[token])),
            competitor_bits=None
            if guarded.competitor is None
            else evidence_bits_from_logprobs(logprob, float(guarded.competitor[token])),
            token_posterior=_posterior(logits, candidates, token),
            token_posterior_prior=_posterior(guarded.target, candidates, token),
            runner_up_gap=inside[0] - inside[1] if len(inside) > 1 else None,
        )


def _posterior(logits: Tensor, candidates: list[int], token: int) -> float | None:
    return float(torch.exp(logits[token] - logits[candidates].logsumexp(0))) if token in candidates else None


def _prefill(lab: Lab, ids: Tensor, mask: Tensor, positions: Tensor) -> tuple[Tensor, object]:
    """Read the prompts into the kind of cache that the model itself makes; returns the last logits and the cache."""
    accepted = accepted_arguments(lab.model)
    given: dict[str, object] = {"attention_mask": mask, "use_cache": True}
    if "position_ids" in accepted:
        given["position_ids"] = positions
    if "logits_to_keep" in accepted:
        given["logits_to_keep"] = 1
    output = lab.model(input_ids=ids, **given)
    return output.logits[:, -1].float(), getattr(output, "past_key_values", None)


def _row(place: int, trial: Trial, columns: int, taken: Sequence[int]) -> NullRow:
    bound = [trial.bound[i] for i in taken]
    return NullRow(
        row=place,
        ids=trial.ids,
        pad=columns - len(trial.ids),
        statements=tuple((item.statement,) for item in bound),
        values=tuple((range(item.position, item.position + 1),) for item in bound),
        everything=tuple(item.statement for item in trial.bound),
    )


def _taken(trial: Trial) -> set[int]:
    return {trial.competitor.token, *(bound.value.token for bound in trial.bound)}


def _competitors(trial: Trial) -> list[int]:
    return [
        i for i, bound in enumerate(trial.bound) if bound.value.token == trial.competitor.token and i != trial.asked
    ]


class Nulls:
    """Reads prompts as `reading` does, then under every null, from one prefill where the null needs no other."""

    name = "nulls"
    version = 1
    record = NullsRecord

    def prepare(self, lab: Lab, cell: BenchCell) -> _NullsSession:
        """Make ready for a cell; its options are `NullsOptions`. Nulls that the model cannot run are left out.

        Raises:
            ConfigError: An option is unknown, or there is no evidence that could be taken away.
            ContextLengthError: The prompts are too long for the model.
            NullUnavailableError: The model can run no null, or none of those asked for.
        """
        wanted = read_options(NullsOptions, cell.options, self.name).nulls
        check_nulls(wanted)
        if cell.form.arm != "baseline":
            raise ConfigError(
                f"arm {cell.form.arm!r} restates evidence, which no null takes away; only 'baseline' is accepted."
            )
        task = lab.task(cell)
        trial = task.trial(0)
        if trial.target.value == trial.abstain or not trial.target.statement:
            raise ConfigError(
                f"the prompts of {cell.task!r} do not state what they ask for; nothing can be taken away."
            )
        lab.check_length(len(trial.ids))
        guard_nulls = tuple(usable_nulls(lab.model, lab.tokenizer, GuardConfig()))
        written = trial.ids[trial.target.position] == trial.target.value.token
        nulls = tuple(
            name for name in wanted if (written or name in _ON_STATEMENTS) and (name == SWAP or _runs(lab, name))
        )
        if not nulls:
            raise NullUnavailableError(f"none of the nulls {', '.join(wanted)} can be read on these prompts.")
        # A re-prefill null reads the whole prompt beside the edited one.
        return _NullsSession(lab, cell, task, nulls, guard_nulls, 2 * len(trial.ids))


def _runs(lab: Lab, name: str) -> bool:
    try:
        return usable_nulls(lab.model, lab.tokenizer, GuardConfig(null=name))[0].name == name
    except NullUnavailableError:
        return False


MEASURE: Measure = Nulls()

"""Measures `reading`: what the model would write next to each prompt, against the candidate set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from guardbind.candidates.gaps import NodeReadout, read_confidence, read_node, vocabulary_rank
from guardbind.candidates.trie import Trie
from guardbind.errors import ConfigError, NumericsError
from guardbind.information import nats_to_bits
from guardbind.text.decode import decode
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.measure import Measure
from guardbind_bench.measures.trial_record import TrialRecord
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.trial import Task, Trial, TrialStage

__all__ = ["MEASURE", "ReadingRecord", "ReadingSession", "WrongKind", "read_trial"]

WrongKind = Literal["competitor", "bound", "unseen", "variant", "other"]

_STAGES: dict[str | None, TrialStage | None] = {"right": "right", "2a": "2A", "2b": "2B", None: None}


class ReadingRecord(TrialRecord):
    """One readout at the end of a prompt. Of a failed reading everything after `prompt_tokens` is None."""

    key: str
    """The key that is asked for."""
    target: str
    """Its value."""
    target_index: int | None
    """Place of the target in the candidate set."""
    target_token: int
    """Token of the target."""
    competitor: str
    """The value that is most easily taken for the target."""
    competitor_index: int | None
    """Place of the competitor in the candidate set; None if it is not in it."""
    candidates: int
    """Size of the candidate set."""
    distance: int
    """Tokens after the target's value, up to and including the last of the prompt."""
    prompt_tokens: int
    """Length of the prompt."""
    token: int | None
    """The best token of the vocabulary, of equal ones the lowest id."""
    text: str | None
    """That token as text."""
    best_index: int | None
    """Place of the best candidate in the candidate set."""
    second_index: int | None
    """Place of the best candidate but one; None in a candidate set of one."""
    stage: TrialStage | None
    """`right`, `2A` or `2B`, by the best token; each candidate is one token."""
    wrong: WrongKind | None
    """What a wrong token is: the competitor, another bound value, an unseen candidate (2B); another spelling of the
    target's or another candidate's (2A, `variant`), or anything else (2A, `other`)."""
    gate_gap: float | None
    """Logits: best candidate minus best other token."""
    value_gap: float | None
    """Logits: target minus best other candidate; None in a candidate set of one."""
    tie: bool | None
    """Whether the two best tokens, or target and best other candidate, are equal."""
    rank: int | None
    """Place of the target among the candidates, from 1; of equal ones the lowest id is first."""
    vocabulary_rank: int | None
    """The same in the vocabulary."""
    target_logprob: float | None
    """Log-probability of the target's token, nats."""
    posterior: float | None
    """Probability of the target among the candidates."""
    margin: float | None
    """Logits: best token minus the best but one."""
    max_probability: float | None
    """Probability of the best token."""
    entropy_bits: float | None
    """Entropy of the next token, bits."""
    spelled_stage: TrialStage | None
    """The stage when every spelling of a candidate that is one token counts as that candidate."""
    spelled_gate_gap: float | None
    """Gate gap with the log-sum-exp of a candidate's spellings."""
    spelled_value_gap: float | None
    """Value gap with the log-sum-exp of a candidate's spellings."""
    bound_stage: TrialStage | None
    """The stage as the guard reads it: the candidate set is the bound values, in every form that it knows."""
    bound_gate_gap: float | None
    """Gate gap of that reading."""
    bound_value_gap: float | None
    """Value gap of that reading."""


def read_trial(lab: Lab, trial: Trial, logits: Tensor) -> ReadingRecord:
    """Read one trial.

    Args:
        lab: Gives the tokenizer.
        trial: The trial.
        logits: Raw fp32 logits after its last token `[vocabulary]`.

    Returns:
        The record; a failed one when a logit is NaN or +inf.
    """
    known = _known(trial)
    try:
        read = _readings(lab, trial, logits)
    except NumericsError as error:
        return ReadingRecord.model_validate(dict.fromkeys(ReadingRecord.model_fields) | known | {"failed": str(error)})
    return ReadingRecord.model_validate(known | read)


def _known(trial: Trial) -> dict[str, object]:
    places = {value.word: place for place, value in enumerate(trial.candidates)}
    return {
        "index": trial.index,
        "counts": True,
        "key": trial.target.key,
        "target": trial.target.value.word,
        "target_index": places.get(trial.target.value.word),
        "target_token": trial.target.value.token,
        "competitor": trial.competitor.word,
        "competitor_index": places.get(trial.competitor.word),
        "candidates": len(trial.candidates),
        "distance": trial.distance,
        "prompt_tokens": len(trial.ids),
    }


def _readings(lab: Lab, trial: Trial, logits: Tensor) -> dict[str, object]:
    target = trial.target.value
    trie = Trie({value.word: ((value.token,),) for value in trial.candidates})
    exact = _read(logits, trie, target.word)
    spellings = {value.word: tuple((token,) for token in sorted(value.aliases)) for value in trial.candidates}
    spelled = _read(logits, Trie(spellings), target.word)
    # The candidates that a guard makes of one `Binding(key, value)` per bound value.
    bound = _read(logits, Trie.build(lab.tokenizer, [(b.value.word, ()) for b in trial.bound]), target.word)
    confidence = read_confidence(logits)
    token, (best, *others) = exact.top_token, exact.ranking
    stage = trial.stage(token)
    return {
        "token": token,
        "text": decode(lab.tokenizer, [token]),
        "best_index": best[0],
        "second_index": others[0][0] if others else None,
        "stage": stage,
        "wrong": None if stage == "right" else _wrong_kind(trial, token),
        "gate_gap": exact.gate_gap,
        "value_gap": exact.value_gap,
        "tie": exact.tie,
        "rank": exact.rank_of_target,
        "vocabulary_rank": None if exact.target is None else vocabulary_rank(logits, trie.root, exact.target),
        "target_logprob": None if exact.target is None else exact.logprobs[exact.target],
        "posterior": None if exact.target is None else exact.posterior[exact.target],
        "margin": confidence.margin,
        "max_probability": confidence.max_probability,
        "entropy_bits": nats_to_bits(confidence.entropy),
        "spelled_stage": _STAGES[spelled.stage],
        "spelled_gate_gap": spelled.gate_gap,
        "spelled_value_gap": spelled.value_gap,
        "bound_stage": _STAGES[bound.stage],
        "bound_gate_gap": bound.gate_gap,
        "bound_value_gap": bound.value_gap,
    }


def _read(logits: Tensor, trie: Trie, word: str) -> NodeReadout:
    words = [candidate.value for candidate in trie.candidates]
    return read_node(logits, trie, trie.root, target=words.index(word) if word in words else None)


def _wrong_kind(trial: Trial, token: int) -> WrongKind:
    if trial.stage(token) == "2A":
        return "variant" if any(token in value.aliases for value in trial.candidates) else "other"
    if token == trial.competitor.token:
        return "competitor"
    return "bound" if any(token == bound.value.token for bound in trial.bound) else "unseen"


@dataclass(frozen=True, slots=True)
class ReadingSession:
    """Reads the prompts of one cell; `tokens` is the length of the first.

    Attributes:
        lab: Gives model and tokenizer.
        task: Gives the trials.
        tokens: Tokens of a prompt.
    """

    lab: Lab
    task: Task
    tokens: int

    def run(self, indices: Sequence[int]) -> list[ReadingRecord]:
        """Read some trials in one forward pass."""
        trials = [self.task.trial(index) for index in indices]
        logits = self.lab.logits([trial.ids for trial in trials])
        return [read_trial(self.lab, trial, row) for trial, row in zip(trials, logits, strict=True)]


class _ReadingMeasure:
    name = "reading"
    version = 1
    record = ReadingRecord

    def prepare(self, lab: Lab, cell: BenchCell) -> ReadingSession:
        if cell.options:
            raise ConfigError(f"measure 'reading' has no options; {sorted(cell.options)} were given.")
        task = lab.task(cell)
        tokens = len(task.trial(0).ids)
        lab.check_length(tokens)
        return ReadingSession(lab, task, tokens)


MEASURE: Measure = _ReadingMeasure()

"""Measures `assignment`: which value the model gives to each owner when the question is asked of all of them.

The asked owner's name is replaced in the question and in the begun answer by each rival's, and every value is scored
behind it. The best value of the asked owner is what the model does. Giving each value to one owner, with the largest
total, uses what the model knows of the others as well.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from pydantic import Field
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from transformers import PreTrainedModel

from guardbind.errors import GuardbindError
from guardbind.frozen import Frozen
from guardbind.model.cache import generation_cache, input_device
from guardbind.model.forward import forward, last_logits
from guardbind_bench.arrays import Floats
from guardbind_bench.experiments.options import read_options
from guardbind_bench.measures.answers_prompt import render
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.measure import Measure
from guardbind_bench.measures.targets import leads_on
from guardbind_bench.measures.trial_record import TrialRecord
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.harm.building import ChosenTask, built
from guardbind_bench.prompts.harm.wordings import WordingSet
from guardbind_bench.prompts.text_trial import Fact, TextTask, TextTrial

__all__ = ["MEASURE", "AssignmentOptions", "AssignmentRecord", "assignment_margin", "owner_scores", "rivals_of"]

_TOKENS = 2000  # of a trial, by which trials are put into batches


class AssignmentOptions(Frozen):
    """The options of the measure."""

    wordings: WordingSet = "dev"
    """Which set of wordings."""
    most_records: int = Field(default=8, ge=2)
    """Prompts of more records are passed over: a trial reads their number squared."""
    languages: tuple[str, ...] = ("en",)
    """Codes of languages; prompts in others are passed over."""


class AssignmentRecord(TrialRecord):
    """What the model's scores say of one trial."""

    form: str
    """How the facts are written."""
    rivals: int | None = None
    """Owners that have a value of the asked kind, the asked one included; None where it is no trial of this kind."""
    own_right: bool | None = None
    """Whether the best value of the asked owner is the right one."""
    swapped_right: bool | None = None
    """Whether it is once each value's mean over the other owners is taken off."""
    joint_right: bool | None = None
    """Whether the value that the best assignment gives to the asked owner is."""
    joint_margin: float | None = None
    """By how much that assignment is better than the best one with another value for the asked owner, in nats."""


def rivals_of(trial: TextTrial) -> list[Fact]:
    """Return the asked fact and those of the same attribute of other owners, in the order of the text.

    Args:
        trial: A trial that can be answered.

    Returns:
        Nothing where the trial has no such question: an owner has two values, two owners have one, or the question
        does not name its owner.
    """
    if trial.asked is None:
        return []
    asked = trial.facts[trial.asked]
    alike = [fact for fact in trial.facts if fact.attribute == asked.attribute]
    owners, values = {fact.owner for fact in alike}, {fact.value for fact in alike}
    question = trial.messages[trial.asks_in]["content"][slice(*trial.question)]
    fine = None not in owners and len(owners) == len(values) == len(alike) > 1
    return alike if fine and asked.owner is not None and asked.owner in question else []


def assignment_margin(scores: Floats, asked: int) -> tuple[int, float]:
    """Return the value that the best assignment gives to one owner, and by how much it is the best.

    Args:
        scores: `[owners, values]`, square, nats.
        asked: Row of the owner.

    Returns:
        Column of the value, and the total less that of the best assignment with another value for that owner.

    Example:
        Both owners prefer the first value; the second owner does so more clearly:

        >>> assignment_margin(np.array([[-1.0, -2.0], [-1.0, -5.0]]), 0)
        (1, 3.0)
    """
    rows, columns = linear_sum_assignment(scores, maximize=True)
    column = int(columns[asked])
    others = scores.copy()
    others[asked, column] = scores.min() - 1e6
    again = linear_sum_assignment(others, maximize=True)
    return column, float(scores[rows, columns].sum() - others[again].sum())


@dataclass(frozen=True, slots=True, eq=False)
class _AssignmentSession:
    lab: Lab
    task: TextTask
    tokens: int = _TOKENS

    def run(self, indices: Sequence[int]) -> list[AssignmentRecord]:
        return [self._record(self.task.trial(index)) for index in indices]

    def _record(self, trial: TextTrial) -> AssignmentRecord:
        alike = rivals_of(trial)
        if not alike or trial.asked is None or not trial.begun:
            return AssignmentRecord(index=trial.index, form=trial.form, counts=False)
        try:
            scores = owner_scores(self.lab, trial, alike)
        except GuardbindError as error:
            return AssignmentRecord(index=trial.index, form=trial.form, failed=str(error))
        asked = alike.index(trial.facts[trial.asked])
        column, margin = assignment_margin(scores, asked)
        swapped = scores[asked] - np.delete(scores, asked, axis=0).mean(0)
        return AssignmentRecord(
            index=trial.index,
            form=trial.form,
            rivals=len(alike),
            own_right=int(scores[asked].argmax()) == asked,
            swapped_right=int(swapped.argmax()) == asked,
            joint_right=column == asked,
            joint_margin=margin,
        )


def owner_scores(lab: Lab, trial: TextTrial, alike: Sequence[Fact]) -> Floats:
    """Return log p(value | the question asked of an owner), `[owners, values]`, nats.

    Args:
        lab: Model and tokenizer.
        trial: The trial.
        alike: What `rivals_of` returned.

    Raises:
        ContextLengthError: Prompt and value are longer than the model's context.
    """
    lead = leads_on(trial.begun)
    values = [lab.tokenizer.encode(lead + fact.value, add_special_tokens=False) for fact in alike]
    prompts = [render(_asked_of(trial, fact), lab.tokenizer, begun=True).ids for fact in alike]
    lab.check_length(max(map(len, prompts)) + max(map(len, values)))
    return np.array(_continued(lab, prompts, values), dtype=np.float64)


def _asked_of(trial: TextTrial, fact: Fact) -> TextTrial:
    """Return the trial with the question and the begun answer about another owner."""
    asked = trial.facts[trial.asked or 0]
    assert asked.owner is not None and fact.owner is not None
    messages = [dict(message) for message in trial.messages]
    first, last = trial.question
    text = messages[trial.asks_in]["content"]
    question = text[first:last].replace(asked.owner, fact.owner)
    messages[trial.asks_in]["content"] = text[:first] + question + text[last:]
    return replace(
        trial,
        messages=tuple(messages),
        question=(first, first + len(question)),
        begun=trial.begun.replace(asked.owner, fact.owner),
    )


@torch.inference_mode()
def _continued(lab: Lab, prompts: Sequence[Sequence[int]], values: Sequence[list[int]]) -> list[list[float]]:
    """Return the log-probability of each value behind each prompt, `[prompts, values]`; what all share is read once."""
    model, device = lab.model, input_device(lab.model)
    most = min(map(len, prompts)) - 1
    shared = next((at for at, tokens in enumerate(zip(*prompts, strict=False)) if len(set(tokens)) > 1), most)
    shared = min(shared, most)
    cache = generation_cache(model)
    if shared:
        _read(model, torch.tensor([prompts[0][:shared]], device=device), 0, cache)
    found = []
    for prompt in prompts:
        own = copy.deepcopy(cache)
        first = _read(model, torch.tensor([prompt[shared:]], device=device), shared, own)[0].log_softmax(-1).cpu()
        scores = [float(first[value[0]]) for value in values]
        longest = max(map(len, values)) - 1
        if longest:
            own.batch_repeat_interleave(len(values))
            # What stands behind a shorter value is read, and counts for nothing.
            ids = torch.zeros(len(values), longest, dtype=torch.long)
            for place, value in enumerate(values):
                ids[place, : len(value) - 1] = torch.tensor(value[:-1])
            logprobs = _read(model, ids.to(device), len(prompt), own, last=False).log_softmax(-1).cpu()
            for place, value in enumerate(values):
                after = torch.tensor(value[1:], dtype=torch.long)
                scores[place] += float(logprobs[place, : len(after)].gather(-1, after[:, None]).double().sum())
        found.append(scores)
    return found


def _read(model: PreTrainedModel, ids: Tensor, start: int, cache: Any, *, last: bool = True) -> Tensor:
    """Return fp32 logits of the last column, or of all, behind what the cache holds."""
    columns = start + ids.shape[1]
    positions = torch.arange(start, columns, device=ids.device).expand(len(ids), -1)
    mask = torch.ones(len(ids), columns, dtype=torch.long, device=ids.device)
    if last:
        return last_logits(model, ids, mask=mask, positions=positions, cache=cache)
    return forward(model, ids, mask=mask, positions=positions, cache=cache).float()


class AssignmentMeasure:
    """Scores every value behind the question of every owner; what is no such question does not count."""

    name = "assignment"
    version = 1
    record = AssignmentRecord

    def prepare(self, lab: Lab, cell: BenchCell) -> _AssignmentSession:
        """Make ready for a cell; its options are `AssignmentOptions`.

        Raises:
            ConfigError: An option is unknown, or the task is not of texts or has no such set of wordings.
        """
        options = read_options(AssignmentOptions, cell.options, self.name)
        task = built(cell.task, k=cell.k, seed=cell.seed, wordings=options.wordings)
        return _AssignmentSession(lab, ChosenTask(task, options.most_records, options.languages))


MEASURE: Measure = AssignmentMeasure()

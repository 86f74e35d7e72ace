"""Holds what a measure works with: a model, its tokenizer and its tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind.model.architecture import check_prompt_length
from guardbind.model.cache import input_device
from guardbind.model.forward import last_logits, left_padded
from guardbind_bench.experiments.options import check_names, check_text_tasks
from guardbind_bench.prompts.cell import BenchCell, PromptForm
from guardbind_bench.prompts.text_slots import TextSlots
from guardbind_bench.prompts.text_trial import TextTask
from guardbind_bench.prompts.trial import Task
from guardbind_bench.registry import TASKS, TEXT_TASKS

__all__ = ["Lab"]


@dataclass(eq=False)
class Lab:
    """A model with its tokenizer, and the tasks in its tokens.

    Attributes:
        model: The model, in evaluation mode.
        tokenizer: Its tokenizer.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    _tasks: dict[tuple[str, str, int, int, PromptForm], Task] = field(default_factory=dict)
    _text_tasks: dict[tuple[str, int, int], TextTask] = field(default_factory=dict)
    _slots: dict[tuple[str, int, int], TextSlots] = field(default_factory=dict)

    def task(self, cell: BenchCell) -> Task:
        """Return the task of a cell; cells that differ in what is measured share it.

        Raises:
            CandidateError: The tokenizer writes too few values as one token.
            ConfigError: The task is one of texts.
            UnknownNameError: There is no such task, filler or arm.
        """
        check_names([cell.task], [])
        key = (cell.task, cell.filler, cell.k, cell.seed, cell.form)
        if key not in self._tasks:
            builder = TASKS.get(cell.task)
            self._tasks[key] = builder(self.tokenizer, filler=cell.filler, k=cell.k, seed=cell.seed, form=cell.form)
        return self._tasks[key]

    @property
    def ends(self) -> frozenset[int]:
        """Tokens that end an answer, as the model's generation settings have them."""
        given = None if self.model.generation_config is None else self.model.generation_config.eos_token_id
        return frozenset(given if isinstance(given, list) else [] if given is None else [given])

    def slots(self, cell: BenchCell) -> Task:
        """Return the task of a cell; of a text task the trials with one slot each.

        Raises:
            CandidateError: The tokenizer writes too few values as one token.
            UnknownNameError: There is no such task, filler or arm.
        """
        if cell.task not in TEXT_TASKS:
            return self.task(cell)
        key = (cell.task, cell.k, cell.seed)
        if key not in self._slots:
            self._slots[key] = TextSlots(self.text_task(cell), self.tokenizer)
        return self._slots[key]

    def text_task(self, cell: BenchCell) -> TextTask:
        """Return the text task of a cell; filler and form do not concern it.

        Raises:
            ConfigError: The task is not one of texts.
            UnknownNameError: There is no such task.
        """
        check_text_tasks([cell.task])
        key = (cell.task, cell.k, cell.seed)
        if key not in self._text_tasks:
            self._text_tasks[key] = TEXT_TASKS.get(cell.task)(k=cell.k, seed=cell.seed)
        return self._text_tasks[key]

    def check_length(self, tokens: int) -> None:
        """Refuse prompts that leave no room for an answer.

        Raises:
            ContextLengthError: They are longer than the model's context, less one token.
        """
        check_prompt_length(self.model, tokens, what="the prompts have", hint="Ask for less filler.")

    @torch.no_grad()
    def logits(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        """Read the logits after the last token of each prompt in one forward pass, without a cache.

        Args:
            prompts: Token ids; prompts of unequal length are padded on the left.

        Returns:
            Raw fp32 logits `[prompts, vocabulary]`.
        """
        ids, mask, positions = left_padded([list(prompt) for prompt in prompts], input_device(self.model))
        return last_logits(self.model, ids, mask=mask, positions=positions)

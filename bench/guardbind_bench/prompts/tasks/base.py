"""Holds what all tasks of tokens share: what they are made of, and how."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from guardbind.errors import ConfigError
from guardbind_bench.prompts.cell import PromptForm
from guardbind_bench.prompts.pool import Pool
from guardbind_bench.prompts.tasks.frame import Frame
from guardbind_bench.prompts.trial import Trial
from guardbind_bench.registry import FILLERS

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

__all__ = ["PromptTask"]


class PromptTask(ABC):
    """A task as it is registered; see `TaskBuilder`.

    Args:
        tokenizer: The model's tokenizer.
        filler: A registered filler.
        k: Size of the prompt, at least 0: tokens of filler per block, where the task says nothing else.
        seed: Base seed.
        form: How the prompts are written.

    Raises:
        CandidateError: The tokenizer writes too few values as one token.
        ConfigError: The task does not come in that form, with that filler or in that size.
        UnknownNameError: There is no such filler or arm.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    lettered: ClassVar[bool] = False
    uniform: ClassVar[bool] = False
    pool: Pool

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        *,
        filler: str = "natural",
        k: int = 96,
        seed: int = 0,
        form: PromptForm = PromptForm(),  # noqa: B008 - frozen
    ) -> None:
        if k < 0:
            raise ConfigError(f"k is {k}; 0 or more are accepted.")
        self._fill = FILLERS.get(filler)
        self._filler, self._k, self._seed, self._form = filler, k, seed, form
        self._tokenizer = tokenizer
        self._frame = Frame.build(tokenizer, form.template)
        self._prepare()

    @abstractmethod
    def _prepare(self) -> None:
        """Check form and filler, and set the pool and all else that the trials have in common."""

    @abstractmethod
    def trial(self, index: int) -> Trial:
        """Build one trial; the index and the base seed determine it."""

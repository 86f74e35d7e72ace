"""Defines the model class `guardbind` of lm-evaluation-harness: a Hugging Face model whose answers are guarded."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Literal

from lm_eval.api.registry import register_model
from lm_eval.models.huggingface import HFLM

from guardbind import Binding, Guard, __version__
from guardbind.calibration.store import calibration_id
from guardbind.errors import ConfigError, UnsupportedGenerationError
from guardbind.policies import policy_name
from guardbind_adapters.harness import SlotCounts, StatementForm, folder_of, split_settings

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance
    from torch import Tensor

__all__ = ["GuardedLM"]

logger = logging.getLogger("guardbind")


@register_model("guardbind")
class GuardedLM(HFLM):
    """A Hugging Face model of lm-evaluation-harness, guarded wherever it writes an answer.

    Tasks that ask for answers (`generate_until`) go through the guard, batches as they are. Tasks that compare the
    likelihoods of given answers never write one: there is nothing to guard, and a result that carries the guard's name
    would say something else.

    Args:
        pretrained: A model, its folder or Hugging Face id, or a name that guardbind knows.
        loglikelihood: What to do with tasks that compare likelihoods: `refuse` them, or `warn`, answer them as the
            class `hf` does, and count them under `unguarded_requests`.
        statements: How the prompts state what they bind: a regular expression with the groups `key` and `value`. What
            matches is bound, and nothing else; without it the guard reads the prompts itself.
        **arguments: Settings of `GuardConfig` by their names, as `policy="contrast"`; the rest as `HFLM` takes it.

    Raises:
        ConfigError: A setting of the guard is wrong.
        UnsupportedGenerationError: The model is no decoder-only one, or cannot be guarded for another reason.
    """

    def __init__(
        self,
        pretrained: Any,
        *,
        loglikelihood: Literal["refuse", "warn"] = "refuse",
        statements: str | None = None,
        **arguments: Any,
    ) -> None:
        if loglikelihood not in ("refuse", "warn"):
            raise ConfigError(f"loglikelihood is {loglikelihood!r}; 'refuse' and 'warn' are accepted.")
        self._form = None if statements is None else StatementForm.of(statements)
        config, rest = split_settings(arguments)
        super().__init__(folder_of(pretrained) if isinstance(pretrained, str) else pretrained, **rest)
        if self.backend != "causal":
            raise UnsupportedGenerationError(
                f"the harness runs this model as {self.backend!r}; only decoder-only models can be guarded.",
                hint="Take the model class 'hf' for it.",
            )
        self._guard = Guard(self.model, self.tokenizer, config)
        self._refuses = loglikelihood == "refuse"
        self._counts = SlotCounts()
        self._unguarded = 0
        self._gathered, self._gathered_unguarded = SlotCounts(), 0

    def _model_generate(self, context: Any, max_length: int, stop: list[str], **kwargs: Any) -> Tensor:
        with self._guard.attached(self._told(context, kwargs["attention_mask"])) as handle:
            sequences: Tensor = super()._model_generate(context, max_length, stop, **kwargs)
            self._counts += SlotCounts.of(handle.report.slots)
        return sequences

    def _told(self, context: Tensor, mask: Tensor) -> list[list[Binding]] | None:
        if self._form is None:
            return None
        rows = zip(context, mask.bool(), strict=True)
        return [self._form.bindings(self.tokenizer, ids[kept].tolist()) for ids, kept in rows]

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """Answer requests, guarded."""
        answers: list[str] = super().generate_until(requests, disable_tqdm=disable_tqdm)
        self._gather()
        return answers

    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        """Refuse to compare likelihoods, or do so unguarded and say it."""
        self._say_unguarded(len(requests))
        answers: list[tuple[float, bool]] = super().loglikelihood(requests, disable_tqdm=disable_tqdm)
        self._gather()
        return answers

    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = False) -> list[float]:
        """Refuse to measure the likelihood of texts, or do so unguarded and say it."""
        self._say_unguarded(len(requests))
        answers: list[float] = super().loglikelihood_rolling(requests, disable_tqdm=disable_tqdm)
        self._gather()
        return answers

    def _say_unguarded(self, requests: int) -> None:
        seen = f"{requests} requests ask how likely given texts are; nothing is written, so there is nothing to guard"
        if self._refuses:
            raise UnsupportedGenerationError(
                f"{seen}.",
                hint="Take the model class 'hf' for these tasks, or add loglikelihood=warn to --model_args.",
            )
        logger.warning("%s: they are answered as by the model class 'hf'", seen)
        self._unguarded += requests

    def _gather(self) -> None:
        # Here all processes come by; of the results only the first one is asked.
        counts = self.gather_object((self._counts, self._unguarded)) or [(self._counts, self._unguarded)]
        self._gathered = sum((counted for counted, _ in counts), SlotCounts())
        self._gathered_unguarded = sum(unguarded for _, unguarded in counts)

    def get_model_info(self) -> dict[str, Any]:
        """Return what the harness writes into its results: what it knows of the model, and under `guardbind` the guard.

        With several processes, the harness has some requests answered twice so that all have equally many; they are
        counted twice.
        """
        info: dict[str, Any] = super().get_model_info()
        info["guardbind"] = {
            "version": __version__,
            "statements": None if self._form is None else self._form.pattern.pattern,
            "policy": policy_name(self._guard.config.policy),
            "calibration": None if self._guard.calibration is None else calibration_id(self._guard.calibration),
            **self._gathered.as_json(),
            "unguarded_requests": self._gathered_unguarded,
        }
        return info

"""Asks the guard what it would aim at where a value is about to be written, and writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind.config import GuardConfig
from guardbind.evidence import Located
from guardbind.model.tail import Tail
from guardbind.nulls.mask import MASK
from guardbind.registry import LANGUAGES
from guardbind.session.asking import Asking
from guardbind.session.bound_prompt import BoundPrompt, bind_prompt
from guardbind.session.opener import Opener
from guardbind.session.row import Row
from guardbind.targets import Place, Resolution, resolve
from guardbind.targets.trust import way_of

__all__ = ["WORDS", "Aim", "Aiming"]

WORDS = "words"
"""The resolver that needs no model."""

_LANGUAGES = {"en": "english", "de": "german", "fr": "french", "es": "spanish", "zh": "chinese"}
_MOST_TOKENS = 24


@dataclass(frozen=True, slots=True)
class Aim:
    """What the guard would do at one place.

    Attributes:
        found: A slot opens there.
        rule: The slot rule that opened it; None without a slot.
        target: The binding that it would aim at; None where it is unresolved.
        how: How that was found, as the resolution says.
        score: How well it fits.
        reason: Why, in words that hold no prompt text.
        way: The same as `guardbind.targets.trust` counts it.
    """

    found: bool
    rule: str | None
    target: Located | None
    how: str
    score: float
    reason: str
    way: str


class Aiming:
    """One prompt, bound as the guard binds it.

    Args:
        tokenizer: Any tokenizer.
        ids: Tokens of the prompt.
        language: Code of the language that it is written in; one that the guard has no words for is read as English.
        resolver: What says which binding is meant.
        model: Reads what the question rests on; without it the words speak alone.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        ids: Sequence[int],
        language: str = "en",
        *,
        resolver: str = WORDS,
        model: PreTrainedModel | None = None,
    ) -> None:
        known = _LANGUAGES.get(language, "english")
        self._config = GuardConfig(language=known if known in LANGUAGES else "english", resolver=resolver)
        self._tokenizer = tokenizer
        self._model = model
        self._bound = bind_prompt(
            tokenizer,
            index=0,
            pad=0,
            ids=ids,
            items=None,
            declared=None,
            source=None,
            language=LANGUAGES.get(self._config.language),
        )

    @torch.no_grad()
    def at(self, begun: str, value: str) -> Aim:
        """Ask behind a begun answer, where the model is about to write some value.

        Where no slot opens, it is asked all the same what would be aimed at.

        Args:
            begun: The answer so far; empty at the end of the prompt.
            value: What the model is about to write.
        """
        row = Row(self._bound)
        row.ids += self._encoded(begun)
        asking = self._asking(row)
        opener = Opener(self._config, self._tokenizer, asking)
        for token in self._encoded(value)[:_MOST_TOKENS]:
            if opener.may_open(row):
                opening = opener.open(row, token)
                if opening is not None:
                    return self._aim(opening.resolution, opening.kind)
            row.read(token, ends=False)
        line = begun or self._bound.answer_prefix_line
        words = _without_slot(self._bound, begun)
        return self._aim(
            asking.resolve(row, words, line=line, about=line) if line else asking.of_question(row, words), None
        )

    def _asking(self, row: Row) -> Asking:
        """Return what resolves the slots of a row; with a model, what it rests on is read."""
        # Without a null nothing can be read: the words speak alone.
        asking = Asking(self._config, () if self._model is None else (MASK,), self._tokenizer, nullcontext)
        if self._model is not None and asking.wants(row):
            ids = torch.tensor([row.ids], device=self._model.device)
            output = self._model(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=True, logits_to_keep=1)
            asking.read(Tail(self._model, self._tokenizer, output.past_key_values, len(row.ids), 1), [row])
        return asking

    def _aim(self, resolution: Resolution, rule: str | None) -> Aim:
        target = None if resolution.index is None else self._bound.table.items[resolution.index]
        return Aim(
            rule is not None, rule, target, resolution.how, resolution.score, resolution.reason, way_of(resolution)
        )

    def _encoded(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False)) if text else []


def _without_slot(bound: BoundPrompt, begun: str) -> Resolution:
    """Return what the words alone aim at, given the question and the begun answer."""
    line = begun or bound.answer_prefix_line
    if bound.addressed:
        return bound.agreement.resolve(Place(line, line) if line else None, beginning=(), automatic=False)
    return resolve(bound.table, bound.prompt, declared=None, generated=begun, language=bound.language)

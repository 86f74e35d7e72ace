"""Makes trials of tokens out of a text task: the prompt, and its answer begun up to the place where values part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from guardbind.errors import ConfigError
from guardbind.text.decode import decode
from guardbind_bench.measures.answers_prompt import TextPrompt, render
from guardbind_bench.prompts.pool import Pool, PoolValue, encode
from guardbind_bench.prompts.text_trial import TextTask, TextTrial
from guardbind_bench.prompts.trial import Bound, Trial

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

__all__ = ["BEGUN", "AskedText", "TextSlots"]

BEGUN = "The answer is"
"""How an answer begins where its task does not say how."""
_OPEN = ('"', "'", "(", "[", "<", "`", "\n", " ")
_PASSED_OVER = 200


@dataclass(frozen=True, slots=True)
class AskedText:
    """What a trial of tokens was made of.

    Attributes:
        text: The trial of texts, its answer begun.
        lead: How the value begins that the prompt stops in; empty where it does not begin yet.
    """

    text: TextTrial
    lead: str


@dataclass(eq=False)
class TextSlots:
    """The trials of a text task that ask for the value of a key, each with one slot.

    The answer is begun, and goes on with the tokens that the asked value shares with the value that it shares most
    with; the next token decides. The candidates are the values of the asked kind that start with these tokens, the
    bindings those of the facts that state them. Of a fact the value's span is the statement, and its key what the
    question calls it.

    Passed over are trials that ask whose a value is, whose value is stated twice, or whose value is the beginning of
    another one or has none beside it.

    Attributes:
        task: The text task.
        tokenizer: The model's.
    """

    task: TextTask
    tokenizer: PreTrainedTokenizerBase
    _kept: list[tuple[Trial, AskedText]] = field(default_factory=list)
    _next: int = 0

    @property
    def name(self) -> str:
        """The name of the text task."""
        return self.task.name

    @property
    def pool(self) -> Pool:
        """No values: each trial has its own."""
        return Pool(())

    def trial(self, index: int) -> Trial:
        """Build one trial, the `index`-th of those that are not passed over.

        Raises:
            ConfigError: Hardly any trial has such a slot.
        """
        while len(self._kept) <= index:
            since = self._kept[-1][0].index if self._kept else 0
            if self._next > since + _PASSED_OVER and len(self._kept) * 20 < self._next:
                raise ConfigError(
                    f"{len(self._kept)} of {self._next} trials of {self.name!r} ask for a value that is told from "
                    "others by a token of its own.",
                    hint="Choose another task; `guardbind bench list` shows them.",
                )
            made = self._made(self.task.trial(self._next))
            self._next += 1
            if made is not None:
                self._kept.append(made)
        return replace(self._kept[index][0], index=index)

    def text(self, index: int) -> AskedText:
        """Return what a trial was made of, by which a whole answer can be judged.

        Raises:
            ConfigError: As `trial`.
        """
        self.trial(index)
        return self._kept[index][1]

    def _made(self, text: TextTrial) -> tuple[Trial, AskedText] | None:
        if text.direction != "key_value" or text.asked is None or not text.answer:
            return None
        begun = text if text.begun else replace(text, begun=BEGUN)
        prompt = render(begun, self.tokenizer, begun=True)
        right = text.facts[text.asked].value
        if sum(fact.value == right for fact in text.facts) != 1:
            return None
        space = "" if begun.begun.endswith(_OPEN) else " "
        stated = dict.fromkeys(forms[0] for forms in text.others if forms)
        spelled = {value: tuple(encode(self.tokenizer, space + value)) for value in (right, *stated) if value}
        shared = max((_shared(spelled[right], spelled[value]) for value in spelled if value != right), default=None)
        if shared is None or any(len(tokens) <= shared for tokens in (spelled[right],)):
            return None
        lead = spelled[right][:shared]
        held = {value: tokens for value, tokens in spelled.items() if tokens[:shared] == lead and len(tokens) > shared}
        if len(held) < 2 or sum(tokens[shared] == held[right][shared] for tokens in held.values()) != 1:
            return None
        values = {
            value: PoolValue(value, tokens[shared], frozenset({tokens[shared]})) for value, tokens in held.items()
        }
        trial = self._trial(text, prompt, lead, values, right)
        return None if trial is None else (trial, AskedText(begun, decode(self.tokenizer, list(lead))))

    def _trial(
        self, text: TextTrial, prompt: TextPrompt, lead: Sequence[int], values: dict[str, PoolValue], right: str
    ) -> Trial | None:
        bound: list[Bound] = []
        asked, end = None, 0
        asks = _tail_start(text, prompt)
        for place, (fact, span) in enumerate(zip(text.facts, prompt.facts, strict=True)):
            columns = range(0) if span is None else prompt.text.tokens(*span)
            end = max(end, columns.stop)
            if fact.value not in values or not columns:
                continue
            if place == text.asked:
                asked = len(bound)
            key = fact.owner if fact.owner and fact.owner in text.messages[text.asks_in]["content"] else fact.key
            bound.append(Bound(key, values[fact.value], columns, columns.stop - 1, written=columns, name=fact.key))
        if asked is None:
            return None
        bound = [_named(one, bound) for one in bound]
        ids = (*prompt.ids, *lead)
        return Trial(
            index=self._next,
            ids=ids,
            bound=tuple(bound),
            asked=asked,
            # A question that stands before the facts is read with them; what is read again is what follows them.
            question=range(max(asks, end), len(ids)),
            competitor=next(values[value] for value in values if value != right),
            candidates=tuple(values.values()),
        )


def _named(bound: Bound, every: Sequence[Bound]) -> Bound:
    """Keep the name of a binding only where its key alone is another one's, too: an order has a fee and a total."""
    alike = {other.name for other in every if other.key == bound.key}
    return bound if len(alike) > 1 else replace(bound, name=None)


def _shared(first: Sequence[int], second: Sequence[int]) -> int:
    return next(
        (i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )


def _tail_start(text: TextTrial, prompt: TextPrompt) -> int:
    said = text.messages[text.asks_in]["content"][slice(*text.question)].strip()
    at = prompt.text.text.rfind(said)
    return prompt.text.tokens(at, at + len(said)).start if said and at >= 0 else 0

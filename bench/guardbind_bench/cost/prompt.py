"""Writes the prompts whose answers are timed: statements, other text, and a question for each row."""

from __future__ import annotations

import itertools
import random
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from guardbind.errors import ConfigError
from guardbind.evidence import Binding
from guardbind_bench.cost.cell import AnswerForm, CostCell
from guardbind_bench.prompts.pool import encode

__all__ = ["IDLE_TOKENS", "CostPrompt", "CostQuestion", "write_prompt"]

IDLE_TOKENS = 32
"""Tokens of an answer without a value."""
_FIVE = 5
_FIRST = 100  # all numbers have as many digits
_MOST = 900
_SEED = 7
_WORD = re.compile(r" [a-z]{3,9}")
_TEXT = (
    "The harbour office keeps one ledger for every quay. In the morning the clerk writes down which ships have come in,"
    " what they carry, and to whom the goods belong; at noon a second clerk reads the page aloud, and whoever waits in"
    " the hall may object. Nobody remembers when the custom began, but since then not a single parcel has been handed"
    " to the wrong person. On windy days the ferry is late, and the list is read again in the evening, by lamplight.\n"
)


@dataclass(frozen=True, slots=True)
class CostQuestion:
    """What one row asks, and what its answer has to be made of so that both arms write as many tokens.

    Attributes:
        ids: Tokens of the question, up to where the first value is due.
        keys: The statements that it asks for, in order.
        schedule: For each token of the answer the one that is forced on both arms, or None where the model, or the
            guard, chooses.
        value: Tokens of the first value.
    """

    ids: tuple[int, ...]
    keys: tuple[int, ...]
    schedule: tuple[int | None, ...]
    value: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CostPrompt:
    """A text with statements, and questions about it.

    Attributes:
        ids: Tokens of the text, which all rows share.
        bindings: What it states.
        questions: One per statement, all of one length.
    """

    ids: tuple[int, ...]
    bindings: tuple[Binding, ...]
    questions: tuple[CostQuestion, ...]

    def key(self, question: CostQuestion) -> str:
        """Return the first key that a question asks for."""
        return self.bindings[question.keys[0]].key


def write_prompt(tokenizer: PreTrainedTokenizerBase, cell: CostCell) -> CostPrompt:
    """Write the prompt of a cell; the same cell gives the same tokens.

    Raises:
        ConfigError: Statements, question and answer are longer than the context.
    """
    if cell.bindings > _MOST:
        raise ConfigError(f"{cell.bindings} bindings were asked for; at most {_MOST} are written.")
    values = _values(tokenizer, cell.answer, cell.bindings)
    names = [f"crate {_FIRST + i}" for i in range(cell.bindings)]
    bindings = tuple(Binding(name, value) for name, value in zip(names, values, strict=True))
    facts = encode(
        tokenizer, "".join(f"The code of {name} is {value}.\n" for name, value in zip(names, values, strict=True))
    )
    questions = _questions(tokenizer, cell, names, values)
    room = cell.context - len(facts) - len(questions[0].ids) - len(questions[0].schedule)
    if room < 0:
        raise ConfigError(
            f"{cell.bindings} statements, a question and its answer are {cell.context - room} tokens, and the "
            f"context is to have {cell.context}.",
            hint="Choose a longer context or fewer bindings.",
        )
    filler = itertools.islice(itertools.cycle(encode(tokenizer, _TEXT)), room)
    return CostPrompt((*facts, *filler), bindings, questions)


def _questions(
    tokenizer: PreTrainedTokenizerBase, cell: CostCell, names: Sequence[str], values: Sequence[str]
) -> tuple[CostQuestion, ...]:
    if cell.answer == "idle":
        # A whole line ends, behind which no value is due.
        return (CostQuestion(tuple(encode(tokenizer, "\n")), (0,), (None,) * IDLE_TOKENS, ()),)
    length = max(len(encode(tokenizer, f" {value}")) for value in values)
    made = []
    for first in range(len(names)):
        asked = [(first + step) % len(names) for step in range(_FIVE if cell.answer == "five" else 1)]
        told = " and ".join(names[i] for i in asked)
        ids = encode(tokenizer, f"\nQuestion: What is the code of {told}?\nAnswer: The code of {names[first]} is")
        schedule: list[int | None] = [None] * length
        for other in asked[1:]:
            schedule += encode(tokenizer, f". The code of {names[other]} is")
            schedule += [None] * length
        made.append(
            CostQuestion(tuple(ids), tuple(asked), tuple(schedule), tuple(encode(tokenizer, f" {values[first]}")))
        )
    shortest = min(len(question.ids) for question in made)
    return tuple(q for q in made if len(q.ids) == shortest and len(q.schedule) == len(made[0].schedule))


def _values(tokenizer: PreTrainedTokenizerBase, form: AnswerForm, count: int) -> list[str]:
    draw = random.Random(_SEED)
    if form == "uuid":
        return [str(uuid.UUID(int=draw.getrandbits(128), version=4)) for _ in range(count)]
    if form == "amount":
        return [f"${draw.randrange(10**7, 10**8)}.{draw.randrange(10, 100)}" for _ in range(count)]
    if form == "five":
        return [str(number) for number in draw.sample(range(1000, 10000), count)]
    words = _words(tokenizer)
    draw.shuffle(words)
    # Where the tokenizer knows few words, numbers take their place, and an answer has more than one token.
    spare = [str(number) for number in draw.sample(range(1000, 10000), max(0, count - len(words)))]
    return (words + spare)[:count]


def _words(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """Return the words that one token writes behind another word, in the order of the vocabulary."""
    ids = sorted(tokenizer.get_vocab().values())
    texts = tokenizer.batch_decode([[token] for token in ids], clean_up_tokenization_spaces=False)
    return [
        text[1:]
        for token, text in zip(ids, texts, strict=True)
        if _WORD.fullmatch(text) and encode(tokenizer, f" is{text}")[-1:] == [token]
    ]

"""Says which tokens copy from a declared passage, where what stands before the slot says what is to be copied."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial

from transformers import PreTrainedTokenizerBase

from guardbind.candidates.writing import Writer
from guardbind.errors import CandidateError
from guardbind.session.contained import contained
from guardbind.session.declared import passages_of
from guardbind.session.opener import Opening
from guardbind.session.passage import (
    WORD,
    Rest,
    goes_on_otherwise,
    is_begun,
    may_take_endings,
    number_behind,
    rest_at,
    value_of,
    words_behind,
)
from guardbind.session.writable import stands_in
from guardbind.targets.query import Query
from guardbind.text.decode import decode

__all__ = ["copies_at", "said_at", "told_at"]

_SURE = 3  # digits of a number that is gone on with
_LONGEST_TOKEN = 16  # characters of a word that one token may write


def copies_at(opening: Opening, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Return the tokens that write what the target's passage says where the answer stands now.

    A caller who says where the evidence stands, and not what it says, may want something that is made of it: "no", a
    sum. What certainly is to be copied is a value before which the passage says what the answer says before the slot:
    `KEY=[` and `KEY=[ orange ]`, "the code is" and "The code is 4471". From the line's last telling word on, both say
    the same; its other telling words stand in the passage before the value. There must be one such word only. So is a
    value that the line has begun, if one word of the passage begins so: "the code is 44". And so is a passage that is
    a value and says nothing else, where a value is asked for.

    Args:
        opening: Where.
        tokenizer: The model's tokenizer.

    Returns:
        The tokens, with a space before a word and without; none where that is not so, and where nothing is to be
        copied: the target was found, its value is known, less than three digits of it are written by the model itself,
        a statement is so long that it says several things, or the question asks for something else than a copy.
    """
    return contained("looking for what is to be copied", partial(_copies, opening, tokenizer), _none)


def _none(_: str) -> frozenset[int]:
    return frozenset()


def _copies(opening: Opening, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    found, target = _told(opening, tokenizer), opening.target
    if not found or target is None or opening.token in found:
        return frozenset()
    line = opening.row.line(tokenizer)
    if not opening.continues and rest_at(line, passages_of(opening.row.bound, opening.resolution)) is None:
        # It begins to say what the passage says, in other words or another order.
        return frozenset() if stands_in(opening, opening.token, tokenizer) else found
    return found


def told_at(opening: Opening, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Return the tokens that certainly begin, or go on with, what is to be copied, the model's own among them.

    Args:
        opening: Where.
        tokenizer: The model's tokenizer.

    Returns:
        The tokens; none where nothing is to be copied, see `copies_at`.
    """
    return contained("looking for what is to be copied", partial(_told, opening, tokenizer), _none)


def _told(opening: Opening, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    passages = passages_of(opening.row.bound, opening.resolution)
    if not passages:
        return frozenset()
    line, query = opening.row.line(tokenizer), opening.row.bound.agreement.query
    rest = rest_at(line, passages)
    if opening.continues:
        return _going_on(opening, rest, line, tokenizer) or _next_number(opening, passages, line, tokenizer)
    if rest is None:
        return _beginning(opening, line, passages, tokenizer)
    # One letter or digit begins many words; what is made of a passage may begin as it does.
    sure = rest.begun > 1 or _is_all_of(line[len(line) - rest.begun :] + (rest.only or ""), passages, query)
    sure = sure and not goes_on_otherwise(line, rest, passages, opening.row.bound.language)
    return _continuing(tokenizer, rest.only, Writer(tokenizer)) if sure and rest.only else frozenset()


def _going_on(opening: Opening, rest: Rest | None, line: str, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Return the tokens that go on with a word of which the answer has written the beginning.

    A policy has copied that beginning, or the text said that one begins there, so that the rest is no question of how
    much stands there; where the model has written it by itself, three digits say so.
    """
    if rest is None or not rest.only:
        return frozenset()
    lead, begun = line[: len(line) - rest.begun], line[len(line) - rest.begun :]
    value = opening.row.value
    if not (value is not None and value.copies) and sum(map(str.isdecimal, begun)) < _SURE:
        return frozenset()
    letters = not any(char.isdecimal() for char in begun + rest.only)
    if letters and may_take_endings(lead, opening.row.bound.language):
        return frozenset()
    return _continuing(tokenizer, rest.only, Writer(tokenizer))


def _next_number(
    opening: Opening, passages: Sequence[str], line: str, tokenizer: PreTrainedTokenizerBase
) -> frozenset[int]:
    """Return the tokens that begin the number behind the word that was copied last, where the model writes another.

    "December" is of "December 15, 2021", and "December 2021" is not.
    """
    value = opening.row.value
    if value is None or not value.copies or not decode(tokenizer, [opening.token]).strip()[:1].isdecimal():
        return frozenset()
    number = number_behind(line, passages)
    # "12 May 2021" has it before, of "May 12, 2021", and "3rd May 2021" of "May 3, 2021".
    if number is None or re.search(rf"(?<!\d){re.escape(number)}(?!\d)", line):
        return frozenset()
    if line[-1:].isspace():
        return _continuing(tokenizer, number, Writer(tokenizer))
    tokens = frozenset(form[0] for form in _forms(Writer(tokenizer), number))
    return tokens - _glued(tokens, tokenizer)


def _is_all_of(word: str, passages: Sequence[str], query: Query) -> bool:
    """Whether a word begins what passages are, where they are a value and say nothing else."""
    value = value_of(passages, query)
    return value is not None and word.startswith(value)


def _beginning(
    opening: Opening, line: str, passages: Sequence[str], tokenizer: PreTrainedTokenizerBase
) -> frozenset[int]:
    """Return the tokens that begin the one word which a passage has where the line stands; none where there is none."""
    bound = opening.row.bound
    said = words_behind(line, passages, bound.language)
    # A line that ends here may go on as an object, or with a sentence; an answer that is begun may be another one.
    other = "\n" in decode(tokenizer, [opening.token]) or is_begun(line, bound.language)
    value = None if said or other else value_of(passages, bound.agreement.query, line)
    said = said if value is None else {value}
    if len(said) != 1:
        return frozenset()
    return frozenset(form[0] for form in _forms(Writer(tokenizer), said.pop()))


def said_at(opening: Opening, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Return the tokens with which words of the declared passage begin, or go on where the line has begun one.

    What is copied from a passage may be likely by chance, as a digit is, so that the evidence cannot give it many bits;
    that it stands there says the rest.

    Args:
        opening: Where.
        tokenizer: The model's tokenizer.

    Returns:
        The tokens; none where nothing is to be copied, see `copies_at`.
    """
    return contained("reading a declared passage", partial(_said, opening, tokenizer), _none)


def _said(opening: Opening, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    passages = passages_of(opening.row.bound, opening.resolution)
    if not passages:
        return frozenset()
    line, writer = opening.row.line(tokenizer), Writer(tokenizer)
    rest = rest_at(line, passages)
    if rest is not None:
        return frozenset(token for said in rest.every for token in _continuing(tokenizer, said, writer))
    if opening.continues:
        return frozenset()
    words = {match.group() for passage in passages for match in WORD.finditer(passage)}
    tokens = frozenset(form[0] for word in words for form in _forms(writer, word))
    # Behind a word of letters only what stands apart begins another one.
    return tokens - _glued(tokens, tokenizer) if line[-1:].isascii() and line[-1:].isalnum() else tokens


def _continuing(tokenizer: PreTrainedTokenizerBase, rest: str, writer: Writer) -> frozenset[int]:
    """Return the tokens that write the beginning of the rest of a word, without a space before it."""
    beginnings = [rest[:length] for length in range(1, min(len(rest), _LONGEST_TOKEN) + 1)]
    return _glued({form[0] for text in beginnings for form in _forms(writer, text) if len(form) == 1}, tokenizer)


def _glued(tokens: Iterable[int], tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Return the tokens that have no space in front."""
    # A token that is decoded alone loses its space with some tokenizers.
    before = list(tokenizer.encode("=", add_special_tokens=False))
    length = len(decode(tokenizer, before))
    return frozenset(token for token in tokens if not decode(tokenizer, [*before, token])[length:][:1].isspace())


def _forms(writer: Writer, text: str) -> tuple[tuple[int, ...], ...]:
    try:
        return writer.forms(text)
    except CandidateError:
        return ()

"""Finds the known values that a prompt has begun where it stops, and how each of them goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from transformers import PreTrainedTokenizerBase

from guardbind.candidates.trie import Candidate, Node, grown
from guardbind.candidates.writing import TokenForm, Writer
from guardbind.errors import CandidateError
from guardbind.session.bound_prompt import BoundPrompt
from guardbind.session.contained import contained
from guardbind.session.passage import may_take_endings
from guardbind.targets import Resolution, resolve
from guardbind.text.decode import decode

__all__ = ["BegunValue", "begun_by", "is_value"]

_LONGEST = 40  # characters of a value before the end of a prompt
_MOST = 1000  # spellings that begin alike: one digit of a large table narrows nothing
_SURE = 3  # letters and digits that hardly stand there by chance
_MONEY = frozenset("$\u20ac\u00a3\u00a5#")
_JOINS = frozenset("-_/@.+#'\u2019")
_LAST = re.compile(r"[^\W\d_]+\Z")
# Where a value may begin: at a word, or at a sign before one.
_START = re.compile(r"(?<![^\W_])[^\W_]|[^\w\s]|_")


@dataclass(frozen=True, slots=True)
class BegunValue:
    """Values that a prompt stops in.

    Attributes:
        text: What of them is written: `RCPT-144` of `RCPT-14412`.
        node: Where they go on; its candidates are those of the prompt's trie, its forms what is left of theirs.
    """

    text: str
    node: Node

    @property
    def is_sure(self) -> bool:
        """Whether it hardly stands there by chance: three letters or digits of it, or a sign before an amount."""
        return sum(map(str.isalnum, self.text)) >= _SURE or self.text[-1] in _MONEY

    def may_go_on(self, token: int, text: str) -> bool:
        """Whether the model goes on with it: as one of the values, or as another word where it is sure to be one.

        Args:
            token: The model's token.
            text: What it is as text; a sign or a space ends what is begun, as a name that is cut short.
        """
        return token in self.node.children or (self.is_sure and text[:1].isalnum())


def is_value(bound: BoundPrompt, begun: BegunValue, resolution: Resolution) -> bool:
    """Whether what a prompt has begun is the value that is asked for, as far as its words tell.

    It is not where the target's value begins otherwise, where the question asks for something made of a value (a sum, a
    mask), where the line has a negation or names another key than the declared one ("Ann has RC-44, and Bob ..."), and
    where a name may take another ending.

    Args:
        bound: The prompt.
        begun: What it has begun.
        resolution: Where the value should come from.
    """
    find = partial(_is_value, bound, begun, resolution)
    return contained("looking for a value that is begun", find, lambda _: False)


def _is_value(bound: BoundPrompt, begun: BegunValue, resolution: Resolution) -> bool:
    if resolution.index is not None and bound.candidate(resolution.index) not in begun.node.values:
        return False
    query, questions = bound.agreement.query, bound.language.questions
    lead = bound.answer_prefix_line.removesuffix(begun.text)
    if query.odd or questions.made.search(query.text) or questions.negated.search(lead):
        return False
    word = _LAST.search(begun.text)
    if word is not None and may_take_endings(lead + begun.text[: word.start()], bound.language):
        return False
    if resolution.index is None or resolution.how != "declared":
        return True
    named = resolve(bound.table, bound.prompt, declared=None, language=bound.language, fields=bound.fields)
    key = None if named.index is None else bound.table.items[named.index].key
    return named.how != "slot_prefix" or key == bound.table.items[resolution.index].key


def begun_by(bound: BoundPrompt, tokenizer: PreTrainedTokenizerBase) -> BegunValue | None:
    """Return the values that a prompt has begun; None where its line ends in no part of one, or in a whole one.

    Args:
        bound: The prompt.
        tokenizer: The model's tokenizer.
    """
    return contained("looking for a value that is begun", partial(_begun_by, bound, tokenizer), lambda _: None)


def _begun_by(bound: BoundPrompt, tokenizer: PreTrainedTokenizerBase) -> BegunValue | None:
    ends = list(_ends(bound.answer_prefix_line))
    if bound.trie is None or not ends:
        return None
    candidates = {
        surface: candidate
        for item in bound.table.items
        if (candidate := bound.candidate(item.index)) is not None
        for surface in item.surfaces
    }
    for text in ends:
        if text in candidates:
            return None
        held = [(surface, candidate) for surface, candidate in candidates.items() if surface.startswith(text)]
        if len(held) > _MOST:
            return None
        if held:
            rests: dict[TokenForm, int] = {}
            writer = Writer(tokenizer)
            writer.prepare(surface[len(text) :] for surface, _ in held)
            for surface, candidate in held:
                for form in _rests(bound, bound.trie.candidates[candidate], surface, text, writer, tokenizer):
                    rests.setdefault(form, candidate)
            return BegunValue(text, grown(list(rests.items()))) if rests else None
    return None


def _ends(line: str) -> Iterator[str]:
    """Yield what a line ends in, from each place at which a value may begin, the longest first."""
    first = max(0, len(line) - _LONGEST)
    for match in _START.finditer(line, first):
        before = line[match.start() - 1 : match.start()] if match.start() else ""
        if match.group().isalnum() and before in _JOINS and line[match.start() - 2 : match.start() - 1].isalnum():
            continue
        yield line[match.start() :]


def _rests(
    bound: BoundPrompt,
    candidate: Candidate,
    surface: str,
    begun: str,
    writer: Writer,
    tokenizer: PreTrainedTokenizerBase,
) -> Iterator[TokenForm]:
    """Yield the tokens that are left of a value: behind the prompt's, where they are its own, and of the rest alone."""
    for form in candidate.forms:
        for count in range(1, len(form)):
            if bound.ids[-count:] == form[:count] and decode(tokenizer, list(form[:count])).strip() == begun.strip():
                yield form[count:]
    rest = surface[len(begun) :]
    try:
        forms = writer.forms(rest)
    except CandidateError:
        return
    # A token that is decoded alone loses its space with some tokenizers.
    anchor = list(tokenizer.encode("=", add_special_tokens=False))
    length = len(decode(tokenizer, anchor))
    for form in forms:
        if decode(tokenizer, [*anchor, *form])[length:] == rest:
            yield form

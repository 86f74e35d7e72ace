"""Says which tokens copy the value of a declared passage, where the line before the slot stands before it, too."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from guardbind.candidates.writing import surface_forms
from guardbind.errors import CandidateError
from guardbind.evidence import Located
from guardbind.session.opener import Opening
from guardbind.targets.query import odd_words
from guardbind.text.decode import decode
from guardbind.text.language import Language
from guardbind.text.words import is_telling, words

__all__ = ["copies_at"]

_LONGEST_LEAD = 80  # characters: what stands word by word in both is seldom longer
_LONGEST_PASSAGE = 200  # characters: one that is longer says several things
_PART = re.compile(r"[,;{|]")
_WITHIN = "_.-"  # join the parts of a name
_OPENING = "\"'`*_([{<\u201c\u2018"
_WORD = re.compile(rf"[ \t{re.escape(_OPENING)}]*" + r"(?P<word>[^\W_]+(?:[.,:/@'\u2019-](?=[^\W_])[^\W_]+)*)")


def copies_at(opening: Opening, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Return the tokens that begin the word which the target's passage has where the answer stands now.

    A caller who says where the evidence stands, and not what it says, may want something that is made of it: "no", a
    sum. What certainly is to be copied is a value before which the passage says what the answer says before the slot:
    `KEY=[` and `KEY=[ orange ]`, "the code is" and "The code is 4471". From the line's last telling word on, both say
    the same; its other telling words stand in the passage before the value. There must be one such word only, in a
    passage of one statement, and the question must not ask for something computed.

    Args:
        opening: Where.
        tokenizer: The model's tokenizer.

    Returns:
        The tokens, with a space before the word and without; none where that is not so, where the target was not
        declared, where its value is known, and where the value is begun already.
    """
    target, bound = opening.target, opening.row.bound
    if target is None or target.absent or target.value is not None or opening.continues:
        return frozenset()
    if opening.resolution.how != "declared" or bound.agreement.query.odd or _is_said(opening, target, tokenizer):
        return frozenset()
    lead = _Lead.of(opening.row.line(tokenizer), bound.language)
    if lead is None:
        return frozenset()
    said = lead.followed_by([bound.prompt.text[slice(*mention.chars)] for mention in target.mentions])
    if len(said) != 1:
        return frozenset()
    try:
        found = frozenset(form[0] for form in surface_forms(tokenizer, said.pop()))
    except CandidateError:
        return frozenset()
    return frozenset() if opening.token in found else found


def _is_said(opening: Opening, target: Located, tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether the model's own token begins some word of the passage, or opens a value."""
    own = decode(tokenizer, [opening.token]).strip()
    if own and not own.strip(_OPENING):
        return True
    bound = opening.row.bound
    for mention in target.mentions:
        if opening.token in bound.ids[mention.tokens.start : mention.tokens.stop]:
            return True
        passage = bound.prompt.text[slice(*mention.chars)]
        if own and re.search(rf"(?<![^\W_]){re.escape(own)}", passage, re.IGNORECASE):
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Lead:
    """What stands in a line before a slot: how it ends, and what else it names."""

    end: re.Pattern[str]
    stems: frozenset[str]
    language: Language

    @classmethod
    def of(cls, line: str, language: Language) -> _Lead | None:
        """Read the last part of a line; None where no word of it is about something."""
        part = _PART.split(line[-_LONGEST_LEAD:].rstrip())[-1]
        telling = [word for word in words(part, language) if word.content]
        if not telling:
            return None
        start = telling[-1].start
        while start and (part[start - 1].isalnum() or part[start - 1] in _WITHIN):
            start -= 1
        pieces = r"\s*".join(map(re.escape, re.findall(r"[^\W_]+|[^\w\s]|_", part[start:])))
        whole = r"(?![^\W_])" if part[-1].isalnum() else ""
        end = re.compile(rf"(?<![\w{re.escape(_WITHIN)}]){pieces}{whole}", re.IGNORECASE)
        return cls(end, frozenset(word.stem for word in telling), language)

    def followed_by(self, passages: Iterable[str]) -> set[str]:
        """Return the words that stand behind it in some passages; none where anything else does once."""
        said = set()
        for passage in passages:
            if len(passage) > _LONGEST_PASSAGE:
                return set()
            for match in self.end.finditer(passage):
                before = {word.stem for word in words(passage[: match.end()], self.language)}
                word = _WORD.match(passage, match.end())
                if word is None or not self.stems <= before:
                    return set()
                if match.group()[-1:].isalnum() and not self._is_value(word["word"]):
                    return set()
                said.add(word["word"])
        return said

    def _is_value(self, word: str) -> bool:
        """Whether a word of a sentence may be a value: behind a sign any word is one, `no` too."""
        return is_telling(word, self.language) and not odd_words(word, self.language)

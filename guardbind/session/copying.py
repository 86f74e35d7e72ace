"""Says which tokens copy the value of a declared passage, where the line before the slot stands before it, too."""

from __future__ import annotations

import re
from collections.abc import Iterable

from transformers import PreTrainedTokenizerBase

from guardbind.candidates.writing import surface_forms
from guardbind.errors import CandidateError
from guardbind.evidence import Located, Mention
from guardbind.session.bound_prompt import BoundPrompt
from guardbind.session.opener import Opening
from guardbind.targets.query import odd_words
from guardbind.text.decode import decode
from guardbind.text.language import Language
from guardbind.text.words import is_telling, words

__all__ = ["copies_at"]

_LONGEST_LEAD = 80  # characters: what stands word by word in both is seldom longer
_OPENING = "\"'`*_([{<\u201c\u2018"
_WORD = re.compile(rf"[ \t{re.escape(_OPENING)}]*" + r"(?P<word>[^\W_]+(?:[.,:/@'\u2019-](?=[^\W_])[^\W_]+)*)")


def copies_at(opening: Opening, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Return the tokens that begin the word which the target's passage has where the answer stands now.

    A caller who says where the evidence stands, and not what it says, may want something that is made of it: "no", a
    sum. What certainly is to be copied is a value before which the passage says what the answer says before the slot:
    `KEY=[` and `KEY=[ orange ]`, "the code is" and "The code is 4471". There must be one such word only, and the
    question must not ask for something computed.

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
    lead = _lead(opening.row.line(tokenizer), bound.language)
    said = (
        set() if lead is None else _behind(lead, [_text(bound, mention) for mention in target.mentions], bound.language)
    )
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
        if own and re.search(rf"(?<![^\W_]){re.escape(own)}", _text(bound, mention), re.IGNORECASE):
            return True
    return False


def _behind(lead: re.Pattern[str], passages: Iterable[str], language: Language) -> set[str]:
    """Return the words that stand behind a lead; none where anything else stands behind it once."""
    said = set()
    for passage in passages:
        for match in lead.finditer(passage):
            word = _WORD.match(passage, match.end())
            if word is None or (match.group()[-1:].isalnum() and not _is_value(word["word"], language)):
                return set()
            said.add(word["word"])
    return said


def _is_value(word: str, language: Language) -> bool:
    """Whether a word of a sentence may be a value: behind a sign any word is one, `no` too."""
    return is_telling(word, language) and not odd_words(word, language)


def _text(bound: BoundPrompt, mention: Mention) -> str:
    return bound.prompt.text[slice(*mention.chars)]


def _lead(line: str, language: Language) -> re.Pattern[str] | None:
    """Return what finds the end of a line elsewhere, from its last word that is about something; None without one."""
    ended = line[-_LONGEST_LEAD:].rstrip()
    telling = [word for word in words(ended, language) if word.content]
    if not telling:
        return None
    parts = re.findall(r"[^\W_]+|[^\w\s]|_", ended[telling[-1].start :])
    whole = r"(?![^\W_])" if ended[-1].isalnum() else ""
    return re.compile(r"(?<![^\W_])" + r"\s*".join(map(re.escape, parts)) + whole, re.IGNORECASE)

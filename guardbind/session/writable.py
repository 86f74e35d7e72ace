"""Says what a policy may write in a value that is not known: words that stand in the passage, and no others."""

from __future__ import annotations

import re
from functools import partial

from transformers import PreTrainedTokenizerBase

from guardbind.session.contained import contained
from guardbind.session.opener import Opening
from guardbind.session.passage import LETTER, OPENING
from guardbind.targets.counted import asks_for_count_in
from guardbind.text.decode import decode

__all__ = ["refusal", "stands_in"]

_LONGEST_LINE = 400  # characters that are looked at: a search for a run at the end takes its square
_RUN = re.compile(r"\S+$")
_WORD = re.compile(r"[^\W_]+$")
_LETTER = re.compile(LETTER)
_UNREAD = "\ufffd"  # what a part of a character is decoded as


def refusal(opening: Opening, tokenizer: PreTrainedTokenizerBase, token: int) -> str:
    """Return why a policy may not write a token where the value is not known; empty where it may.

    What the evidence makes likelier need not be what it says: told "The town was founded in 1911", a contrast writes
    another name, or another tongue. A word of the passage can be checked by whoever reads it. And where the question
    asks for something that is made of a value (initials, a sum), or denies, a word of the passage is no answer.

    Args:
        opening: Where.
        tokenizer: The model's tokenizer.
        token: The token.
    """
    return contained("reading a declared passage", partial(_refusal, opening, tokenizer, token), lambda why: why)


def _refusal(opening: Opening, tokenizer: PreTrainedTokenizerBase, token: int) -> str:
    target, query = opening.target, opening.row.bound.agreement.query
    if target is None:
        return ""
    passages = [opening.row.bound.prompt.text[slice(*mention.chars)] for mention in target.mentions]
    odd = query.odd and not asks_for_count_in(query, " ".join(passages))
    if odd or query.language.questions.made.search(query.text):
        return "the question asks for something else than what the passage says"
    line, text = opening.row.line(tokenizer)[-_LONGEST_LINE:], decode(tokenizer, [token])
    begun = {found.group().lstrip(OPENING) for found in (_RUN.search(line), _WORD.search(line)) if found is not None}
    if text[:1].isspace() or not begun:
        begun = {""}
    elif not (_LETTER.match(line[-1:]) and _LETTER.match(text[:1])):
        begun.add("")  # a word may begin behind a sign, and anywhere where words are not set apart
    if any(stands_in(opening, token, tokenizer, part) for part in begun):
        return ""
    return "the passage has no word that goes on or begins so"


def stands_in(opening: Opening, token: int, tokenizer: PreTrainedTokenizerBase, begun: str = "") -> bool:
    """Whether the target's passage has a word that begins with a token, or with what is begun of it and the token.

    Args:
        opening: Where.
        token: The token.
        tokenizer: The model's tokenizer.
        begun: What stands before the token of the word.
    """
    target, bound, text = opening.target, opening.row.bound, decode(tokenizer, [token])
    if target is None:
        return False
    if (not text.isprintable() and not text.strip().isprintable()) or _UNREAD in text:
        # A part of a character has no text of its own.
        return any(token in bound.ids[mention.tokens.start : mention.tokens.stop] for mention in target.mentions)
    own = begun + text if begun else text.strip().lstrip(OPENING) or text.strip()
    if not own:
        return False
    # Where words are not set apart by spaces one may begin anywhere; a sign alone is one before a word: the $ of $40.
    apart = rf"(?<!{LETTER})" if _LETTER.match(own) else ""
    behind = "" if begun or any(map(str.isalnum, own)) else r"(?=[^\W_])"
    before = r"(?<![^\W_])" if behind else apart
    pattern = re.compile(before + re.escape(own) + behind, re.IGNORECASE)
    return any(pattern.search(bound.prompt.text[slice(*mention.chars)]) for mention in target.mentions)

"""Reads QuALITY from a file of its published form, and makes the questions of an audit of it.

A line is a JSON object with the article and its questions, each with four options and the number of the right one. The
texts do not come with the bench; their owners publish them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from guardbind.errors import ConfigError
from guardbind_bench.prompts.audits.item import AuditItem, AuditQuestion, SpanText
from guardbind_bench.prompts.trial import draw_seed

__all__ = ["Quality", "QualityArticle", "QualityQuestion", "paragraphs_of", "read_quality"]

_LONGEST = 650
_BREAKS = frozenset({"p", "br", "div", "h1", "h2", "h3", "h4", "hr", "li", "tr", "blockquote"})
_SILENT = frozenset({"script", "style", "head"})
_MARKUP = re.compile(r"</?(?:p|br|div|span|html|body|h\d|i|b|em)\b[^<>]*>", re.IGNORECASE)


class QualityQuestion(BaseModel):
    """A question about an article; what is published beside this is not read."""

    question: str
    """The question."""
    options: tuple[str, ...] = Field(min_length=2)
    """What may be answered."""
    gold_label: int | None = None
    """Which option is right, from 1; None in the part whose answers are kept back."""
    question_unique_id: str = ""
    """Its published id."""


class QualityArticle(BaseModel):
    """One line of the file."""

    article: str
    """The text, as HTML or without it."""
    questions: tuple[QualityQuestion, ...]
    """Its questions."""
    article_id: str = ""
    """Its published id."""


def read_quality(path: Path) -> list[QualityArticle]:
    """Read all articles of a file.

    Args:
        path: One of the published files, as `QuALITY.v1.0.1.htmlstripped.dev`.

    Raises:
        ConfigError: It cannot be read, is not of this form, or holds no question whose answer is known.
    """
    hint = "One JSON object per line is accepted, with article and questions, each with question, options, gold_label."
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the file {str(path)!r} cannot be read: {error}.", hint=hint) from error
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            article = QualityArticle.model_validate(json.loads(line))
        except (json.JSONDecodeError, ValidationError) as error:
            told = " ".join(str(error).split())[:200]
            raise ConfigError(f"line {number} of {str(path)!r} is no article: {told}.", hint=hint) from error
        for question in article.questions:
            if question.gold_label is not None and not 1 <= question.gold_label <= len(question.options):
                raise ConfigError(
                    f"line {number} of {str(path)!r} has gold_label {question.gold_label} of "
                    f"{len(question.options)} options; these are counted from 1.",
                    hint=hint,
                )
        found.append(article)
    if not any(question.gold_label is not None for article in found for question in article.questions):
        raise ConfigError(f"{str(path)!r} has no question whose answer is known.", hint="Use the train or dev file.")
    return found


class _ParagraphText(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._silent += tag in _SILENT
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT and self._silent > 0
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def paragraphs_of(article: str) -> list[str]:
    r"""Return the paragraphs of an article, joined up to some 650 characters; longer ones stay whole.

    >>> paragraphs_of("<p>One &amp; two.</p><p>Three.</p>")
    ['One & two.\nThree.']
    """
    if _MARKUP.search(article):
        reader = _ParagraphText()
        reader.feed(article)
        reader.close()
        # Within the text of a paragraph a line break of the file says nothing.
        article = "".join(part if part == "\n" else part.replace("\n", " ") for part in reader.parts)
    found: list[str] = []
    for line in article.splitlines():
        text = " ".join(line.split())
        if text and found and len(found[-1]) + len(text) < _LONGEST:
            found[-1] += f"\n{text}"
        elif text:
            found.append(text)
    return found


class Quality:
    """The audit task `quality`: every question whose answer is known, its options permuted; see `AuditTaskBuilder`.

    Args:
        k: 0: the texts are as they are.
        seed: Draws the order of the questions and of the options.
        file: The file of QuALITY.
        languages: English only.

    Raises:
        ConfigError: No file is given, it does not fit, or another argument does not.
    """

    name = "quality"
    version = 1

    def __init__(self, *, k: int = 0, seed: int = 0, file: str | None = None, languages: Sequence[str] = ()) -> None:
        if k != 0:
            raise ConfigError(f"k is {k}; the texts of QuALITY are as they are, and 0 is accepted.")
        if languages and "en" not in languages:
            raise ConfigError(f"QuALITY is English only; {', '.join(languages)} was asked for.")
        if file is None:
            raise ConfigError(
                "no file of QuALITY is given; its texts do not come with the bench.",
                hint="Name one: --option 'quality_file=\"QuALITY.v1.0.1.htmlstripped.dev\"'.",
            )
        self._seed = seed
        self._articles = read_quality(Path(file))
        self._places = [
            (article, question)
            for article, held in enumerate(self._articles)
            for question, asked in enumerate(held.questions)
            if asked.gold_label is not None
        ]
        Random(draw_seed(self.name, seed, 0, "order")).shuffle(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def item(self, index: int) -> AuditItem:
        """Build one item.

        Raises:
            ConfigError: The file has fewer questions.
        """
        if not 0 <= index < len(self._places):
            raise ConfigError(f"there is no question {index}; the file has {len(self._places)} with a known answer.")
        article, place = self._places[index]
        held = self._articles[article]
        asked = held.questions[place]
        assert asked.gold_label is not None
        order = list(range(len(asked.options)))
        Random(draw_seed(self.name, self._seed, index, "options")).shuffle(order)
        options = tuple(" ".join(asked.options[number].split()) for number in order)
        spans = tuple(SpanText(f"S{n}", text) for n, text in enumerate(paragraphs_of(held.article), start=1))
        question = AuditQuestion(
            text=" ".join(asked.question.split()),
            options=options,
            gold=order.index(asked.gold_label - 1),
            claims=tuple(f"The answer to the question \u201c{asked.question}\u201d is: {option}" for option in options),
            lettered=True,
        )
        return AuditItem(index, spans, (), question, form="article")

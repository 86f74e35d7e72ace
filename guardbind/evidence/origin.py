"""Declares which parts of a prompt come from which source, where the roles of its turns do not tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from guardbind.errors import BindingError
from guardbind.evidence.locate import find_source
from guardbind.text.chat import turns
from guardbind.text.decoded import PromptText
from guardbind.text.layout import Span, verbatim

__all__ = ["Origin", "PlacedOrigin", "place_origins"]


@dataclass(frozen=True, slots=True)
class Origin:
    """A part of the prompt, and who says what stands there.

    What is stated in it counts as said by `label`, whatever the role of its turn is. Exactly one of `span`, `text` and
    `turn` says where it stands.

    Attributes:
        label: The name of the source, as `GuardConfig.sources` ranks it: "handbook", "web page", or a role.
        span: Half-open character range, as in `Binding`.
        text: The passage itself; each verbatim occurrence in the prompt is meant.
        turn: A turn of the chat, among those that say something: 0 is the first, -1 the last.
    """

    label: str
    span: Span | None = None
    text: str | None = None
    turn: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.label, str) or not self.label.strip():
            raise BindingError(f"the label of an origin is {self.label!r}; the name of a source is needed.")
        given = [name for name in ("span", "text", "turn") if getattr(self, name) is not None]
        if len(given) != 1:
            raise BindingError(
                f"the origin {self.label!r} has {' and '.join(given) or 'no place'}.",
                hint="Give exactly one of span, text and turn.",
            )
        if self.span is not None and (len(self.span) != 2 or not 0 <= self.span[0] < self.span[1]):
            raise BindingError(f"the span of the origin {self.label!r} is {self.span!r}; (start, end) is needed.")


class PlacedOrigin(NamedTuple):
    """Where an origin stands in the decoded prompt, in characters, and its label."""

    span: Span
    label: str


def place_origins(
    origins: Sequence[Origin], prompt: PromptText, *, source: str | None = None
) -> tuple[PlacedOrigin, ...]:
    """Find where origins stand.

    One that is not there is an error and not left out: what a stranger says would else count as the turn's own words.

    Args:
        origins: What the caller declares.
        prompt: The decoded row.
        source: The text that spans index, where that is not the decoded prompt.

    Returns:
        The places in the order of the text.

    Raises:
        BindingError: A passage is not in the prompt, a span or a turn lies outside of it, or two origins overlap.
    """
    placed = sorted(PlacedOrigin(span, origin.label) for origin in origins for span in _places(origin, prompt, source))
    for left, right in pairwise(placed):
        if right.span[0] < left.span[1] and right.label != left.label:
            raise BindingError(
                f"the origins {left.label!r} (characters {left.span}) and {right.label!r} (characters {right.span}) "
                "overlap.",
                hint="Give each part of the prompt one origin.",
            )
    return tuple(placed)


def _places(origin: Origin, prompt: PromptText, source: str | None) -> list[Span]:
    name = f"the origin {origin.label!r}"
    if origin.turn is not None:
        said = [turn for turn in turns(prompt) if prompt.text[turn.start : turn.end].strip()]
        if not -len(said) <= origin.turn < len(said):
            raise BindingError(f"{name} is turn {origin.turn}; the prompt has {len(said)}.")
        turn = said[origin.turn]
        return [(turn.start, turn.end)]
    if origin.span is not None:
        indexed = prompt.text if source is None else source
        if origin.span[1] > len(indexed):
            raise BindingError(f"{name} ends at {origin.span[1]}, behind the text of {len(indexed)} characters.")
        return [origin.span if source is None else find_source(source, prompt.text).place(origin.span, name)]
    assert origin.text is not None
    wanted = origin.text.strip()
    found = [(start, start + len(wanted)) for start in verbatim(prompt.text, wanted)] if wanted else []
    if not found:
        raise BindingError(
            f"the text of {name} ({len(origin.text)} characters) is not in the prompt verbatim.",
            hint="A chat template may write it otherwise: give its turn.",
        )
    return found

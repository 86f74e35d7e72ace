"""Shares out surface forms among values, so that none stands for two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from guardbind.text.values import Typed, classify, spellings

__all__ = ["Surfaces"]


class Surfaces:
    """The surface forms of the values of a text, none of which stands for two values.

    What a value says without escapes is its own; how it is written with them, and then the other spellings that are
    made up for it, are left out where they are the form of another value. A space in front makes no difference: after
    a space the two would be the same.

    Args:
        stated: Each value as it is written and what that says without escapes, in the order of the text.
        names: Other strings that are to have a value of their own, in the same way.
        locale: How other spellings are made.
    """

    def __init__(
        self, stated: Sequence[tuple[str, str]], names: Sequence[tuple[str, str]] = (), *, locale: str = "en_US"
    ) -> None:
        # The name of a row is the subject of all of its cells, and is given once.
        pairs = list(dict.fromkeys([*reversed(stated), *names]))
        self._owners = {_bare(form): classify(form) for _, form in pairs}
        self._forms: dict[Typed, dict[str, None]] = {}
        for written, form in pairs:
            typed = classify(form)
            self._give(written, typed)
            if form != written:
                self._give(form, typed)
        for typed in list(self._forms):
            for form in spellings(typed, locale):
                self._give(form, typed)

    def of(self, typed: Typed) -> tuple[str, ...]:
        """Return the forms of a value that was given, the spelling that the text has last first."""
        return tuple(self._forms[typed])

    def every(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return names with their other surface forms, each once."""
        every: dict[str, None] = {}
        for name in names:
            every[name] = None
            for form in self._forms.get(classify(name), ()):
                every[form] = None
        return tuple([form for form in every if form.strip()])

    def _give(self, form: str, typed: Typed) -> None:
        if self._owners.setdefault(_bare(form), typed) == typed:
            self._forms.setdefault(typed, {})[form] = None


def _bare(form: str) -> str:
    return form.lstrip(" ")

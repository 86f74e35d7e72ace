"""Finds slots in JSON that is being written: the values of its fields, as `"order_id": "`."""

from __future__ import annotations

import re

from guardbind.slots.moment import Moment
from guardbind.slots.rule import slot_rule
from guardbind.targets import Place

__all__ = ["field"]

_FIELD = re.compile(r"[\"'](?P<key>(?:[^\"'\\\r\n]|\\.){1,80})[\"']\s*:\s*(?P<quote>[\"']?)\s*\Z")
_TOKEN = re.compile(r"\"(?:[^\"\\]|\\.)*\"|[{}\[\]]")
# The key of an outer object; of the arguments of a call with the name of what is called.
_LEADING = re.compile(
    r"(?:\"(?:name|function|tool|tool_name|action)\"\s*:\s*\"[\w.-]{1,80}\"\s*,\s*"
    r"(?=\"(?:arguments|parameters|input|args|kwargs)\"))?\"[^\"]*\"(?=\s*:\s*\Z)"
)
_LONGEST = 4000


@slot_rule(order=20, expects_value=True)
def field(moment: Moment) -> Place | None:
    """A slot where the value of a field begins, if the field or the value is known; its object says whose it is."""
    if moment.last.strip() and moment.last.rstrip()[-1] not in ":\"'":
        return None
    text = moment.text()[-_LONGEST:]
    match = _FIELD.search(text)
    if match is None or not (moment.token in moment.starts or moment.names_key(match["key"])):
        return None
    return Place(match["key"], f"{_enclosing(text[: match.start()])} {match['key']}")


def _enclosing(text: str) -> str:
    """Return the keys that lead to the innermost open object, and what is written of it."""
    opened: list[int] = []
    for token in _TOKEN.finditer(text):
        if token.group() in "{[":
            opened.append(token.start())
        elif token.group() in "}]" and opened:
            opened.pop()
    if not opened:
        return text
    leading = [name.group() for at in opened for name in _LEADING.finditer(text[:at])]
    return " ".join([*leading, text[opened[-1] :]])

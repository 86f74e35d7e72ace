"""Reads YAML files into records, and tells what does not fit by file and field."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from guardbind.errors import ConfigError, nearest

__all__ = ["read_yaml"]

T = TypeVar("T", bound=BaseModel)


class _UniqueKeyLoader(yaml.SafeLoader):  # type: ignore[misc]
    """Refuses a mapping that has a key twice, of which YAML would keep the last."""

    def compose_mapping_node(self, anchor: str | None) -> Any:
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.composer.ComposerError(None, None, f"{key.value!r} stands here twice", key.start_mark)
            if isinstance(key.value, str):
                seen.add(key.value)
        return node


def read_yaml(path: Path, record: type[T], *, what: str, accepted: Iterable[str]) -> T:
    """Read a file as one record.

    Args:
        path: The file.
        record: What it holds.
        what: What the file is, in messages: `preset`.
        accepted: Sentences that say which fields there are, the hint of an error.

    Raises:
        ConfigError: The file cannot be read, is no YAML, holds nothing, or holds what the record does not take.
    """
    hint = " ".join(accepted)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            f"there is no file {str(path)!r} to read a {what} from.",
            hint=f"It would be looked for at {path.absolute()}.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"the {what} {str(path)!r} cannot be read: {error}.", hint="A text file is accepted."
        ) from error
    try:
        held = yaml.load(text, Loader=_UniqueKeyLoader)
    except yaml.YAMLError as error:
        raise ConfigError(f"the {what} {str(path)!r} is not YAML: {_on_one_line(error)}.", hint=hint) from error
    if not isinstance(held, dict):
        seen = "nothing" if held is None else f"a {type(held).__name__}"
        raise ConfigError(f"the {what} {str(path)!r} holds {seen}, not fields with values.", hint=hint)
    try:
        return record.model_validate(held)
    except ValidationError as error:
        raise ConfigError(f"the {what} {str(path)!r}: {_told(error, hint)}", hint=hint) from error


def _on_one_line(error: yaml.YAMLError) -> str:
    return " ".join(str(error).split())


def _told(error: ValidationError, accepted: str) -> str:
    """Return what does not fit, a sentence for each field."""
    known = accepted.replace(",", " ").replace(".", " ").replace("`", " ").split()
    sentences = []
    for one in error.errors():
        field = ".".join(map(str, one["loc"]))
        if one["type"] == "extra_forbidden":
            meant = nearest(str(one["loc"][-1]), known)
            sentences.append(f"{field} is not a field of it." + (f" {meant}" if meant else ""))
        elif one["type"] == "missing":
            sentences.append(f"{field} is missing.")
        else:
            sentences.append(f"{field} is {one['input']!r}: {one['msg'].removeprefix('Value error, ')}.")
    return " ".join(sentences)

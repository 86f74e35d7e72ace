"""Reads the prompt and what it binds, from files, standard input and arguments."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import click
from pydantic import BaseModel, ConfigDict, StrictInt, ValidationError

from guardbind.cli.options import Job
from guardbind.errors import BindingError
from guardbind.evidence import Binding, Evidence, Target, check_bindings

__all__ = ["Item", "read_items", "read_prompt", "read_target"]

Item = Binding | Evidence


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _BindingEntry(_Entry):
    key: str
    value: str
    aliases: tuple[str, ...] = ()
    span: tuple[StrictInt, StrictInt] | None = None


class _EvidenceEntry(_Entry):
    id: str
    span: tuple[StrictInt, StrictInt] | None = None
    text: str | None = None


def read_prompt(job: Job) -> str:
    """Return the prompt; a line break at the very end of a file is not part of it.

    Raises:
        click.UsageError: There is no prompt, more than one, or an empty one, or standard input would be read twice.
    """
    if job.prompt is not None and job.text is not None:
        raise click.UsageError("--prompt and --text are both given; one of them is needed.")
    if job.text is not None:
        return _not_empty(job.text, "--text")
    file = "-" if job.prompt is None else job.prompt
    if file == "-" and job.bindings == "-":
        raise click.UsageError(
            "The prompt and the bindings cannot both come from standard input. Give a file to --prompt or --bindings."
        )
    if job.prompt is None and sys.stdin.isatty():
        raise click.UsageError(
            "There is no prompt. Give --text, --prompt FILE, or a pipe to standard input; --prompt - to type it."
        )
    try:
        text = _read(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"{_named(file)} is not UTF-8: {error}.", param_hint="--prompt") from error
    return _not_empty(text.removesuffix("\n").removesuffix("\r"), "--prompt")


def read_items(job: Job) -> list[Item]:
    """Return what the prompt is said to bind: of the file first, then of the arguments; nothing if neither is given.

    Raises:
        click.BadParameter: An argument is not KEY=VALUE.
        BindingError: The file is not what is accepted, or a binding cannot be used.
    """
    items: list[Item] = [] if job.bindings is None else _parse(_read(job.bindings), _named(job.bindings))
    for pair in job.binding:
        key, sign, value = pair.partition("=")
        if not sign:
            raise click.BadParameter(f"{pair!r} has no '='; KEY=VALUE is needed.", param_hint="--binding")
        items.append(Binding(key, value))
    items.extend(Evidence(f"evidence{n}", text=passage) for n, passage in enumerate(job.evidence, start=1))
    check_bindings(items)
    return items


def read_target(text: str | None, items: Sequence[Item]) -> Target | None:
    """Return the target that `KEY`, `KEY:first` or `KEY:last` means; a key may itself end like that."""
    if text is None:
        return None
    if text not in [item.key if isinstance(item, Binding) else item.id for item in items]:
        key, _, which = text.rpartition(":")
        if key and which == "first":
            return Target(key, "first")
        if key and which == "last":
            return Target(key, "last")
    return Target(text)


def _read(file: str) -> bytes:
    with click.open_file(file, "rb") as stream:
        data: bytes = stream.read()
    return data


def _named(file: str) -> str:
    return "standard input" if file == "-" else file


def _not_empty(prompt: str, option: str) -> str:
    if not prompt:
        raise click.BadParameter("The prompt is empty.", param_hint=option)
    return prompt


def _parse(data: bytes, name: str) -> list[Item]:
    try:
        given = json.loads(data, object_pairs_hook=lambda pairs: _object(pairs, name))
    except (ValueError, RecursionError) as error:
        if isinstance(error, BindingError):
            raise
        raise BindingError(f"the bindings in {name} are not JSON: {error}.") from error
    if isinstance(given, dict):
        given = [{"key": key, "value": value} for key, value in given.items()]
    if not isinstance(given, list):
        raise BindingError(
            f"the bindings in {name} are a JSON {type(given).__name__}.",
            hint='Write {"KEY": "value", ...} or a list of objects.',
        )
    return [_item(entry, f"{name}, entry {n}") for n, entry in enumerate(given, start=1)]


def _object(pairs: Sequence[tuple[str, Any]], name: str) -> dict[str, Any]:
    """Build a JSON object; of a name that stands in it twice, Python would quietly drop the first."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise BindingError(
            f"{name}: {twice!r} stands twice in one object.",
            hint='For several values of a key, write a list: [{"key": ..., "value": ...}, ...].',
        )
    return found


def _item(entry: Any, where: str) -> Item:
    if not isinstance(entry, dict):
        raise BindingError(
            f"{where} is {json.dumps(entry)}; an object is needed.",
            hint='Write {"key": ..., "value": ...}, or {"id": ..., "text": ...} for a passage of evidence.',
        )
    passage = "id" in entry and "key" not in entry
    model = _EvidenceEntry if passage else _BindingEntry
    try:
        fields = dict(model.model_validate(entry))
    except ValidationError as error:
        kind = "an evidence" if passage else "a binding"
        raise BindingError(
            f"{where}: {'; '.join(_fault(e) for e in error.errors())}.",
            hint=f"The fields of {kind} are {', '.join(model.model_fields)}; a value is a string, as in the prompt.",
        ) from error
    return Evidence(**fields) if passage else Binding(**fields)


def _fault(error: Any) -> str:
    field = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        return f"there is no field {field!r}"
    if error["type"] == "missing":
        return f"the field {field!r} is missing"
    return f"{field}: {error['msg']}, got {json.dumps(error['input'])}"

"""Names a model and a command without the folders of the machine that they were run on."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

__all__ = ["hidden", "model_name", "without_folders", "without_folders_in"]


def model_name(model: str) -> str:
    """Return what a model is called: the name that it was asked for by, or the last part of its folder.

    >>> model_name("smollm2-135m"), model_name("/data/models/tiny/"), model_name("Qwen/Qwen2.5-3B")
    ('smollm2-135m', 'tiny', 'Qwen/Qwen2.5-3B')
    """
    folder = Path(model).expanduser()
    return folder.resolve().name if folder.is_dir() else _last_part(model)


def without_folders(arguments: Iterable[str], model: str | None = None) -> list[str]:
    """Return the arguments of a command with the last part of every absolute path, and the model by its name.

    Args:
        arguments: As the shell gave them.
        model: The model as it was asked for; None where it is not known.

    >>> without_folders(["run", "--model", "/data/models/tiny", "--out=/data/runs/a"])
    ['run', '--model', 'tiny', '--out=a']
    """
    return [_without_folders(argument, model) for argument in arguments]


def without_folders_in(command: str) -> str:
    """Return a command line with the last part of every absolute path; as it is where it has none.

    >>> without_folders_in("guardbind bench run --model '/data/my models/tiny' --k 8")
    'guardbind bench run --model tiny --k 8'
    """
    try:
        arguments = shlex.split(command)
    except ValueError:
        arguments = command.split()
    plain = without_folders(arguments)
    return command if plain == arguments else shlex.join(plain)


def hidden(text: str, folders: Iterable[str]) -> str:
    """Return a text that names some folders only by their last part; what is no absolute path is left as it is.

    >>> hidden("no chat template in /data/models/tiny", ["/data/models/tiny"])
    'no chat template in tiny'
    """
    for folder in sorted(filter(None, folders), key=len, reverse=True):
        text = text.replace(folder, _last_part(folder))
    return text


def _without_folders(argument: str, model: str | None) -> str:
    if argument == model:
        return model_name(argument)
    option, equals, value = argument.partition("=")
    if equals and option.startswith("-"):
        return f"{option}={_without_folders(value, model)}"
    return _last_part(argument)


def _last_part(text: str) -> str:
    kinds: tuple[type[PurePath], ...] = (PurePosixPath, PureWindowsPath)
    return next((kind(text).name or text for kind in kinds if kind(text).is_absolute()), text)

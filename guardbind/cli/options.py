"""Declares the options that commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import click

from guardbind.config import GuardConfig
from guardbind.registry import AUTO, LANGUAGES, RESOLVERS, SLOTS

__all__ = ["CONTEXT", "Job", "default_of", "job_options", "language_option", "model_options"]

F = TypeVar("F", bound=Callable[..., Any])

# The prefix is given to each command, so that GUARDBIND_MODEL is one variable for all of them.
CONTEXT: dict[str, Any] = {"auto_envvar_prefix": "GUARDBIND", "show_default": True, "max_content_width": 100}


@dataclass(frozen=True, slots=True)
class Job:
    """What the shared options ask for; see their help."""

    prompt: str | None
    text: str | None
    chat: bool
    bindings: str | None
    binding: tuple[str, ...]
    evidence: tuple[str, ...]
    target: str | None
    model: str
    dtype: str
    device: str | None
    max_new_tokens: int
    temperature: float
    seed: int | None
    language: str
    slots: tuple[str, ...]
    pattern: tuple[str, ...]
    resolver: str
    source: tuple[str, ...]
    field: dict[str, str]
    sink: tuple[str, ...]
    json: bool
    api: str | None = None
    calibration: str | None = None
    outside: Literal["flag", "widen", "abstain"] = "flag"


def _known_slots(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if value not in SLOTS:
            raise click.BadParameter(str(SLOTS.miss(value)), ctx, param)
    return values


def _known_language(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if value != AUTO and value not in LANGUAGES:
        raise click.BadParameter(str(LANGUAGES.miss(value)), ctx, param)
    return value


def _known_resolver(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if value not in RESOLVERS:
        raise click.BadParameter(str(RESOLVERS.miss(value)), ctx, param)
    return value


def _fields(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in values:
        said, _, meant = (part.strip() for part in value.partition("="))
        if not said or not meant:
            raise click.BadParameter(f"{value!r} is not NAME=NAME.", ctx, param)
        if found.setdefault(said, meant) != meant:
            raise click.BadParameter(f"{said!r} is called both {found[said]!r} and {meant!r}.", ctx, param)
    return found


class _Listed(click.types.StringParamType):
    """A text; a variable holds several, parted by commas, for each of them may have spaces."""

    envvar_list_splitter = ","


def default_of(setting: str) -> Any:
    """Return the default of a `GuardConfig` setting."""
    return GuardConfig.model_fields[setting].default


def _setting(*names: str, **attributes: Any) -> Callable[[F], F]:
    """An option that an environment variable can set as well."""
    return click.option(*names, show_envvar=True, **attributes)


def _input(*names: str, **attributes: Any) -> Callable[[F], F]:
    """An option that belongs to one prompt, so no environment variable sets it."""
    return click.option(*names, allow_from_autoenv=False, **attributes)


_FILE = click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True)

_LANGUAGE_OPTION = _setting(
    "--language",
    metavar="NAME",
    default=default_of("language"),
    callback=_known_language,
    help="What the text is written in: chinese, english, french, german, spanish, or auto to tell it from the text.",
)

_MODEL_OPTIONS = [
    _setting(
        "--model",
        default="smollm2-135m",
        metavar="NAME",
        help="A name known to guardbind, a local folder, or a Hugging Face id with its owner.",
    ),
    _setting("--dtype", type=click.Choice(["float32", "bfloat16", "float16"]), default="float32"),
    _setting("--device", metavar="DEVICE", help="Where the model runs: cpu (the default), cuda, cuda:1, mps or auto."),
]

_OPTIONS = [
    _input(
        "--prompt",
        type=_FILE,
        help="File that holds the prompt, - for standard input, which is also the default. A line break at its very "
        "end is left out.",
    ),
    _input("--text", help="The prompt itself, instead of a file."),
    _input("--chat", is_flag=True, help="Make the prompt the user's turn of a chat, with the model's own template."),
    _input(
        "--bindings",
        type=_FILE,
        help='JSON file of what the prompt binds: {"KEY": "value", ...}, or a list of {"key", "value", "aliases", '
        '"span"} and, for a passage of evidence, {"id", "text"} or {"id", "span"}. A span is [start, end] in '
        "characters of the prompt.",
    ),
    _input(
        "--binding",
        multiple=True,
        metavar="KEY=VALUE",
        help="One binding; repeat for more, and for later values. "
        "Without any, and without --evidence, they are read out of the prompt.",
    ),
    _input(
        "--evidence",
        multiple=True,
        metavar="PASSAGE",
        help="A passage, verbatim from the prompt, that supports an answer whose value is not known; repeat for more. "
        "Their names are evidence1, evidence2 and so on.",
    ),
    _input(
        "--target",
        metavar="KEY[:first|:last]",
        help="The key whose value is asked for, or the name of an evidence; without it, the key that the query names. "
        "Of a key with several values the last one in the prompt is meant, unless :first is added.",
    ),
    *_MODEL_OPTIONS,
    _setting(
        "--api",
        metavar="URL",
        help="Ask a server instead of a model of this process, as http://localhost:8000/v1; --model is then the "
        "server's name of it. Keys are read from the environment.",
    ),
    _setting("--max-new-tokens", type=click.IntRange(min=1), default=64, help="Length of the answer, at most."),
    _setting(
        "--temperature",
        type=click.FloatRange(min=0),
        default=0.0,
        help="Draw tokens at this temperature; 0 takes the most probable one.",
    ),
    _setting("--seed", type=click.IntRange(min=0, max=2**32 - 1), help="Seed of the drawing."),
    _LANGUAGE_OPTION,
    _setting(
        "--slots",
        metavar="NAME",
        multiple=True,
        default=default_of("slots"),
        callback=_known_slots,
        help=f"Where a value is taken to begin; repeat for more. Names: {', '.join(SLOTS.names())}.",
    ),
    _input(
        "--pattern",
        multiple=True,
        metavar="REGEX",
        help="A value also begins wherever this matches up to the end of the answer so far; repeat for more.",
    ),
    _setting(
        "--resolver",
        metavar="NAME",
        default=default_of("resolver"),
        callback=_known_resolver,
        help="What says which value is meant: words (around the place and in the question), reading (the record that "
        "the model's own reading of the question rests on), or both (what the two agree on).",
    ),
    _setting(
        "--source",
        multiple=True,
        metavar="ROLE",
        help="Whose statements are believed where two contradict each other: system, user or tool; repeat for more, "
        "the most believed first. Without it, such a place is left alone.",
    ),
    _setting(
        "--field",
        multiple=True,
        type=_Listed(),
        callback=_fields,
        metavar="NAME=NAME",
        help="What the answer calls something, and what the prompt calls it, as latitude=lat; repeat for more. In the "
        "variable they are parted by commas.",
    ),
    _setting(
        "--calibration",
        metavar="DIR",
        help="What is known of the model, from guardbind calibrate: a folder or a registered name. It says what may be "
        "acted on, and each record says which guarantee its action rests on.",
    ),
    _setting(
        "--outside",
        type=click.Choice(["flag", "widen", "abstain"]),
        default=default_of("outside"),
        help="What to do where the calibration does not hold: only say so, act on wider margins, or end the answer.",
    ),
    _setting(
        "--sink",
        multiple=True,
        metavar="SINK",
        help="Where a record of each slot goes, without prompt text: jsonl:PATH, logging, logging:LEVEL, "
        "logging:LOGGER or otel; repeat for more.",
    ),
    _setting("--json", is_flag=True, help="Print one JSON object with the answer and the report."),
]


def model_options(command: F) -> F:
    """Add the options that choose a model: `model`, `dtype` and `device`."""
    for option in reversed(_MODEL_OPTIONS):
        command = option(command)
    return command


def language_option(command: F) -> F:
    """Add the option that says what a text is written in: `language`."""
    return _LANGUAGE_OPTION(command)


def job_options(command: F) -> F:
    """Add the shared options to a command, which takes them as the fields of `Job`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command

"""Makes the prompts of `agent_log`: an agent assigns things, some again; the latest or the first value is asked for."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from random import Random
from typing import NamedTuple

from guardbind_bench.prompts.text_trial import Direction, Which
from guardbind_bench.prompts.texts.draft import Attribute, DraftKey, DraftTask, Message, TextDraft, Unrelated, mark
from guardbind_bench.prompts.texts.questions import system, wording
from guardbind_bench.prompts.texts.values import Draws, ValueSpelling, styles

__all__ = ["AgentLog"]

_VARIABLES = (
    *(Attribute(name, "number") for name in ("budget", "batch_size", "timeout_ms", "max_tokens", "memory_mb")),
    *(Attribute(name, "version") for name in ("api_version", "model_version", "schema_version", "client_version")),
    *(Attribute(name, "hash") for name in ("commit", "checkpoint", "snapshot", "build_id")),
    *(Attribute(name, "region") for name in ("region", "fallback_region", "backup_region", "cache_region")),
    *(Attribute(name, "email") for name in ("owner_email", "report_email", "alert_email", "support_email")),
    *(Attribute(name, "date") for name in ("deadline", "start_date", "release_date", "freeze_date")),
)
_OF_JOBS = (Attribute("status", "status"), Attribute("worker", "host"), Attribute("step count", "quantity"))
# Of the same kinds, and in no log.
_OF_NO_JOB = (
    Attribute("standby worker", "host"),
    Attribute("retry count", "quantity"),
    Attribute("upload status", "status"),
)
_SET = ("set {name} = {value}", "{name} = {value}", "{name} is now {value}", "{name}: {value}")
_JOB = (
    "the {attribute} of {owner} is now {value}",
    "{owner}'s {attribute} is {value}",
    "{owner} {attribute}: {value}",
)
_CALL, _RESULT, _SAY = range(3)
_TASK = "Please run the jobs, and keep track of the settings."
_NOTED = ("Done, I have noted that.", "Understood, I will go on with that.", "Thanks, that is in the log now.")

_VARIABLE_QUESTIONS = {
    "last": (
        "What is the latest value of {attribute}?",
        "What is the value of {attribute} at the end of the log?",
        "What is {attribute} now?",
        "Please tell me the current {attribute}.",
    ),
    "first": (
        "What was the first value of {attribute}?",
        "What was the original {attribute}, before it was changed?",
        "What was {attribute} set to at first?",
        "Please tell me the initial value of {attribute}.",
    ),
    "only": (
        "What is the value of {attribute}?",
        "What was {attribute} set to?",
        "Please tell me the {attribute} from the log.",
        "Which value does {attribute} have?",
    ),
}
_JOB_QUESTIONS = {
    "last": (
        "What is the latest {attribute} of {named}?",
        "What is {named}'s {attribute} now?",
        "Please tell me the current {attribute} of {named}.",
    ),
    "first": (
        "What was the first {attribute} of {named}?",
        "What was {named}'s {attribute} at first?",
        "Please tell me the original {attribute} of {named}.",
    ),
    "only": ("What is the {attribute} of {named}?", "What is {named}'s {attribute}?", "Tell me {named}'s {attribute}."),
}
_WHICH_JOB = {
    "last": ("Which job has the {attribute} {named} now?", "Which job's latest {attribute} is {named}?"),
    "first": ("Which job had the {attribute} {named} at first?", "Which job's first {attribute} was {named}?"),
    "only": ("Which job has the {attribute} {named}?", "Which job's {attribute} is {named}?"),
}


class _Step(NamedTuple):
    """A step of the log: the key that it assigns, if any, how it is told, and its text."""

    key: int | None
    how: int
    text: str


@dataclass(frozen=True, slots=True)
class _Log:
    """The steps before they are written: in one message, with their times or without, or as turns."""

    steps: Sequence[_Step]
    clock: Sequence[int]
    turns: bool
    stamp: bool
    tell: str | None
    far: Sequence[str]

    def write(self, omit: Collection[int]) -> list[Message]:
        kept = [(step, at) for step, at in zip(self.steps, self.clock, strict=True) if step.key not in omit]
        first = [Message("system", self.tell)] if self.tell else []
        far = " ".join(self.far)
        if self.turns:
            told = [Message("user", _TASK), Message("assistant", _NOTED[1])]
            told += [m for step, at in kept for m in _turn(step.how, step.text, _NOTED[at % len(_NOTED)])]
            return [*first, *_joined(told), *([Message("user", far)] if far else [])]
        heads = [f"[{at // 60:02d}:{at % 60:02d}] " if self.stamp else "" for _, at in kept]
        body = "\n".join(head + _line(step.how, step.text) for head, (step, _) in zip(heads, kept, strict=True))
        return [*first, Message("user", f"Here is the log of an agent.\n\n{body}" + (f"\n\n{far}" if far else ""))]


class AgentLog(DraftTask):
    """Variables and jobs are given values in several forms, each up to three times, with other steps between.

    The log stands in one message of the user, or as turns with the tool's results. The latest value is asked for, in a
    third of the trials the first. Any key is asked for as often as any other; which job has a value is asked of jobs.
    """

    name = "agent_log"

    def _draft(self, shape: Random, draws: Draws, unrelated: Unrelated) -> TextDraft:
        keys = _keys(shape, draws)
        steps = _steps(shape, keys, unrelated)
        direction: Direction = "key_value" if shape.random() < 0.5 else "value_key"
        # Which variable has a value is not asked; the jobs stand last.
        first = 0 if direction == "key_value" else sum(key.owner is None for key in keys)
        asked = shape.randrange(first, len(keys))
        key = keys[asked]
        which: Which = "only" if len(key.values) == 1 else "first" if shape.random() < 0.4 else "last"
        value = key.values[0 if which == "first" else -1]
        named, stranger = _named(key, value, direction, draws)
        turns, tell, stamp = shape.random() < 0.3, system(shape), shape.random() < 0.3
        log = _Log(steps, sorted(shape.sample(range(540, 1080), len(steps))), turns, stamp, tell, unrelated.far)
        if direction == "value_key":
            question = wording(shape, _WHICH_JOB[which], answers="job", field="job")
        else:
            templates = (_JOB_QUESTIONS if key.owner else _VARIABLE_QUESTIONS)[which]
            question = wording(shape, templates, answers=key.attribute.kind)
        attributes = {k.attribute for k in keys}
        spare = (v for v in (_OF_NO_JOB if key.owner else _VARIABLES) if v.kind == key.attribute.kind)
        return TextDraft(
            keys=tuple(keys),
            asked=asked,
            direction=direction,
            which=which,
            write=log.write,
            named=named,
            stranger=stranger,
            spare=tuple(a for a in spare if a not in attributes),
            question=question,
        )


def _keys(shape: Random, draws: Draws) -> list[DraftKey]:
    """Draw what has a value, and how often it gets one: variables, whose kinds come in pairs, and then jobs.

    The keys stand together; `_steps` spreads their statements.
    """
    # With many variables there is little about jobs.
    few = shape.random() < 0.5
    kinds = shape.sample(sorted({a.kind for a in _VARIABLES}), 1 if few else 2)
    variables = [a for kind in kinds for a in shape.sample([v for v in _VARIABLES if v.kind == kind], 2)]
    of_jobs = shape.sample(_OF_JOBS, 2 if few else 1)
    jobs = [draws.value("job") for _ in range(2 if few else shape.randrange(2, 4))]
    keys = []
    owned = [(job, a) for job in jobs for a in of_jobs]
    for owner, attribute in [*((None, a) for a in variables), *owned]:
        style = 0 if attribute.kind == "number" else shape.randrange(styles(attribute.kind))
        times = shape.choices((1, 2, 3), (4, 3, 1) if owner is None else (2, 1, 0))[0]
        keys.append(DraftKey(owner, attribute, tuple(draws.value(attribute.kind, style) for _ in range(times))))
    return keys


def _steps(shape: Random, keys: Sequence[DraftKey], unrelated: Unrelated) -> list[_Step]:
    """Draw the order and the wording of all assignments, with up to two steps between that assign nothing."""
    spots = [i for i, key in enumerate(keys) for _ in key.values]
    shape.shuffle(spots)
    seen = [0] * len(keys)
    steps: list[_Step] = []
    for i in spots:
        steps.append(_Step(i, *_told(shape, keys[i], mark(i, seen[i]))))
        seen[i] += 1
    for _ in range(shape.randrange(3)):
        steps.insert(shape.randrange(1, len(steps)), _Step(None, _SAY, unrelated.sentence()))
    return steps


def _told(shape: Random, key: DraftKey, value: str) -> tuple[int, str]:
    """Draw how an assignment is told."""
    attribute = key.attribute.name
    field = attribute.replace(" ", "_")
    how = shape.choices((_CALL, _RESULT, _SAY), (1, 2, 3))[0]
    literal = value if key.attribute.kind in ("number", "quantity") else json.dumps(value, ensure_ascii=False)
    if how == _CALL:
        job = f'"{key.owner.text}", ' if key.owner else ""
        return how, f"update({job}{field}={literal})"
    if how == _RESULT:
        result = f'{{"{field}": {literal}}}'
        return how, f'{{"{key.owner.text}": {result}}}' if key.owner else result
    if key.owner:
        return how, shape.choice(_JOB).format(attribute=attribute, owner=key.owner.text, value=value)
    return how, shape.choice(_SET).format(name=attribute, value=value)


def _named(key: DraftKey, value: ValueSpelling, direction: Direction, draws: Draws) -> tuple[str, str | None]:
    """Return what the question names, and what it could name in its place that is not in the log."""
    if direction == "value_key":
        return value.text, draws.value(value.kind).text
    return (key.owner.text, draws.value("job").text) if key.owner else ("", None)


def _line(how: int, text: str) -> str:
    return {_CALL: f"Action: {text}", _RESULT: f"Tool result: {text}", _SAY: text}[how]


def _turn(how: int, text: str, noted: str) -> list[Message]:
    """Tell a step as turns; what the assistant writes states nothing."""
    if how == _SAY:
        return [Message("user", text), Message("assistant", noted)]
    return [Message("assistant", "Calling the tool."), Message("tool", f"Done: {text}" if how == _CALL else text)]


def _joined(messages: Iterable[Message]) -> list[Message]:
    """Make one turn of the assistant's turns in a row, which many chat templates refuse."""
    turns = ((role, list(own)) for role, own in groupby(messages, key=lambda message: message.role))
    return [
        joined
        for role, own in turns
        for joined in ([Message(role, " ".join(m.text for m in own))] if role == "assistant" else own)
    ]

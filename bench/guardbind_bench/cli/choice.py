"""Turns what was typed into the settings of each experiment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from guardbind.errors import ConfigError, UnknownNameError
from guardbind.registry import Registry

if TYPE_CHECKING:
    from guardbind_bench.experiments.experiment import Experiment, Settings
    from guardbind_bench.presets.preset import Preset

__all__ = ["Choice", "choose"]

# Naming one of them says over what an experiment is run; further conditions of a preset are others on purpose.
_CONDITIONS = frozenset({"tasks", "fillers", "ks"})


@dataclass(frozen=True, slots=True)
class Choice:
    """What replaces single settings of a preset.

    Attributes:
        tasks: Registered tasks; empty to keep the preset's.
        fillers: Registered fillers; empty to keep the preset's.
        ks: Tokens of filler per block; empty to keep the preset's.
        trials: Trials per cell, or None.
        seed: Base seed, or None.
        options: `NAME=JSON` or `EXPERIMENT.NAME=JSON`, options of single experiments.
    """

    tasks: tuple[str, ...] = ()
    fillers: tuple[str, ...] = ()
    ks: tuple[int, ...] = ()
    trials: int | None = None
    seed: int | None = None
    options: tuple[str, ...] = ()

    def replaced(self) -> dict[str, Any]:
        """Return the settings that were given, by name; options are not among them."""
        given = {field.name: getattr(self, field.name) for field in fields(Choice) if field.name != "options"}
        return {name: value for name, value in given.items() if value not in ((), None)}


@dataclass(frozen=True, slots=True)
class TypedOption:
    """An option of an experiment, as it was typed.

    Attributes:
        experiment: Whose it is; None for every experiment that knows it.
        name: Its name.
        value: Its value.
        text: What was typed.
    """

    experiment: str | None
    name: str
    value: Any
    text: str

    @classmethod
    def of(cls, text: str) -> TypedOption:
        """Read `NAME=JSON` or `EXPERIMENT.NAME=JSON`.

        Raises:
            ConfigError: It has no value, or one that is not JSON.

        Example:
            >>> from guardbind_bench.cli.choice import TypedOption
            >>> option = TypedOption.of("probe.layers=[0,15]")
            >>> option.experiment, option.name, option.value
            ('probe', 'layers', [0, 15])
        """
        name, separator, value = text.partition("=")
        if not separator:
            raise ConfigError(f"option {text!r} has no value; NAME=JSON is accepted, as in layers=[0,15].")
        experiment, dot, option = name.rpartition(".")
        try:
            return cls(experiment if dot else None, option, json.loads(value), text)
        except json.JSONDecodeError as error:
            raise ConfigError(
                f"the value of option {text!r} is not JSON: {error}.", hint='Put text in quotes, as in layers="paper".'
            ) from error

    def belongs_to(self, experiment: Experiment) -> bool:
        """Whether an experiment takes it."""
        return self.experiment in (None, experiment.name) and self.name in experiment.defaults


def choose(names: Sequence[str], preset: Preset | str, model: str, choice: Choice) -> dict[str, Settings]:
    """Return the settings of the experiments that were named; of all experiments of the preset where none was.

    An experiment also goes by the id of a published table that it reproduces. Where only tasks are named, an experiment
    is run over those that it can take, if there is one.

    Args:
        names: Experiments, by name or alias.
        preset: A preset, its registered name, or the path of its file.
        model: The model as it was asked for.
        choice: What replaces single settings of the preset.

    Raises:
        ConfigError: An option is not known to any of the experiments, or is not JSON; none takes any of the tasks; the
            file of the preset does not fit.
        UnknownNameError: There is no such experiment, preset, task or filler, or the preset has none for this model.
    """
    if isinstance(preset, str):
        from guardbind_bench.presets.preset import find_preset

        preset = find_preset(preset)
    _check_names(choice)
    typed = [TypedOption.of(text) for text in choice.options]
    chosen: dict[str, Settings] = {}
    experiments: list[Experiment] = []
    for experiment, settings in _named(names, preset, model):
        tasks = choice.tasks if names else _tasks_like(settings, choice.tasks)
        if choice.tasks and not tasks:
            continue
        experiments.append(experiment)
        replaced = choice.replaced() | ({"tasks": tasks} if tasks else {})
        options = {option.name: option.value for option in typed if option.belongs_to(experiment)}
        chosen[experiment.name] = _replace(settings, replaced, options)
    if not chosen:
        raise ConfigError(f"no experiment of preset {preset.name!r} takes any of the tasks {', '.join(choice.tasks)}.")
    _check_used(typed, experiments)
    return chosen


def _check_names(choice: Choice) -> None:
    from guardbind_bench.registry import AUDIT_TASKS, FILLERS, TASKS, TEXT_TASKS

    known = dict.fromkeys((*TASKS, *TEXT_TASKS, *AUDIT_TASKS), "")
    for name in choice.tasks:
        if name not in known:
            raise Registry[str]("task", known).miss(name)
    for name in choice.fillers:
        if name not in FILLERS:
            raise FILLERS.miss(name)


def _named(names: Sequence[str], preset: Preset, model: str) -> list[tuple[Experiment, Settings]]:
    """Return the experiments by name or alias, each once, with the preset's settings; all of the preset without names.

    Raises:
        UnknownNameError: There is no such experiment, or the preset does not run it.
    """
    from guardbind_bench.registry import EXPERIMENTS

    everything = {name: EXPERIMENTS.get(name) for name in EXPERIMENTS}
    held = preset.settings(model)
    found = [_by_name_or_alias(name, everything) for name in names] or list(held)
    for name in found:
        if name not in held:
            raise UnknownNameError(
                f"preset {preset.name!r} does not run {name} for the model {model!r}; it runs {', '.join(held)}.",
                hint="Use --preset quick, which runs all of them on any model; the other options say over what.",
            )
    return [(everything[name], held[name]) for name in dict.fromkeys(found)]


def _by_name_or_alias(name: str, experiments: Mapping[str, Experiment]) -> str:
    from guardbind_bench.registry import EXPERIMENTS

    for experiment in experiments.values():
        if name == experiment.name or name in experiment.aliases:
            return experiment.name
    raise EXPERIMENTS.miss(name)


def _tasks_like(settings: Settings, tasks: Iterable[str]) -> tuple[str, ...]:
    """Return those of the tasks that are of the kind, tokens, texts or audits, that an experiment is run over."""
    from guardbind_bench.registry import AUDIT_TASKS, TEXT_TASKS

    def kind(task: str) -> tuple[bool, bool]:
        return task in TEXT_TASKS, task in AUDIT_TASKS

    return tuple(task for task in tasks if kind(task) == kind(settings.tasks[0]))


def _replace(settings: Settings, replaced: Mapping[str, Any], options: Mapping[str, Any]) -> Settings:
    """Return settings with some of them, and some of their options, replaced, also in the further conditions."""
    from guardbind_bench.experiments.experiment import Settings

    also = () if replaced.keys() & _CONDITIONS else settings.also
    first, *further = (
        {**part.model_dump(exclude={"also"}), **replaced, "options": {**part.options, **options}}
        for part in (settings, *also)
    )
    return Settings.model_validate({**first, "also": further})


def _check_used(typed: Iterable[TypedOption], experiments: Sequence[Experiment]) -> None:
    """Check that every option belongs to an experiment that is run.

    Raises:
        ConfigError: One does not.
    """
    for option in typed:
        if not any(option.belongs_to(experiment) for experiment in experiments):
            known = "; ".join(f"{one.name}: {', '.join(sorted(one.defaults)) or 'none'}" for one in experiments)
            raise ConfigError(
                f"option {option.text!r} belongs to none of the experiments that are run; they know {known}."
            )

"""From what was typed to the settings of each experiment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from guardbind.errors import ConfigError, UnknownNameError
from guardbind.registry import Registry

if TYPE_CHECKING:
    from guardbind_bench.experiments.experiment import Experiment, Settings

__all__ = ["Choice", "choose"]


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


def choose(names: Sequence[str], preset: str, model: str, choice: Choice) -> dict[str, Settings]:
    """Return the settings of the experiments that were named; of all experiments of the preset where none was.

    An experiment also goes by the id of a published table that it reproduces. Where only tasks are named, an experiment
    is run over those that it can take, if there is one.

    Raises:
        ConfigError: An option is not known to any of the experiments, or is not JSON; none takes any of the tasks.
        UnknownNameError: There is no such experiment, preset, task or filler, or the preset has none for this model.
    """
    from guardbind_bench.experiments.experiment import Settings
    from guardbind_bench.registry import EXPERIMENTS, FILLERS, PRESETS, TASKS, TEXT_TASKS

    for name in choice.tasks:
        if name not in TASKS and name not in TEXT_TASKS:
            raise Registry[str]("task", dict.fromkeys((*TASKS, *TEXT_TASKS), "")).miss(name)
    for name in choice.fillers:
        if name not in FILLERS:
            raise FILLERS.miss(name)
    everything = {name: EXPERIMENTS.get(name) for name in EXPERIMENTS}
    preset_settings = PRESETS.get(preset).settings(model)
    wanted_names = [_by_name_or_alias(name, everything) for name in names] or list(preset_settings)
    options = [_option(text) for text in choice.options]
    chosen: dict[str, Settings] = {}
    used: set[str] = set()
    for name in dict.fromkeys(wanted_names):
        experiment = everything[name]
        if name not in preset_settings:
            raise UnknownNameError(
                f"preset {preset!r} does not run {name} for the model {model!r}; it runs {', '.join(preset_settings)}.",
                hint="Use --preset quick, which runs all of them on any model; the other options say over what.",
            )
        settings = preset_settings[name]
        texts = settings.tasks[0] in TEXT_TASKS
        tasks = choice.tasks if names else tuple(task for task in choice.tasks if (task in TEXT_TASKS) == texts)
        if choice.tasks and not tasks:
            continue
        mine = {}
        for of, option, value, text in options:
            if of in (None, name) and option in experiment.defaults:
                mine[option] = value
                used.add(text)
        replaced: dict[str, Any] = {
            field: value
            for field, value in (
                ("tasks", tasks),
                ("fillers", choice.fillers),
                ("ks", choice.ks),
                ("trials", choice.trials),
                ("seed", choice.seed),
            )
            if value not in ((), None)
        }
        # Further conditions of a preset are others on purpose, so naming a condition leaves them out.
        also = () if replaced.keys() & {"tasks", "fillers", "ks"} else settings.also
        parts = [
            {**part.model_dump(exclude={"also"}), **replaced, "options": {**part.options, **mine}}
            for part in (settings, *also)
        ]
        chosen[name] = Settings.model_validate({**parts[0], "also": parts[1:]})
    if not chosen:
        raise ConfigError(f"no experiment of preset {preset!r} takes any of the tasks {', '.join(choice.tasks)}.")
    for text in choice.options:
        if text not in used:
            known = {name: sorted(everything[name].defaults) for name in chosen}
            raise ConfigError(
                f"option {text!r} belongs to none of the experiments that are run; they know "
                + "; ".join(f"{name}: {', '.join(options) or 'none'}" for name, options in known.items())
                + "."
            )
    return chosen


def _by_name_or_alias(name: str, experiments: Mapping[str, Experiment]) -> str:
    from guardbind_bench.registry import EXPERIMENTS

    for experiment in experiments.values():
        if name == experiment.name or name in experiment.aliases:
            return experiment.name
    raise EXPERIMENTS.miss(name)


def _option(text: str) -> tuple[str | None, str, Any, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise ConfigError(f"option {text!r} has no value; NAME=JSON is accepted, as in layers=[0,15].")
    experiment, dot, option = name.rpartition(".")
    try:
        return (experiment if dot else None), option, json.loads(value), text
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"the value of option {text!r} is not JSON: {error}.", hint='Put text in quotes, as in layers="paper".'
        ) from error

"""Defines a preset, and reads one from a YAML file.

A preset of one experiment, for any model:

```yaml
about: Does the distance matter with two fillers?
common:
  distance:
    fillers: [natural, decoy_heavy]
    ks: [8, 64]
    trials: 20
```
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import Field

from guardbind.errors import ConfigError, GuardbindError, UnknownNameError
from guardbind.frozen import Frozen
from guardbind_bench.experiments.experiment import Settings, plan
from guardbind_bench.registry import EXPERIMENTS, PRESETS
from guardbind_bench.yaml_file import read_yaml

__all__ = ["Preset", "find_preset", "read_preset"]

_ENDINGS = (".yaml", ".yml")


class PresetFile(Frozen):
    """What the file of a preset holds."""

    about: str = ""
    """What it is for, and how long it takes where."""
    left_out: tuple[str, ...] = ()
    """What it does not run, and why."""
    common: dict[str, Settings] = Field(default_factory=dict)
    """Name of an experiment to its settings, for a model that is not in `models`; empty to refuse it."""
    models: dict[str, dict[str, Settings]] = Field(default_factory=dict)
    """Hugging Face id to the same for that model."""


class Preset(PresetFile):
    """Settings of experiments, for all models or for some."""

    name: str
    """Its registered name, or that of its file."""

    def settings(self, model: str) -> Mapping[str, Settings]:
        """Return the experiments for a model and their settings.

        Raises:
            UnknownNameError: The preset says nothing about this model.
        """
        found = self.models.get(model, self.common)
        if not found:
            raise UnknownNameError(
                f"preset {self.name!r} has no settings for the model {model!r}; it has them for "
                f"{', '.join(self.models)}.",
                hint="Use --preset quick, and say over what with --task, --filler, --k and --trials.",
            )
        return found

    def everything(self) -> Iterator[tuple[str, str, Settings]]:
        """Yield where in its file an experiment stands, its name and its settings, for all models."""
        for where, experiments in (("common", self.common), *((f"models.{m}", self.models[m]) for m in self.models)):
            for name, settings in experiments.items():
                yield f"{where}.{name}", name, settings


def read_preset(path: Path, *, checked: bool = True) -> Preset:
    """Read a preset from a YAML file.

    Args:
        path: The file.
        checked: Whether its experiments are looked up and planned, so that a name or an option that does not fit is
            told at once.

    Raises:
        ConfigError: The file cannot be read or does not fit; the message names the file, the field and what is
            accepted.
    """
    accepted = (
        f"A preset holds {_listed(PresetFile)}; common, and each model, holds experiments by name, and an experiment "
        f"{_listed(Settings)}.",
    )
    held = read_yaml(path, PresetFile, what="preset", accepted=accepted)
    preset = Preset(name=path.stem, **dict(held))
    if checked:
        _check(preset, path)
    return preset


def find_preset(name: str) -> Preset:
    """Return the preset of a registered name or in a YAML file.

    Args:
        name: A registered name, or the path of a file that ends in `.yaml` or `.yml`.

    Raises:
        ConfigError: The file cannot be read or does not fit.
        UnknownNameError: It is neither a registered name nor the path of a YAML file.
    """
    if name in PRESETS:
        return PRESETS.get(name)
    if name.endswith(_ENDINGS):
        return read_preset(Path(name))
    file = f"The path of a file that ends in {' or '.join(_ENDINGS)} is accepted, too."
    raise UnknownNameError(str(PRESETS.miss(name)), hint=file)


def _listed(kind: type[Frozen]) -> str:
    *most, last = kind.model_fields
    return f"{', '.join(most)} and {last}"


def _check(preset: Preset, path: Path) -> None:
    experiments = list(preset.everything())
    if not experiments:
        raise ConfigError(
            f"the preset {str(path)!r} names no experiment, neither in common nor for a model.",
            hint=f"Experiments are {', '.join(EXPERIMENTS)}.",
        )
    for where, name, settings in experiments:
        try:
            plan(EXPERIMENTS.get(name), settings)
        except GuardbindError as error:
            raise ConfigError(f"the preset {str(path)!r}, {where}: {error}") from error

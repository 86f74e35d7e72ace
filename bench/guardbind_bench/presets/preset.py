"""What a preset is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from guardbind.errors import UnknownNameError
from guardbind_bench.experiments.experiment import Settings

__all__ = ["Preset"]


@dataclass(frozen=True, slots=True)
class Preset:
    """Settings of experiments, for all models or for some.

    Attributes:
        name: Its registered name.
        about: What it is for, and how long it takes where.
        left_out: What it does not run, and why.
        common: Name of an experiment to its settings, for a model that is not in `models`; empty to refuse it.
        models: Hugging Face id to the same for that model.
    """

    name: str
    about: str
    left_out: tuple[str, ...]
    common: Mapping[str, Settings]
    models: Mapping[str, Mapping[str, Settings]]

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

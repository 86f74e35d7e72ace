"""`paper`: what the paper ran for its models, as far as it says so (arXiv 2602.19239)."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.presets.preset import Preset

__all__ = ["PRESET"]

_BINDING = ("competing_vars", "primacy_recency")
# The suite always asks for the same key.
_ASKED: Mapping[str, JsonValue] = {"asked": ["fixed"]}


def _stages(*ks: int, tasks: tuple[str, ...] = _BINDING, fillers: tuple[str, ...] = ("decoy_heavy",)) -> Settings:
    return Settings(tasks=tasks, fillers=fillers, ks=ks, trials=800, options={**_ASKED})


def _checkpoint(*ks: int) -> Settings:
    options: dict[str, JsonValue] = {**_ASKED, "every": [128], "arms": ["oracle"], "single": []}
    return Settings(tasks=_BINDING, fillers=("decoy_heavy",), ks=ks, trials=400, options=options)


def _probe() -> Settings:
    options: dict[str, JsonValue] = {**_ASKED, "layers": "paper", "train_trials": 1500}
    return Settings(tasks=_BINDING, fillers=("decoy_heavy",), ks=(256, 512), trials=500, options=options)


def _patching() -> Settings:
    options: dict[str, JsonValue] = {**_ASKED, "layers": "last8", "competitor": "paper"}
    return Settings(fillers=("decoy_heavy",), ks=(256,), trials=160, options=options)


_NOTES = {
    "stages": Settings(
        tasks=("notes_binding",), ks=(0, 64, 256, 1024, 2048), trials=200, options={"templates": ["chat"]}
    ),
    "checkpoint": Settings(
        tasks=("notes_binding",),
        ks=(0, 64, 256, 1024, 2048),
        trials=200,
        options={"arms": ["oracle"], "templates": ["chat"]},
    ),
}

PRESET = Preset(
    name="paper",
    about="The paper's tasks, fillers, sizes and numbers of trials for its own models; needs a GPU.",
    left_out=(
        "the QuALITY and Mistral audits: neither items, prompts nor retriever were published",
        "the binding null family names no model; it runs on Qwen2.5-3B here",
        "which template and candidate set made the stage tables is not recorded: layout S and the whole pool are taken",
    ),
    common={},
    models={
        "Qwen/Qwen2.5-3B": {
            "stages": _stages(
                128, 256, 512, 1024, tasks=(*_BINDING, "decoy_injection"), fillers=("decoy_heavy", "repeat")
            ),
            "distance": _stages(
                128, 256, 512, 1024, tasks=(*_BINDING, "decoy_injection"), fillers=("decoy_heavy", "repeat")
            ),
            "checkpoint": _checkpoint(256, 512, 1024),
            "probe": _probe(),
            "information": _probe(),
            "pseudo-prior": Settings(
                fillers=("decoy_heavy",), ks=(512, 1024, 2048), trials=200, options={**_ASKED, "taus": [0.75]}
            ),
        },
        "Qwen/Qwen2.5-3B-Instruct": {"stages": _stages(256), "patching": _patching()},
        "google/gemma-2-2b": {"stages": _stages(256)},
        "google/gemma-2-2b-it": {
            "stages": _stages(256, 512, 1024),
            "checkpoint": _checkpoint(256, 512, 1024),
            "patching": _patching(),
        },
        "meta-llama/Llama-3.2-3B": {"stages": _stages(2048)},
        "meta-llama/Llama-3.2-3B-Instruct": {
            "stages": _stages(256, 512, 1024, 2048),
            "checkpoint": _checkpoint(256, 512, 1024, 2048),
            "patching": _patching(),
        },
        "meta-llama/Llama-3.1-8B-Instruct": _NOTES,
        "google/gemma-2-9b-it": _NOTES,
    },
)

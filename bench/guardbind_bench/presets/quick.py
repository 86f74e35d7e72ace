"""`quick`: every experiment once, small enough for a coffee break on two CPU cores."""

from __future__ import annotations

from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.presets.preset import Preset

__all__ = ["PRESET"]

_PROBED = Settings(ks=(16,), trials=80, options={"train_trials": 200, "asked": ["random"]})

PRESET = Preset(
    name="quick",
    about="Every experiment, once and small: under 15 minutes on two CPU cores with smollm2-135m. Intervals are wide.",
    left_out=("long distances, most fillers, and the trials that would tell small effects from none",),
    common={
        "stages": Settings(
            tasks=("competing_vars", "primacy_recency"), fillers=("natural", "decoy_heavy"), ks=(32,), trials=40
        ),
        "distance": Settings(ks=(8, 32, 96), trials=40),
        "probe": _PROBED,
        "information": _PROBED,
        "patching": Settings(
            ks=(32,),
            trials=6,
            options={"clean": "decoy_heavy", "corrupt": "natural", "head_layers": "none", "heads": 0},
        ),
        "checkpoint": Settings(
            ks=(64,),
            trials=24,
            options={"every": [32], "arms": ["oracle", "wrong_value", "blank", "unrelated_key"], "single": [0]},
        ),
        "pseudo-prior": Settings(ks=(32,), trials=24),
        "applications": Settings(
            tasks=("records", "notes"), ks=(0,), trials=3, options={"policies": ["auto"], "max_new_tokens": 24}
        ),
        "repair": Settings(
            ks=(32,),
            trials=24,
            options={"arms": ["none", "contrast", "veto", "auto", "auto/resolved", "auto/evidence", "oracle:16"]},
        ),
    },
    models={},
)

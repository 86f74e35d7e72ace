"""`smollm2`: the full table on SmolLM2-135M-Instruct, for two CPU cores."""

from __future__ import annotations

from pydantic import JsonValue

from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.presets.preset import Preset

__all__ = ["PRESET"]

_FILLERS = ("natural", "coherent", "random", "repeat", "decoy_heavy")
_BOTH = ("natural", "decoy_heavy")
_TEXTS = ("records", "notes", "agent_log", "receipts", "chat")

_SINGLE = ("contrast", "veto", "checkpoint", "abstain")

# A checkpoint every 128 tokens, as in the paper, would never be reached.
_REPAIRED: dict[str, JsonValue] = {
    "arms": [
        *("none", "contrast", "veto", "checkpoint", "auto", "auto/resolved", "auto/evidence"),
        *("candidates", "oracle:16", "single:0"),
    ]
}

_PROBED = Settings(fillers=_BOTH, ks=(16, 32), trials=200, options={"train_trials": 500, "asked": ["random", "fixed"]})

PRESET = Preset(
    name="smollm2",
    about="Every experiment, with intervals that decide something; for smollm2-135m on two CPU cores.",
    left_out=(
        "k above 256, where this model is at 0 with the paper's fillers, and distances beyond 540 tokens",
        "primacy_recency and decoy_injection outside stages: this model can hardly do them at the shortest distance",
        "free answers behind unrelated text, and single policies on more than 16 trials per task",
        "differences of less than some 10 points between cells: 100 trials per cell do not show them",
    ),
    common={
        "stages": Settings(
            tasks=("competing_vars", "primacy_recency", "decoy_injection"),
            fillers=_FILLERS,
            ks=(32,),
            trials=100,
            options={"asked": ["random", "fixed"]},
            also=(
                Settings(fillers=_BOTH, ks=(32,), trials=100, options={"styles": ["eq"]}),
                Settings(ks=(32,), trials=100, options={"templates": ["chat"]}),
                Settings(
                    tasks=("notes_binding", "notes_binding_unanswerable"),
                    ks=(0, 64),
                    trials=100,
                    options={"templates": ["chat"]},
                ),
                Settings(tasks=("strawberry_baseline", "strawberry_factorized"), ks=(16,), trials=100),
            ),
        ),
        "distance": Settings(
            fillers=_BOTH,
            ks=(8, 32, 64, 128, 256),
            trials=120,
            also=(Settings(fillers=("repeat",), ks=(8, 32, 64, 128), trials=100),),
        ),
        "probe": _PROBED,
        "information": _PROBED,
        "patching": Settings(
            ks=(32,),
            trials=24,
            options={"clean": "decoy_heavy", "corrupt": "natural"},
            also=(Settings(ks=(16,), trials=16, options={"layers": "last8", "asked": ["fixed"], "tries": 40}),),
        ),
        "checkpoint": Settings(
            fillers=_BOTH,
            ks=(64,),
            trials=80,
            options={"every": [32], "single": [0, 32]},
            also=(
                Settings(
                    fillers=("decoy_heavy",),
                    ks=(256,),
                    trials=60,
                    options={"every": [64], "arms": ["oracle", "wrong_value", "unrelated_key"], "single": []},
                ),
            ),
        ),
        "pseudo-prior": Settings(ks=(32, 96), trials=80),
        # Another seed than the one whose prompts the rules of targets were mended by.
        "applications": Settings(
            tasks=_TEXTS,
            ks=(0,),
            trials=40,
            seed=11,
            options={"policies": ["auto"]},
            also=(Settings(tasks=_TEXTS, ks=(0,), trials=10, seed=11, options={"policies": list(_SINGLE)}),),
        ),
        "repair": Settings(
            fillers=_BOTH,
            ks=(32, 96),
            trials=80,
            options=_REPAIRED,
            also=(Settings(tasks=("primacy_recency",), ks=(32,), trials=80, options=_REPAIRED),),
        ),
    },
    models={},
)

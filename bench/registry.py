"""The tasks, text tasks, fillers, checkpoint arms, measures, experiments and presets of the bench, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guardbind.registry import Registry

if TYPE_CHECKING:
    from .experiments.types import Experiment
    from .fillers import Filler
    from .measures.types import Measure
    from .presets.types import Preset
    from .tasks.arms import PromptArm
    from .text_trial import TextTaskBuilder
    from .trial import TaskBuilder

__all__ = ["ARMS", "EXPERIMENTS", "FILLERS", "MEASURES", "PRESETS", "TASKS", "TEXT_TASKS", "task_version"]

TASKS: Registry[TaskBuilder] = Registry(
    "task",
    {
        "competing_vars": "guardbind.bench.tasks.competing_vars:CompetingVars",
        "decoy_injection": "guardbind.bench.tasks.decoy_injection:DecoyInjection",
        "notes_binding": "guardbind.bench.tasks.notes_binding:NotesBinding",
        "notes_binding_unanswerable": "guardbind.bench.tasks.notes_binding:Unanswerable",
        "primacy_recency": "guardbind.bench.tasks.primacy_recency:PrimacyRecency",
        "strawberry_baseline": "guardbind.bench.tasks.strawberry:Baseline",
        "strawberry_factorized": "guardbind.bench.tasks.strawberry:Factorized",
    },
)

TEXT_TASKS: Registry[TextTaskBuilder] = Registry(
    "text task",
    {
        "agent_log": "guardbind.bench.texts.agent_log:AgentLog",
        "chat": "guardbind.bench.texts.chat:Chat",
        "notes": "guardbind.bench.texts.notes:Notes",
        "receipts": "guardbind.bench.texts.receipts:Receipts",
        "records": "guardbind.bench.texts.records:Records",
    },
)

FILLERS: Registry[Filler] = Registry(
    "filler",
    {
        "coherent": "guardbind.bench.fillers:coherent",
        "decoy_density": "guardbind.bench.fillers:decoy_density",
        "decoy_heavy": "guardbind.bench.fillers:decoy_heavy",
        "decoy_matched": "guardbind.bench.fillers:decoy_matched",
        "natural": "guardbind.bench.fillers:natural",
        "other_decoy": "guardbind.bench.fillers:other_decoy",
        "random": "guardbind.bench.fillers:random",
        "repeat": "guardbind.bench.fillers:repeat",
    },
)

ARMS: Registry[PromptArm] = Registry(
    "arm",
    {
        name: f"guardbind.bench.tasks.arms:{name}"
        for name in (
            "blank",
            "competitor_only",
            "extra_filler",
            "oracle",
            "raw_copy",
            "reread",
            "short",
            "single",
            "target_only",
            "unrelated_key",
            "unrelated_value",
            "wrong_value",
        )
    },
)

MEASURES: Registry[Measure] = Registry(
    "measure",
    {
        "answers": "guardbind.bench.measures.answers:MEASURE",
        "nulls": "guardbind.bench.measures.nulls:MEASURE",
        "patching": "guardbind.bench.measures.patching:MEASURE",
        "reading": "guardbind.bench.measures.reading:MEASURE",
        "repair": "guardbind.bench.measures.repair:MEASURE",
        "residuals": "guardbind.bench.measures.residuals:MEASURE",
        "self_checkpoint": "guardbind.bench.measures.self_checkpoint:MEASURE",
    },
)

EXPERIMENTS: Registry[Experiment] = Registry(
    "experiment",
    {
        "applications": "guardbind.bench.experiments.applications:EXPERIMENT",
        "checkpoint": "guardbind.bench.experiments.checkpoint:EXPERIMENT",
        "distance": "guardbind.bench.experiments.distance:EXPERIMENT",
        "information": "guardbind.bench.experiments.information:EXPERIMENT",
        "patching": "guardbind.bench.experiments.patching:EXPERIMENT",
        "probe": "guardbind.bench.experiments.probe:EXPERIMENT",
        "pseudo-prior": "guardbind.bench.experiments.pseudo_prior:EXPERIMENT",
        "repair": "guardbind.bench.experiments.repair:EXPERIMENT",
        "stages": "guardbind.bench.experiments.stages:EXPERIMENT",
    },
)

PRESETS: Registry[Preset] = Registry(
    "preset",
    {
        "paper": "guardbind.bench.presets.paper:PRESET",
        "quick": "guardbind.bench.presets.quick:PRESET",
        "smollm2": "guardbind.bench.presets.smollm2:PRESET",
    },
)


def task_version(name: str) -> int:
    """Return the version of a task, of tokens or of texts.

    Raises:
        UnknownNameError: There is no such task.
    """
    if name in TEXT_TASKS:
        return TEXT_TASKS.get(name)(k=0, seed=0).version
    return TASKS.get(name).version

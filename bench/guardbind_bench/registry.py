"""Registers the tasks, text tasks, fillers, checkpoint arms, measures, experiments and presets of the bench by name.

Other distributions add theirs by entry points of the group `guardbind.plugins`, named by kind and name: `task.mine`,
`text_task.mine`, `filler.mine`, `arm.mine`, `measure.mine`, `experiment.mine`, `preset.mine`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guardbind.registry import Registry

if TYPE_CHECKING:
    from guardbind_bench.experiments.experiment import Experiment
    from guardbind_bench.measures.measure import Measure
    from guardbind_bench.presets.preset import Preset
    from guardbind_bench.prompts.fillers import Filler
    from guardbind_bench.prompts.tasks.arms import PromptArm
    from guardbind_bench.prompts.text_trial import TextTaskBuilder
    from guardbind_bench.prompts.trial import TaskBuilder

__all__ = [
    "ARMS",
    "EXPERIMENTS",
    "FILLERS",
    "MEASURES",
    "PRESETS",
    "TASKS",
    "TEXT_TASKS",
    "is_lettered",
    "is_uniform",
    "task_version",
]

TASKS: Registry[TaskBuilder] = Registry(
    "task",
    {
        "competing_vars": "guardbind_bench.prompts.tasks.competing_vars:CompetingVars",
        "decoy_injection": "guardbind_bench.prompts.tasks.decoy_injection:DecoyInjection",
        "notes_binding": "guardbind_bench.prompts.tasks.notes_binding:NotesBinding",
        "notes_binding_unanswerable": "guardbind_bench.prompts.tasks.notes_binding:Unanswerable",
        "primacy_recency": "guardbind_bench.prompts.tasks.primacy_recency:PrimacyRecency",
        "strawberry_baseline": "guardbind_bench.prompts.tasks.strawberry:Baseline",
        "strawberry_factorized": "guardbind_bench.prompts.tasks.strawberry:Factorized",
    },
)

TEXT_TASKS: Registry[TextTaskBuilder] = Registry(
    "text task",
    {
        "agent_log": "guardbind_bench.prompts.texts.agent_log:AgentLog",
        "cards": "guardbind_bench.prompts.harm.cards:Cards",
        "chat": "guardbind_bench.prompts.texts.chat:Chat",
        "corrections": "guardbind_bench.prompts.harm.corrections:Corrections",
        "forms": "guardbind_bench.prompts.harm.forms:FormsTask",
        "injected": "guardbind_bench.prompts.harm.injected:Injected",
        "kv_uuid": "guardbind_bench.prompts.harm.kv_uuid:KvUuid",
        "notes": "guardbind_bench.prompts.texts.notes:Notes",
        "receipts": "guardbind_bench.prompts.texts.receipts:Receipts",
        "records": "guardbind_bench.prompts.texts.records:Records",
        "sections": "guardbind_bench.prompts.harm.sections:Sections",
        "tool_records": "guardbind_bench.prompts.harm.tool_records:ToolRecords",
        "tool_steps": "guardbind_bench.prompts.harm.tool_steps:ToolSteps",
        "unknown_owner": "guardbind_bench.prompts.harm.unknown_owner:UnknownOwner",
    },
)

FILLERS: Registry[Filler] = Registry(
    "filler",
    {
        "coherent": "guardbind_bench.prompts.fillers:coherent",
        "decoy_density": "guardbind_bench.prompts.fillers:decoy_density",
        "decoy_heavy": "guardbind_bench.prompts.fillers:decoy_heavy",
        "decoy_matched": "guardbind_bench.prompts.fillers:decoy_matched",
        "natural": "guardbind_bench.prompts.fillers:natural",
        "other_decoy": "guardbind_bench.prompts.fillers:other_decoy",
        "random": "guardbind_bench.prompts.fillers:random",
        "repeat": "guardbind_bench.prompts.fillers:repeat",
    },
)

ARMS: Registry[PromptArm] = Registry(
    "arm",
    {
        name: f"guardbind_bench.prompts.tasks.arms:{name}"
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
        "answers": "guardbind_bench.measures.answers:MEASURE",
        "availability": "guardbind_bench.measures.availability:MEASURE",
        "harm": "guardbind_bench.measures.harm:MEASURE",
        "nulls": "guardbind_bench.measures.nulls:MEASURE",
        "outcomes": "guardbind_bench.measures.outcomes:MEASURE",
        "patching": "guardbind_bench.measures.patching:MEASURE",
        "reading": "guardbind_bench.measures.reading:MEASURE",
        "repair": "guardbind_bench.measures.repair:MEASURE",
        "residuals": "guardbind_bench.measures.residuals:MEASURE",
        "self_checkpoint": "guardbind_bench.measures.self_checkpoint:MEASURE",
        "targets": "guardbind_bench.measures.targets:MEASURE",
    },
)

EXPERIMENTS: Registry[Experiment] = Registry(
    "experiment",
    {
        "applications": "guardbind_bench.experiments.applications.experiment:EXPERIMENT",
        "availability": "guardbind_bench.experiments.availability.experiment:EXPERIMENT",
        "calibration": "guardbind_bench.experiments.calibration.experiment:EXPERIMENT",
        "checkpoint": "guardbind_bench.experiments.checkpoint.experiment:EXPERIMENT",
        "distance": "guardbind_bench.experiments.distance.experiment:EXPERIMENT",
        "harm": "guardbind_bench.experiments.harm.experiment:EXPERIMENT",
        "information": "guardbind_bench.experiments.information.experiment:EXPERIMENT",
        "patching": "guardbind_bench.experiments.patching.experiment:EXPERIMENT",
        "probe": "guardbind_bench.experiments.probe.experiment:EXPERIMENT",
        "pseudo-prior": "guardbind_bench.experiments.pseudo_prior.experiment:EXPERIMENT",
        "repair": "guardbind_bench.experiments.repair.experiment:EXPERIMENT",
        "stages": "guardbind_bench.experiments.stages.experiment:EXPERIMENT",
        "targets": "guardbind_bench.experiments.targets.experiment:EXPERIMENT",
    },
)

PRESETS: Registry[Preset] = Registry(
    "preset",
    {
        "harm": "guardbind_bench.presets.shipped:harm",
        "paper": "guardbind_bench.presets.shipped:paper",
        "quick": "guardbind_bench.presets.shipped:quick",
        "smollm2": "guardbind_bench.presets.shipped:smollm2",
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


def is_lettered(task: str) -> bool:
    """Return whether a task of tokens is answered with the letter of an option; one that does not say so is not.

    Raises:
        UnknownNameError: There is no such task.
    """
    return bool(getattr(TASKS.get(task), "lettered", False))


def is_uniform(task: str) -> bool:
    """Return whether the target of a task of tokens is uniform over its candidates; one that does not say so is not.

    Raises:
        UnknownNameError: There is no such task.
    """
    return bool(getattr(TASKS.get(task), "uniform", False))

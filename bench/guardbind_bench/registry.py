"""Registers tasks, text tasks, fillers, checkpoint arms, methods, measures, experiments and presets by name.

Other distributions add theirs by entry points of the group `guardbind.plugins`, named by kind and name: `task.mine`,
`text_task.mine`, `filler.mine`, `arm.mine`, `method.mine`, `measure.mine`, `experiment.mine`, `preset.mine`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guardbind.registry import Registry

if TYPE_CHECKING:
    from guardbind_bench.experiments.experiment import Experiment
    from guardbind_bench.measures.measure import Measure
    from guardbind_bench.methods.method import Method
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
    "METHODS",
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

METHODS: Registry[Method] = Registry(
    "method",
    {
        "adacad": "guardbind_bench.methods.adacad:ADACAD",
        "adacad_span": "guardbind_bench.methods.adacad:ADACAD_SPAN",
        "auto": "guardbind_bench.methods.auto:AUTO",
        "auto_resolved": "guardbind_bench.methods.auto:AUTO_RESOLVED",
        "cad": "guardbind_bench.methods.cad:CAD",
        "cad_key": "guardbind_bench.methods.cad:CAD_KEY",
        "cad_no_statement": "guardbind_bench.methods.cad:CAD_NO_STATEMENT",
        "cad_span": "guardbind_bench.methods.cad:CAD_SPAN",
        "cad_swap": "guardbind_bench.methods.cad:CAD_SWAP",
        "candidate_only": "guardbind_bench.methods.candidate_only:CANDIDATE_ONLY",
        "checkpoint": "guardbind_bench.methods.checkpoint:CHECKPOINT",
        "coda": "guardbind_bench.methods.coda:CODA",
        "coda_span": "guardbind_bench.methods.coda:CODA_SPAN",
        "coda_swap": "guardbind_bench.methods.coda:CODA_SWAP",
        "conflicting_heads": "guardbind_bench.methods.conflicting_heads:CONFLICTING_HEADS",
        "contrast": "guardbind_bench.methods.contrast:CONTRAST",
        "contrast_target": "guardbind_bench.methods.contrast:CONTRAST_TARGET",
        "copy_suppression": "guardbind_bench.methods.copy_suppression:COPY_SUPPRESSION",
        "decore": "guardbind_bench.methods.decore:DECORE",
        "dola": "guardbind_bench.methods.dola:DOLA",
        "early_exit": "guardbind_bench.methods.early_exit:EARLY_EXIT",
        "evidence_bias": "guardbind_bench.methods.evidence_bias:EVIDENCE_BIAS",
        "evidence_bias_all": "guardbind_bench.methods.evidence_bias:EVIDENCE_BIAS_ALL",
        "first_token": "guardbind_bench.methods.first_token:FIRST_TOKEN",
        "head_values": "guardbind_bench.methods.head_values:HEAD_VALUES",
        "inhibition_heads": "guardbind_bench.methods.inhibition_heads:INHIBITION_HEADS",
        "keyword_emphasis": "guardbind_bench.methods.keyword_emphasis:KEYWORD_EMPHASIS",
        "last_block": "guardbind_bench.methods.last_block:LAST_BLOCK",
        "pasta": "guardbind_bench.methods.pasta:PASTA",
        "periodic_restatement": "guardbind_bench.methods.periodic_restatement:PERIODIC_RESTATEMENT",
        "rarest_value": "guardbind_bench.methods.rarest_value:RAREST_VALUE",
        "re_reading": "guardbind_bench.methods.re_reading:RE_READING",
        "recent_boost": "guardbind_bench.methods.recent_boost:RECENT_BOOST",
        "retrieval_heads": "guardbind_bench.methods.retrieval_heads:RETRIEVAL_HEADS",
        "sgrs": "guardbind_bench.methods.sgrs:SGRS",
        "sink_calibration": "guardbind_bench.methods.sink_calibration:SINK_CALIBRATION",
        "soft_pointer": "guardbind_bench.methods.soft_pointer:SOFT_POINTER",
        "spa": "guardbind_bench.methods.spa:SPA",
        "spa_span": "guardbind_bench.methods.spa:SPA_SPAN",
        "unguarded": "guardbind_bench.methods.unguarded:UNGUARDED_METHOD",
        "veto": "guardbind_bench.methods.veto:VETO",
        "vhr": "guardbind_bench.methods.vhr:VHR",
    },
)

MEASURES: Registry[Measure] = Registry(
    "measure",
    {
        "answers": "guardbind_bench.measures.answers:MEASURE",
        "availability": "guardbind_bench.measures.availability:MEASURE",
        "harm": "guardbind_bench.measures.harm:MEASURE",
        "methods": "guardbind_bench.measures.methods:MEASURE",
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
        "methods": "guardbind_bench.experiments.methods.experiment:EXPERIMENT",
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

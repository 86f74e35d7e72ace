"""Registers by name what a run is made of: tasks, fillers, arms, methods, signals, measures, experiments, presets.

Other distributions add theirs by entry points of the group `guardbind.plugins`, named by kind and name: `task.mine`,
`text_task.mine`, `audit_task.mine`, `filler.mine`, `arm.mine`, `method.mine`, `signal.mine`, `measure.mine`,
`experiment.mine`, `preset.mine`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guardbind.registry import Registry

if TYPE_CHECKING:
    from guardbind_bench.experiments.experiment import Experiment
    from guardbind_bench.measures.measure import Measure
    from guardbind_bench.methods.method import Method
    from guardbind_bench.presets.preset import Preset
    from guardbind_bench.prompts.audits.item import AuditTaskBuilder
    from guardbind_bench.prompts.fillers import Filler
    from guardbind_bench.prompts.tasks.arms import PromptArm
    from guardbind_bench.prompts.text_trial import TextTaskBuilder
    from guardbind_bench.prompts.trial import TaskBuilder
    from guardbind_bench.signals.signal import Signal

__all__ = [
    "ARMS",
    "AUDIT_TASKS",
    "EXPERIMENTS",
    "FILLERS",
    "MEASURES",
    "METHODS",
    "PRESETS",
    "SIGNALS",
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

AUDIT_TASKS: Registry[AuditTaskBuilder] = Registry(
    "audit task",
    {
        "documents": "guardbind_bench.prompts.audits.documents:Documents",
        "quality": "guardbind_bench.prompts.audits.quality:Quality",
        "synthetic_binding": "guardbind_bench.prompts.audits.synthetic_binding:SyntheticBinding",
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
        "aarf": "guardbind_bench.methods.aarf:AARF",
        "adacad": "guardbind_bench.methods.adacad:ADACAD",
        "adacad_span": "guardbind_bench.methods.adacad:ADACAD_SPAN",
        "attend": "guardbind_bench.methods.attend:ATTEND",
        "attend_target": "guardbind_bench.methods.attend:ATTEND_TARGET",
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
        "coiecd": "guardbind_bench.methods.coiecd:COIECD",
        "coiecd_span": "guardbind_bench.methods.coiecd:COIECD_SPAN",
        "conflicting_heads": "guardbind_bench.methods.conflicting_heads:CONFLICTING_HEADS",
        "context_steering": "guardbind_bench.methods.context_steering:CONTEXT_STEERING",
        "contrast": "guardbind_bench.methods.contrast:CONTRAST",
        "contrast_target": "guardbind_bench.methods.contrast:CONTRAST_TARGET",
        "copy_suppression": "guardbind_bench.methods.copy_suppression:COPY_SUPPRESSION",
        "decore": "guardbind_bench.methods.decore:DECORE",
        "dola": "guardbind_bench.methods.dola:DOLA",
        "dysco": "guardbind_bench.methods.dysco:DYSCO",
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
        "runner_up": "guardbind_bench.methods.runner_up:SECOND_CANDIDATE",
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

SIGNALS: Registry[Signal] = Registry(
    "signal",
    {
        "ablated_heads_kl": "guardbind_bench.signals.ablated_heads:ABLATED_HEADS_KL",
        "attention_influence": "guardbind_bench.signals.ablated_heads:ATTENTION_INFLUENCE",
        "attention_spread": "guardbind_bench.signals.head_cosine:ATTENTION_SPREAD",
        "best_layer_lens": "guardbind_bench.signals.lens:BEST_LAYER_LENS",
        "bilinear_probe": "guardbind_bench.signals.bilinear_probe:BILINEAR_PROBE",
        "candidate_entropy": "guardbind_bench.signals.candidate_confidence:CANDIDATE_ENTROPY",
        "candidate_margin": "guardbind_bench.signals.candidate_confidence:CANDIDATE_MARGIN",
        "copy_suppression_score": "guardbind_bench.signals.suppression:COPY_SUPPRESSION_SCORE",
        "eigenscore": "guardbind_bench.signals.eigenscore:EIGENSCORE",
        "entropy": "guardbind_bench.signals.confidence:ENTROPY",
        "evidence_attention": "guardbind_bench.signals.evidence_attention:EVIDENCE_ATTENTION",
        "evidence_bits": "guardbind_bench.signals.evidence_bits:EVIDENCE_BITS",
        "evidence_bits_delete": "guardbind_bench.signals.evidence_bits:EVIDENCE_BITS_DELETE",
        "evidence_bits_mask_prefill": "guardbind_bench.signals.evidence_bits:EVIDENCE_BITS_MASK_PREFILL",
        "evidence_bits_no_evidence": "guardbind_bench.signals.evidence_bits:EVIDENCE_BITS_NO_EVIDENCE",
        "evidence_bits_redact": "guardbind_bench.signals.evidence_bits:EVIDENCE_BITS_REDACT",
        "evidence_bits_same_length": "guardbind_bench.signals.evidence_bits:EVIDENCE_BITS_SAME_LENGTH",
        "evidence_cliff": "guardbind_bench.signals.evidence_cliff:EVIDENCE_CLIFF",
        "foreign_probe": "guardbind_bench.signals.foreign_probe:FOREIGN_PROBE",
        "gate_mass": "guardbind_bench.signals.candidate_confidence:GATE_MASS",
        "head_cosine": "guardbind_bench.signals.head_cosine:HEAD_COSINE",
        "key_bits": "guardbind_bench.signals.question_bits:KEY_BITS",
        "layer_consistency": "guardbind_bench.signals.lens:LAYER_CONSISTENCY",
        "linear_probe": "guardbind_bench.signals.linear_probe:LINEAR_PROBE",
        "lookback_ratio": "guardbind_bench.signals.lookback:LOOKBACK_RATIO",
        "margin": "guardbind_bench.signals.confidence:MARGIN",
        "max_probability": "guardbind_bench.signals.confidence:MAX_PROBABILITY",
        "no_statement_bits": "guardbind_bench.signals.evidence_bits:NO_STATEMENT_BITS",
        "null_interaction": "guardbind_bench.signals.question_bits:NULL_INTERACTION",
        "overshadowing": "guardbind_bench.signals.overshadowing:OVERSHADOWING",
        "overshadowing_span": "guardbind_bench.signals.overshadowing:OVERSHADOWING_SPAN",
        "own_attention": "guardbind_bench.signals.evidence_attention:OWN_ATTENTION",
        "own_evidence_bits": "guardbind_bench.signals.evidence_bits:OWN_EVIDENCE_BITS",
        "p1_below_tau": "guardbind_bench.signals.budget_rules:P1_BELOW_TAU",
        "p_true": "guardbind_bench.signals.p_true:P_TRUE",
        "published_budget": "guardbind_bench.signals.budget_rules:PUBLISHED_BUDGET",
        "redeep": "guardbind_bench.signals.redeep:REDEEP",
        "redeep_external": "guardbind_bench.signals.redeep:REDEEP_EXTERNAL",
        "redeep_parametric": "guardbind_bench.signals.redeep:REDEEP_PARAMETRIC",
        "rotation": "guardbind_bench.signals.rotation:ROTATION",
        "runner_up": "guardbind_bench.signals.candidate_confidence:RUNNER_UP",
        "saliency": "guardbind_bench.signals.saliency:SALIENCY",
        "sample_agreement": "guardbind_bench.signals.sampled:SAMPLE_AGREEMENT",
        "semantic_entropy": "guardbind_bench.signals.sampled:SEMANTIC_ENTROPY",
        "signed_budget": "guardbind_bench.signals.budget_rules:SIGNED_BUDGET",
        "span_saliency": "guardbind_bench.signals.saliency:SPAN_SALIENCY",
        "swap_bits": "guardbind_bench.signals.question_bits:SWAP_BITS",
        "value_count": "guardbind_bench.signals.rarest:VALUE_COUNT",
        "windowed_distance": "guardbind_bench.signals.windowed_distance:WINDOWED_DISTANCE",
    },
)

MEASURES: Registry[Measure] = Registry(
    "measure",
    {
        "answers": "guardbind_bench.measures.answers:MEASURE",
        "assignment": "guardbind_bench.measures.assignment:MEASURE",
        "api_agreement": "guardbind_bench.measures.api_agreement:MEASURE",
        "audit_bindings": "guardbind_bench.measures.audit_bindings:MEASURE",
        "audits": "guardbind_bench.measures.audits:MEASURE",
        "availability": "guardbind_bench.measures.availability:MEASURE",
        "harm": "guardbind_bench.measures.harm:MEASURE",
        "methods": "guardbind_bench.measures.methods:MEASURE",
        "nulls": "guardbind_bench.measures.nulls:MEASURE",
        "outcomes": "guardbind_bench.measures.outcomes:MEASURE",
        "patching": "guardbind_bench.measures.patching:MEASURE",
        "reading": "guardbind_bench.measures.reading:MEASURE",
        "repair": "guardbind_bench.measures.repair:MEASURE",
        "residuals": "guardbind_bench.measures.residuals:MEASURE",
        "rivals": "guardbind_bench.measures.rivals:MEASURE",
        "self_checkpoint": "guardbind_bench.measures.self_checkpoint:MEASURE",
        "signals": "guardbind_bench.measures.signals:MEASURE",
        "targets": "guardbind_bench.measures.targets:MEASURE",
    },
)

EXPERIMENTS: Registry[Experiment] = Registry(
    "experiment",
    {
        "api_agreement": "guardbind_bench.experiments.api_agreement.experiment:EXPERIMENT",
        "applications": "guardbind_bench.experiments.applications.experiment:EXPERIMENT",
        "assignment": "guardbind_bench.experiments.assignment.experiment:EXPERIMENT",
        "audit": "guardbind_bench.experiments.audit.experiment:EXPERIMENT",
        "audit_null_family": "guardbind_bench.experiments.audit_null_family.experiment:EXPERIMENT",
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
        "rivals": "guardbind_bench.experiments.rivals.experiment:EXPERIMENT",
        "signals": "guardbind_bench.experiments.signals.experiment:EXPERIMENT",
        "stages": "guardbind_bench.experiments.stages.experiment:EXPERIMENT",
        "targets": "guardbind_bench.experiments.targets.experiment:EXPERIMENT",
    },
)

PRESETS: Registry[Preset] = Registry(
    "preset",
    {
        "answers": "guardbind_bench.presets.shipped:answers",
        "harm": "guardbind_bench.presets.shipped:harm",
        "paper": "guardbind_bench.presets.shipped:paper",
        "quick": "guardbind_bench.presets.shipped:quick",
        "smollm2": "guardbind_bench.presets.shipped:smollm2",
        "texts": "guardbind_bench.presets.shipped:texts",
    },
)


def task_version(name: str) -> int:
    """Return the version of a task, of tokens, of texts or of audits.

    Raises:
        UnknownNameError: There is no such task.
    """
    if name in AUDIT_TASKS:
        # Of the class: an item may need a file.
        return int(vars(AUDIT_TASKS.get(name))["version"])
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

"""Asks whether restating the bindings repairs the answer, and whether it is the restatement that does.

Every arm is read on the trials of the baseline, so that all differences are of pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from guardbind.errors import UnknownNameError
from guardbind_bench.experiments.checkpoint.arms import (
    SELF,
    CheckpointArm,
    CheckpointOptions,
    arms_of,
    prose_task,
    spread_arms,
)
from guardbind_bench.experiments.checkpoint.pairs import abstentions, compare, holm, pair, written
from guardbind_bench.experiments.experiment import Experiment, RecordSource, Settings
from guardbind_bench.experiments.finding import FindingNumber, FindingRule
from guardbind_bench.experiments.grid import Condition, ConditionExperiment, GridRun, Point
from guardbind_bench.experiments.table import Estimate, TableRow
from guardbind_bench.prompts.cell import BenchCell, CellRequest
from guardbind_bench.stats.statistics import quantity

__all__ = ["EXPERIMENT", "CheckpointExperiment"]

_LEVEL = 0.05


class CheckpointExperiment(ConditionExperiment[CheckpointOptions]):
    """Reads every arm beside the baseline, as bare prompts."""

    name = "checkpoint"
    title = "Does restating the bindings repair the answer, and is it the restatement that does?"
    version = 2
    aliases = ("checkpoint",)
    place = 60
    findings = (
        FindingRule(
            "Does restating the bindings in the prompt help?",
            "checkpoint",
            (FindingNumber("right before", "acc_baseline"), FindingNumber("after", "acc_checkpoint")),
            {"arm": "oracle"},
        ),
    )
    option_type = CheckpointOptions
    measure = "reading"
    row_keys = ("task", "filler", "k", "asked", "style", "layout", "template")

    def check(self, settings: Settings, options: CheckpointOptions) -> None:
        """Check the names of the arms, too."""
        super().check(settings, options)
        known = spread_arms()
        for arm in () if options.arms == "all" else options.arms:
            if arm not in known:
                raise UnknownNameError(
                    f"option `arms` names {arm!r}; known: {', '.join(known)}.",
                    hint="Distances of `single` are an option of their own." if arm == "single" else None,
                )

    def requests(self, point: Point, settings: Settings, options: CheckpointOptions) -> list[CellRequest]:
        """Return the baseline, then each arm that differs from it."""
        baseline = CellRequest(cell=self.cell(point, settings, options), trials=settings.trials)
        return [baseline, *(arm.request for arm in arms_of(baseline, options) if arm.idle is None)]

    def cell(self, point: Point, settings: Settings, options: CheckpointOptions) -> BenchCell:
        """Return the cell of the baseline."""
        layout = options.layout if prose_task(str(point["task"])) is None else "S"
        return super().cell({**point, "style": options.style, "layout": layout}, settings, options)

    def condition_rows(self, condition: Condition, run: GridRun[CheckpointOptions]) -> Iterator[TableRow]:
        """Make the rows of each arm, in every table that it belongs to."""
        baseline = condition.requests[0]
        found = [_result(run.data, baseline, arm) for arm in arms_of(baseline, run.options)]
        _correct(found)
        layout = baseline.cell.form.layout
        notes = () if layout == run.options.layout else (f"Layout {layout}: {baseline.cell.task} comes in no other.",)
        for each in found:
            keys = run.keys({**condition.keys, **each.arm.keys})
            for table in each.arm.tables:
                yield TableRow(
                    table=table, keys=keys, values=self.shown(table, each.values), notes=(*notes, *each.notes)
                )


@dataclass(slots=True)
class _ArmResult:
    arm: CheckpointArm
    values: dict[str, Estimate] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def _result(data: RecordSource, baseline: CellRequest, arm: CheckpointArm) -> _ArmResult:
    if arm.idle is not None:
        return _ArmResult(arm, notes=[arm.idle])
    refusal = data.refusal(baseline) or data.refusal(arm.request)
    if refusal is not None:
        return _ArmResult(arm, notes=[refusal])
    pairs = pair(data.frame(baseline), data.frame(arm.request))
    missing = baseline.trials - len(pairs)
    notes = [f"{missing} of {baseline.trials} pairs are left out: a reading failed or is missing."]
    values = compare(pairs)
    if arm.arm == SELF:
        values |= written(pairs)
    if "checkpoint_notes" in arm.tables:
        values |= abstentions(pairs)
    return _ArmResult(arm, values, notes if missing else [])


def _correct(found: list[_ArmResult]) -> None:
    """Add the p of each comparison, corrected for all that share the baseline, and say what is left of them."""
    measured = [each for each in found if each.values]
    verdicts: dict[str, list[str]] = {"better": [], "worse": [], "not told apart": []}
    for each, p in zip(measured, holm([each.values["mcnemar_p"].value or 0.0 for each in measured]), strict=True):
        each.values["mcnemar_p_holm"] = quantity(p, each.values["mcnemar_p"].n)
        change = each.values["delta_acc"].value or 0.0
        verdict = "not told apart" if p >= _LEVEL else "better" if change > 0 else "worse"
        verdicts[verdict].append(str(each.arm))
    if measured:
        said = "; ".join(f"{verdict}: {', '.join(arms)}" for verdict, arms in verdicts.items() if arms)
        many = f"{len(measured)} comparison" + "s" * (len(measured) > 1)
        measured[0].notes.append(f"Against the baseline, Holm over {many} at {_LEVEL}: {said}.")


EXPERIMENT: Experiment = CheckpointExperiment()

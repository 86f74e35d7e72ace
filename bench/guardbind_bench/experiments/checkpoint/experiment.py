"""`checkpoint`: does restating the bindings repair the answer, and is it the restatement that does?

Every arm is read on the trials of the baseline, so that all differences are of pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import JsonValue

from guardbind_bench.experiments.checkpoint.conditions import SELF, Comparison, Condition, Options
from guardbind_bench.experiments.checkpoint.pairs import abstentions, compare, holm, pair, written
from guardbind_bench.experiments.checkpoint.tables import TABLES
from guardbind_bench.experiments.experiment import Data, Experiment, Settings
from guardbind_bench.experiments.options import check_names
from guardbind_bench.experiments.table import Estimate, Row
from guardbind_bench.prompts.cell import Request
from guardbind_bench.stats.statistics import quantity

__all__ = ["EXPERIMENT", "Checkpoint"]

_LEVEL = 0.05


class Checkpoint:
    """Reads every arm beside the baseline, as bare prompts."""

    name = "checkpoint"
    title = "Does restating the bindings repair the answer, and is it the restatement that does?"
    version = 2
    aliases: tuple[str, ...] = ("checkpoint",)
    tables = TABLES
    defaults: dict[str, JsonValue] = Options().model_dump(mode="json")

    def plan(self, settings: Settings) -> list[Request]:
        """Return the requests: for each condition the baseline, then each arm that differs from it.

        Raises:
            ConfigError: An option is unknown or does not fit.
            UnknownNameError: A task, a filler or an arm is not registered.
        """
        check_names(settings.tasks, settings.fillers)
        requests = []
        for condition in Condition.all(settings):
            requests.append(condition.baseline)
            requests += [comparison.request for comparison in condition.comparisons if comparison.idle is None]
        return requests

    def summarise(self, data: Data, settings: Settings, progress: Callable[[str], None]) -> list[Row]:
        """Make the rows from the records; the same records give the same rows."""
        rows = []
        for condition in Condition.all(settings):
            progress(str(condition))
            rows += _rows(data, condition)
        return rows


@dataclass(slots=True)
class _Found:
    comparison: Comparison
    values: dict[str, Estimate] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def _rows(data: Data, condition: Condition) -> list[Row]:
    found = [_found(data, condition, comparison) for comparison in condition.comparisons]
    _correct(found)
    rows = []
    for each in found:
        keys = {"model": data.model, **condition.keys, **each.comparison.keys}
        for table in each.comparison.tables:
            columns = next(declared.columns for declared in TABLES if declared.id == table)
            shown = {name: each.values[name] for name in columns if name in each.values}
            rows.append(Row(table=table, keys=keys, values=shown, notes=(*condition.notes, *each.notes)))
    return rows


def _found(data: Data, condition: Condition, comparison: Comparison) -> _Found:
    if comparison.idle is not None:
        return _Found(comparison, notes=[comparison.idle])
    refusal = data.refusal(condition.baseline) or data.refusal(comparison.request)
    if refusal is not None:
        return _Found(comparison, notes=[refusal])
    pairs = pair(data.frame(condition.baseline), data.frame(comparison.request))
    missing = condition.baseline.trials - len(pairs)
    notes = [f"{missing} of {condition.baseline.trials} pairs are left out: a reading failed or is missing."]
    values = compare(pairs)
    if comparison.arm == SELF:
        values |= written(pairs)
    if "checkpoint_notes" in comparison.tables:
        values |= abstentions(pairs)
    return _Found(comparison, values, notes if missing else [])


def _correct(found: list[_Found]) -> None:
    """Add the p of each comparison, corrected for all that share the baseline, and say what is left of them."""
    measured = [each for each in found if each.values]
    verdicts: dict[str, list[str]] = {"better": [], "worse": [], "not told apart": []}
    for each, p in zip(measured, holm([each.values["mcnemar_p"].value or 0.0 for each in measured]), strict=True):
        each.values["mcnemar_p_holm"] = quantity(p, each.values["mcnemar_p"].n)
        change = each.values["delta_acc"].value or 0.0
        verdict = "not told apart" if p >= _LEVEL else "better" if change > 0 else "worse"
        verdicts[verdict].append(str(each.comparison))
    if measured:
        said = "; ".join(f"{verdict}: {', '.join(arms)}" for verdict, arms in verdicts.items() if arms)
        many = f"{len(measured)} comparison" + "s" * (len(measured) > 1)
        measured[0].notes.append(f"Against the baseline, Holm over {many} at {_LEVEL}: {said}.")


EXPERIMENT: Experiment = Checkpoint()

"""`repair`: what the guard makes of wrong bindings, beside candidate-only decoding and checkpoints in the prompt.

Every arm answers the same trials, so that all differences are of pairs.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
from pydantic import Field, JsonValue

from guardbind_bench.experiments.experiment import Data, Settings
from guardbind_bench.experiments.options import read_options
from guardbind_bench.experiments.repair.tables import TABLES
from guardbind_bench.experiments.shared.forms import FormOptions
from guardbind_bench.experiments.shared.guard_conditions import Condition, without_failures
from guardbind_bench.experiments.table import Estimate, Key, Row
from guardbind_bench.measures.repair import DEFAULT_ARMS, UNGUARDED
from guardbind_bench.prompts.cell import Request
from guardbind_bench.stats.statistics import count, difference, mcnemar, mean, quantity, share, share_removed

__all__ = ["EXPERIMENT", "Repair", "RepairSettings"]


class RepairSettings(FormOptions):
    """The options of the experiment."""

    arms: tuple[str, ...] = Field(default=DEFAULT_ARMS, min_length=1)
    """Ways to answer: arms of the guard, `candidates`, checkpoint arms as `oracle:64`; the unguarded model always."""


class Repair:
    """Answers every trial under every arm."""

    name = "repair"
    title = "What does the guard repair, what does it spoil, and what does it cost?"
    version = 2
    aliases: tuple[str, ...] = ()
    tables = TABLES
    defaults: dict[str, JsonValue] = RepairSettings().model_dump(mode="json")

    def plan(self, settings: Settings) -> list[Request]:
        """Return one request per condition.

        Raises:
            ConfigError: An option is unknown or does not fit.
            UnknownNameError: A task or filler is not registered.
        """
        return [condition.request for condition in _conditions(settings)]

    def summarise(self, data: Data, settings: Settings, progress: Callable[[str], None]) -> list[Row]:
        """Make the rows from the records; the same records give the same rows."""
        rows = []
        for condition in _conditions(settings):
            progress(str(condition))
            keys, refusal = condition.keys(data.model), data.refusal(condition.request)
            if refusal is not None:
                rows.append(_row(keys, None, None, {}, [refusal]))
                continue
            rows += _rows(keys, data.frame(condition.request))
        return rows


def _conditions(settings: Settings) -> list[Condition]:
    options = read_options(RepairSettings, settings.options, "repair")
    return Condition.all("repair", settings, options, {"arms": list(options.arms)})


def _row(keys: dict[str, Key], arm: str | None, told: str | None, values: dict[str, Estimate], notes: list[str]) -> Row:
    return Row(table="repair", keys={**keys, "arm": arm, "told": told}, values=values, notes=tuple(notes))


def _rows(keys: dict[str, Key], records: pd.DataFrame) -> list[Row]:
    records, notes = without_failures(records)
    if records.empty:
        return [_row(keys, None, None, {}, notes)]
    before = records[records["arm"] == UNGUARDED].set_index("index")
    rows = []
    for arm, group in records.groupby("arm", sort=False):
        told, refused = str(group["told"].iloc[0]), group["refused"].iloc[0]
        if isinstance(refused, str):
            rows.append(_row(keys, str(arm), told, {}, [refused]))
            continue
        after = group.set_index("index").loc[before.index]
        values = _rates(after) if arm == UNGUARDED else _rates(after) | _changes(after, before)
        rows.append(_row(keys, str(arm), told, values, notes))
    return rows


def _rates(answers: pd.DataFrame) -> dict[str, Estimate]:
    stage = answers["stage"].to_numpy()
    return {
        "accuracy": share(stage == "right"),
        "rate_2a": share(stage == "2A"),
        "rate_2b": share(stage == "2B"),
    }


def _changes(after: pd.DataFrame, before: pd.DataFrame) -> dict[str, Estimate]:
    right, was_right = (answers["stage"].to_numpy() == "right" for answers in (after, before))
    spoiled, repaired = int((was_right & ~right).sum()), int((right & ~was_right).sum())
    values = {
        "delta": difference(right, was_right),
        "wrong_to_right": count(repaired, len(right)),
        "right_to_wrong": count(spoiled, len(right)),
        "mcnemar_p": quantity(mcnemar(spoiled, repaired), len(right)),
        "reduction_2b": share_removed(*(answers["stage"].to_numpy() == "2B" for answers in (after, before))),
        "extra_forwards": mean(after["extra_forwards"]),
        "tokens_inserted": mean(after["tokens_inserted"]),
        "extra_tokens": mean(after["extra_tokens"]),
        "seconds_ratio_median": quantity(float((after["seconds"] / before["seconds"]).median()), len(right)),
    }
    if after["action"].notna().any():
        acted = (after["action"].notna() & (after["action"] != "none")).to_numpy()
        values |= {
            "acted": share(acted),
            "acted_on_right": share(acted[was_right]),
            "unresolved": share(((after["final_verdict"] == "unresolved") | (after["action"] == "abstain")).to_numpy()),
        }
    return values


EXPERIMENT = Repair()

"""`pseudo-prior`: what is left of an answer without its evidence, how the nulls agree, and what budgets find out."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field, JsonValue

from guardbind.errors import ConfigError
from guardbind_bench.experiments.experiment import Data, Settings
from guardbind_bench.experiments.options import read_options
from guardbind_bench.experiments.pseudo_prior.budget_rules import Rule, judged, reliability, rules
from guardbind_bench.experiments.pseudo_prior.null_readings import NullReadings
from guardbind_bench.experiments.pseudo_prior.null_rows import FAMILY, agreement, family, pseudo_prior
from guardbind_bench.experiments.pseudo_prior.tables import TABLES
from guardbind_bench.experiments.shared.forms import FormOptions
from guardbind_bench.experiments.shared.guard_conditions import Condition, without_failures
from guardbind_bench.experiments.table import Estimate, Key, Row
from guardbind_bench.measures.nulls import NULL_NAMES
from guardbind_bench.prompts.cell import Request

__all__ = ["EXPERIMENT", "PseudoPrior", "PseudoPriorSettings"]

_REFERENCE = "mask"


class PseudoPriorSettings(FormOptions):
    """The options of the experiment."""

    nulls: tuple[str, ...] = Field(default=NULL_NAMES, min_length=1)
    """Nulls to read; each but `mask` and `mask_rows` costs two passes over the prompt."""
    taus: tuple[float, ...] = Field(default=(0.75, 0.95), min_length=1)
    """Reliabilities that budgets are asked for, in (0, 1); the paper's and the guard's."""


class PseudoPrior:
    """Reads every trial under every null of the target's evidence."""

    name = "pseudo-prior"
    title = "What is left of an answer without its evidence, and does an information budget find the errors?"
    version = 2
    aliases = ("binding_null_family",)
    tables = TABLES
    defaults: dict[str, JsonValue] = PseudoPriorSettings().model_dump(mode="json")

    def plan(self, settings: Settings) -> list[Request]:
        """Return one request per condition.

        Raises:
            ConfigError: An option is unknown or does not fit.
            UnknownNameError: A task or filler is not registered.
        """
        return [condition.request for condition in _conditions(settings)]

    def summarise(self, data: Data, settings: Settings, progress: Callable[[str], None]) -> list[Row]:
        """Make the rows from the records; the same records give the same rows."""
        taus = _options(settings).taus
        rows = []
        for condition in _conditions(settings):
            progress(str(condition))
            keys, refusal = condition.keys(data.model), data.refusal(condition.request)
            if refusal is not None:
                rows += [Row(table=table.id, keys=keys, values={}, notes=(refusal,)) for table in TABLES]
                continue
            frame, notes = without_failures(data.frame(condition.request))
            if frame.empty:
                rows += [Row(table=table.id, keys=keys, values={}, notes=tuple(notes)) for table in TABLES]
                continue
            rows += _rows(NullReadings.of(frame), keys, taus, settings.seed, notes)
        return rows


def _options(settings: Settings) -> PseudoPriorSettings:
    options = read_options(PseudoPriorSettings, settings.options, "pseudo-prior")
    outside = [tau for tau in options.taus if not 0 < tau < 1]
    if outside:
        raise ConfigError(f"taus {outside} are no reliabilities; numbers in (0, 1) are accepted.")
    return options


def _conditions(settings: Settings) -> list[Condition]:
    options = _options(settings)
    return Condition.all("nulls", settings, options, {"nulls": list(options.nulls)})


def _rows(
    readings: NullReadings, keys: dict[str, Key], taus: tuple[float, ...], seed: int, notes: list[str]
) -> list[Row]:
    rows: list[Row] = []

    def add(table: str, more: dict[str, Key], values: dict[str, Estimate], *said: str) -> None:
        rows.append(Row(table=table, keys={**keys, **more}, values=values, notes=(*said, *notes)))

    for null in readings.nulls:
        values = pseudo_prior(readings, null)
        add("pseudo_prior", {"null": null}, values, *_turned(values))
    for null in readings.nulls:
        if null != _REFERENCE and _REFERENCE in readings.nulls:
            add("null_agreement", {"null": null}, agreement(readings, null, _REFERENCE))
    if _REFERENCE not in readings.nulls:
        said = f"Null {_REFERENCE!r} was not read, by choice or because the model cannot run it."
        add("null_agreement", {}, {}, said)
    for tau in taus:
        values = family(readings, tau)
        missing = () if values else (f"Not all of {', '.join(FAMILY)} were read.",)
        add("null_family", {"tau": tau}, values, *missing)
    for rule in rules(readings, taus, seed):
        about: dict[str, Key] = {
            "rule": rule.name, "told": rule.told, "over": rule.over, "threshold": rule.threshold, "tau": rule.tau
        }  # fmt: skip
        add("budget_rules", about, judged(readings, rule), *_told(rule, readings.guard_null))
    for score, label, values in reliability(readings):
        add("reliability", {"score": score, "bin": label}, values)
    return rows


_TOLD = {
    "target": "Told which statement answers the question; that evidence is taken away by the null {null!r}. Rules that "
    "are told nothing do not compete with it.",
    "bindings": "Told the statements of target and competitor, and not which is asked for; each is taken away by the "
    "null {null!r}, and the larger number counts.",
}


def _told(rule: Rule, null: str) -> tuple[str, ...]:
    said = tuple(text.format(null=null) for told, text in _TOLD.items() if told == rule.told)
    return (*said, _BACKWARDS) if rule.name in ("signed_budget", "published_budget", "envelope") else said


_BACKWARDS = (
    "The margin is a test and no ranking: of two answers with the same p1 below tau the one with more evidence, a "
    "smaller p0, has the lower margin, so that an AUROC below 0.5 says nothing against the evidence."
)


def _turned(values: dict[str, Estimate]) -> tuple[str, ...]:
    full, prior = values.get("accuracy"), values.get("p_tilde")
    if full is None or prior is None or (full.value or 0.0) >= (prior.value or 0.0):
        return ()
    return ("The evidence lowers the accuracy; the divergence counts against it.",)


EXPERIMENT = PseudoPrior()

"""Sets every signal beside the guard's own, on the same trials, tuned with the same budget, by what they are told.

Settings are chosen on trials of another seed, of the fillers in which neither value stands more often than the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pydantic import Field, JsonValue

from guardbind.errors import ConfigError
from guardbind_bench.experiments.experiment import Experiment, Settings
from guardbind_bench.experiments.finding import FindingNumber, FindingRule
from guardbind_bench.experiments.grid import Condition, GridRun, Point
from guardbind_bench.experiments.shared.failures import without_failures
from guardbind_bench.experiments.shared.forms import FormOptions
from guardbind_bench.experiments.shared.slots import NO_FILLER, SlotExperiment, fillers_of
from guardbind_bench.experiments.signals.numbers import (
    AUTHORS,
    CellScores,
    chosen,
    costs_of,
    rated,
    shown_settings,
    transferred,
)
from guardbind_bench.experiments.table import Estimate, RowKey, TableRow
from guardbind_bench.measures.signals import FitSplit, check_signals
from guardbind_bench.methods.head_lists import HeadSearch
from guardbind_bench.prompts.cell import CellRequest
from guardbind_bench.registry import SIGNALS
from guardbind_bench.stats.detection import RankingQuality
from guardbind_bench.stats.statistics import count

__all__ = ["EXPERIMENT", "SignalSuiteOptions", "SignalsExperiment"]

OURS = "guardbind"
"""Source of the guard's own signals."""


class SignalSuiteOptions(FormOptions):
    """The options of the experiment."""

    signals: tuple[str, ...] = ()
    """Registered signals; none: all of them."""
    tuning_trials: int = Field(default=64, ge=1)
    """Trials per cell on which settings are chosen."""
    tuning_seed: int = Field(default=1, ge=0)
    """Base seed of these trials."""
    judged_fillers: tuple[str, ...] = ("natural", "decoy_matched")
    """Fillers on which settings are chosen and the ranking is made: neither value stands more often there."""
    heads: HeadSearch = HeadSearch()
    """Where heads are looked for, by signals that need lists of them."""
    heads_file: str | None = None
    """A file of `guardbind bench heads`, in the place of a search."""
    fit: FitSplit = FitSplit()
    """What fitted signals learn from."""
    batch: int = Field(default=16, ge=1)
    """Trials that are read side by side, at most."""


class SignalsExperiment(SlotExperiment[SignalSuiteOptions]):
    """Reads every signal on every trial."""

    name = "signals"
    title = "Which signals tell that another value is written than the one asked for, at equal knowledge and cost?"
    version = 1
    place = 55
    findings = (
        FindingRule(
            "How well are 2B errors told from right answers? (AUROC)",
            "signals_ranking",
            (
                FindingNumber("evidence bits", "auroc", {"signal": "evidence_bits"}),
                FindingNumber("margin", "auroc", {"signal": "margin"}),
            ),
            {},
            ("told", "source", "fitted", "setting", "values"),
        ),
    )
    option_type = SignalSuiteOptions
    measure = "signals"

    def check(self, settings: Settings, options: SignalSuiteOptions) -> None:
        """Check that there are such signals, and that nothing is judged on trials that it was tuned or fitted on."""
        super().check(settings, options)
        check_signals(options.signals)
        seeds = {"seed": settings.seed, "tuning_seed": options.tuning_seed, "fit.seed": options.fit.seed}
        if len(set(seeds.values())) < len(seeds):
            said = ", ".join(f"{name} {seed}" for name, seed in seeds.items())
            raise ConfigError(f"three different seeds are needed to judge, tune and fit: {said} were given.")

    def cell_options(self, point: Point, options: SignalSuiteOptions) -> dict[str, JsonValue]:
        """Return what the measure is told."""
        made: dict[str, JsonValue] = {
            "signals": list(options.signals),
            "grid": True,
            "batch": options.batch,
            "heads": options.heads.model_dump(mode="json"),
            "fit": options.fit.model_dump(mode="json"),
        }
        return made | ({"heads_file": options.heads_file} if options.heads_file else {})

    def beforehand(self, settings: Settings, options: SignalSuiteOptions) -> list[CellRequest]:
        """Return the trials on which settings are chosen."""
        k, asked, template = settings.ks[0], options.asked[0], options.templates[0]
        other = settings.model_copy(update={"seed": options.tuning_seed})
        return [
            CellRequest(
                cell=self.cell(
                    {"task": task, "filler": filler, "k": k, "asked": asked, "template": template}, other, options
                ),
                trials=options.tuning_trials,
            )
            for task in settings.tasks
            for filler in fillers_of(task, options.judged_fillers)
        ]

    def all_rows(self, conditions: Iterable[Condition], run: GridRun[SignalSuiteOptions]) -> Iterator[TableRow]:
        """Make the ranking over all conditions that do not give the answer away, then the rows of each."""
        best = chosen(list(self._tuning(run)))
        read: list[tuple[Condition, CellScores, list[str]]] = []
        for condition in conditions:
            refusals = run.refusals(condition.requests)
            frame = run.data.frame(condition.requests[0])
            kept, notes = without_failures(frame) if not frame.empty else (frame, [])
            if refusals or kept.empty:
                yield from self.refused(condition, run, *(refusals or notes or [self.without_records]))
                continue
            read.append((condition, CellScores.of(kept), notes))
        fair = [one for one in read if one[0].keys["filler"] in (*run.options.judged_fillers, NO_FILLER)] or read
        if fair:
            run.progress("all conditions")
            cells = [scores for _, scores, _ in fair]
            fillers = dict.fromkeys(str(condition.keys["filler"]) for condition, _, _ in fair)
            notes = [note for _, _, told in fair for note in told]
            keys = run.keys({"fillers": " + ".join(fillers)})
            yield from _rows("signals_ranking", keys, cells, best, notes)
        for condition, scores, notes in read:
            run.progress(str(condition))
            yield from _rows("signals", run.keys(condition.keys), [scores], best, notes)
        yield from self._transfers(read, best, run)

    def _tuning(self, run: GridRun[SignalSuiteOptions]) -> Iterator[CellScores]:
        for request in self.beforehand(run.settings, run.options):
            frame = run.data.frame(request)
            kept = frame if frame.empty else without_failures(frame)[0]
            if not kept.empty:
                yield CellScores.of(kept)

    def _transfers(
        self,
        read: Sequence[tuple[Condition, CellScores, list[str]]],
        best: Mapping[str, tuple[str, float]],
        run: GridRun[SignalSuiteOptions],
    ) -> Iterator[TableRow]:
        for source, scores, _ in read[:1]:
            for target, others, notes in read[1:]:
                for name in dict.fromkeys(signal for signal, _ in scores.found):
                    setting = best.get(name, (AUTHORS, 0.0))[0]
                    values = transferred(scores, others, (name, setting))
                    if values is None:
                        continue
                    chosen_on = "threshold of " + " ".join(str(source.keys[key]) for key in ("task", "filler", "k"))
                    keys = {**target.keys, **_about(name), "values": setting, "chosen_on": chosen_on}
                    yield TableRow(table="signals_transfer", keys=run.keys(keys), values=values, notes=tuple(notes))


def _about(name: str) -> dict[str, RowKey]:
    if name not in SIGNALS:
        return {"signal": name, "told": "unknown", "source": "unknown", "fitted": None}
    signal = SIGNALS.get(name)
    return {"signal": name, "told": signal.told, "source": signal.source, "fitted": signal.fitted}


def _rows(
    table: str,
    keys: dict[str, RowKey],
    cells: Sequence[CellScores],
    best: Mapping[str, tuple[str, float]],
    notes: Sequence[str],
) -> Iterator[TableRow]:
    names = dict.fromkeys(name for cell in cells for name, _ in (*cell.found, *cell.refused))
    ours = _ours(cells, best)
    rows: list[tuple[float, TableRow]] = []
    for name in names:
        about = _about(name)
        settings = dict.fromkeys(setting for cell in cells for of, setting in cell.found if of == name)
        if not settings and len(cells) == 1:
            why = next(reason for (of, _), reason in cells[0].refused.items() if of == name)
            tried = {"trials": count(cells[0].trials, cells[0].trials)}
            yield TableRow(table="signals_refused", keys={**keys, **about}, values=tried, notes=(why,))
        for label, setting in shown_settings(settings, best.get(name, (None, 0.0))[0]):
            has = [cell for cell in cells if (name, setting) in cell.found]
            found = rated(has, (name, setting))
            if found is None or "auroc" not in found.values:
                continue
            wrong = sum(int(cell.is_wrong.sum()) for cell in has)
            values = {
                "auroc": found.estimate("auroc"),
                "average_precision": found.estimate("average_precision"),
                "recall": found.estimate("recall"),
                "errors": count(wrong, found.n),
            }
            said = [] if len(has) == len(cells) else [f"it can be had in {len(has)} of {len(cells)} conditions only."]
            # Pairs need the same trials.
            reference = ours.get(str(about["told"])) if len(has) == len(cells) else None
            if reference is not None and about["source"] != OURS:
                values["ahead"] = found.ahead_of(reference[1], "auroc")
                said += _beats(values["ahead"], reference[0])
            if table == "signals_ranking":
                values |= costs_of(has, (name, setting))
            row = TableRow(
                table=table,
                keys={**keys, **about, "setting": label, "values": setting},
                values=values,
                notes=(*notes, *said),
            )
            rows.append((-(values["auroc"].value or 0.0), row))
    rows.sort(key=lambda ranked: ranked[0])
    yield from (row for _, row in rows)


def _ours(cells: Sequence[CellScores], best: Mapping[str, tuple[str, float]]) -> dict[str, tuple[str, RankingQuality]]:
    """Return for each kind of knowledge the signal of ours that was best where settings were chosen."""
    found: dict[str, tuple[str, RankingQuality]] = {}
    for name, (setting, _) in sorted(best.items(), key=lambda one: -one[1][1]):
        about = _about(name)
        told = str(about["told"])
        if about["source"] == OURS and told not in found:
            numbers = rated(cells, (name, setting))
            if numbers is not None:
                found[told] = name, numbers
    return found


def _beats(ahead: Estimate, ours: str) -> list[str]:
    if ahead.low is None or ahead.high is None:
        return []
    if ahead.low > 0:
        return [f"It is ahead of `{ours}`, the best of ours that is told the same."]
    return [f"It cannot be told from `{ours}`, the best of ours that is told the same."] if ahead.high > 0 else []


EXPERIMENT: Experiment = SignalsExperiment()

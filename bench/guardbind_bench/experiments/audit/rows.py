"""Makes the rows of the experiment `audit` from the records of a condition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from guardbind_bench.experiments.shared.audited import (
    AuditReadings,
    flag_quality,
    in_percent,
    least,
    passed_and_flagged,
    published_margins,
    ranking_quality,
    scores_of,
    signed_margins,
    verifier_values,
    worst_flags,
)
from guardbind_bench.experiments.table import RowKey, TableRow
from guardbind_bench.prompts.audits.item import KINDS
from guardbind_bench.stats.statistics import count, mean, share

__all__ = ["bindings_rows", "claims_rows", "published_row", "rules_rows"]

AuditKeys = Mapping[str, RowKey]


def published_row(
    keys: AuditKeys, frame: pd.DataFrame, readings: AuditReadings, tau: float, notes: Sequence[str]
) -> TableRow:
    """Return the published numbers of answers: under the published rule, the envelope of its nulls."""
    flagged = worst_flags(published_margins(readings, tau))
    values = {
        "acc_pct": in_percent(share(frame["right"].to_numpy(bool))),
        **passed_and_flagged(readings.right, flagged),
        "audited": count(len(readings.right), len(frame)),
        "verifier_accuracy": verifier_values(readings)["verifier_accuracy"],
        "prompt_tokens": mean(frame["prompt_tokens"].to_numpy(float)),
    }
    return TableRow(table="audit_binding", keys={**keys, "tau": tau}, values=values, notes=tuple(notes))


def rules_rows(
    keys: AuditKeys,
    readings: AuditReadings,
    taus: Sequence[float],
    rates: Sequence[float],
    seed: int,
    notes: Sequence[str],
) -> Iterator[TableRow]:
    """Yield how well each rule finds errors, by its own threshold and at equal rates, and the verifier's accuracy."""
    verifier = verifier_values(readings)
    yield TableRow(
        table="audit_verifier",
        keys=dict(keys),
        values={**verifier, "label_mass": mean(readings.mass)},
        notes=tuple(notes),
    )
    if not len(readings.right):
        return
    able = {"verifier_accuracy": verifier["verifier_accuracy"]}
    for tau in taus:
        scores = scores_of(readings, tau, seed)
        flags = {
            "published_budget": worst_flags(published_margins(readings, tau)),
            "signed_budget": worst_flags(signed_margins(readings, tau)),
            "p1": readings.p1 < tau,
        }
        rate = float(flags["published_budget"].mean())
        flags |= {name: least(scores[name], rate) for name in ("own_probability", "random")}
        for rule, flagged in flags.items():
            values = flag_quality(readings.right, flagged) | {"auroc": ranking_quality(readings.right, scores[rule])}
            about = {**keys, "rule": rule, "tau": tau}
            yield TableRow(table="audit_rules", keys=about, values=values | able, notes=tuple(notes))
    for rate in rates:
        for rule, ranked in scores_of(readings, taus[0], seed).items():
            found = flag_quality(readings.right, least(ranked, rate))
            values = {name: found[name] for name in ("precision", "recall")} | able
            about = {**keys, "rule": rule, "rate": rate}
            yield TableRow(table="audit_rates", keys=about, values=values, notes=tuple(notes))


def claims_rows(
    keys: AuditKeys, frame: pd.DataFrame, readings: AuditReadings, tau: float, notes: Sequence[str]
) -> Iterator[TableRow]:
    """Yield what the rules do with the claims of each kind."""
    kept = frame[frame["failed"].isna() & frame["audited"].astype(bool)]
    able = {"verifier_accuracy": verifier_values(readings)["verifier_accuracy"]}
    kinds = kept["kind"].to_numpy(str)
    published = worst_flags(published_margins(readings, tau))
    signed = worst_flags(signed_margins(readings, tau))
    for kind in KINDS:
        of = kinds == kind
        if of.any():
            values = {
                "said_yes": share(readings.yes[of]),
                "mean_p1": mean(readings.p1[of]),
                "mean_p0_max": mean(readings.p0[of].max(axis=1)),
                "flagged_published": share(published[of]),
                "flagged_signed": share(signed[of]),
                "flagged_p1": share(readings.p1[of] < tau),
            }
            about = {**keys, "kind": kind, "tau": tau}
            yield TableRow(table="audit_kinds", keys=about, values=values | able, notes=tuple(notes))


def bindings_rows(keys: AuditKeys, frame: pd.DataFrame) -> Iterator[TableRow]:
    """Yield what the binding table says of the claims: all, and by kind, language and form."""
    failed = frame["failed"].notna()
    notes = (f"{int(failed.sum())} of {len(frame)} claims could not be judged.",) if failed.any() else ()
    whole = frame[~failed]
    yield _bound(keys, whole, "all", "all", notes)
    for by in ("kind", "language", "form"):
        names = (
            [kind for kind in KINDS if (whole["kind"] == kind).any()] if by == "kind" else sorted(whole[by].unique())
        )
        for name in names:
            yield _bound(keys, whole[whole[by] == name], by, str(name), ())


def _bound(keys: AuditKeys, frame: pd.DataFrame, by: str, name: str, notes: Sequence[str]) -> TableRow:
    state, right = frame["state"].to_numpy(str), frame["right"].to_numpy(bool)
    miscited = (state == "agrees") & (frame["cited"] == False).to_numpy(bool)  # noqa: E712 - None is neither
    flagged = (state == "differs") | miscited
    certified = (state == "agrees") & ~miscited
    values = {
        "claims": count(len(frame), len(frame)),
        "agrees": share(state == "agrees"),
        "differs": share(state == "differs"),
        "left_open": share(np.isin(state, ["unresolved", "none"])),
        "cited_wrongly": share(miscited),
        "precision": share(~right[flagged]),
        "recall": share(flagged[~right]),
        "wrong_certified": share(certified[~right]),
        "right_flagged": share(flagged[right]),
    }
    return TableRow(table="audit_bound", keys={**keys, "by": by, "of": name}, values=values, notes=tuple(notes))

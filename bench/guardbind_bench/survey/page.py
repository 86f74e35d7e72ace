"""Writes the page of model families out of what the survey found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

from guardbind_bench.survey.record import FamilyRecord, SurveyRecord
from guardbind_bench.survey.trying import NATS, POLICIES

__all__ = ["COMMAND", "page_of"]

COMMAND = "make survey"
"""What makes the page anew."""

_OUTCOMES = {
    "right": "guarded, and everything that was compared agrees",
    "refused": "an error of guardbind says why, or slots are left alone and their records say why",
    "wrong": "guarded, and something differs that must not",
    "error": "another exception than one of guardbind",
    "not run": "transformers does not build it from a tiny configuration, or `generate` without a guard does not run",
}
_NULLS = ("mask", "mask_rows", "mask_prefill", "redact", "delete")
_READINGS = {
    "mask": "transformers' own mask functions, which hide the evidence too",
    "ids": "other tokens in place of the hidden ones, under the same mask",
    "text": "the cut text as a prompt of its own",
}
_BATCHES = {
    "same": "the slots of each row are those of the row alone",
    "differs unguarded": "the logits of a padded row are others without a guard too",
    "fails unguarded": "`generate` without a guard does not take a padded batch",
    "differs": "they are not",
}


def page_of(survey: SurveyRecord) -> str:
    """Return the page as Markdown; the same record gives the same page."""
    families = survey.families
    tried = [family for family in families if family.outcome != "not run"]
    parts = [
        _head(survey, len(tried)),
        _counts("Outcome", _OUTCOMES, (family.outcome for family in families)),
        _found(tried),
        "## Every family\n\n" + _table(tried),
        _messages("## Refused", [f for f in families if f.outcome == "refused"]),
        _messages("## Wrong, or another exception", [f for f in families if f.outcome in ("wrong", "error")]),
        _lens(tried),
        _messages("## Not run", [f for f in families if f.outcome == "not run"]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(survey: SurveyRecord, tried: int) -> str:
    policies = ", ".join(f"`{policy}`" for policy in POLICIES)
    return f"""# Model families

<!-- Written by `{COMMAND}`. Changes by hand are lost. -->

Which causal language models of transformers can be guarded, tried on {len(survey.families)}: every model type that
it registers, and `falcon` with ALiBi. Each is built tiny, with random weights: a few layers, one of every kind that the
family has, and windows shorter than the prompt. Then `generate` runs without a guard; guarded, under {policies};
with a restatement in a branch; and as a left-padded batch of two. {tried} of them ran.

Made with {_versions(survey)}, in float32 on a CPU. To make
it anew, for other versions or for a family that was added to transformers:

```sh
{COMMAND}
```

That takes one process and some {_minutes(survey)}; a run that was stopped goes on. `guardbind bench survey NAME ...`
prints single families. What is compared: text and logits under `observe` with those without a guard, bit by bit; log p0
of a null with an *independent reading* of it, which uses nothing of the guard; a branch with the same text read by
itself; the rows of the batch with each row alone. More than {NATS:g} nats is a difference. Random weights say nothing
of how often a guard helps: [what it does and costs](measured.md). How a null is chosen:
[nulls](nulls.md#when-it-can-be-trusted)."""


def _versions(survey: SurveyRecord) -> str:
    return f"guardbind {survey.guardbind}, transformers {survey.transformers} and torch {survey.torch}"


def _minutes(survey: SurveyRecord) -> str:
    return f"{max(1, round(sum(family.seconds for family in survey.families) / 60))} minutes of CPU time"


def _counts(what: str, meanings: dict[str, str], seen: Iterable[str | None]) -> str:
    counts = Counter(seen)
    lines = [f"| {what} | families | |", "|---|---|---|"]
    lines += [
        f"| {name} | {counts[name]} | {meaning} |"
        for name, meaning in meanings.items()
        if counts[name] or what == "Outcome"
    ]
    return "\n".join(lines)


def _found(tried: Sequence[FamilyRecord]) -> str:
    guarded = [family for family in tried if family.null is not None]
    nulls = Counter(family.null for family in guarded)
    used = ", ".join(f"`{null}` {nulls[null]}" for null in _NULLS if nulls[null])
    apart = [family.difference for family in guarded if family.difference is not None]
    worst = f", {max(apart):.1g} nats apart at most" if apart else ""
    lens = sum(family.lens == "yes" for family in tried)
    return "\n\n".join(
        [
            f"Nulls that were used: {used}. The [lens](glossary.md) can be bound to {lens} of {len(tried)}.",
            f"An independent reading was had of {len(apart)} of {len(guarded)}{worst}:",
            _counts("Independent reading by", _READINGS, (family.reading for family in guarded)),
            _counts("Left-padded batch", _BATCHES, (family.batch for family in guarded)),
        ]
    )


def _table(tried: Sequence[FamilyRecord]) -> str:
    lines = [
        "*Hidden* is by how many nats hiding the evidence moves the reading, *differs* by how many the independent",
        "reading lies apart from the guard's.",
        "",
        "| family | class | outcome | null | hidden | differs | read by | batch | lens |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for family in tried:
        cells = [
            f"`{family.model_type}`",
            family.model,
            family.outcome,
            family.null or "–",
            _number(family.effect),
            _number(family.difference),
            family.reading or "–",
            family.batch or "–",
            "yes" if family.lens == "yes" else "no",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return "0" if value == 0 else f"{value:.2g}"


def _messages(heading: str, families: Sequence[FamilyRecord]) -> str:
    if not families:
        return ""
    return "\n".join([heading, "", *(f"- `{family.model_type}`: {_plain(family.message)}" for family in families)])


def _lens(tried: Sequence[FamilyRecord]) -> str:
    without = [family for family in tried if family.lens not in ("", "yes")]
    if not without:
        return ""
    # What is said differs by the class only.
    said = sorted((_reason(family), family.model_type) for family in without)
    lines = ["## Without a lens", "", "Guarded like the others; only `lens_layers` is refused.", ""]
    for reason, group in groupby(said, key=lambda pair: pair[0]):
        lines.append(f"- {_plain(reason)} " + ", ".join(f"`{name}`" for _, name in group))
    return "\n".join(lines)


def _reason(family: FamilyRecord) -> str:
    first = re.split(r"(?<=[.;]) |\(", family.lens.replace(family.model, "The class"), maxsplit=1)[0].strip()
    return re.sub(r"\d+", "N", first.rstrip(".;")) + ":"


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")

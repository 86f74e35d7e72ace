"""Finds out whether a verifier can do the task, by items whose answers are known."""

from __future__ import annotations

from collections.abc import Sequence

from guardbind.auditing.items import VerifierItem, item_language, verifier_items
from guardbind.auditing.judged import RangeRecord
from guardbind.auditing.report import LabelCounts, VerifierRecord
from guardbind.auditing.settings import AuditConfig
from guardbind.auditing.verifier import LabelReading, VerifierAsker
from guardbind.backends import Backend
from guardbind.errors import BackendError
from guardbind.information.intervals import clopper_pearson
from guardbind.text.language import Language

__all__ = ["check_verifier", "checked_by"]

_CHANCE = 1.0 / 3.0


async def check_verifier(backend: Backend, config: AuditConfig | None = None) -> VerifierRecord:
    """Ask a verifier items with known answers, and return how it does; give it to `audit` as `checked`.

    Args:
        backend: The verifier.
        config: The settings; by default those of `AuditConfig`. There is no context here: the items are in the language
            of `items_language`, else of `language`, else English.

    Raises:
        BackendError: The backend stopped answering, or answered none of the items.
    """
    config = config or AuditConfig()
    return await checked_by(VerifierAsker(backend, chat=config.chat), config)


async def checked_by(asker: VerifierAsker, config: AuditConfig, context: Language | None = None) -> VerifierRecord:
    """Return how a verifier does on items with known answers; see `check_verifier`.

    Args:
        asker: The verifier.
        config: The settings.
        context: What the context is written in; None where there is none.

    Raises:
        BackendError: The verifier stopped answering, or answered none of the items.
    """
    language = item_language(config, context)
    items = verifier_items(config.calibration_items, config.seed, language)
    if items:
        await asker.in_chat()
    readings = await asker.read([(item.spans, item.claim, None) for item in items])
    if asker.lost is not None:
        raise asker.lost
    if items and not any(readings):
        raise BackendError(
            f"the verifier answered none of {len(items)} calibration items: {asker.notes[-1]}",
            hint="Try chat=False, or another verifier.",
        )
    return _record(asker.backend, items, readings, config, language.name)


def _record(
    backend: Backend,
    items: Sequence[VerifierItem],
    readings: Sequence[LabelReading | None],
    config: AuditConfig,
    language: str,
) -> VerifierRecord:
    from scipy.stats import binomtest, fisher_exact

    given = [None if reading is None else reading.best for reading in readings]
    right = [answer == item.label for answer, item in zip(given, items, strict=True)]
    passed = [
        reading is not None and reading.yes.low >= config.tau and answer == "YES"
        for reading, answer in zip(readings, given, strict=True)
    ]
    count, correct = len(items), sum(right)
    if not count:
        return VerifierRecord(
            backend=backend.name,
            model=backend.model,
            items=0,
            correct=0,
            accuracy=None,
            interval=None,
            chance=_CHANCE,
            p_value=None,
            able=False,
            seed=config.seed,
            language=language,
        )
    p_value = float(binomtest(correct, count, _CHANCE, alternative="greater").pvalue)
    # What certifies is a YES: it must come more often where it is right.
    yes = [answer == "YES" for answer in given]
    true = [item.label == "YES" for item in items]
    pairs = list(zip(yes, true, strict=True))
    table = [[pairs.count((said, is_so)) for is_so in (True, False)] for said in (True, False)]
    tells = float(fisher_exact(table, alternative="greater").pvalue)
    masses = [sum(part.low for part in reading) for reading in readings if reading is not None]
    return VerifierRecord(
        backend=backend.name,
        model=backend.model,
        items=count,
        correct=correct,
        chance=_CHANCE,
        accuracy=correct / count,
        interval=RangeRecord.of(clopper_pearson(correct, count)),
        p_value=p_value,
        yes_p_value=tells,
        able=p_value < config.alpha and tells < config.alpha,
        false_yes=table[0][1] / (count - sum(true)),
        passed=LabelCounts(items=sum(passed), correct=sum(p and t for p, t in zip(passed, true, strict=True))),
        by_label=_counts([item.label for item in items], right),
        by_domain=_counts([item.domain for item in items], right),
        label_mass=sum(masses) / len(masses) if masses else None,
        seed=config.seed,
        language=language,
    )


def _counts(groups: Sequence[str], right: Sequence[bool]) -> dict[str, LabelCounts]:
    found: dict[str, LabelCounts] = {}
    for group in dict.fromkeys(groups):
        within = [good for name, good in zip(groups, right, strict=True) if name == group]
        found[group] = LabelCounts(items=len(within), correct=sum(within))
    return found

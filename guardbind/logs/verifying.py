"""Verifies the records of a log: makes each budget, certificate and guarantee again, and says which do not hold."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from guardbind.calibration.applying import LATER_VALUE
from guardbind.calibration.artefact import Calibration
from guardbind.calibration.conditions import settings_sha256
from guardbind.config import GuardConfig
from guardbind.errors import ConfigError
from guardbind.events import (
    Event,
    GenerationRecord,
    GuaranteeRecord,
    InterventionRecord,
    Provenance,
    SlotRecord,
    begins_value,
)
from guardbind.logs.reading import Unread
from guardbind.logs.recomputed import Miss, intervention_misses, misses_by_settings, near, slot_misses

__all__ = ["Fault", "Verifier", "named_functions", "recorded_settings"]

_MOST_OPEN = 1000  # generations whose end has not come; one that never ends must not be remembered for ever
_MOST_KEPT = 4096  # slots of one generation that wait for its settings


@dataclass(frozen=True, slots=True)
class Fault:
    """A statement of a log that does not hold.

    Attributes:
        generation: Id of the generation; empty where the record names none.
        event: Kind of the record: `slot`, `intervention`, `generation`; `line` for one that cannot be read.
        row: Row of the batch; None for a generation.
        step: Tokens generated before the slot; None for a generation.
        field: Where in the record it stands.
        recorded: What stands there.
        expected: What follows from the rest.
    """

    generation: str
    event: str
    row: int | None
    step: int | None
    field: str
    recorded: str
    expected: str


@dataclass(slots=True)
class _Open:
    """A generation whose end has not come."""

    provenance: Provenance
    slot: SlotRecord | None = None
    tried: list[InterventionRecord] = field(default_factory=list)
    slots: int = 0
    kept: int = 0
    rows: int = 0
    prompts: dict[int, int] = field(default_factory=dict)
    values: Counter[int] = field(default_factory=Counter)
    waiting: list[SlotRecord] = field(default_factory=list)
    controlled: dict[int, GuaranteeRecord] = field(default_factory=dict)


class Verifier:
    """Takes the records of a log in their order, and says of each what does not hold.

    Memory is bounded: of each generation that has not ended, what has to wait for its end.

    Args:
        calibrations: Id to calibration, to compare guarantees with; without any, they are checked for themselves.

    Attributes:
        checked: How many records, budgets, certificates and guarantees were made again, by name.
    """

    def __init__(self, calibrations: Mapping[str, Calibration] | None = None) -> None:
        self._calibrations = calibrations or {}
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self.checked: Counter[str] = Counter()

    def read(self, events: Iterable[Event | Unread]) -> Iterator[Fault]:
        """Yield the faults of a whole log."""
        for event in events:
            yield from self.add(event)
        yield from self.end()

    def add(self, event: Event | Unread) -> Iterator[Fault]:
        """Yield the faults that one more record shows, in it or in those before it."""
        if isinstance(event, Unread) and event.problem == "of an audit":
            self.checked["records of audits, left out"] += 1
            return
        if isinstance(event, Unread):
            self.checked["unread lines"] += 1
            yield Fault("", "line", None, None, f"{event.file}:{event.line}", event.problem, event.reason)
            return
        provenance = event.provenance
        if provenance is None:
            yield Fault("", event.event, None, None, "provenance", "None", "what produced the record")
            return
        self.checked[event.event] += 1
        opened = self._open.get(provenance.generation)
        if opened is None:
            opened = self._open[provenance.generation] = _Open(provenance)
            while len(self._open) > _MOST_OPEN:
                yield from self._ended(self._open.popitem(last=False)[1])
        for name in Provenance.model_fields:
            said, first = getattr(provenance, name), getattr(opened.provenance, name)
            if said != first:
                yield _fault(event, Miss(f"provenance.{name}", f"{said}", f"{first}, as in the records before"))
        match event:
            case SlotRecord():
                yield from self._settled(opened)
                yield from self._slot(opened, event)
            case InterventionRecord():
                yield from self._intervention(opened, event)
            case GenerationRecord():
                del self._open[provenance.generation]
                yield from self._settled(opened)
                yield from self._generation(opened, event)

    def end(self) -> Iterator[Fault]:
        """Yield the faults of what waited for an end that did not come."""
        while self._open:
            yield from self._ended(self._open.popitem(last=False)[1])

    def _ended(self, opened: _Open) -> Iterator[Fault]:
        self.checked["generations without an end"] += 1
        yield from self._settled(opened)

    def _slot(self, opened: _Open, slot: SlotRecord) -> Iterator[Fault]:
        self.checked["budgets"] += (slot.budget is not None) + (slot.final_budget is not None)
        self.checked["certificates"] += slot.certificate is not None
        self.checked["guarantees"] += slot.guarantee is not None
        opened.slot, opened.tried = slot, []
        opened.slots += 1
        opened.rows = max(opened.rows, slot.row + 1)
        if len(opened.waiting) < _MOST_KEPT and slot.null is not None:
            opened.waiting.append(slot)
        if slot.prompt_tokens is not None:
            first = opened.prompts.setdefault(slot.row, slot.prompt_tokens)
            if slot.prompt_tokens != first:
                yield _fault(slot, Miss("prompt_tokens", f"{slot.prompt_tokens}", f"{first}, as in the row before"))
        opened.values[slot.row] += begins_value(slot.kind)
        for miss in (*slot_misses(slot, self._calibrations), *_later_misses(slot, opened.values[slot.row] > 1)):
            yield _fault(slot, miss)

    def _intervention(self, opened: _Open, tried: InterventionRecord) -> Iterator[Fault]:
        self.checked["guarantees"] += tried.guarantee is not None
        opened.kept += tried.kept
        for miss in intervention_misses(tried, self._calibrations):
            yield _fault(tried, miss)
        slot = opened.slot
        if slot is None or (slot.row, slot.step) != (tried.row, tried.step):
            yield _fault(tried, Miss("step", f"row {tried.row}, step {tried.step}", "those of the slot before it"))
            return
        opened.tried.append(tried)
        pairs: dict[str, tuple[object, object]] = {
            "token_before": (tried.token_before, slot.token),
            "verdict_before": (tried.verdict_before, slot.verdict),
        }
        for name, (recorded, expected) in pairs.items():
            if recorded != expected:
                yield _fault(tried, Miss(name, f"{recorded}", f"{expected}, as the slot says"))
        if not near(tried.bits_before, slot.evidence_bits):
            yield _fault(tried, Miss("bits_before", f"{tried.bits_before}", f"{slot.evidence_bits}, as the slot says"))

    def _settled(self, opened: _Open) -> Iterator[Fault]:
        """Check a slot with all that was tried at it."""
        slot, opened.slot = opened.slot, None
        if slot is None:
            return
        kept = [tried for tried in opened.tried if tried.kept]
        if slot.action == "none" and kept:
            yield _fault(slot, Miss("action", "none", f"{kept[0].action}, which was kept"))
        elif slot.action != "none" and [tried.action for tried in kept] != [slot.action]:
            was = ", ".join(tried.action for tried in kept) or "none"
            yield _fault(slot, Miss("action", slot.action, f"{was}, as the interventions say"))
        elif kept:
            for miss in _kept_misses(opened, slot, kept[0]):
                yield _fault(slot, miss)

    def _generation(self, opened: _Open, record: GenerationRecord) -> Iterator[Fault]:
        for name, recorded, found in (
            ("slots", record.slots, opened.slots),
            ("interventions", record.interventions, opened.kept),
        ):
            if recorded != found and record.sink_failures == 0:
                yield _fault(record, Miss(name, f"{recorded}", f"{found}, as the log holds"))
        if record.rows < opened.rows:
            yield _fault(record, Miss("rows", f"{record.rows}", f"at least {opened.rows}"))
        if not record.prompt_sha256:
            return  # of format 4 or older
        told = sum(opened.prompts.values())
        if told > record.prompt_tokens or (len(opened.prompts) == record.rows and told != record.prompt_tokens):
            yield _fault(record, Miss("prompt_tokens", f"{record.prompt_tokens}", f"{told}, as the slots say"))
        if len(record.prompt_sha256) != record.rows:
            yield _fault(record, Miss("prompt_sha256", f"{len(record.prompt_sha256)}", f"{record.rows}, one per row"))
        digest = settings_sha256(record.settings)
        if record.provenance is not None and record.provenance.settings_sha256 not in (None, digest):
            yield _fault(record, Miss("settings", f"{record.provenance.settings_sha256}", f"{digest}"))
        try:
            # Asked from outside, policies and nulls have names of their own; what is checked rests on neither.
            own = () if record.cost is None else ("policy", "null", "envelope")
            config = recorded_settings({name: value for name, value in record.settings.items() if name not in own})
        except ConfigError as error:
            yield _fault(record, Miss("settings", "settings", str(error)))
            return
        for slot in opened.waiting:
            for miss in misses_by_settings(slot, config):
                yield _fault(slot, miss)


def _later_misses(slot: SlotRecord, later: bool) -> Iterator[Miss]:
    """Yield whether a guarantee leaves out, or makes up, that the value is not the first one of its answer."""
    held = slot.guarantee
    if held is None or held.calibration is None or (LATER_VALUE in held.outside) == later:
        return
    expected = f"{LATER_VALUE}, which it is" if later else "nothing of earlier values, as there is none"
    yield Miss("guarantee.outside", ", ".join(held.outside) or "nothing", expected)


def recorded_settings(settings: Mapping[str, Any]) -> GuardConfig:
    """Return the settings that a record holds; functions, which stand there by name, are left out.

    Args:
        settings: As `GenerationRecord.settings` holds them.

    Raises:
        ConfigError: They are no settings of this guardbind.
    """
    return GuardConfig(**{name: value for name, value in settings.items() if not named_functions({name: value})})


def named_functions(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the settings that are functions, or hold some."""
    return tuple(name for name, value in settings.items() if any(map(_is_function, _all(value))))


def _all(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else (value,)


def _is_function(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("<") and value.endswith(">")


def _kept_misses(opened: _Open, slot: SlotRecord, kept: InterventionRecord) -> Iterator[Miss]:
    if slot.final_token is not None and slot.final_token != kept.token_after:
        yield Miss("final_token", f"{slot.final_token}", f"{kept.token_after}, as the intervention says")
    if kept.token_after is not None and slot.final_verdict not in ("repaired", "binding_failure"):
        yield Miss("final_verdict", slot.final_verdict, "repaired, as an intervention was kept")
    own, final = slot.budget, slot.final_budget
    if own is not None and final is not None and kept.gain_bits is not None and own.null == final.null == slot.null:
        gain = final.observed_bits - own.observed_bits
        if not near(kept.gain_bits, gain):
            yield Miss("final_budget.observed_bits", f"{final.observed_bits}", f"more by {kept.gain_bits} than its own")
        if kept.token_after != slot.token and gain <= 0:
            yield Miss("final_budget.observed_bits", f"{final.observed_bits}", f"more than {own.observed_bits}")
    if kept.guarantee != slot.guarantee:
        yield Miss("guarantee", _kind(slot.guarantee), f"{_kind(kept.guarantee)}, as the intervention says")
    held = slot.guarantee
    if held is None or held.rule is None:
        return
    first = opened.controlled.get(slot.row)
    opened.controlled[slot.row] = held
    if near(held.evidence_bits, kept.bits_after) and near(held.gain_bits, kept.gain_bits):
        return
    # Further tokens of a value are part of one intervention, which its first one decided.
    if begins_value(slot.kind) or first != held:
        held_bits = f"{held.evidence_bits} and {held.gain_bits}"
        yield Miss("guarantee.evidence_bits", held_bits, f"{kept.bits_after} and {kept.gain_bits}")


def _kind(guarantee: GuaranteeRecord | None) -> str:
    return "None" if guarantee is None else guarantee.kind


def _fault(record: Event, miss: Miss) -> Fault:
    generation = "" if record.provenance is None else record.provenance.generation
    row, step = (None, None) if isinstance(record, GenerationRecord) else (record.row, record.step)
    return Fault(generation, record.event, row, step, miss.field, miss.recorded, miss.expected)

"""Registers by name whatever can be exchanged: policies, nulls, resolvers, slot rules, extraction rules, and more.

All entries of the core stand at the end of this file, as strings that load at their first use. Other distributions add
theirs by entry points of the group `guardbind.plugins`, named by kind and name:

```toml
[project.entry-points."guardbind.plugins"]
"policy.mine" = "my_package.policy:mine"
```
"""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar, cast

from guardbind.errors import NameTakenError, UnknownNameError, nearest

__all__ = [
    "AUTO",
    "BACKENDS",
    "CALIBRATIONS",
    "COMMANDS",
    "LABELLED",
    "LANGUAGES",
    "MODELS",
    "NULLS",
    "POLICIES",
    "RESOLVERS",
    "RULES",
    "SINKS",
    "SLOTS",
    "Registry",
]

T = TypeVar("T")

_PLUGINS = "guardbind.plugins"
_COMMANDS = "guardbind.commands"

logger = logging.getLogger("guardbind")


class Registry(Generic[T]):
    """Names of one kind of thing, each loaded at its first use.

    Args:
        kind: What the names stand for, in messages ("policy", "null", "model").
        entries: Name to `"package.module:object"`.
        prefix: What the names of entry points begin with that add to it; by default the kind and a dot.
        group: The group of these entry points.
    """

    def __init__(
        self, kind: str, entries: Mapping[str, str], *, prefix: str | None = None, group: str = _PLUGINS
    ) -> None:
        self.kind = kind
        self._entries: dict[str, str | EntryPoint | T] = dict(entries)
        self._prefix = f"{kind.replace(' ', '_')}." if prefix is None else prefix
        self._group = group
        self._discovered = False
        # Held while names are looked for, and not while what they stand for is imported: another thread may hold the
        # lock of that module and ask for a name.
        self._discovering = threading.Lock()

    def names(self) -> list[str]:
        """Return the registered names, sorted."""
        return sorted(self._all())

    def __contains__(self, name: object) -> bool:
        return name in self._entries or name in self._all()

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def get(self, name: str) -> T:
        """Return the object registered as `name`, importing it if need be.

        Raises:
            UnknownNameError: Nothing is registered under that name; the message suggests the nearest one.
        """
        if name not in self:
            raise self.miss(name)
        entry = self._entries[name]
        if isinstance(entry, str):
            module, _, attribute = entry.partition(":")
            entry = cast(T, getattr(importlib.import_module(module), attribute))
        elif isinstance(entry, EntryPoint):
            entry = cast(T, entry.load())
        self._entries[name] = entry
        return entry

    def register(self, name: str, entry: str | T) -> None:
        """Add `entry`, an object or a `"package.module:object"` string, under a new name.

        Raises:
            NameTakenError: The name is taken.
        """
        if name in self:
            raise NameTakenError(
                f"the {self.kind} {name!r} is registered already as {self._entries[name]!r}.",
                hint="Register it under another name.",
            )
        self._entries[name] = entry

    def unregister(self, name: str) -> None:
        """Take a name out again.

        Raises:
            UnknownNameError: Nothing is registered under that name.
        """
        if name not in self:
            raise self.miss(name)
        del self._entries[name]

    def miss(self, name: str) -> UnknownNameError:
        """Build the error for an unknown name, with a suggestion where one is near."""
        names = self.names()
        return UnknownNameError(
            f"there is no {self.kind} {name!r}; known: {', '.join(names)}.", hint=nearest(str(name), names)
        )

    def _all(self) -> Mapping[str, object]:
        if not self._discovered:
            with self._discovering:
                if not self._discovered:
                    self._discover()
                    self._discovered = True
        return self._entries

    def _discover(self) -> None:
        for point in entry_points(group=self._group):
            name = point.name.removeprefix(self._prefix)
            if not point.name.startswith(self._prefix):
                continue
            if name in self._entries:
                logger.warning("the %s %r of %s is left out: the name is taken.", self.kind, name, point.value)
            else:
                self._entries[name] = point


# What the entries are is said by the rooms above this one, which annotate what they get from here.
POLICIES: Registry[Any] = Registry(
    "policy",
    {
        "abstain": "guardbind.policies.abstain:abstain",
        "attend": "guardbind.policies.attend:ATTEND",
        "auto": "guardbind.policies.auto:AUTO",
        "checkpoint": "guardbind.policies.checkpoint:checkpoint",
        "contrast": "guardbind.policies.contrast:contrast",
        "observe": "guardbind.policies.observe:observe",
        "raise": "guardbind.policies.raising:raise_",
        "veto": "guardbind.policies.veto:veto",
    },
)

NULLS: Registry[Any] = Registry(
    "null",
    {
        "mask": "guardbind.nulls.mask:MASK",
        "mask_rows": "guardbind.nulls.mask:MASK_ROWS",
        "mask_prefill": "guardbind.nulls.prefill:MASK_PREFILL",
        "redact": "guardbind.nulls.prefill:REDACT",
        "delete": "guardbind.nulls.prefill:DELETE",
        "same_length": "guardbind.nulls.prefill:SAME_LENGTH",
        "no_evidence": "guardbind.nulls.prefill:NO_EVIDENCE",
    },
)

RESOLVERS: Registry[Any] = Registry(
    "resolver",
    {
        "both": "guardbind.resolvers.both:BOTH",
        "reading": "guardbind.resolvers.reading:READING",
        "words": "guardbind.resolvers.words:WORDS",
    },
)

SLOTS: Registry[Any] = Registry(
    "slot rule",
    {
        "automatic": "guardbind.slots.automatic:automatic",
        "cell": "guardbind.slots.cell:cell",
        "field": "guardbind.slots.field:field",
        "key_phrase": "guardbind.slots.key_phrase:key_phrase",
        "line_end": "guardbind.slots.prompt:line_end",
        "passage": "guardbind.slots.passage:passage",
        "prompt_end": "guardbind.slots.prompt:prompt_end",
    },
    prefix="slot.",
)

RULES: Registry[Any] = Registry(
    "rule",
    {
        "aligned": "guardbind.extraction.aligned_text:read",
        "assignment": "guardbind.extraction.assignments:read",
        "bracketed": "guardbind.extraction.bracketed:read",
        "code": "guardbind.extraction.code_text:read",
        "csv": "guardbind.extraction.csv_text:read",
        "html": "guardbind.extraction.html_text:read",
        "instruction": "guardbind.extraction.instructions:read",
        "item_line": "guardbind.extraction.item_lines:read",
        "parallel": "guardbind.extraction.parallel:read",
        "json": "guardbind.extraction.json_text:read",
        "labelled": "guardbind.extraction.labelled:read",
        "lookup": "guardbind.extraction.lookups:read",
        "markdown": "guardbind.extraction.markdown_text:read",
        "numbered": "guardbind.extraction.numbered:read",
        "python": "guardbind.extraction.python_text:read",
        "receipt": "guardbind.extraction.receipts:read",
        "section": "guardbind.extraction.sections:read",
        "sentence": "guardbind.extraction.sentences:read",
        "settings": "guardbind.extraction.settings_text:read",
        "sql": "guardbind.extraction.sql_text:read",
        "two_columns": "guardbind.extraction.two_columns:read",
        "xml": "guardbind.extraction.xml_text:read",
        "yaml": "guardbind.extraction.yaml_text:read",
    },
)

AUTO = "auto"
"""In place of the name of a language: it is told from the text."""

LANGUAGES: Registry[Any] = Registry(
    "language",
    {
        "chinese": "guardbind.text.chinese:CHINESE",
        "english": "guardbind.text.english:ENGLISH",
        "german": "guardbind.text.german:GERMAN",
        "french": "guardbind.text.french:FRENCH",
        "spanish": "guardbind.text.spanish:SPANISH",
    },
)

SINKS: Registry[Any] = Registry("sink", {})

MODELS: Registry[Any] = Registry("model", {})

BACKENDS: Registry[Any] = Registry("backend", {})

CALIBRATIONS: Registry[Any] = Registry("calibration", {})

LABELLED: Registry[Any] = Registry("labelled task", {}, prefix="labelled.")

COMMANDS: Registry[Any] = Registry(
    "command",
    {
        "calibrate": "guardbind.cli.calibrate:calibrate_command",
        "audit": "guardbind.cli.audit:audit_command",
        "check": "guardbind.cli.check:check",
        "events": "guardbind.cli.events:events",
        "extract": "guardbind.cli.extract:extract_command",
        "generate": "guardbind.cli.generate:generate",
        "replay": "guardbind.cli.replay:replay",
        "verify": "guardbind.cli.verify:verify",
    },
    prefix="",
    group=_COMMANDS,
)

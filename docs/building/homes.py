"""Shows each object in the API reference once, where it is defined, and not again where a package re-exports it."""

from __future__ import annotations

from typing import Any

import griffe


class Homes(griffe.Extension):
    """Takes re-exports out of packages before the reference is rendered."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Go through a package once all its modules are read."""
        _drop(pkg)


def _drop(module: griffe.Module) -> None:
    for name, member in list(module.members.items()):
        # Imports that are not exported stay: they say, for one, that a class is a dataclass.
        if member.is_alias and member.is_exported:
            del module.members[name]
        elif isinstance(member, griffe.Module):
            _drop(member)

"""Finds the rules that read a source: those that were asked for, or all registered ones that read by default."""

from __future__ import annotations

from collections.abc import Sequence

from guardbind.errors import ConfigError, MissingDependencyError
from guardbind.extraction.rule import LAST, Pattern, Rule, in_language
from guardbind.registry import RULES
from guardbind.text.language import Language

__all__ = ["chosen_rules", "default_rules"]

# Packages of the extra `extract` without which a rule cannot be imported.
_OF_THE_EXTRA = frozenset({"markdown_it", "yaml"})
_INSTALL = "pip install 'guardbind[extract]'"


def default_rules() -> tuple[str, ...]:
    """Return the names of the rules that read where nobody names any, the first to read first.

    These are the registered rules that say so (`RegisteredRule.default`), by their `order` and then by name. One whose
    package is not installed is left out, and a note of the table says so.

    >>> default_rules()[:3]
    ('instruction', 'yaml', 'code')
    """
    return _defaults()[0]


def chosen_rules(
    rules: Sequence[str | Pattern | Rule] | None, language: Language
) -> tuple[list[tuple[str, Rule]], list[str]]:
    """Return the rules that read, each with its name, and notes on what was left out.

    Args:
        rules: As for `extract`. Whoever names all default rules gets the notes on them as well.
        language: What the source is written in.

    Raises:
        ConfigError: The rules are a string.
        UnknownNameError: There is no rule of a name.
        MissingDependencyError: A rule that is asked for by name needs a package that is not installed.
    """
    if isinstance(rules, str):
        raise ConfigError(f"the rules are the string {rules!r}; a list of rules is needed.", hint=f"Write [{rules!r}].")
    defaults, missing = _defaults()
    asked = defaults if rules is None else rules
    readers = [_reader(rule, language) for rule in asked]
    complete = {rule for rule in asked if isinstance(rule, str)}.issuperset(defaults)
    return readers, list(missing) if complete else []


def _reader(rule: str | Pattern | Rule, language: Language) -> tuple[str, Rule]:
    if not isinstance(rule, str):
        name = str(getattr(rule, "name", getattr(rule, "__name__", type(rule).__name__)))
        return name, in_language(rule, language)
    try:
        return rule, in_language(RULES.get(rule), language)
    except ModuleNotFoundError as error:
        hint = f"Install it with: {_INSTALL}" if _comes_with_the_extra(error) else f"Install {error.name}."
        raise MissingDependencyError(_lacks(rule, error), hint=hint) from error


def _defaults() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the default rules in order, and a note for each rule that cannot be imported.

    Whether one of these would read by default cannot be asked of it; a note too many is better than silence.
    """
    found: list[tuple[int, str]] = []
    notes: list[str] = []
    for name in RULES:
        try:
            rule: Rule = RULES.get(name)
        except ModuleNotFoundError as error:
            how = f" ({_INSTALL})" if _comes_with_the_extra(error) else ""
            notes.append(f"{_lacks(name, error)} It was left out{how}.")
            continue
        if getattr(rule, "default", False):
            found.append((getattr(rule, "order", LAST), name))
    return tuple(name for _, name in sorted(found)), tuple(notes)


def _lacks(rule: str, error: ModuleNotFoundError) -> str:
    return f"the rule {rule!r} needs {error.name}, which is not installed."


def _comes_with_the_extra(error: ModuleNotFoundError) -> bool:
    return (error.name or "").partition(".")[0] in _OF_THE_EXTRA

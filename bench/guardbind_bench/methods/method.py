"""Defines the `Method` protocol: what chooses the next token of a trial in another way than the model does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import ValidationError
from torch import Tensor

from guardbind.errors import ConfigError
from guardbind.frozen import Frozen

if TYPE_CHECKING:
    from guardbind_bench.methods.scene import Scene

__all__ = ["BUDGET", "Knowledge", "Method", "MethodSettings", "Need", "setting_of", "settings_of"]

Need = Literal["logits", "layers", "attention", "heads", "gradient", "head_lists", "prompt", "guard"]
"""What is read or changed: logits of passes of its own kind, residuals of layers, attention weights, what heads give,
gradients of attention, heads that were found on other trials, the text of the prompt, or a whole guard."""

Knowledge = Literal["nothing", "question", "question and keys", "candidates", "bindings", "span", "target"]
"""What it is told beside the prompt: where the question and its key stand; also which other keys there are; the values
that may be written; all statements with their values; the statement that is asked for, not its value; or both."""

BUDGET = 4
"""How many settings of each method are tried where it is tuned, the authors' among them; at most."""


class MethodSettings(Frozen):
    """Hyper-parameters of a method; the defaults are the authors', or ours where they publish none."""


class Method(Protocol):
    """Chooses the next token of some trials; registered in `METHODS`, or an entry point `method.NAME`."""

    name: str
    """Its registered name."""
    source: str
    """Where it is published, as `arXiv 2305.14739`, or `guardbind`."""
    about: str
    """One sentence: what it does here."""
    needs: frozenset[Need]
    """What it reads or changes."""
    told: Knowledge
    """What it is told."""
    extra_forwards: int
    """Passes of the model besides the unguarded one, at its defaults, for a prompt that binds two keys."""
    settings: type[MethodSettings]
    """Its hyper-parameters."""
    grid: Sequence[dict[str, Any]]
    """Further settings that are tried where it is tuned, each as what differs from the defaults: less than `BUDGET`."""

    def scores(self, scene: Scene, settings: Any) -> Tensor:
        """Return `[trials, vocabulary]`, fp32; the largest of a row is what the method would write.

        Scores whose softmax is the method's distribution give a perplexity, too.

        Raises:
            GuardbindError: It cannot run on this model or these prompts, and why.
        """
        ...


def settings_of(method: Method, *, grid: bool) -> list[MethodSettings]:
    """Return the settings that are tried: the defaults, and with `grid` the others behind them, each once.

    Example:
        >>> from guardbind_bench.methods.cad import CAD
        >>> [settings.alpha for settings in settings_of(CAD, grid=True)][:2]
        [1.0, 0.5]
    """
    others = method.grid if grid else ()
    made = [method.settings(), *(method.settings.model_validate(other) for other in others)]
    return list({settings.model_dump_json(): settings for settings in made}.values())


def setting_of(method: Method, changed: Mapping[str, Any]) -> MethodSettings:
    """Return a setting, given what differs from the defaults.

    Raises:
        ConfigError: The method has no such hyper-parameter, or not with that value.

    Example:
        >>> from guardbind_bench.methods.cad import CAD
        >>> setting_of(CAD, {"alpha": 4}).alpha
        4.0
    """
    try:
        return method.settings.model_validate(dict(changed))
    except ValidationError as error:
        known = ", ".join(method.settings.model_fields) or "none"
        raise ConfigError(
            f"{dict(changed)} is no setting of {method.name!r}: {error.errors()[0]['msg']}.",
            hint=f"Its hyper-parameters: {known}.",
        ) from error

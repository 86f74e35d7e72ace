"""Answers `guardbind lm-eval`: the harness's own command line, in a process that knows the model class `guardbind`."""

from __future__ import annotations

import re
import sys

import click

from guardbind.errors import MissingDependencyError
from guardbind_adapters.harness import folder_of

__all__ = ["harness_arguments", "lm_eval"]

# \b keeps click from wrapping the lines.
_EXAMPLE = """
\b
Example:
  guardbind lm-eval run --model_args pretrained=smollm2-135m dtype=float32 \\
    --tasks niah_multikey_2 --metadata '{"max_seq_lengths": [512]}' --limit 4
"""

_PRETRAINED = re.compile(r"(?P<before>(?:^|,)(?:pretrained|tokenizer)=)(?P<name>[^,]+)")
_CHOOSES_A_MODEL = ("--model", "-M", "--config", "-C")


def harness_arguments(given: tuple[str, ...]) -> list[str]:
    """Return the arguments as the harness understands them.

    A `pretrained` or `tokenizer` that guardbind knows by name becomes its folder, which tasks that make their own
    prompts read as well. Where a run names neither a model class nor a file of settings, its class is `guardbind`.
    """
    passed = [_PRETRAINED.sub(lambda found: found["before"] + folder_of(found["name"]), word) for word in given]
    runs = bool(passed) and (passed[0] == "run" or passed[0].startswith("-")) and not {"--help", "-h"} & set(passed)
    if runs and not any(word.split("=")[0] in _CHOOSES_A_MODEL for word in passed):
        passed += ["--model", "guardbind"]
    return passed


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    epilog=_EXAMPLE,
    short_help="Evaluate a guarded model with lm-evaluation-harness.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def lm_eval(arguments: tuple[str, ...]) -> None:
    """Run lm-evaluation-harness with the model class guardbind, which a run takes unless --model names another.

    ARGUMENTS are those of the harness itself; `guardbind lm-eval run --help` shows them. The settings of a guard stand
    in --model_args, beside those of the model: policy=contrast, calibration=FOLDER, sinks=jsonl:FILE.
    """
    try:
        from lm_eval.__main__ import cli_evaluate

        import guardbind_adapters.lm_eval.guarded  # noqa: F401  # registers the class
    except ImportError as missing:
        raise MissingDependencyError(
            f"the command 'lm-eval' needs lm-evaluation-harness: {missing}.",
            hint="Run: python -m pip install 'guardbind[lm-eval]'",
        ) from missing
    before, sys.argv = sys.argv, ["guardbind lm-eval", *harness_arguments(arguments)]
    try:
        cli_evaluate()
    finally:
        sys.argv = before

"""Runs the harness with the model class `guardbind`, as `python -m guardbind_adapters.lm_eval` and under a launcher."""

from __future__ import annotations

from guardbind_adapters.lm_eval.command import lm_eval

if __name__ == "__main__":
    lm_eval(prog_name="python -m guardbind_adapters.lm_eval")

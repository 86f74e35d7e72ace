"""Runs prompts again under the settings that a log recorded, and compares what is read and done with what was."""

from __future__ import annotations

from guardbind.replaying.compared import Difference, compare
from guardbind.replaying.prompts import ReplayPrompt, read_prompts
from guardbind.replaying.recorded import RecordedGeneration, recorded_generations
from guardbind.replaying.replay import Replayed, Replayer

__all__ = [
    "Difference",
    "RecordedGeneration",
    "ReplayPrompt",
    "Replayed",
    "Replayer",
    "compare",
    "read_prompts",
    "recorded_generations",
]

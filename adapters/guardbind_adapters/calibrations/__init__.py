"""Finds the calibrations that come with the package, each in a folder of its own beside this file.

They are made by `guardbind calibrate`; the command stands in each (`Calibration.made`).
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["smollm2_135m"]


def smollm2_135m() -> Path:
    """Return the folder of the demo model's calibration."""
    return Path(__file__).with_name("smollm2-135m")

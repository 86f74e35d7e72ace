"""Shows what a guarded generation saw and did."""

from __future__ import annotations

from guardbind.report.report import Readout, Report

__all__ = ["Readout", "Report"]

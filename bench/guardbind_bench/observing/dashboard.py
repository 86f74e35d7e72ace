"""Reads the panels of a Grafana dashboard, and the expressions of a file of alert rules."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

__all__ = ["DashboardPanel", "DashboardQuery", "read_alerts", "read_dashboard"]


@dataclass(frozen=True, slots=True)
class DashboardQuery:
    """One query of a panel.

    Attributes:
        expression: PromQL; variables begin with `$`.
        legend: What a series is called; `{{label}}` stands for the value of a label.
    """

    expression: str
    legend: str

    def filled(self, window: str, model: str = ".*") -> str:
        """Return the expression with its variables replaced.

        Args:
            window: What stands for `$__rate_interval`, as `1m`.
            model: Regular expression of the models.
        """
        return self.expression.replace("$__rate_interval", window).replace("$model", model)

    def called(self, labels: Mapping[str, str]) -> str:
        """Return what a series with these labels is called."""
        return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda match: labels.get(match[1], ""), self.legend)


@dataclass(frozen=True, slots=True)
class DashboardPanel:
    """A panel.

    Attributes:
        kind: `stat` or `timeseries`.
        title: Its title.
        unit: Unit of its values, as Grafana calls it.
        stacked: Whether its series stand on each other.
        place: Column, row, width and height on a grid of 24 columns.
        queries: What it shows.
        thresholds: From which value on which colour is shown, ascending.
    """

    kind: str
    title: str
    unit: str
    stacked: bool
    place: tuple[int, int, int, int]
    queries: tuple[DashboardQuery, ...]
    thresholds: tuple[tuple[float, str], ...]


def read_dashboard(path: Path) -> list[DashboardPanel]:
    """Read the panels of a dashboard that Grafana has exported."""
    dashboard = json.loads(path.read_text(encoding="utf-8"))
    return [_panel(panel) for panel in dashboard["panels"]]


def read_alerts(path: Path) -> dict[str, str]:
    """Read the name and the expression of each alert of a file of rules."""
    groups = yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}


def _panel(panel: Mapping[str, Any]) -> DashboardPanel:
    grid, defaults = panel["gridPos"], panel["fieldConfig"]["defaults"]
    return DashboardPanel(
        kind=panel["type"],
        title=panel["title"],
        unit=defaults.get("unit", "short"),
        stacked=defaults.get("custom", {}).get("stacking", {}).get("mode") == "normal",
        place=(grid["x"], grid["y"], grid["w"], grid["h"]),
        queries=tuple(DashboardQuery(target["expr"], target["legendFormat"]) for target in panel["targets"]),
        thresholds=tuple(
            (float("-inf") if step["value"] is None else step["value"], step["color"])
            for step in defaults.get("thresholds", {}).get("steps", ())
        ),
    )

"""The command that draws the dashboard from a real endpoint."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner
from paths import ROOT
from telemetry import scraped_sink

from guardbind.testing.sink import example_records
from guardbind_bench.observing.picture import main

DASHBOARD = ROOT / "examples" / "observe" / "dashboard.json"


def call(url: str, out: Path) -> tuple[int, str]:
    result = CliRunner().invoke(
        main, ["--url", url, "--dashboard", str(DASHBOARD), "--seconds", "1", "--every", "0.5", "--out", str(out)]
    )
    return result.exit_code, result.output


def test_an_endpoint_is_watched_and_drawn(tmp_path: Path) -> None:
    with scraped_sink() as (sink, scraped):
        for record in example_records():
            sink(record)
        code, output = call(scraped.url, tmp_path / "picture.png")
    assert (code, output) == (0, f"{tmp_path / 'picture.png'}: 3 scrapes\n")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_drawn_is_said(tmp_path: Path) -> None:
    with scraped_sink() as (_, scraped):
        code, output = call(scraped.url, tmp_path / "picture.gif")
        assert (code, ".png nor .svg" in output) == (2, True)
    code, output = call(scraped.url, tmp_path / "picture.png")
    assert (code, output.startswith("Error: ")) == (1, True)
    assert list(tmp_path.iterdir()) == []

"""The check that the bench's own dependencies are there."""

from __future__ import annotations

import importlib.util
import re
import tomllib

import pytest
from click.testing import CliRunner
from paths import ROOT

from guardbind.cli import main
from guardbind_bench.cli import needs


def test_what_is_checked_is_the_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = project["optional-dependencies"]["bench"]
    assert list(needs.MODULES) == [re.split(r"[^\w.-]", requirement)[0] for requirement in extra]


def test_all_of_it_is_there() -> None:
    needs.check_installed()


@pytest.mark.parametrize(
    ("gone", "told"),
    [
        ({"threadpoolctl"}, "the bench needs threadpoolctl, which is not installed."),
        ({"yaml", "sklearn"}, "the bench needs pyyaml, scikit-learn, which are not installed."),
    ],
)
def test_what_is_missing_is_told_with_the_way_to_install_it(
    gone: set[str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(needs, "find_spec", lambda module: None if module in gone else found(module))
    result = CliRunner().invoke(main, ["bench", "list"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert told in result.stderr
    assert "pip install 'guardbind[bench]'" in result.stderr

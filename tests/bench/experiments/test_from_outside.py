"""An experiment and a preset of another distribution, as the page of the bench shows them, are found and run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bench_documents import block
from bench_tiny import bench_tokenizer
from families import FAMILIES, build
from paths import ROOT

PRESET = """
about: The order of the values.
common:
  order:
    ks: [8]
    trials: 12
    options: {asked: [random, fixed]}
"""
ENTRY_POINTS = """[guardbind.plugins]
experiment.order = my_bench.experiment:EXPERIMENT
preset.order = my_bench:PRESET
"""
# Several commands in one process, since each process imports torch.
COMMANDS = """
import json, sys
from guardbind_bench.cli import bench
for arguments in json.loads(sys.argv[1]):
    bench(arguments, standalone_mode=False)
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder that holds a distribution as an installer leaves it."""
    package, about = tmp_path / "my_bench", tmp_path / "my_bench-1.0.dist-info"
    package.mkdir()
    about.mkdir()
    (package / "experiment.py").write_text(block("An experiment", "python"), encoding="utf-8")
    (package / "tables.yaml").write_text(block("An experiment", "yaml"), encoding="utf-8")
    (package / "order.yaml").write_text(PRESET, encoding="utf-8")
    (package / "__init__.py").write_text(
        "from pathlib import Path\n\nfrom guardbind_bench.presets.preset import read_preset\n\n"
        "PRESET = read_preset(Path(__file__).with_name('order.yaml'))\n"
    )
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: my-bench\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    return tmp_path


def test_it_is_found_by_its_entry_point_and_run_by_its_preset(installed: Path) -> None:
    tokenizer = bench_tokenizer()
    model = installed / "tiny"
    build(FAMILIES["llama"], vocab_size=len(tokenizer), max_position_embeddings=512).save_pretrained(model)
    tokenizer.save_pretrained(model)
    out = installed / "run"
    page = installed / "page"
    beside = ROOT / "bench" / "results" / "smollm2-135m" / "distance.json"
    commands = [
        ["run", "order", "--preset", "order", "--model", str(model), "--out", str(out), "--json"],
        ["report", str(out), str(beside), "--out", str(page), "--json"],
    ]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(installed), *filter(None, sys.path)])}
    process = [sys.executable, "-c", COMMANDS, json.dumps(commands)]
    ran = subprocess.run(process, capture_output=True, text=True, env=environment)
    assert ran.returncode == 0, ran.stderr
    headings = [line for line in (page / "report.md").read_text(encoding="utf-8").splitlines() if line[:3] == "## "]
    assert any(line.startswith("## order: Is the first value written, whichever is asked for?") for line in headings)
    [summary], _ = json.JSONDecoder().raw_decode(ran.stdout)
    assert (summary["experiment"], summary["tables"][0]["columns"]["first"]["unit"]) == ("order", "share")
    assert [(row["keys"]["asked"], row["values"]["first"]["n"]) for row in summary["rows"]] == [
        ("random", 12),
        ("fixed", 12),
    ]

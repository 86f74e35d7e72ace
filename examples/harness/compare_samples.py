"""Compares what runs of lm-evaluation-harness wrote, sample by sample; the first folder is what the others are told of.

python examples/harness/compare_samples.py FOLDER FOLDER ...
"""

from __future__ import annotations

import argparse
import ast
import json
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

Samples = dict[tuple[str, int], tuple[str, str, bool]]


def samples_in(folder: Path) -> Samples:
    """Return prompt, answer and whether the answer holds the target, by task and document."""
    found: Samples = {}
    for file in sorted(folder.rglob("samples_*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            sample: dict[str, Any] = json.loads(line)
            target = str(sample["target"])
            targets = ast.literal_eval(target) if target.startswith("[") else [target]
            answer = str(sample["resps"][0][0])
            prompt = str(sample["arguments"]["gen_args_0"]["arg_0"])
            task = file.name.removeprefix("samples_").rpartition("_")[0]
            found[task, int(sample["doc_id"])] = (prompt, answer, any(text in answer for text in targets))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="What --output_path was given.")
    folders: list[Path] = parser.parse_args().folders
    runs = {folder: samples_in(folder) for folder in folders}
    first = runs[folders[0]]
    for folder, samples in runs.items():
        if {key: prompt for key, (prompt, _, _) in samples.items()} != {key: row[0] for key, row in first.items()}:
            raise SystemExit(f"{folder} holds other prompts than {folders[0]}, so they cannot be compared.")
        n, right = len(samples), sum(row[2] for row in samples.values())
        interval = binomtest(right, n).proportion_ci(method="wilson")
        same = sum(row[1] == first[key][1] for key, row in samples.items())
        print(
            f"{folder}: {right} of {n} right, [{interval.low:.2f}, {interval.high:.2f}], {same} answers as in the first"
        )
        for file in sorted(folder.rglob("results_*.json")):
            counted = json.loads(file.read_text(encoding="utf-8"))["config"].get("guardbind")
            if counted:
                print(
                    "  guardbind:", json.dumps({name: counted[name] for name in ("slots", "actions", "final_verdicts")})
                )


if __name__ == "__main__":
    main()

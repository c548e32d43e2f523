"""A tiny artefact with random weights: the real file layout and runtime in a few kilobytes, made in milliseconds.

It is built from ONNX nodes, so that tests need neither torch nor the shipped weights. Its answers mean nothing, but
they are deterministic and differ from text to text.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from models.base_weights import sha256_of
from models.calibration import ComplaintHead, ReaderSettings, SentimentHead
from models.loader import NEEDED

WORDS = ("the", "my", "bag", "flight", "late", "lost", "love", "hate", "thanks", "worst", "@", "user", "http", *"!?.")


def build_tiny_artefact(folder: Path, *, version: str = "tiny@1") -> Path:
    """Write a loadable artefact to `folder` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = tiny_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    onnx.save(tiny_network(tokenizer.get_vocab_size()), str(folder / "model.onnx"))
    settings = ReaderSettings(
        version=version,
        taxonomy_version=3,
        sentiment=SentimentHead(("negative", "neutral", "positive"), 1.0, (1.0, 1.0, 1.0)),
        complaint=ComplaintHead(1.0, 0.0, 0.5),
    )
    (folder / "config.json").write_text(json.dumps(settings.as_dict()), encoding="utf-8")
    files = {name: sha256_of(folder / name) for name in NEEDED}
    (folder / "manifest.json").write_text(json.dumps({"version": version, "files": files}), encoding="utf-8")
    return folder


def tiny_tokenizer() -> Tokenizer:
    """Sixteen words, letters and an unknown token, put between `[CLS]` and `[SEP]` like the real one."""
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS]
    pieces += [f"{prefix}{letter}" for letter in "abcdefghijklmnopqrstuvwxyz" for prefix in ("", "##")]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


def tiny_network(vocabulary: int, *, width: int = 8) -> onnx.ModelProto:
    """Embedding, masked mean, two linear heads."""
    chance = np.random.default_rng(7)
    weights: dict[str, np.ndarray[Any, Any]] = {
        "words": chance.normal(size=(vocabulary, width)).astype(np.float32),
        "to_sentiment": chance.normal(size=(width, 3)).astype(np.float32),
        "to_complaint": chance.normal(size=(width, 1)).astype(np.float32),
        "last": np.array([2], dtype=np.int64),
        "token_axis": np.array([1], dtype=np.int64),
    }
    nodes = [
        helper.make_node("Gather", ["words", "ids"], ["embedded"]),
        helper.make_node("Cast", ["mask"], ["weight"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["weight", "last"], ["wide"]),
        helper.make_node("Mul", ["embedded", "wide"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "token_axis"], ["total"], keepdims=0),
        helper.make_node("ReduceSum", ["weight", "token_axis"], ["tokens"], keepdims=1),
        helper.make_node("Div", ["total", "tokens"], ["mean"]),
        helper.make_node("MatMul", ["mean", "to_sentiment"], ["sentiment"]),
        helper.make_node("MatMul", ["mean", "to_complaint"], ["complaint"]),
    ]
    shape = ["rows", "tokens"]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ("ids", "mask")],
        [
            helper.make_tensor_value_info("sentiment", TensorProto.FLOAT, ["rows", 3]),
            helper.make_tensor_value_info("complaint", TensorProto.FLOAT, ["rows", 1]),
        ],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)

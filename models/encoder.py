"""The network in torch: a MiniLM (BERT) encoder, mean pooling and one linear layer a head; training and export only.

Written out instead of imported, so that the attention is the plain one (faster than sdpa on CPU at tweet lengths, both
ways) and the exported graph holds nothing but matrix products, softmax, GELU and layer norm.
"""

import json
import math
from pathlib import Path
from typing import Any, Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

HEADS: Final = {"sentiment": 3, "complaint": 1}
"""Head name -> number of logits."""


class Layer(nn.Module):
    """One transformer block, post-layer-norm as in BERT."""

    def __init__(self, width: int, inner: int, heads: int, epsilon: float) -> None:
        super().__init__()
        self.heads = heads
        self.scale = 1.0 / math.sqrt(width // heads)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.attended = nn.Linear(width, width)
        self.attended_norm = nn.LayerNorm(width, eps=epsilon)
        self.inner = nn.Linear(width, inner)
        self.outer = nn.Linear(inner, width)
        self.outer_norm = nn.LayerNorm(width, eps=epsilon)

    def forward(self, hidden: Tensor, bias: Tensor) -> Tensor:
        """`hidden` [batch, tokens, width]; `bias` [batch, 1, 1, tokens] is 0 for a token and very low for padding."""
        batch, tokens, width = hidden.shape
        shape = (batch, tokens, self.heads, width // self.heads)
        query = self.query(hidden).view(shape).transpose(1, 2)
        key = self.key(hidden).view(shape).permute(0, 2, 3, 1)
        value = self.value(hidden).view(shape).transpose(1, 2)
        scores = torch.matmul(query, key) * self.scale + bias
        mixed = torch.matmul(torch.softmax(scores, dim=-1), value).transpose(1, 2).reshape(batch, tokens, width)
        hidden = self.attended_norm(hidden + self.attended(mixed))
        widened = functional.gelu(self.inner(hidden))
        return cast(Tensor, self.outer_norm(hidden + self.outer(widened)))


class Reader(nn.Module):
    """Encoder plus heads; `forward` gives the logits of every head for a padded batch."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        width, epsilon = config["hidden_size"], config["layer_norm_eps"]
        self.words = nn.Embedding(config["vocab_size"], width)
        self.positions = nn.Embedding(config["max_position_embeddings"], width)
        self.segment = nn.Parameter(torch.zeros(width))
        self.norm = nn.LayerNorm(width, eps=epsilon)
        self.layers = nn.ModuleList(
            Layer(width, config["intermediate_size"], config["num_attention_heads"], epsilon)
            for _ in range(config["num_hidden_layers"])
        )
        self.dropout = nn.Dropout(0.1)
        self.heads = nn.ModuleDict({name: nn.Linear(width, size) for name, size in HEADS.items()})

    def pool(self, ids: Tensor, mask: Tensor) -> Tensor:
        """The mean of the last layer over the real tokens, [batch, width]."""
        hidden = self.norm(self.words(ids) + self.positions.weight[: ids.shape[1]] + self.segment)
        bias = (1.0 - mask[:, None, None, :].to(hidden.dtype)) * -1e4
        for layer in self.layers:
            hidden = layer(hidden, bias)
        weight = mask[:, :, None].to(hidden.dtype)
        return cast(Tensor, (hidden * weight).sum(1) / weight.sum(1).clamp(min=1.0))

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        """The logits of each head in the order of `HEADS`."""
        pooled = self.dropout(self.pool(ids, mask))
        return tuple(head(pooled) for head in self.heads.values())


_NAMES: Final = {
    "attention.self.query": "query",
    "attention.self.key": "key",
    "attention.self.value": "value",
    "attention.output.dense": "attended",
    "attention.output.LayerNorm": "attended_norm",
    "intermediate.dense": "inner",
    "output.dense": "outer",
    "output.LayerNorm": "outer_norm",
}


def from_base(folder: Path) -> Reader:
    """A reader with the base encoder of `folder` (Hugging Face layout) and fresh heads."""
    from safetensors.torch import load_file

    reader = Reader(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    weights = load_file(folder / "model.safetensors")
    state = reader.state_dict()
    state["words.weight"] = weights["embeddings.word_embeddings.weight"]
    state["positions.weight"] = weights["embeddings.position_embeddings.weight"]
    state["segment"] = weights["embeddings.token_type_embeddings.weight"][0]
    for part in ("weight", "bias"):
        state[f"norm.{part}"] = weights[f"embeddings.LayerNorm.{part}"]
        for number in range(len(reader.layers)):
            for theirs, ours in _NAMES.items():
                state[f"layers.{number}.{ours}.{part}"] = weights[f"encoder.layer.{number}.{theirs}.{part}"]
    reader.load_state_dict(state)
    return reader

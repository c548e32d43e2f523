"""Texts to token windows, and windows to batches of like length: how a pulled chunk is laid out for the network."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

MAX_TOKENS: Final = 128
"""Longest window that the network reads; nearly every short post fits in one."""

TOKEN_BUDGET: Final = 512
"""Rows times longest row of a batch; measured best for dynamic int8 on one thread."""

EDGE_CHARACTERS: Final = 1_000
"""What is tokenised of a long text, from either end: tokenising costs by the character, even where tokens are cut."""

Ids = list[int]


@dataclass(frozen=True, slots=True)
class Windows:
    """One text as one window or, when it is longer than `MAX_TOKENS`, as its first and its last window.

    Reviews say what they are about first and sum up last; the middle is left out, and `truncated` says so.
    """

    windows: tuple[Ids, ...]
    truncated: bool


def open_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer without padding or cutting: both are done here, by length."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def split_windows(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Windows]:
    """The windows of every text, tokenised in one call."""
    encoded = tokenizer.encode_batch_fast([_edges(text) for text in texts])
    return [_windows(item.ids, cut=len(text) > 2 * EDGE_CHARACTERS) for item, text in zip(encoded, texts, strict=True)]


def _edges(text: str) -> str:
    if len(text) <= 2 * EDGE_CHARACTERS:
        return text
    return f"{text[:EDGE_CHARACTERS]} {text[-EDGE_CHARACTERS:]}"


def _windows(ids: Ids, *, cut: bool) -> Windows:
    if len(ids) <= MAX_TOKENS:
        return Windows((ids,), truncated=cut)
    first = [*ids[: MAX_TOKENS - 1], ids[-1]]
    last = [ids[0], *ids[1 - MAX_TOKENS :]]
    # Both windows together hold 2 * MAX_TOKENS ids, two of them special tokens that the text has only once.
    return Windows((first, last), truncated=cut or len(ids) > 2 * MAX_TOKENS - 2)


def batches_by_length(lengths: Sequence[int], budget: int = TOKEN_BUDGET) -> Iterator[list[int]]:
    """Indices of rows of like length, each batch within `budget` tokens once padded (one longer row goes alone)."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        # Sorted by length: the row that comes is the longest so far.
        if batch and lengths[index] * (len(batch) + 1) > budget:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def padded(rows: Sequence[Ids]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ids [rows, longest] and mask; 0 is the padding token."""
    ids = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
    mask = np.zeros_like(ids)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = row
        mask[number, : len(row)] = 1
    return ids, mask

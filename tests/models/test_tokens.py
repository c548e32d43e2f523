import pytest

from models.tokens import EDGE_CHARACTERS, MAX_TOKENS, batches_by_length, padded, split_windows
from tests.models.tiny import tiny_tokenizer


def test_batches_keep_to_the_budget_and_hold_every_row_once() -> None:
    lengths = [3 + (number * 37) % 120 for number in range(500)]
    batches = list(batches_by_length(lengths, 512))
    assert sorted(index for batch in batches for index in batch) == list(range(500))
    assert all(len(batch) * max(lengths[index] for index in batch) <= 512 for batch in batches)


def test_a_row_over_the_budget_goes_alone() -> None:
    assert list(batches_by_length([600, 2, 700], 512)) == [[1], [0], [2]]


def test_no_rows_no_batches() -> None:
    assert list(batches_by_length([])) == []


@pytest.mark.parametrize(
    ("words", "count", "truncated"), [(1, 1, False), (126, 1, False), (127, 2, False), (252, 2, False), (253, 2, True)]
)
def test_windows_of_a_text(words: int, count: int, truncated: bool) -> None:
    (found,) = split_windows(tiny_tokenizer(), ["bag " * words])
    assert len(found.windows) == count
    assert found.truncated is truncated
    assert all(len(window) <= MAX_TOKENS for window in found.windows)
    # Every window starts with [CLS] and ends with [SEP], as the network was trained.
    assert {(window[0], window[-1]) for window in found.windows} == {(2, 3)}


def test_a_very_long_text_is_cut_before_it_is_tokenised() -> None:
    (found,) = split_windows(tiny_tokenizer(), ["late " + "." * 20_000 + " love"])
    assert found.truncated
    late, love = (tiny_tokenizer().token_to_id(word) for word in ("late", "love"))
    assert found.windows[0][1] == late
    assert found.windows[1][-2] == love
    assert EDGE_CHARACTERS < 20_000


def test_padding_and_mask() -> None:
    ids, mask = padded([[2, 5, 3], [2, 3]])
    assert ids.tolist() == [[2, 5, 3], [2, 3, 0]]
    assert mask.tolist() == [[1, 1, 1], [1, 1, 0]]

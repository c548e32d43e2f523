from pathlib import Path

import pytest

from app.domain.errors import ConfigurationError
from models.datasets import KEPT_OUT, OWN_CORPUS, kept_out_keys, own_rows, read_tasks
from models.text import comparison_key
from tests.models.data import GOLD_TEXT, VALIDATION_TEXT, build_data

SHARED = Path(__file__).parents[3] / "shared" / "data"


def test_copies_of_measured_posts_are_dropped_however_they_are_masked(tmp_path: Path) -> None:
    tasks = read_tasks(build_data(tmp_path), seed=1)
    keys = {row.key for task in tasks.values() for row in (*task.train, *task.calibration)}
    assert comparison_key(GOLD_TEXT) not in keys
    assert comparison_key(VALIDATION_TEXT) not in keys
    assert len(tasks["sentiment"].train) > 200


def test_training_rows_are_normalised_and_parts_do_not_overlap(tmp_path: Path) -> None:
    task = read_tasks(build_data(tmp_path), seed=1)["complaint"]
    assert all("@shop" not in row.text for row in task.train)
    train, calibration, held_out = ({row.key for row in rows} for rows in (task.train, task.calibration, task.held_out))
    assert held_out
    assert calibration
    assert not train & calibration
    assert not train & held_out
    assert not calibration & held_out


def test_tokenised_english_is_put_together_again(tmp_path: Path) -> None:
    texts = {row.text for row in read_tasks(build_data(tmp_path), seed=1)["complaint"].train}
    assert "they didn't care at rest16_acos." in texts


def test_no_data_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="tweeteval_sentiment"):
        read_tasks(tmp_path, seed=1)


def test_our_own_sentences_are_distinct_and_of_both_kinds() -> None:
    rows = list(own_rows("complaint"))
    assert len({row.key for row in rows}) == len(rows)
    assert {row.label for row in rows} == {0, 1}
    assert {row.label for row in own_rows("sentiment")} == {0, 1, 2}
    assert OWN_CORPUS.is_file()


@pytest.mark.skipif(not SHARED.is_dir(), reason="the labelled sets are not here: nothing to check for leaks")
def test_nothing_measured_or_non_commercial_is_trained_on() -> None:
    banned = kept_out_keys(SHARED)
    assert len(banned) > 10_000
    assert {"gold_taxonomy/dev.jsonl", "airline_us_2015/train.jsonl", "twcs_sample/tweets.jsonl"} <= set(KEPT_OUT)
    for task in read_tasks(SHARED, seed=20).values():
        assert not {row.key for row in (*task.train, *task.calibration)} & banned
        assert not {row.key for row in task.train} & {row.key for row in task.held_out}
        assert not {row.source for row in task.train} & {"airline_us_2015", "twcs_sample", "gold_taxonomy"}

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.domain.predictions import Prediction, Reading, Unreadable
from models.calibration import ComplaintHead, Floats, ReaderSettings, SentimentHead
from models.onnx_reader import OnnxReader
from tests.models.tiny import tiny_tokenizer

POISON: tuple[Any, ...] = ("", "   ", "\x00", "\u200b\u200b", None, 7, b"late")
ODD = ("\x00 my bag", "\ud800", "lost \udfff flight", "late " * 200_000, "\U0001f621", "a" * 5_000, "@user", "[SEP]")


def predictions(answers: Sequence[Prediction | Unreadable]) -> list[Prediction]:
    assert all(isinstance(answer, Prediction) for answer in answers)
    return [answer for answer in answers if isinstance(answer, Prediction)]


def readings(texts: Sequence[Any]) -> list[Reading]:
    return [Reading(str(number), text) for number, text in enumerate(texts)]


def test_poison_is_left_out_alone_and_order_is_kept(reader: OnnxReader) -> None:
    texts = [text for poison, odd in zip((*POISON, *POISON), (*ODD, *ODD), strict=False) for text in (poison, odd)]
    answers = reader.read(readings(texts))
    assert [answer.id for answer in answers] == [str(number) for number in range(len(texts))]
    assert [isinstance(answer, Unreadable) for answer in answers] == [text in POISON for text in texts]


def test_an_empty_batch(reader: OnnxReader) -> None:
    assert reader.read([]) == []


def test_nothing_readable(reader: OnnxReader) -> None:
    assert all(isinstance(answer, Unreadable) for answer in reader.read(readings(POISON)))


def test_a_prediction_has_two_heads_that_add_up(reader: OnnxReader) -> None:
    (answer,) = predictions(reader.read([Reading("7", "my bag is lost", language="en")]))
    sentiment = answer.heads["sentiment"]
    assert sentiment is not None
    assert list(sentiment) == ["negative", "neutral", "positive"]
    assert sum(sentiment.values()) == pytest.approx(1.0, abs=0.001)
    assert answer.complaint is not None
    assert 0.0 <= answer.complaint <= 1.0
    assert (answer.id, answer.classifier, answer.language) == ("7", "tiny@1", "en")
    assert answer.labels.complaint == (answer.complaint >= 0.5)
    assert answer.heads.get("failure") is None


def test_the_answer_does_not_depend_on_the_neighbours(reader: OnnxReader) -> None:
    texts = [
        " ".join(["late", "my bag", "love the flight", "!"][: 1 + number % 4]) + " ." * number for number in range(90)
    ]
    together = predictions(reader.read(readings(texts)))
    alone = [predictions(reader.read([reading]))[0] for reading in readings(texts)]
    assert [answer.labels for answer in together] == [answer.labels for answer in alone]
    for one, other in zip(together, alone, strict=True):
        assert one.complaint == pytest.approx(other.complaint, abs=0.001)


def test_a_long_text_is_read_at_both_ends(reader: OnnxReader) -> None:
    middle = "the " * 400
    plain, changed = predictions(reader.read(readings([f"late {middle} late", f"late {middle} love love love"])))
    assert plain.truncated
    assert changed.truncated
    assert plain.complaint != changed.complaint


def test_another_language_is_uncertain(reader: OnnxReader) -> None:
    known, foreign = predictions(
        reader.read([Reading("1", "my bag is lost", language="en-GB"), Reading("2", "my bag is lost", language="vi")])
    )
    assert foreign.uncertain
    assert foreign.complaint == known.complaint


class FailsOn:
    """A network that breaks on every batch with a row as long as `tokens`."""

    def __init__(self, tokens: int) -> None:
        self.tokens = tokens
        self.rows: list[int] = []

    def __call__(self, ids: NDArray[np.int64], mask: NDArray[np.int64], /) -> tuple[Floats, Floats]:
        self.rows.append(len(ids))
        if (mask.sum(axis=1) == self.tokens).any():
            raise RuntimeError("native code gave up")
        return np.zeros((len(ids), 3)), np.zeros((len(ids), 1))


def reader_on(session: Any, *, workers: int = 1) -> OnnxReader:
    settings = ReaderSettings(
        "fake@1",
        3,
        SentimentHead(("negative", "neutral", "positive"), 1.0, (1.0, 1.0, 1.0)),
        ComplaintHead(1.0, 0.0, 0.5),
    )
    return OnnxReader(lambda: session, tiny_tokenizer(), settings, workers=workers)


@pytest.mark.parametrize("workers", [1, 3])
def test_one_text_that_breaks_the_network_is_found_by_halving(workers: int) -> None:
    session = FailsOn(tokens=7)
    texts = ["late"] * 40 + ["late late late late late"] + ["late late"] * 40
    reader = reader_on(session, workers=workers)
    answers = reader.read(readings(texts))
    reader.close()
    assert [answer.id for answer in answers if isinstance(answer, Unreadable)] == ["40"]
    # Halving costs two calls a level, not one call a text.
    assert len(session.rows) < 20


def test_one_broken_window_makes_the_whole_text_unreadable() -> None:
    session = FailsOn(tokens=128)
    short, long = reader_on(session).read(readings(["late", "late " * 200]))
    assert isinstance(short, Prediction)
    assert isinstance(long, Unreadable)


def test_short_and_long_texts_do_not_share_a_batch() -> None:
    session = FailsOn(tokens=9_999)
    reader_on(session).read(readings(["late"] * 100 + ["late " * 100] * 10))
    assert max(session.rows) > 50
    assert len(session.rows) <= 6


def test_chunks_are_joined_in_order() -> None:
    reader = reader_on(FailsOn(tokens=9_999))
    answers = reader.read(readings(["late"] * 5_000))
    assert [answer.id for answer in answers] == [str(number) for number in range(5_000)]


def test_warm_up_reads_something() -> None:
    session = FailsOn(tokens=9_999)
    reader_on(session).warm_up()
    assert session.rows


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("you lost my suitcase and nobody at the desk answers, worst airline ever", True),
        ("still no refund after six weeks and four calls", True),
        ("my order has not arrived, any news?", True),
        ("the app crashes every time I open it", True),
        ("wonderful crew, thank you for a great flight", False),
        ("do you fly to Lisbon in winter?", False),
        ("just checked in, window seat", False),
    ],
)
def test_the_shipped_reader_knows_a_complaint(shipped: OnnxReader, text: str, complaint: bool) -> None:
    (answer,) = predictions(shipped.read([Reading("1", text)]))
    assert answer.labels.complaint is complaint


def test_the_shipped_reader_decides_alike_alone_and_among_others(shipped: OnnxReader) -> None:
    texts = [
        "you lost my suitcase and nobody at the desk answers, worst airline ever",
        "wonderful crew, thank you for a great flight",
        "do you fly to Lisbon in winter?",
        "two hours on hold and then the line went dead, terrible service",
    ] * 8
    together = predictions(shipped.read(readings(texts)))
    alone = [predictions(shipped.read([reading]))[0] for reading in readings(texts)]
    assert [answer.labels for answer in together] == [answer.labels for answer in alone]


def test_the_shipped_reader_survives_poison(shipped: OnnxReader) -> None:
    answers = shipped.read(readings([*POISON, *ODD, "love it"]))
    assert isinstance(answers[-1], Prediction)
    assert answers[-1].labels.sentiment == "positive"
    assert sum(isinstance(answer, Unreadable) for answer in answers) == len(POISON)

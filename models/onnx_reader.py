"""The served reader: MiniLM int8 on ONNX Runtime, heads sentiment and complaint, batches bucketed by length.

One thread a worker, each with a session of its own: two single-thread workers beat one two-thread call, and under
other load they do not collapse.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Final, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from app.domain.predictions import Labels, Prediction, Reading, Unreadable
from models.calibration import Floats, ReaderSettings
from models.text import normalise, unreadable_because
from models.tokens import Ids, Windows, batches_by_length, padded, split_windows

Item = TypeVar("Item")
Result = TypeVar("Result")

EMPTY: Final = "no readable text"
CHUNK: Final = 4096
"""Texts laid out together: enough for full batches of every length, little enough to hold in memory."""


class Session(Protocol):
    """The network: ids and mask [rows, tokens] to the logits of sentiment [rows, 3] and complaint [rows, 1]."""

    def __call__(self, ids: NDArray[np.int64], mask: NDArray[np.int64], /) -> tuple[Floats, Floats]:
        """Run one padded batch."""
        ...


@dataclass(frozen=True, slots=True)
class _Laid:
    """A readable text on its way: its place in the answer, its windows, and whether anything was cut off."""

    place: int
    windows: Windows
    truncated: bool


class OnnxReader:
    """Classifier of sentiment and complaint; a text that breaks it comes back `Unreadable`, alone."""

    def __init__(
        self, open_session: Callable[[], Session], tokenizer: Tokenizer, settings: ReaderSettings, *, workers: int = 1
    ) -> None:
        self.version = settings.version
        self._tokenizer = tokenizer
        self._settings = settings
        self._workers = max(1, workers)
        self._sessions: SimpleQueue[Session] = SimpleQueue()
        for _ in range(self._workers):
            self._sessions.put(open_session())
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="reader") if self._workers > 1 else None

    def read(self, readings: Sequence[Reading]) -> list[Prediction | Unreadable]:
        """One answer a reading, in order."""
        answers: list[Prediction | Unreadable] = []
        for start in range(0, len(readings), CHUNK):
            answers.extend(self._read_chunk(readings[start : start + CHUNK]))
        return answers

    def warm_up(self) -> None:
        """Load and touch everything once, so that the first post does not wait for it."""
        lengths = (8, 32, 60) * self._workers
        self.read([Reading(id=str(number), text="late " * words) for number, words in enumerate(lengths)])

    def close(self) -> None:
        """End the worker threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def _read_chunk(self, readings: Sequence[Reading]) -> list[Prediction | Unreadable]:
        answers: list[Prediction | Unreadable] = [Unreadable(reading.id, EMPTY) for reading in readings]
        laid, broken = self._lay_out(readings)
        rows = [(number, ids) for number, item in enumerate(laid) for ids in item.windows.windows]
        logits = self._logits([ids for _, ids in rows])
        failed = {laid[number].place for (number, _), row in zip(rows, logits, strict=True) if row is None}
        for place in failed | broken.keys():
            answers[place] = Unreadable(readings[place].id, broken.get(place, "the model failed on this text"))
        read = [item for item in laid if item.place not in failed]
        owned: dict[int, list[Floats]] = {}
        for (number, _), row in zip(rows, logits, strict=True):
            if row is not None:
                owned.setdefault(laid[number].place, []).append(row)
        if read:
            means = np.stack([np.mean(owned[item.place], axis=0) for item in read])
            for item, answer in zip(read, self._predictions(read, readings, means), strict=True):
                answers[item.place] = answer
        return answers

    def _lay_out(self, readings: Sequence[Reading]) -> tuple[list[_Laid], dict[int, str]]:
        """The readable texts as windows, and why the others are not readable."""
        places: list[int] = []
        texts: list[str] = []
        cut: list[bool] = []
        broken: dict[int, str] = {}
        for place, reading in enumerate(readings):
            if reason := unreadable_because(reading.text):
                broken[place] = reason
                continue
            normal = normalise(reading.text)
            if normal.text:
                places.append(place)
                texts.append(normal.text)
                cut.append(normal.truncated)
        windows = _alone_on_error(texts, lambda group: split_windows(self._tokenizer, group))
        laid = []
        for place, truncated, found in zip(places, cut, windows, strict=True):
            if found is None:
                broken[place] = "the tokenizer failed on this text"
            else:
                laid.append(_Laid(place, found, truncated or found.truncated))
        return laid, broken

    def _logits(self, rows: Sequence[Ids]) -> list[Floats | None]:
        """The four logits of each window, in order; `None` where the network failed on it."""
        answers: list[Floats | None] = [None] * len(rows)
        # Longest first, so that no worker is left with a long batch at the end.
        batches = list(batches_by_length([len(row) for row in rows]))[::-1]
        groups = [[rows[index] for index in batch] for batch in batches]
        results = self._pool.map(self._run, groups) if self._pool is not None else map(self._run, groups)
        for batch, found in zip(batches, results, strict=True):
            for index, row in zip(batch, found, strict=True):
                answers[index] = row
        return answers

    def _run(self, rows: Sequence[Ids]) -> list[Floats | None]:
        session = self._sessions.get()
        try:
            return _alone_on_error(rows, lambda group: list(np.concatenate(session(*padded(group)), axis=1)))
        finally:
            self._sessions.put(session)

    def _predictions(self, read: Sequence[_Laid], readings: Sequence[Reading], logits: Floats) -> list[Prediction]:
        settings = self._settings
        names = settings.sentiment.labels
        sentiment = settings.sentiment.probabilities(logits[:, : len(names)])
        chosen = settings.sentiment.choices(sentiment).tolist()
        complaint = settings.complaint.probabilities(logits[:, len(names) :])
        unsure = (sentiment.max(axis=1) < settings.sure_from) | (
            np.abs(complaint - settings.complaint.threshold) < settings.unsure_within
        )
        columns: Any = zip(read, sentiment.round(4).tolist(), chosen, complaint.tolist(), unsure.tolist(), strict=True)
        return [
            Prediction(
                id=readings[item.place].id,
                classifier=self.version,
                language=readings[item.place].language,
                truncated=item.truncated,
                uncertain=doubt or not settings.speaks(readings[item.place].language),
                complaint=round(score, 4),
                heads={"sentiment": dict(zip(names, row, strict=True))},
                labels=Labels(sentiment=names[choice], complaint=score >= settings.complaint.threshold),
            )
            for item, row, choice, score, doubt in columns
        ]


def _alone_on_error(items: Sequence[Item], work: Callable[[Sequence[Item]], list[Result]]) -> list[Result | None]:
    """The results of `work`; when it fails, each half is tried by itself, down to the item that breaks it (`None`)."""
    if not items:
        return []
    try:
        return list(work(items))
    except Exception:  # noqa: BLE001 - native code raises bare Exception; the one bad text must not take its neighbours along
        if len(items) == 1:
            return [None]
    middle = len(items) // 2
    return [*_alone_on_error(items[:middle], work), *_alone_on_error(items[middle:], work)]

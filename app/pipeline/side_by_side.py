"""Several classifiers over the same texts, each with its own heads."""

from collections.abc import Callable, Sequence

from app.domain.ports import Classifier
from app.domain.predictions import Prediction, Reading, Unreadable

Parts = tuple[Prediction, ...]
"""What each classifier read in one text, in their order; `app.domain.predictions.merge` makes one of them."""


class SideBySide:
    """Asks every classifier for every text; `close` gives back what they hold."""

    def __init__(self, classifiers: Sequence[Classifier], close: Callable[[], None] = lambda: None) -> None:
        self.classifiers = tuple(classifiers)
        self.version = "+".join(classifier.version for classifier in self.classifiers)
        self.close = close

    def read(self, readings: Sequence[Reading]) -> list[Parts | Unreadable]:
        """In order; what one of them cannot read is unreadable."""
        columns = [classifier.read(readings) for classifier in self.classifiers] if readings else []
        return [_row(parts) for parts in zip(*columns, strict=True)]


def _row(parts: Sequence[Prediction | Unreadable]) -> Parts | Unreadable:
    bad = next((part for part in parts if isinstance(part, Unreadable)), None)
    return bad if bad is not None else tuple(part for part in parts if isinstance(part, Prediction))

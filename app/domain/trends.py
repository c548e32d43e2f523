"""Trend buckets and the honest series that is made of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from typing import Any, Final

from app.domain.predictions import Labels

DIMENSIONS: Final = (
    "sentiment",
    "complaint",
    "severity",
    "failure",
    "stage",
    "justice",
    "origin",
    "standard",
    "signals",
    "rating",
    "answered",
    "failure_stage",
    "failure_justice",
)
"""Every field of the taxonomy, the rating, whether it was answered, and two pairs."""
ALL: Final = "all"
"""The value that counts every read mention; it stands under the dimension `mentions`."""
MENTIONS: Final = "mentions"


@dataclass(frozen=True, slots=True)
class BucketKey:
    """Brand, source, language, hour (UTC), dimension, value."""

    brand: str
    source: str
    language: str
    hour: datetime
    dimension: str
    value: str


@dataclass(frozen=True, slots=True)
class Share:
    """A count, its share of n, and the 95 % Wilson interval of that share."""

    count: int
    share: float | None
    low: float | None
    high: float | None

    def as_dict(self) -> dict[str, Any]:
        """As the API shows it, to three decimals."""
        return {
            "count": self.count,
            "share": None if self.share is None else round(self.share, 3),
            "low": None if self.low is None else round(self.low, 3),
            "high": None if self.high is None else round(self.high, 3),
        }


def values_of(labels: Labels, *, rating: float | None = None) -> Iterator[tuple[str, str]]:
    """Every (dimension, value) that one read mention counts in."""
    yield MENTIONS, ALL
    if labels.sentiment is not None:
        yield "sentiment", labels.sentiment
    yield "complaint", "yes" if labels.complaint else "no"
    if rating is not None:
        yield "rating", f"{rating:g}"
    for code in labels.signals:
        yield "signals", code
    if labels.complaint:
        yield from _complaint_values(labels)


def _complaint_values(labels: Labels) -> Iterator[tuple[str, str]]:
    for dimension, code in (("severity", labels.severity), ("failure", labels.failure), ("stage", labels.stage)):
        if code is not None:
            yield dimension, code
    for dimension, codes in (("justice", labels.justice), ("origin", labels.origin), ("standard", labels.standard)):
        for code in codes:
            yield dimension, code
    if labels.failure is None:
        return
    if labels.stage is not None:
        yield "failure_stage", f"{labels.failure}|{labels.stage}"
    for code in labels.justice:
        yield "failure_justice", f"{labels.failure}|{code}"


def wilson(count: int, n: int, *, z: float = 1.96) -> Share:
    """Share with the Wilson score interval [Wilson 1927]; unknown, not zero, where n is 0."""
    if n == 0:
        return Share(count, None, None, None)
    p = count / n
    denominator = 1 + z * z / n
    centre = (p + z * z / (2 * n)) / denominator
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / denominator
    return Share(count, p, max(0.0, centre - half), min(1.0, centre + half))

"""What is usual for each brand, measured from its own posts and kept for a day of event time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from app.escalation.score import ORDINARY, Usual
from app.storage import usual
from app.storage.database import Transaction

_KEEP: Final = timedelta(hours=24)
_LEAST: Final = 50
"""Posts below which a brand's own percentiles say nothing, and the defaults stand."""


class UsualCache:
    """The 95th percentiles of a brand, never below the defaults' tenth: a quiet brand is not alarmed by ten likes."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[datetime, Usual]] = {}

    def of(self, tx: Transaction, brand: str, now: datetime) -> Usual:
        """The brand's usual at `now`."""
        kept = self._kept.get(brand)
        if kept is not None and abs(now - kept[0]) < _KEEP:
            return kept[1]
        measured = _measure(tx, brand, now)
        self._kept[brand] = (now, measured)
        return measured


def _measure(tx: Transaction, brand: str, now: datetime) -> Usual:
    followers = usual.followers(tx, brand, now)
    engagement = usual.engagement(tx, brand, now)
    views = [seen for _, seen in engagement if seen is not None]
    return Usual(
        followers_p95=_p95(followers, ORDINARY.followers_p95),
        views_p95=_p95(views, ORDINARY.views_p95),
        engagement_p95=_p95([total for total, _ in engagement], ORDINARY.engagement_p95),
    )


def _p95(values: Sequence[int], default: float) -> float:
    if len(values) < _LEAST:
        return default
    return max(default / 10, float(sorted(values)[int(len(values) * 0.95)]))

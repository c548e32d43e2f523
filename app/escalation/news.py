"""What is news about an alert whose level stays: ten times the reach, a reply of the brand."""

from typing import Final

from app.domain.alerts import Alert, Reason

_REACH: Final = frozenset({"spread", "followers"})
_STALE_RISK: Final = 0.05
_STALE_SHARE: Final = 0.1


def news_between(before: tuple[Reason, ...], after: tuple[Reason, ...]) -> str:
    """What is worth a message, in words; empty when nothing is."""
    if tenfolds(after) > tenfolds(before):
        return "its reach passed another tenfold of the usual"
    return "the brand replied" if _value(after, "reply") > _value(before, "reply") else ""


def is_stale(current: Alert, alert: Alert) -> bool:
    """Whether the stored alert no longer shows how things stand: only then is a silent change worth a row."""
    if abs(alert.risk - current.risk) >= _STALE_RISK or current.below_since != alert.below_since:
        return True
    before = {reason.code: reason.value for reason in current.reasons}
    after = {reason.code: reason.value for reason in alert.reasons}
    return before.keys() != after.keys() or any(_has_moved(before[code], value) for code, value in after.items())


def tenfolds(reasons: tuple[Reason, ...]) -> int:
    """How many tenfolds of the usual its reach has passed."""
    most = 0
    for reason in reasons:
        if reason.code in _REACH and reason.value and reason.limit:
            ratio, count = reason.value / reason.limit, 0
            while ratio >= 10:
                ratio /= 10
                count += 1
            most = max(most, count)
    return most


def _value(reasons: tuple[Reason, ...], code: str) -> float:
    return next((reason.value or 0.0 for reason in reasons if reason.code == code), 0.0)


def _has_moved(before: float | None, after: float | None) -> bool:
    if before is None or after is None:
        return before is not after
    return abs(after - before) > _STALE_SHARE * max(abs(before), abs(after))

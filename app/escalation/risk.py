"""The published tables: how each leg's measure becomes one risk between 0 and 1, and a risk a level.

`docs/escalation.md` shows these tables, and a test compares them. Risk 0.2 is watch, 0.5 warn, 0.8 page.
"""

from bisect import bisect_right
from math import exp, log
from typing import Final

from app.domain.alerts import ENTER_AT, Level

RULE_VERSION: Final = "1.0"
"""Version of all rules and tables of this package; every alert names it, so that the same inputs give it again."""

LEAVE_BELOW: Final = 0.7
"""A level is left only below this share of the risk at which it is entered."""
LEAVE_AFTER_HOURS: Final = 6.0
"""... and only when it stayed there this long."""

STREAM: Final = ((0.0, 0.0), (1.0, 0.5), (2.0, 0.8), (4.0, 0.95))
"""Stream leg: z as a multiple of its threshold -> risk; straight lines between, flat after the last."""

HARD_RISK: Final = 0.8
"""A hard trigger is at least a page."""
CAP_BELOW_PAGE: Final = 0.79
"""Where something forbids a page, the risk stops here."""
_CERTAIN: Final = 0.99


def level_of(risk: float) -> Level | None:
    """The level of a risk; `None` below watch."""
    if risk >= ENTER_AT[Level.PAGE]:
        return Level.PAGE
    if risk >= ENTER_AT[Level.WARN]:
        return Level.WARN
    return Level.WATCH if risk >= ENTER_AT[Level.WATCH] else None


def sigmoid(log_odds: float) -> float:
    """Log-odds as a probability, within 0.01 and 0.99: no score of ours is surer than that."""
    return min(_CERTAIN, max(1 - _CERTAIN, 1.0 / (1.0 + exp(-max(-50.0, log_odds)))))


def logit(probability: float) -> float:
    """A probability as log-odds, held within 0.01 and 0.99."""
    held = min(_CERTAIN, max(1 - _CERTAIN, probability))
    return log(held / (1.0 - held))


def stream_risk(z: float, threshold: float) -> float:
    """Stream leg: fires = 0.5, z at twice the threshold = 0.8."""
    ratio = max(0.0, z) / threshold
    place = bisect_right(STREAM, ratio, key=lambda row: row[0])
    if place == len(STREAM):
        return STREAM[-1][1]
    (low, from_risk), (high, to_risk) = STREAM[place - 1], STREAM[place]
    return from_risk + (to_risk - from_risk) * (ratio - low) / (high - low)

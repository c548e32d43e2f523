"""The label set, version 3: what the monitor reads out of a post.

The codes are stable: the database, the API, the policies and the model heads use them as written, stored as text,
so that a new value needs no migration. `docs/concepts.md` explains each of them to a person.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

TAXONOMY_VERSION: Final = 3


class Sentiment(StrEnum):
    """The attitude toward the brand, read by its meaning (sarcasm included)."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class Severity(StrEnum):
    """How strongly the author reproaches, low to high [Trosborg 1995; Jin & Aletras 2021]."""

    NO_REPROACH = "no_reproach"
    DISAPPROVAL = "disapproval"
    ACCUSATION = "accusation"
    BLAME = "blame"


class Failure(StrEnum):
    """What went wrong; it routes the alert to its owner."""

    DELAY = "delay"
    LOST_OR_DAMAGED = "lost_or_damaged"
    FULFILMENT = "fulfilment"
    PRODUCT_DEFECT = "product_defect"
    BILLING = "billing"
    ACCESS = "access"
    UNRESPONSIVE = "unresponsive"
    STAFF_CONDUCT = "staff_conduct"
    MISINFORMATION = "misinformation"
    POLICY = "policy"
    SAFETY = "safety"
    OTHER = "other"


class Justice(StrEnum):
    """The fairness that the author says was broken [Smith et al. 1999; Bies & Moag 1986]."""

    DISTRIBUTIVE = "distributive"
    PROCEDURAL = "procedural"
    INTERACTIONAL = "interactional"


class Origin(StrEnum):
    """The people (attitude) or the system (process)."""

    ATTITUDE = "attitude"
    PROCESS = "process"


class Stage(StrEnum):
    """Where in the service the failure happened."""

    BEFORE_SALE = "before_sale"
    DURING_SALE = "during_sale"
    AFTER_SALE = "after_sale"


class Standard(StrEnum):
    """The standard of good service that was broken."""

    SPEED = "speed"
    ACCURACY = "accuracy"
    TRANSPARENCY = "transparency"
    ACCESSIBILITY = "accessibility"
    PROFESSIONALISM = "professionalism"
    PERFORMANCE = "performance"


class Signal(StrEnum):
    """What makes an escalation likelier, or ends it."""

    UNANSWERED = "unanswered"
    REPEATED = "repeated"
    HANDED_ON = "handed_on"
    REFUSED_REDRESS = "refused_redress"
    CHURN = "churn"
    THREAT = "threat"
    RALLY = "rally"
    BOT_FRUSTRATION = "bot_frustration"
    VULNERABLE = "vulnerable"
    RESOLVED = "resolved"
    LOYAL = "loyal"


ANY_POST_SIGNALS: Final = frozenset({Signal.RESOLVED, Signal.LOYAL})
"""Signals that are read on every post; the others only on complaints."""


class ReplyAct(StrEnum):
    """What a public reply of the brand does [Herhausen et al. 2019]."""

    ACKNOWLEDGE = "acknowledge"
    EMPATHISE = "empathise"
    APOLOGISE = "apologise"
    OWN = "own"
    EXPLAIN = "explain"
    REMEDY = "remedy"
    FOLLOW_UP = "follow_up"
    REDIRECT = "redirect"
    THANK = "thank"
    DENY = "deny"
    THREATEN = "threaten"
    TEMPLATE = "template"


class AnsweredBy(StrEnum):
    """Who wrote the reply."""

    PERSON = "person"
    BOT = "bot"
    UNKNOWN = "unknown"


CODES: Final[Mapping[str, tuple[str, ...]]] = {
    "complaint": ("yes", "no"),
    "sentiment": tuple(Sentiment),
    "severity": tuple(Severity),
    "failure": tuple(Failure),
    "stage": tuple(Stage),
    "justice": tuple(Justice),
    "origin": tuple(Origin),
    "standard": tuple(Standard),
    "signals": tuple(Signal),
}
"""Every field that is read on a customer's post, with its codes."""
TITLES: Final[dict[str, str]] = {
    "lost_or_damaged": "lost or damaged",
    "product_defect": "product defect",
    "staff_conduct": "staff conduct",
    "no_reproach": "no reproach",
    "before_sale": "before sale",
    "during_sale": "during sale",
    "after_sale": "after sale",
    "handed_on": "handed on",
    "refused_redress": "refused redress",
    "bot_frustration": "bot frustration",
    "follow_up": "follow up",
}


def title(code: str) -> str:
    """The code as a person reads it: "lost or damaged"."""
    return TITLES.get(code, code)

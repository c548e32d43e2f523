"""What an alert says: titles in words, reasons in words and numbers. Never the text of a post, never its author."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.domain.alerts import Reason
from app.domain.cases import Case
from app.domain.taxonomy import title
from app.escalation.ageing import Wait
from app.escalation.score import Parts, Usual
from app.escalation.spread import Growth, growth
from app.escalation.triggers import Trigger

ABOUT: Final[Mapping[str | None, str]] = {
    None: "something unnamed",
    "delay": "a delay",
    "lost_or_damaged": "lost or damaged property",
    "fulfilment": "a wrong or missing item",
    "product_defect": "a product defect",
    "billing": "billing",
    "access": "access to the service",
    "unresponsive": "nobody answering",
    "staff_conduct": "staff conduct",
    "misinformation": "wrong information",
    "policy": "a rule seen as unfair",
    "safety": "safety",
    "other": "the service",
}
"""Failure -> "a complaint about ..."."""

SAID: Final[Mapping[str, str]] = {
    "unanswered": "Says that nobody answered",
    "repeated": "Not the first contact about it",
    "handed_on": "Handed from one desk or person to the next",
    "refused_redress": "Asked for redress and was refused",
    "churn": "Says goodbye to the brand",
    "threat": "Announces a lawyer, a regulator or the press",
    "rally": "Calls on others, or announces a song, a video or a thread about it",
    "bot_frustration": "Was answered by a machine",
    "vulnerable": "A child, an ill, disabled, elderly or bereaved person is harmed or stranded",
}
"""Signal -> what the author says or went through."""

_TITLED: Final = (
    ("refused_redress", "redress refused"),
    ("threat", "with a threat"),
    ("rally", "calling on others"),
    ("repeated", "not the first contact"),
    ("handed_on", "handed on"),
    ("vulnerable", "a vulnerable person harmed"),
)
"""What a title adds, the weightiest first; at most two of them."""

_TRIGGERS: Final = {
    "harm": "Safety is at stake, or a vulnerable person is harmed",
    "retaliation": "Announces retaliation after a refused redress",
    "reach": "A sure complaint by somebody whom very many people follow",
}
_TONES: Final = {
    "calming": "The brand's last reply apologises or offers a remedy",
    "template": "The brand's last reply is a template",
    "denying": "The brand's last reply denies or threatens",
    "plain": "The brand's last reply neither apologises nor offers anything",
}
GRAVITIES: Final = (
    "No complaint",
    "An annoyance",
    "A service failure, recoverable",
    "Failed again, refused or unjust",
    "A person may be harmed",
)


@dataclass(frozen=True, slots=True)
class Findings:
    """All that one evaluation of a case found, before it is put into words."""

    case: Case
    gravity: int
    parts: Parts
    wait: Wait | None
    trigger: Trigger | None
    usual: Usual
    now: datetime


def span(length: timedelta) -> str:
    """A time as people say it: "40 min", "26 h", "281 days"."""
    minutes = length.total_seconds() / 60
    if minutes < 90:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 48 * 60 else f"{minutes / 1440:.0f} days"


def case_title(found: Findings, *, is_ageing: bool) -> str:
    """The sentence of a case alert: what is the matter, with whom it has to do, what makes it worse."""
    case = found.case
    subject = f"a complaint about {ABOUT.get(case.failure, title(case.failure or ''))}"
    extras = [words for code, words in _TITLED if code in case.signals][:2]
    tail = f", {' and '.join(extras)}" if extras else ""
    if "velocity" in found.parts or "spread" in found.parts:
        return f"{_capital(subject)} spreads{tail}: {_spread_words(found)}"
    if found.wait is not None and is_ageing:
        reply = "No reply that meets the policy" if case.reply_count else "No reply seen"
        return f"{reply} for {span(found.wait.waited)} to {subject}{tail}"
    return f"{_capital(subject)}{tail}"


def case_reasons(found: Findings, *, leg: str) -> tuple[Reason, ...]:
    """Why, the heaviest first. Every row of the scorecard that adds something is there: the sum can be checked."""
    reasons = [_reason(found, code, added) for code, added in found.parts.items() if added or code == "reply"]
    reasons.sort(key=lambda reason: -reason.contribution)
    if found.trigger is not None:
        text = f"{_TRIGGERS[found.trigger.code]}: at least a page"
        reasons.insert(0, Reason(f"hard_{found.trigger.code}", leg, text))
    return tuple(reasons)


def _reason(found: Findings, code: str, added: float) -> Reason:
    case, usual = found.case, found.usual
    if code in SAID:
        return Reason(code, "case", SAID[code], contribution=added)
    if code == "waited":
        return _waited(found, added)
    if code == "spread":
        _, value, limit, unit = _spreading(found)
        text = f"Spread: {_spread_words(found)}; 95 of 100 posts stay under {limit:,.0f}"
        return Reason(code, "case", text, value, unit, limit, added)
    if code == "velocity":
        name, gain, limit = _faster(found)
        text = f"{gain:,} {name} in the last hour; usual is under {limit:,.0f}"
        return Reason(code, "case", text, float(gain), f"{name}/h", limit, added)
    if code == "followers":
        text = f"{case.followers:,} followers; 95 of 100 authors stay under {usual.followers_p95:,.0f}"
        return Reason(code, "case", text, float(case.followers or 0), "followers", usual.followers_p95, added)
    return _plain(found, code, added)


def _plain(found: Findings, code: str, added: float) -> Reason:
    case = found.case
    if code == "complaint":
        text = f"A complaint with probability {case.complaint:.2f}"
        return Reason(code, "case", text, round(case.complaint, 3), "probability", 0.9, added)
    if code == "severity":
        return Reason(code, "case", f"The author's reproach: {title(case.severity or '')}", contribution=added)
    if code == "gravity":
        return Reason(code, "case", GRAVITIES[found.gravity], float(found.gravity), "gravity 0-4", None, added)
    if code == "verified":
        return Reason(code, "case", "A verified account", contribution=added)
    text = _TONES[case.reply_tone or "plain"]
    return Reason("reply", "case", text, float(case.reply_count), "replies", None, added)


def _waited(found: Findings, added: float) -> Reason:
    wait = found.wait
    assert wait is not None, "only a case that is past its clock has waited"
    text = f"No reply seen for {span(wait.waited)}; the policy allows {span(wait.allowed)}"
    if not found.case.sees_replies:
        text += " (this source does not show replies: look there)"
    elif found.case.reply_count:
        text = f"No reply that meets the policy for {span(wait.waited)}; the policy allows {span(wait.allowed)}"
    days = wait.waited / timedelta(days=1)
    if days < 2:
        return Reason("unanswered", "ageing", text, round(days * 24, 1), "h", wait.allowed / timedelta(hours=1), added)
    return Reason("unanswered", "ageing", text, round(days, 1), "d", wait.allowed / timedelta(days=1), added)


def _spreading(found: Findings) -> tuple[Growth, float, float, str]:
    case, usual = found.case, found.usual
    views, engagement = growth(case.views, case.views_before), growth(case.engagement, case.engagement_before)
    by_views = (views.now if views else 0) / usual.views_p95
    if views is not None and (engagement is None or by_views >= engagement.now / usual.engagement_p95):
        return views, float(views.now), usual.views_p95, "views"
    chosen = engagement or Growth(0, None, None)
    return chosen, float(chosen.now), usual.engagement_p95, "reactions"


def _spread_words(found: Findings) -> str:
    grown, value, _, unit = _spreading(found)
    text = f"{value:,.0f} {unit}"
    if "velocity" in found.parts and grown.doubles_in is not None:
        text += f", doubling every {span(timedelta(hours=grown.doubles_in))}"
    return text


def _faster(found: Findings) -> tuple[str, int, float]:
    case, usual = found.case, found.usual
    views, engagement = growth(case.views, case.views_before), growth(case.engagement, case.engagement_before)
    by_views = (views.gain if views else 0, usual.views_hour_p95)
    by_reactions = (engagement.gain if engagement else 0, usual.engagement_hour_p95)
    if by_views[0] / by_views[1] >= by_reactions[0] / by_reactions[1]:
        return "views", *by_views
    return "reactions", *by_reactions


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]

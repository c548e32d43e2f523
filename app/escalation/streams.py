"""Judgements that are not about one case: a brand's complaint stream, and the cards that stand for many."""

from datetime import timedelta

from app.domain.alerts import Leg, Level, Reason
from app.escalation.burst import Burst
from app.escalation.judge import Judgement
from app.escalation.risk import level_of, stream_risk
from app.escalation.words import ABOUT, span

_CARD_RISK = 0.2


def judge_stream(burst: Burst, *, failure: str | None = None) -> Judgement:
    """A brand's complaint stream: a burst that fired, or (from `measure`) how it stands while its alert is open.

    `failure` names the stream, `None` for all complaints. Below the threshold there is no level, and the alert is left
    by hysteresis.
    """
    risk = stream_risk(burst.z, burst.threshold)
    about = "Complaints" if failure is None else f"Complaints about {ABOUT.get(failure, failure)}"
    level = level_of(risk) if burst.is_hot else None
    return Judgement(
        leg=Leg.STREAM,
        level=level,
        risk=risk,
        is_hard=False,
        title=f"{about} run at {_times(burst)}: {burst.count:,} in {burst.window_minutes} min",
        reasons=(_burst_reason(burst),),
        next_eval_at=None,
    )


def judge_digest(*, owner: str | None, count: int, oldest: timedelta, gravest: int = 0) -> Judgement:
    """The one card of an owner for all cases past their clock: updated, never repeated; over when none is left."""
    whose = owner or "nobody's desk"
    cases = "1 complaint is" if count == 1 else f"{count:,} complaints are"
    reasons = (
        Reason("queue", "ageing", f"{cases} past the clock", float(count), "cases", 0.0),
        Reason("oldest", "ageing", f"The oldest waits for {span(oldest)}", round(oldest / timedelta(hours=1), 1), "h"),
        Reason("gravest", "ageing", f"The gravest has gravity {gravest} of 4", float(gravest), "gravity 0-4"),
    )
    return Judgement(
        leg=Leg.DIGEST,
        level=Level.WATCH if count else None,
        risk=_CARD_RISK if count else 0.0,
        is_hard=False,
        title=f"{cases} past the clock for {whose}, the oldest for {span(oldest)}",
        reasons=reasons if count else (),
        next_eval_at=None,
        ended="" if count else "no complaint is past its clock",
    )


def judge_import(*, posts: int, complaints: int, unanswered: int) -> Judgement:
    """The one card that a first import or a backfill ends in: what was late never speaks for itself."""
    reasons = (
        Reason("imported", "case", f"{posts:,} posts came in late", float(posts), "posts"),
        Reason("complaints", "case", f"{complaints:,} of them are complaints", float(complaints), "posts"),
        Reason("queue", "ageing", f"{unanswered:,} complaints have no reply seen", float(unanswered), "cases", 0.0),
    )
    return Judgement(
        leg=Leg.DIGEST,
        level=Level.WATCH,
        risk=_CARD_RISK,
        is_hard=False,
        title=f"Import done: {posts:,} posts, {complaints:,} complaints, {unanswered:,} with no reply seen",
        reasons=reasons,
        next_eval_at=None,
    )


def _burst_reason(burst: Burst) -> Reason:
    young = "; less than 14 days are known, so take it as a hint" if burst.is_young else ""
    text = (
        f"{burst.count:,} complaints in {burst.window_minutes} min against {burst.usual:.0f} ± {burst.spread:.0f}"
        f" (z {burst.z:.1f}, fires at {burst.threshold:g}{young})"
    )
    return Reason("burst", "stream", text, round(burst.z, 2), "z", burst.threshold)


def _times(burst: Burst) -> str:
    if burst.usual < 1:
        return "far more than the usual"
    return f"{burst.count / burst.usual:.1f} times the usual"

"""One alert or case told in order: posts, replies, changes, what the policy asks, how far it spread. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.domain.alerts import RULE
from app.domain.policies import Policy, PolicyRow
from app.queries.feed import StreamPoint
from app.storage.reads_cases import ReplyView
from app.storage.reads_feed import ChangeView
from app.storage.reads_posts import PostView, SampleView
from app.web import words
from app.web.cards import settle_words
from app.web.drawings import Spread, spread

_CHANGES: Final = {
    "opened": "Opened as {level}",
    "escalated": "Raised to {level}",
    "lowered": "Lowered to {level}",
    "acknowledged": "Acknowledged",
    "updated": "Brought up to date, risk {risk}",
    "repeated": "Nobody acknowledged: told again",
    "resolved": "Resolved",
    "reopened": "Reopened",
    "suppressed": "Snoozed",
    "noted": "Note",
    "assigned": "Assigned",
    "labelled": "Judged",
    "folded": "Folded into the alert on the complaint stream",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the story. `kind` is change, post or reply; a post's words stand in `post`, a reply's in `quote`."""

    at: datetime
    kind: str
    text: str
    post: PostView | None = None
    quote: str | None = None


def story_of(
    changes: Iterable[ChangeView], posts: Iterable[PostView], replies: Iterable[ReplyView]
) -> tuple[Entry, ...]:
    """Everything that happened, newest first."""
    entries = [Entry(change.at, "change", change_words(change)) for change in changes if _is_news(change)]
    entries += [Entry(post.event_at, "post", _post_words(post), post=post) for post in posts]
    entries += [Entry(reply.at, "reply", _reply_words(reply), quote=reply.text) for reply in replies]
    return tuple(sorted(entries, key=lambda entry: entry.at, reverse=True))


def _is_news(change: ChangeView) -> bool:
    # Between the news the numbers are only brought up to date, at times every hour.
    return change.kind != "updated" or bool(change.note)


def change_words(change: ChangeView) -> str:
    """A change as a sentence: "Acknowledged by Ada: on it"."""
    said = _CHANGES.get(change.kind, words.capital(change.kind)).format(level=change.level, risk=f"{change.risk:.2f}")
    by = f" by {change.actor}" if change.actor != RULE else ""
    note = f": {change.note}" if change.note else ""
    return f"{said}{by}{note}"


def _post_words(post: PostView) -> str:
    return f"The customer, on {words.capital(words.code(post.source))}"


def _reply_words(reply: ReplyView) -> str:
    return (
        "You replied; the clock stopped"
        if reply.meets_policy
        else f"You replied, and it does not meet the policy: {reply.why}"
    )


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do, as the policy says it."""

    owner: str
    reply_within: timedelta
    must: tuple[str, ...]
    never: str
    settle: str
    promises: tuple[str, ...]
    next_contact_within: timedelta
    policy: str


def advice_of(policy: Policy | None, *, failure: str | None, severity: str | None) -> Advice | None:
    """The row of the policy that governs this failure, in words."""
    if policy is None:
        return None
    row: PolicyRow = policy.row_for(failure, severity)
    return Advice(
        owner=words.code(row.owner),
        reply_within=row.reply_within,
        must=tuple(_or(group) for group in policy.reply.require_any),
        never=_or(policy.reply.forbid),
        settle=settle_words(row.settle),
        promises=policy.promises,
        next_contact_within=policy.reply.next_contact_within,
        policy=f"{policy.name} v{policy.version}",
    )


_ORDER: Final = ("acknowledge", "empathise", "apologise", "own", "remedy", "follow_up", "explain", "redirect", "thank")


def _or(codes: Iterable[str]) -> str:
    ordered = sorted(codes, key=lambda one: (_ORDER.index(one) if one in _ORDER else len(_ORDER), one))
    named = [words.code(one) for one in ordered]
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} or {named[-1]}" if named else ""


@dataclass(frozen=True, slots=True)
class Curve:
    """How far a case spread: the drawing, its rows as a table, and the name of what is counted."""

    name: str
    drawing: Spread
    rows: tuple[tuple[datetime, int], ...]


def curve_of(samples: Sequence[SampleView]) -> Curve | None:
    """Views summed over the posts of a case; reactions where no source tells views."""
    has_views = any(sample.views is not None for sample in samples)
    name = "Views" if has_views else "Likes, shares and replies"
    latest: dict[str, int] = {}
    points: dict[datetime, int] = {}
    for sample in samples:
        told = (sample.views,) if has_views else (sample.likes, sample.shares, sample.replies)
        known = [value for value in told if value is not None]
        if known:
            latest[sample.post] = sum(known)
            points[sample.at] = sum(latest.values())
    return _curve(name, list(points.items()))


def stream_curve(stream: Sequence[StreamPoint]) -> Curve | None:
    """Complaints per hour of a stream; hours without one are zeros."""
    if not stream:
        return None
    hours: dict[datetime, int] = {}
    for point in stream:
        hour = point.at.replace(minute=0, second=0, microsecond=0)
        hours[hour] = hours.get(hour, 0) + point.count
    first, last = min(hours), max(hours)
    count = round((last - first) / timedelta(hours=1)) + 1
    filled = [(hour := first + timedelta(hours=n), hours.get(hour, 0)) for n in range(count)]
    return _curve("Complaints per hour", filled)


def _curve(name: str, points: Sequence[tuple[datetime, int]]) -> Curve | None:
    drawing = spread(points, name)
    return None if drawing is None else Curve(name, drawing, _thinned(points))


def _thinned(points: Sequence[tuple[datetime, int]], most: int = 24) -> tuple[tuple[datetime, int], ...]:
    # The table keeps the first and the last, and even steps between.
    if len(points) <= most:
        return tuple(points)
    step = (len(points) - 1) / (most - 1)
    return tuple(points[round(n * step)] for n in range(most))

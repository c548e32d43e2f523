"""What is watched, and how its sources are doing."""

from datetime import datetime

from app.domain.access import EVERYTHING_PUBLIC, Sight
from app.domain.brands import Brand, SourceConfig, SourceHealth, silent_after
from app.domain.errors import NotFound
from app.storage import configuration, reads_sources
from app.storage.database import Transaction
from app.storage.reads_sources import SourceMarks


def watched_brands(tx: Transaction, *, sight: Sight = EVERYTHING_PUBLIC) -> list[Brand]:
    """The brands that may be seen, by slug."""
    return [brand for slug, brand in configuration.load_brands(tx).items() if sight.covers(slug)]


def require_brand(tx: Transaction, slug: str, *, sight: Sight = EVERYTHING_PUBLIC) -> Brand:
    """One brand. Raises `NotFound` where it is not watched or may not be seen."""
    known = watched_brands(tx, sight=sight)
    found = next((brand for brand in known if brand.slug == slug), None)
    if found is None:
        names = ", ".join(brand.slug for brand in known) or "none"
        message = f"There is no brand {slug!r}; there are: {names}."
        raise NotFound(message)
    return found


def sources_health(
    tx: Transaction, *, now: datetime, brand: str | None = None, sight: Sight = EVERYTHING_PUBLIC
) -> list[SourceHealth]:
    """Every source that serves a brand that may be seen, by name; `now` is the database's.

    A source that is pushed or replayed serves whatever its posts name: it is listed where no brand is asked for.
    """
    return [
        _health(marks, brands=_seen(marks.config, sight), now=now)
        for marks in reads_sources.sources(tx)
        if (sight.brands is None or _seen(marks.config, sight)) and (brand is None or brand in marks.config.brands)
    ]


def _seen(source: SourceConfig, sight: Sight) -> tuple[str, ...]:
    return tuple(brand for brand in source.brands if sight.covers(brand))


def _health(marks: SourceMarks, *, brands: tuple[str, ...], now: datetime) -> SourceHealth:
    return SourceHealth(
        name=marks.config.name,
        kind=marks.config.kind,
        brands=brands,
        state=_state(marks, now),
        last_success_at=marks.last_success_at,
        last_event_at=marks.last_event_at,
        next_poll_at=marks.next_poll_at,
        fails=marks.fails,
        last_error=marks.paused_why or marks.last_error,
        posts_total=marks.posts,
        open_gaps=marks.open_gaps,
        sees_replies=marks.sees_replies,
    )


def _state(marks: SourceMarks, now: datetime) -> str:
    if marks.paused_why is not None:
        return "paused"
    if marks.fails > 0:
        return "failing"
    if marks.next_poll_at is None:
        return "ok" if marks.posts else "waiting"
    if marks.last_success_at is None:
        return "waiting"
    return "silent" if now - marks.last_success_at > silent_after(marks.config.interval) else "ok"

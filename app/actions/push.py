"""Posts that a program pushes: checked against what its key may touch, then taken in like any collector's."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Final, Protocol

from app.domain.access import Principal, Scope, Sight
from app.domain.brands import Brand, SourceConfig
from app.domain.ports import Capabilities, Event
from app.domain.posts import Post
from app.pipeline.intake import IntakeReport, Taken
from app.pipeline.match import bare_handle
from app.pipeline.normalise import clean, clean_id
from app.storage import configuration, reads_posts, reads_sources
from app.storage.database import Database, Transaction, now_of

REFUSED: Final = "refused"
"""The key may not do this; nothing was stored."""
PUSH_KIND: Final = "push"
_CAPABILITIES: Final = Capabilities(sees_replies=True, edits=True)
"""Who pushes posts can push the brand's replies, too."""


class Taker(Protocol):
    """The intake, as far as pushing needs it."""

    def take(self, events: Sequence[Event]) -> IntakeReport:
        """Store a batch."""
        ...


@dataclass(frozen=True, slots=True)
class Pushing:
    """What pushing needs. Nobody is woken: the readers look at the queue several times a second."""

    database: Database
    intake: Taker


def push_posts(pushing: Pushing, principal: Principal, posts: Sequence[Post]) -> list[Taken]:
    """Store the posts that this principal may store, and say what became of each, in order.

    A post that names no brand is matched by the brands' queries; a key that is limited to brands must name one of them.
    Raises `Forbidden` without the write scope.
    """
    principal.require(Scope.WRITE)
    # The intake stores cleaned ids: what the key may touch is judged by the id that is really meant.
    posts = [replace(post, external_id=clean_id(post.external_id)) for post in posts]
    with pushing.database.read() as tx:
        refusals = _refusals(tx, principal, posts)
    accepted = [post for post, why in zip(posts, refusals, strict=True) if why is None]
    taken: list[Taken] = []
    if accepted:
        _register(pushing.database, accepted)
        taken = pushing.intake.take(accepted).posts
    outcomes = iter(taken)
    return [
        next(outcomes) if why is None else Taken(post.source, post.external_id, REFUSED, reason=why)
        for post, why in zip(posts, refusals, strict=True)
    ]


def _refusals(tx: Transaction, principal: Principal, posts: Sequence[Post]) -> list[str | None]:
    brands = configuration.load_brands(tx)
    polled = {poll.config.name for poll in reads_sources.source_polls(tx) if poll.is_polled}
    sight = Sight(brands=principal.sight.brands, private=True)
    foreign = reads_posts.foreign_keys(tx, [post.key for post in posts], sight=sight)
    limits = _Limits(brands, sight, polled, foreign)
    return [_refusal(post, limits) for post in posts]


@dataclass(frozen=True, slots=True)
class _Limits:
    """What a push is judged by; `foreign` are natural keys of posts about brands that the key may not see."""

    brands: Mapping[str, Brand]
    sight: Sight
    polled: Set[str]
    foreign: Set[tuple[str, str]]

    @property
    def visible(self) -> list[str]:
        """The brands that the key may name."""
        return sorted(slug for slug in self.brands if self.sight.covers(slug))

    def speaks_for_another(self, handle: str) -> bool:
        """Whether this is a handle of a brand that the key may not see: its posts would stop that brand's clocks."""
        others = (brand for slug, brand in self.brands.items() if not self.sight.covers(slug))
        handles = {bare_handle(name) for brand in others for names in brand.handles.values() for name in names}
        return bare_handle(handle) in handles


def _refusal(post: Post, limits: _Limits) -> str | None:
    sight, visible = limits.sight, limits.visible
    unknown = [slug for slug in post.brands if slug not in visible]
    if unknown:
        return f"There is no brand {unknown[0]!r}; there are: {', '.join(visible) or 'none'}."
    if sight.brands is not None and not post.brands:
        return f"This key is limited to brands: name one of {', '.join(visible) or 'none'} in `brands`."
    if limits.speaks_for_another(clean(post.author.handle or "")):
        return f"The handle {post.author.handle!r} is that of another brand than this key's."
    if post.source in limits.polled:
        return f"The source {post.source!r} is read by a collector; push under another name."
    if post.key in limits.foreign:
        return f"The source {post.source!r} already has a post {post.external_id!r} that this key may not change."
    return None


def _register(database: Database, posts: Sequence[Post]) -> None:
    names = sorted({post.source for post in posts})
    with database.read() as tx:
        known = {poll.config.name for poll in reads_sources.source_polls(tx)}
    new = [SourceConfig(name=name, kind=PUSH_KIND, brands=()) for name in names if name not in known]
    if new:
        with database.write() as tx:
            configuration.add_sources(tx, new, _CAPABILITIES, now_of(tx))

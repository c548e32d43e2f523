"""Posts that come in and go out."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

from app.api.schemas.common import (
    EXAMPLE_AT,
    EXAMPLE_ID,
    ClaimedMoment,
    Identity,
    Language,
    ListQuery,
    Moment,
    Name,
    Slug,
    example,
    strict_example,
)
from app.domain.posts import Author, EngagementSample, OwnerReply, Post, PostKind, Visibility
from app.pipeline.intake import Taken
from app.queries.posts import PostDetail, PostView

MOST_IN_BATCH = 500
_BIG = 2**53


def _mended(value: object) -> object:
    # Half a surrogate pair and NUL are noise of the source, not a reason to lose its complaint.
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\x00", "")
    return value


FreeText = Annotated[str, BeforeValidator(_mended)]
"""Text of the outside: NUL and lone surrogates are dropped or replaced, nothing is refused for them."""
Code = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}:[a-z_]{1,32}$")]
Count = Annotated[int, Field(ge=0, le=_BIG)]


class AuthorIn(BaseModel):
    """Who wrote it; `id` is the author's id on the source."""

    model_config = strict_example(id="4711", handle="@kim@social.example", name="Kim", followers=310)

    id: Annotated[FreeText, Field(min_length=1, max_length=500)]
    handle: Annotated[FreeText, Field(max_length=500)] | None = None
    name: Annotated[FreeText, Field(max_length=500)] | None = None
    followers: Count | None = None
    verified: bool = False


class EngagementIn(BaseModel):
    """Counters at one moment; leave out what the source does not tell."""

    model_config = strict_example(at=EXAMPLE_AT, views=41000, likes=1200, replies=388)

    at: Moment
    views: Count | None = None
    likes: Count | None = None
    shares: Count | None = None
    replies: Count | None = None


class OwnerReplyIn(BaseModel):
    """The answer of the business that a review site carries inside the review."""

    model_config = strict_example(text="We are sorry, and have refunded you.", at=EXAMPLE_AT)

    text: FreeText
    at: ClaimedMoment = None


class PostIn(BaseModel):
    """One post to store. (`source`, `id`) is its natural key: the same again is a duplicate, another text an edit."""

    model_config = strict_example(
        source="helpdesk",
        id="ticket-8812",
        text="Two weeks, and nobody has told me where my guitar is.",
        author={"id": "4711", "name": "Kim"},
        created_at=EXAMPLE_AT,
        brands=["northwind"],
        kind="ticket",
    )

    id: Annotated[FreeText, Field(min_length=1, max_length=500)]
    text: FreeText
    author: AuthorIn
    source: Slug = "push"
    created_at: ClaimedMoment = Field(None, description="When it was written; left out or absurd: now.")
    edited_at: ClaimedMoment = None
    kind: PostKind = PostKind.POST
    visibility: Visibility = Visibility.PUBLIC
    title: FreeText | None = None
    url: Annotated[FreeText, Field(max_length=2000)] | None = None
    language: Language | None = None
    parent_id: Annotated[FreeText, Field(max_length=500)] | None = None
    thread_id: Annotated[FreeText, Field(max_length=500)] | None = None
    rating: Annotated[float, Field(ge=0, le=1000)] | None = None
    rating_max: Annotated[float, Field(gt=0, le=1000)] | None = None
    owner_reply: OwnerReplyIn | None = None
    engagement: EngagementIn | None = None
    brands: list[Slug] = Field(
        default_factory=list, max_length=20, description="Whom it is about; left out: the brands' queries decide."
    )
    by_brand: bool = Field(False, description="Whether the brand itself wrote it.")

    def as_post(self) -> Post:
        """The domain's post."""
        engagement = self.engagement
        return Post(
            source=self.source,
            external_id=self.id,
            text=self.text,
            author=Author(
                self.author.id, self.author.handle, self.author.name, self.author.followers, self.author.verified
            ),
            created_at=self.created_at,
            edited_at=self.edited_at,
            kind=self.kind,
            visibility=self.visibility,
            title=self.title,
            url=self.url,
            language=self.language,
            parent_id=self.parent_id,
            thread_id=self.thread_id,
            rating=self.rating,
            rating_max=self.rating_max,
            owner_reply=OwnerReply(self.owner_reply.text, self.owner_reply.at) if self.owner_reply else None,
            engagement=EngagementSample(self.source, self.id, **engagement.model_dump()) if engagement else None,
            brands=tuple(dict.fromkeys(self.brands)),
            by_brand=self.by_brand,
        )


class BatchIn(BaseModel):
    """Up to 500 posts; each is judged by itself."""

    model_config = strict_example(
        posts=[{"id": "1", "text": "Still no reply.", "author": {"id": "4711"}, "brands": ["northwind"]}]
    )

    posts: list[PostIn] = Field(min_length=1, max_length=MOST_IN_BATCH)


class PostTaken(BaseModel):
    """What became of one post."""

    model_config = example(source="helpdesk", id="ticket-8812", outcome="created", post=EXAMPLE_ID, reason=None)

    source: str
    id: str
    outcome: Literal["created", "duplicate", "edited", "unmatched", "quarantined", "refused"] = Field(
        description="`unmatched`: no watched brand is meant; `quarantined`: cannot be processed; both say a `reason`."
    )
    post: str | None = None
    reason: str | None = None

    @classmethod
    def of(cls, taken: Taken) -> "PostTaken":
        """As the intake reports it."""
        return cls.model_validate(
            {
                "source": taken.source,
                "id": taken.external_id,
                "outcome": taken.outcome,
                "post": taken.post_id,
                "reason": taken.reason,
            }
        )


class BatchTaken(BaseModel):
    """What became of each post, in the order they were sent."""

    model_config = example(
        results=[{"source": "push", "id": "1", "outcome": "created", "post": EXAMPLE_ID, "reason": None}],
        counts={"created": 1},
    )

    results: list[PostTaken]
    counts: dict[str, int]


class PostsQuery(ListQuery):
    """Filters of the list of posts."""

    brand: Slug | None = None
    source: Name | None = None
    language: Language | None = None
    kind: PostKind | None = None
    label: Code | None = Field(None, description="`field:code`, such as `failure:delay`.", examples=["failure:delay"])
    since: Moment | None = None
    until: Moment | None = None


class Sample(BaseModel):
    """Counters of a post at one moment; null = not told."""

    model_config = example(at=EXAMPLE_AT, views=41000, likes=1200, shares=None, replies=388)

    at: datetime
    views: int | None
    likes: int | None
    shares: int | None
    replies: int | None


class PostOut(BaseModel):
    """A post as one brand is mentioned in it. After its removal text, title, url and author are null."""

    model_config = example(
        id=EXAMPLE_ID,
        brand="northwind",
        role="customer",
        source="mastodon-northwind",
        external_id="109",
        kind="post",
        visibility="public",
        event_at=EXAMPLE_AT,
        first_seen_at=EXAMPLE_AT,
        edited_at=None,
        url="https://social.example/@kim/109",
        title=None,
        text="Two weeks, and nobody has told me where my guitar is.",
        is_truncated=False,
        language="en",
        author="Kim",
        handle="@kim@social.example",
        followers=310,
        rating=None,
        rating_max=None,
        thread=None,
        parent=None,
        removed_at=None,
        classifier="e5s@1",
        labels={"sentiment": "negative", "complaint": True, "failure": "lost_or_damaged"},
        uncertain=False,
    )

    id: Identity
    brand: str
    role: Literal["customer", "reply"]
    source: str
    external_id: str
    kind: str
    visibility: str
    event_at: datetime
    first_seen_at: datetime
    edited_at: datetime | None
    url: str | None
    title: str | None
    text: str | None
    is_truncated: bool
    language: str | None
    author: str | None
    handle: str | None
    followers: int | None
    rating: float | None
    rating_max: float | None
    thread: str | None
    parent: str | None
    removed_at: datetime | None
    classifier: str | None = Field(description="What read it; null until it was read.")
    labels: dict[str, Any]
    uncertain: bool

    @classmethod
    def of(cls, view: PostView) -> "PostOut":
        """As the query gives it."""
        return cls.model_validate(
            {
                **{name: getattr(view, name) for name in cls.model_fields if hasattr(view, name)},
                "author": view.author_name or view.handle,
                "thread": view.thread_id,
                "parent": view.parent_id,
                "labels": dict(view.labels),
                "uncertain": view.is_uncertain,
            }
        )


class PostList(BaseModel):
    """One page of posts, newest first; a post that mentions two brands stands there once for each."""

    model_config = example(items=[], next_cursor=None)

    items: list[PostOut]
    next_cursor: str | None


class PredictionOut(BaseModel):
    """What one classifier read out of the post for one brand."""

    model_config = example(brand="northwind", classifier="e5s@1", body={"complaint": 0.97})

    brand: str
    classifier: str
    body: dict[str, Any]


class PostWhole(BaseModel):
    """A post with everything that is known of it."""

    model_config = example(mentions=[], predictions=[], engagement=[])

    mentions: list[PostOut]
    predictions: list[PredictionOut]
    engagement: list[Sample]

    @classmethod
    def of(cls, detail: PostDetail) -> "PostWhole":
        """As the query gives it."""
        return cls(
            mentions=[PostOut.of(view) for view in detail.mentions],
            predictions=[
                PredictionOut(brand=found.brand, classifier=found.classifier, body=dict(found.body))
                for found in detail.predictions
            ],
            engagement=[
                Sample(at=at.at, views=at.views, likes=at.likes, shares=at.shares, replies=at.replies)
                for at in detail.samples
            ],
        )

"""Types and models that several operations share."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

EXAMPLE_ID: Final = "01JQ8Z5V0N4W3S2R1P0M9K8H7G"
EXAMPLE_AT: Final = "2026-03-02T12:00:00Z"
_CLEAN: Final = r"^[^\x00-\x08\x0B\x0C\x0E-\x1F\x7F]*$"
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)


def _in_range(moment: datetime) -> datetime:
    if not _EARLIEST <= moment <= _LATEST:
        message = "must lie between 1970 and 2200"
        raise ValueError(message)
    return moment.astimezone(UTC)


def _or_unknown(moment: datetime | None) -> datetime | None:
    return moment if moment is None or _EARLIEST <= moment <= _LATEST else None


def example(**values: Any) -> ConfigDict:
    """The configuration of a model that goes out, with its example."""
    return ConfigDict(json_schema_extra={"examples": [values]})


def strict_example(**values: Any) -> ConfigDict:
    """The configuration of a model that comes in: an unknown key is an error."""
    return ConfigDict(extra="forbid", allow_inf_nan=False, json_schema_extra={"examples": [values]})


Moment = Annotated[AwareDatetime, AfterValidator(_in_range), Field(examples=[EXAMPLE_AT])]
"""RFC 3339 with an offset: a time without one is refused."""
ClaimedMoment = Annotated[AwareDatetime | None, AfterValidator(_or_unknown), Field(examples=[EXAMPLE_AT])]
"""What a source claims: an absurd time is as good as none, and no reason to lose the post."""
Identity = Annotated[str, StringConstraints(pattern=r"^[0-9A-HJKMNP-TV-Z]{26}$"), Field(examples=[EXAMPLE_ID])]
"""A ULID."""
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$"), Field(examples=["northwind"])]
Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_CLEAN)]
Line = Annotated[str, StringConstraints(max_length=500, pattern=_CLEAN)]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"), Field(examples=["en"])]
Format = Literal["json", "csv"]
Limit = Annotated[int, Field(ge=1, le=500, description="How many at most.", examples=[50])]
Cursor = Annotated[
    str,
    StringConstraints(max_length=400),
    Field(description="`next_cursor` of the page before; its form may change."),
]


class ListQuery(BaseModel):
    """What every list takes."""

    model_config = ConfigDict(extra="forbid")

    cursor: Cursor | None = None
    limit: Limit = 50


class ProblemError(BaseModel):
    """One value that cannot be used."""

    model_config = example(pointer="#/posts/3/created_at", detail="Input should have timezone info")

    pointer: str = Field(description="JSON pointer into the body (`#/…`), or the name of a parameter.")
    detail: str


class Problem(BaseModel):
    """RFC 9457: every error has this form."""

    model_config = example(
        type="urn:fretwatch:problem:not-found",
        title="Not Found",
        status=404,
        detail="There is no alert 01JQ8Z5V0N4W3S2R1P0M9K8H7G.",
        instance="/api/v1/alerts/01JQ8Z5V0N4W3S2R1P0M9K8H7G",
    )

    type: str
    title: str
    status: int
    detail: str = Field(description="What is wrong, and what to do.")
    instance: str
    errors: list[ProblemError] = Field(default_factory=list)
    allowed: list[str] = Field(default_factory=list, description="With 409: what the state does allow.")


_WHEN: Final = {
    400: "The body is not JSON, or the cursor is not ours.",
    401: "No API key, or one that is wrong, expired or revoked.",
    403: "The key lacks the scope.",
    404: "No such thing, or none that this key may see.",
    409: "The state does not allow it; `allowed` says what it does.",
    413: "The body is larger than 1 MB.",
    422: "A value cannot be used; `errors` says which.",
    429: "The key asked too often; `Retry-After` says how long to wait.",
    500: "A fault of ours.",
    503: "The database does not answer; `Retry-After` says how long to wait.",
}


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The declared errors of an operation: those that any may meet, and these."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": _WHEN[status], "content": content}
        for status in sorted({401, 403, 422, 429, 500, 503, *statuses})
    }

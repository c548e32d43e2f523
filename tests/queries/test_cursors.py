"""Cursors give back what they were made of, and refuse everything else."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import MalformedInput
from app.queries import cursors

SHAPE = (datetime, int, str)


@given(
    st.timedeltas(timedelta(0), timedelta(days=80_000)).map(lambda since: datetime(1970, 1, 1, tzinfo=UTC) + since),
    st.integers(-(2**61), 2**61),
    st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", max_size=26),
)
def test_there_and_back(at: datetime, number: int, name: str) -> None:
    assert cursors.decode("x", cursors.encode("x", (at, number, name)), SHAPE) == (at, number, name)


@given(st.text(max_size=100))
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(MalformedInput):
        cursors.decode("x", text, SHAPE)


@pytest.mark.parametrize("values", [(1, 2, "a"), ("x", 2, "a"), (datetime.now(UTC), True, "a"), (datetime.now(UTC), 2)])
def test_other_shapes_are_refused(values: tuple[object, ...]) -> None:
    with pytest.raises(MalformedInput):
        cursors.decode("x", cursors.encode("x", values), SHAPE)  # type: ignore[arg-type]


def test_no_cursor_is_no_place() -> None:
    assert cursors.decode("x", None, SHAPE) is None

"""The error tree: the status that a request is answered with is a property of the class."""

import pytest

from app.domain import errors


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.FretwatchError("x"), 500),
        (errors.UsageError("x"), 422),
        (errors.ConfigurationError("x"), 422),
        (errors.MalformedInput("x"), 400),
        (errors.Refused("x"), 422),
        (errors.NotFound("x"), 404),
        (errors.Conflict("x"), 409),
        (errors.Unauthenticated("x"), 401),
        (errors.Forbidden("x"), 403),
        (errors.DatabaseUnavailable("x"), 503),
        (errors.ModelUnavailable("x"), 503),
        (errors.AnswerTooLarge("x", status=200), 500),
        (errors.SourceRefused("x"), 500),
    ],
)
def test_the_status_of_each_error(error: errors.FretwatchError, status: int) -> None:
    assert error.http_status == status

"""What answers and messages say of a limit for requests."""

import pytest

from diagnose.parsers.rate_limits import is_about_limits, remaining_requests, says_trust_is_off


@pytest.mark.parametrize(
    ("field", "left"),
    [
        (("RateLimit-Remaining", "4"), 4),
        (("x-ratelimit-remaining", "0"), 0),
        (("X-Rate-Limit-Remaining", " 12 "), 12),
        (("RateLimit", "limit=5, remaining=3, reset=900"), 3),
        (("RateLimit", '"default";r=50;t=30'), 50),
        (("RateLimit", "limit=5"), None),
        (("RateLimit-Remaining", "many"), None),
        (("RateLimit-Limit", "5"), None),
    ],
)
def test_the_number_that_is_left(field: tuple[str, str], left: int | None) -> None:
    assert remaining_requests((("Server", "x"), field)) == left


def test_messages_about_limits() -> None:
    assert is_about_limits("429 Too many requests, please try again later.")
    assert not is_about_limits("502 Bad Gateway")
    words = "The 'X-Forwarded-For' header is set but the Express 'trust proxy' setting is false"
    assert says_trust_is_off(words)
    assert not says_trust_is_off("429 Too many requests")

"""Which answers browsers give to the page of another origin."""

import pytest

from diagnose.parsers.cross_origin_answers import permits, permits_preflight

PAGE = "https://shop.example.com"
ORIGIN, METHODS, FIELDS, COOKIES = (
    f"Access-Control-Allow-{name}" for name in ("Origin", "Methods", "Headers", "Credentials")
)


@pytest.mark.parametrize(
    ("values", "with_cookies", "is_permitted"),
    [
        ((), False, False),
        (("*",), False, True),
        ((PAGE,), False, True),
        ((f" {PAGE} ",), False, True),
        (("https://www.example.com",), False, False),
        ((PAGE, "*"), False, False),
        (("*",), True, False),
        ((PAGE,), True, False),
    ],
)
def test_an_answer(values: tuple[str, ...], with_cookies: bool, is_permitted: bool) -> None:
    headers = tuple((ORIGIN, value) for value in values)
    assert permits(headers, PAGE, with_cookies) is is_permitted


def test_an_answer_with_cookies() -> None:
    assert permits(((ORIGIN, PAGE), (COOKIES, "true")), PAGE, True)
    assert not permits(((ORIGIN, "*"), (COOKIES, "true")), PAGE, True)
    twice = ((COOKIES, "true"),) * 2
    assert not permits(((ORIGIN, PAGE), *twice), PAGE, True)


@pytest.mark.parametrize(
    ("status", "more", "method", "fields", "is_permitted"),
    [
        (204, (), "POST", (), True),
        (405, (), "POST", (), False),
        (301, (), "POST", (), False),
        (204, (), "PUT", (), False),
        (204, ((METHODS, "GET, PUT"),), "PUT", (), True),
        (204, ((METHODS, "*"),), "PUT", (), True),
        (204, (), "POST", ("content-type",), False),
        (204, ((FIELDS, "X-A, Content-Type"),), "POST", ("content-type",), True),
        (204, ((FIELDS, "*"),), "POST", ("content-type",), True),
    ],
)
def test_a_preflight(
    status: int,
    more: tuple[tuple[str, str], ...],
    method: str,
    fields: tuple[str, ...],
    is_permitted: bool,
) -> None:
    headers = ((ORIGIN, PAGE), *more)
    assert permits_preflight(status, headers, PAGE, method, fields) is is_permitted


def test_a_preflight_with_cookies_takes_no_star() -> None:
    headers = ((ORIGIN, PAGE), (COOKIES, "true"), (FIELDS, "*"), (METHODS, "*"))
    assert permits_preflight(204, headers, PAGE, "GET", (), True)
    assert not permits_preflight(204, headers, PAGE, "PUT", (), True)
    assert not permits_preflight(204, headers, PAGE, "GET", ("x-a",), True)

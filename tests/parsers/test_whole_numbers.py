import pytest

from diagnose.parsers.whole_numbers import whole_number


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("00443", 443), ("9" * 18, 10**18 - 1)])
def test_numbers(text: str, number: int) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize(
    "text", ["", " 1", "+1", "-1", "1.0", "1_0", "0x1", "²", "\u0661", "9" * 5000]
)
def test_anything_else(text: str) -> None:
    assert whole_number(text) is None


def test_no_more_digits_than_asked_for() -> None:
    assert whole_number("404", 3) == 404
    assert whole_number("4040", 3) is None

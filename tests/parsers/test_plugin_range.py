"""Ranges of the Monitoring Plugins Development Guidelines: the table of their examples."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.plugin_range import parse_range
from tests.support.effort import examples


@pytest.mark.parametrize(
    ("text", "alerting", "quiet"),
    [
        ("10", (-0.1, 10.1), (0, 10)),
        ("10:", (9.9, -5), (10, 1e9)),
        ("~:10", (10.1,), (-1e9, 10)),
        ("10:20", (9.9, 20.1), (10, 20)),
        ("@10:20", (10, 15, 20), (9.9, 20.1)),
        (":5", (-1, 6), (0, 5)),
        ("-5:-1", (0, -6), (-5, -1)),
        ("~:", (), (-1e9, 1e9)),
        ("@0:.5", (0, 0.5), (0.6,)),
    ],
)
def test_it_alerts_as_the_guidelines_say(
    text: str, alerting: tuple[float, ...], quiet: tuple[float, ...]
) -> None:
    parsed = parse_range(text)
    assert all(map(parsed.alerts, alerting))
    assert not any(map(parsed.alerts, quiet))


@pytest.mark.parametrize(
    "text", ["", "@", "a", "10:5", "1:2:3", "1e3", "nan", "inf", "1 ", "~", "~5"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_range(text)


@examples(100)
@given(st.text(alphabet="@~:.-0123456789", max_size=8), st.floats(allow_nan=False))
def test_every_text_is_a_range_or_refused(text: str, value: float) -> None:
    try:
        parsed = parse_range(text)
    except ValueError:
        return
    assert parsed.low <= parsed.high
    assert parsed.alerts(value) in {True, False}

"""The server's clock in what a script printed of logs."""

import pytest

from diagnose.probes.inside.log_texts import exact_clock, zone_offset

CLOCK = 1_795_514_470.75


@pytest.mark.parametrize(
    ("head", "clock", "offset"),
    [
        ("now 1795514470 +0800 750000000", CLOCK, 28800),
        ("now 1795514470 +0000 %N", None, 0),
        ("now 1795514470 2026/11/24 10:01:10 750000000", CLOCK, 0),
        ("now 1795514470 2026/11/24 18:01:10 750000000", CLOCK, 28800),
        ("now 1795514470 2026/11/24 18:01:10 %N", None, 28800),
        ("now 1795514470 2026/11/24 18:01:10 ", None, 28800),
        ("", None, 0),
    ],
)
def test_the_clock_of_a_server_or_of_a_container(
    head: str, clock: float | None, offset: int
) -> None:
    assert exact_clock(head) == clock
    assert zone_offset(head) == offset

"""Patterns of Apache's that end before the path does."""

import pytest

from checks.server._pattern_ends import widened_pattern

JUPYTER = "/lab/(api/kernels/[^/]+/channels|terminals/websocket)/?"


@pytest.mark.parametrize(
    ("pattern", "target", "wider"),
    [
        (
            JUPYTER,
            "/lab/$1",
            "/lab/((?:api/kernels/[^/]+/channels|terminals/websocket)(?:/.*)?)",
        ),
        ("^/lab/(a|b)", "/lab/$1", "^/lab/((?:a|b)(?:/.*)?)"),
        ("/(user/[^/]*)/(api|ws)/?", "/$1/$2", "/(user/[^/]*)/((?:api|ws)(?:/.*)?)"),
        ("^/((?:x|y)(z))", "/$1", "^/((?:(?:x|y)(z))(?:/.*)?)"),
        # The target has no rest, another group, or the pattern ends with something else.
        ("^/lab/(a|b)", "/lab", ""),
        ("^/(a)/(b)", "/$1", ""),
        ("^/lab/(a|b)$", "/lab/$1", ""),
        ("^/lab/(a|b)x", "/lab/$1", ""),
        (r"^/lab/[()]\)", "/lab/$1", ""),
        ("^/lab)", "/lab/$1", ""),
    ],
)
def test_the_group_takes_the_rest(pattern: str, target: str, wider: str) -> None:
    assert widened_pattern(pattern, target) == wider

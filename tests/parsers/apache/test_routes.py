"""Where a virtual host passes requests on to."""

import pytest

from diagnose.parsers.apache.config import Directive
from diagnose.parsers.apache.routes import routes_of


def passes(*lines: str) -> list[bool | None]:
    """Whether each line passes WebSockets on."""
    directives = [
        Directive("proxypass", tuple(line.split()), "/etc/apache2/a.conf", number)
        for number, line in enumerate(lines, start=1)
    ]
    return [route.websocket for route in routes_of(directives)]


UPGRADE = "upgrade=websocket"


@pytest.mark.parametrize(
    ("lines", "websockets"),
    [
        ((f"/a http://b:80/a {UPGRADE}", "/ http://b:80/"), [True, False]),
        (("/ http://b:80/", f"/a http://b:80/a {UPGRADE}"), [False, False]),
        ((f"/ http://b:80/ {UPGRADE}", "/a http://b:80/a"), [True, True]),
        (("/ http://b:80/", f"/a http://b:81/a {UPGRADE}"), [False, True]),
        (("/ http://b:80/", "/a ws://b:80/a"), [False, True]),
        (
            (f"/a http://b:80/a/ {UPGRADE}", "/ http://b:80/", "/a/c http://b:80/a/c"),
            [True, False, True],
        ),
    ],
)
def test_lines_share_a_worker(lines: tuple[str, ...], websockets: list[bool]) -> None:
    """The parameters of the first line count, whose URL is the beginning of the others'."""
    assert passes(*lines) == websockets

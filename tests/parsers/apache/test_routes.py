"""Where a virtual host passes requests on to."""

import pytest

from diagnose.model.web_servers import WebSite
from diagnose.parsers.apache.config import Directive
from diagnose.parsers.apache.routes import routes_of, takes_whole
from diagnose.parsers.web_sites import route_of


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


@pytest.mark.parametrize(
    ("pattern", "is_whole"),
    [
        ("^(.*)$", True), ("(.*)", True), ("^(/app/.*)$", True), ("^(/app/.*)", True),
        ("^(/app)", False), ("(/app/.*)$", False), ("^/(.*)$", False), ("^(/a)(.*)$", False),
        ("^/app(/.*)$", False), ("(", False),
    ],
)  # fmt: skip
def test_a_group_that_is_the_whole_path_follows_the_port(pattern: str, is_whole: bool) -> None:
    """RewriteRule ^(.*)$ http://127.0.0.1:3000$1 [P] and ProxyPassMatch."""
    args = (pattern, "http://127.0.0.1:3000$1")
    (route,) = routes_of([Directive("proxypassmatch", args, "/etc/apache2/a.conf", 1)])
    assert takes_whole(pattern) is is_whole
    assert (route.port == 3000) is is_whole
    if is_whole:
        site = WebSite(names=("a",), sockets=(), routes=(route,))
        found = route_of(site, "/app/b", websocket=False)
        assert found is not None
        assert (found.backend_path, found.target) == ("/app/b", args[1])

"""The lines by which a middleware of Traefik sends fields of its responses."""

import pytest

from checks.server import ServerView, server_on_port
from checks.server._response_fields import changed_value, removed_line, sending_line
from diagnose.model.web_servers import ServerFile, WebServerConfig
from tests.support.check_evidence import evidence
from tests.support.traefik_evidence import TRAEFIK

STATIC, ROUTES = "/etc/traefik/traefik.yml", "/etc/traefik/dynamic/shop.yml"
TEXT = """\
http:
  middlewares:
    security:
      headers:
        frameDeny: true
        {}
"""


def view(line: str, static: str = "providers:\n  file:\n    watch: true\n") -> ServerView:
    files = (ServerFile(STATIC, static), ServerFile(ROUTES, TEXT.format(line)))
    config = WebServerConfig(product="traefik", path=STATIC, files=files)
    own = server_on_port(evidence(TRAEFIK, config))
    assert own
    return own


@pytest.mark.parametrize(
    ("line", "name", "value", "changed"),
    [
        ("referrerPolicy: no-referrer", "Referrer-Policy", "no-referrer", 'referrerPolicy: "a b"'),
        (
            "contentSecurityPolicy: \"default-src 'self'\"  # strict",
            "Content-Security-Policy",
            "default-src 'self'",
            'contentSecurityPolicy: "a b"  # strict',
        ),
        (
            "customResponseHeaders:\n          X-Robots-Tag: noindex",
            "X-Robots-Tag",
            "noindex",
            '  X-Robots-Tag: "a b"',
        ),
        ("customFrameOptionsValue: DENY", "X-Frame-Options", "DENY", 'OptionsValue: "a b"'),
    ],
)
def test_another_value_is_sent_by_the_same_line(
    line: str, name: str, value: str, changed: str
) -> None:
    own = view(line)
    sending = sending_line(own, name, [value])
    assert sending
    assert sending.file == ROUTES
    edit = changed_value(own, sending, "a b")
    assert edit
    assert f"{changed}\n" in edit.diff


def test_a_line_for_requests_or_of_another_value_is_none() -> None:
    request = "customRequestHeaders:\n          Referrer-Policy: no-referrer"
    assert not sending_line(view(request), "Referrer-Policy", ["no-referrer"])
    other = view("referrerPolicy: same-origin")
    assert not sending_line(other, "Referrer-Policy", ["no-referrer"])
    unwatched = view("referrerPolicy: no-referrer", "providers:\n  file:\n    watch: false\n")
    assert not sending_line(unwatched, "Referrer-Policy", ["no-referrer"])


def test_the_last_option_of_a_middleware_stays() -> None:
    beside = sending_line(view("referrerPolicy: no-referrer"), "Referrer-Policy", ["no-referrer"])
    own = view("referrerPolicy: no-referrer")
    assert beside
    assert removed_line(own, beside)
    only = view("customResponseHeaders:\n          X-Robots-Tag: noindex")
    line = sending_line(only, "X-Robots-Tag", ["noindex"])
    assert line
    assert not removed_line(only, line)


@pytest.mark.parametrize(
    ("lines", "changed"),
    [
        ("accessControlAllowHeaders: [content-type, x-a]", '["content-type", "x-a", "x-b"]'),
        (
            "accessControlAllowHeaders:\n          - content-type\n          - 'x-a'",
            '["content-type", "x-a", "x-b"]',
        ),
    ],
)
def test_a_name_is_added_to_a_list(lines: str, changed: str) -> None:
    own = view(lines)
    line = sending_line(own, "Access-Control-Allow-Headers", ["content-type,x-a"])
    assert line
    edit = changed_value(own, line, "content-type,x-a, x-b")
    assert edit
    assert f"+        accessControlAllowHeaders: {changed}\n" in edit.diff
    assert not removed_line(own, line)


def test_a_switch_is_another_option_with_a_value() -> None:
    own = view("referrerPolicy: no-referrer")
    line = sending_line(own, "X-Frame-Options", ["DENY"])
    assert line
    edit = changed_value(own, line, "SAMEORIGIN")
    assert edit
    assert '+        customFrameOptionsValue: "SAMEORIGIN"\n' in edit.diff
    off = removed_line(own, line)
    assert off
    assert "+        frameDeny: false\n" in off.diff


def test_a_long_file_is_read_once() -> None:
    """Each line compared with each other one took minutes."""
    rows = "\n".join(f"        option{number}: {'v' * 40}" for number in range(4000))
    assert sending_line(view(f"referrerPolicy: a\n{rows}"), "X-Frame-Options", ["DENY"])

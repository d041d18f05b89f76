"""The largest frame of a WebSocket in the settings of Spring Cloud Gateway."""

import pytest

from diagnose.parsers.spring_frames import spring_frame_limit

YAML = "spring:\n  cloud:\n    gateway:\n      routes:\n        - id: quotes\n"
NEW_YAML = (
    "spring:\n  cloud:\n    gateway:\n      server:\n        webflux:\n          routes: []\n"
)
PROPERTIES = "spring.cloud.gateway.routes[0].id=quotes\n"
KEY = "spring.cloud.gateway.httpclient.websocket.max-frame-payload-length"
ENTRY = "          max-frame-payload-length: "


def test_a_document_at_the_end() -> None:
    limit = spring_frame_limit(YAML, is_yaml=True)
    assert limit
    assert (limit.key, limit.number, limit.added) == (KEY, 5, True)
    assert limit.new.startswith("---\nspring:\n  cloud:\n    gateway:\n      httpclient:\n")
    assert limit.new.endswith(f"\n{ENTRY}16777216")


def test_the_newer_name() -> None:
    limit = spring_frame_limit(NEW_YAML, is_yaml=True)
    assert limit
    assert "server.webflux.httpclient" in limit.key


@pytest.mark.parametrize(
    ("text", "is_yaml", "new"),
    [
        (f"{YAML}{ENTRY}65536\n", True, f"{ENTRY}16777216"),
        (f"{PROPERTIES}{KEY}=65536\n", False, f"{KEY}=16777216"),
        (PROPERTIES, False, f"{KEY}=16777216"),
    ],
)
def test_the_line(text: str, is_yaml: bool, new: str) -> None:
    limit = spring_frame_limit(text, is_yaml)
    assert limit
    assert limit.new == new


@pytest.mark.parametrize(
    ("text", "is_yaml"),
    [
        (f"{YAML}{ENTRY}16777216\n", True),
        ("server:\n  port: 8080\n", True),
        ("server.port=8080\n", False),
        (YAML.rstrip("\n"), True),
        ("", True),
    ],
)
def test_none(text: str, is_yaml: bool) -> None:
    assert spring_frame_limit(text, is_yaml) is None

"""The paths of an application that keep a part of a location's prefix."""

import pytest

from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.inner_paths import inner_path_variants
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.proxied_request import ProxiedRequest


@pytest.mark.parametrize(
    ("location", "path", "paths"),
    [
        ("/chat/api", "/chat/api/status", ["/api/status"]),
        ("^~ /chat/api/", "/chat/api/status?a=1", ["/api/status?a=1"]),
        ("/a/b/c", "/a/b/c", ["/b/c", "/c"]),
        ("/a/b/c/d/e/f", "/a/b/c/d/e/f/x", ["/b/c/d/e/f/x", "/c/d/e/f/x", "/d/e/f/x"]),
        ("/chat", "/chat/status", []),
        ("/", "/status", []),
        ("~ ^/chat/api", "/chat/api/status", []),
        ("= /chat/api", "/chat/api", []),
        ("/chat/api", "/chat/apis", []),
    ],
)
def test_variants(location: str, path: str, paths: list[str]) -> None:
    text = f"location {location} {{ proxy_pass http://127.0.0.1:3000; }}"
    match = LocationMatch(tuple(parse(text, "/etc/nginx/nginx.conf")))
    request = ProxiedRequest(path, "1.1", ())
    assert [each.value for each in inner_path_variants(request, match, path)] == paths

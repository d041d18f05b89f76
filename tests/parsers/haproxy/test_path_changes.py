import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.model.web_servers import PathChange, WebServerConfig
from diagnose.parsers.haproxy.conditions import Situation, path_rules_of
from diagnose.parsers.haproxy.config import parse
from diagnose.parsers.haproxy.path_changes import path_changes
from diagnose.parsers.haproxy.sites import sites_of
from diagnose.parsers.web_sites import changed_path, inner_path, routes_of_name


def changed(lines: str, path: str) -> str:
    text = f"backend app\n    mode http\n    {lines}\n"
    (proxy,) = parse([("haproxy.cfg", text)]).proxies
    return changed_path(path_changes(path_rules_of(proxy), Situation("")), path)


@pytest.mark.parametrize(
    ("lines", "path", "expected"),
    [
        (r"http-request replace-path /app(/)?(.*) /\2", "/app/a.js?v=1", "/a.js?v=1"),
        (r"http-request replace-path /app(/)?(.*) /\2", "/app", "/"),
        (r"http-request replace-path ^/app/(.*) \1", "/app/a.js", "a.js"),
        (r"http-request replace-path ^/app/$ /", "/app/a.js", "/app/a.js"),
        (r"http-request replace-path /App/(.*) /\1", "/app/a.js", "/app/a.js"),
        (r"http-request replace-pathq ^/app/(.*) /\1", "/app/a?b=c", "/a?b=c"),
        (r"http-request replace-uri ^([^:]*://[^/]*)?/app/(.*) \1/\2", "/app/a", "/a"),
        ("http-request set-path /index.html", "/app/a", "/index.html"),
        ("http-request set-path /base%[path]", "/a", "/base/a"),
        ("http-request set-path %[path,regsub(^/app/,/)]", "/app/a/app/", "/a/app/"),
        ("http-request set-path %[path,regsub(^/app/,)]", "/app/a", "a"),
        ("http-request set-path %[path,regsub(^/APP/,/,i)]", "/app/a", "/a"),
        ("http-request set-path \"%[path,regsub('^/(a|b)/',/)]\"", "/b/a", "/a"),
        ("http-request set-path /x%[path] if { path_beg /a }", "/b", "/b"),
        ("http-request set-path /x%[path] if { path_beg /a }", "/a", "/x/a"),
        ("http-request set-path /x%[path] if { path /a }", "/a/b", "/a/b"),
    ],
)
def test_a_rule_changes_the_path(lines: str, path: str, expected: str) -> None:
    assert changed(lines, path) == expected


@pytest.mark.parametrize(
    "lines",
    [
        "http-request set-path /x%[path] if { src 192.0.2.0/24 }",
        "http-request set-path %[path,lower]",
        "http-request set-path %[var(txn.path)]",
        r"http-request replace-pathq ^/\?page=(.*) /\1",
        "http-request set-header X-Path /x",
        "http-request replace-path (unclosed /x",
    ],
)
def test_what_is_not_known_changes_nothing(lines: str) -> None:
    assert changed(lines, "/a/b") == "/a/b"


SITE = r"""
frontend web
    mode http
    bind :80
    http-request replace-path ^/old/(.*) /app/\1
    use_backend app if { path_beg /app/ }
    default_backend rest
backend app
    mode http
    http-request replace-path ^/app/(.*) /\1
    server a 127.0.0.1:3000
backend rest
    mode http
    server b 127.0.0.1:4000
"""


@pytest.mark.parametrize(
    ("path", "target", "inner"),
    [
        ("/app/x", "http://127.0.0.1:3000", "/x"),
        ("/old/x", "http://127.0.0.1:3000", "/x"),
        ("/x", "http://127.0.0.1:4000", "/x"),
    ],
)
def test_the_application_gets_the_path_that_the_rules_make(
    path: str, target: str, inner: str
) -> None:
    config = WebServerConfig(
        product="haproxy", path="x", sites=sites_of(parse([("haproxy.cfg", SITE)]), {})
    )
    (route,) = routes_of_name(config, 80, "shop.example.com", path)
    assert (route.target, inner_path(route, path)) == (target, inner)


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_a_change_is_total(pattern: str, replacement: str, path: str) -> None:
    changed_path((PathChange(pattern, replacement, whole=True),), path)

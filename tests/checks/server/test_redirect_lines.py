"""The lines by which other servers redirect, and edits of their targets."""

import pytest

from checks.server import ServerView, server_on_port
from checks.server._redirect_lines import (
    redirecting_line,
    target_fix,
    variable_fix,
    visitors_host,
)
from diagnose.model import Edit, Evidence, Fix
from diagnose.model.http import Exchange
from tests.support import haproxy_evidence
from tests.support.caddy_evidence import CADDY, SITE, caddy_config
from tests.support.check_evidence import evidence
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

PLAIN = "<VirtualHost *:80>\n    ServerName shop.example.com\n    {}\n</VirtualHost>\n"
FRONTEND = "frontend plain\n    bind :80\n    {}\n    default_backend app\n"


def apache(line: str) -> Evidence:
    return evidence(APACHE, apache_config(HTTPS + PLAIN.format(line)))


def haproxy(line: str) -> Evidence:
    text = haproxy_evidence.TEXT + FRONTEND.format(line)
    return evidence(haproxy_evidence.SERVER, haproxy_evidence.config(text))


def caddy(line: str) -> Evidence:
    return evidence(CADDY, caddy_config(SITE.replace("\treverse", f"\t{line}\n\treverse")))


def answer(location: str, url: str = "http://shop.example.com/a/b") -> Exchange:
    port = 443 if url.startswith("https") else 80
    headers = (("Location", location),)
    return Exchange(url=url, address="192.0.2.10", port=port, status=301, headers=headers)


def view_of(run: Evidence) -> ServerView:
    view = server_on_port(run)
    assert view
    return view


def added(fix: Fix | None) -> str:
    assert fix
    (edit,) = (step for step in fix.steps if isinstance(step, Edit))
    (line,) = (line for line in edit.diff.split("\n") if line[:1] == "+" and line[:2] != "++")
    return line[1:].strip()


HOME = "https://shop.example.com/"


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (
            apache(f"RewriteRule ^ {HOME} [R=301,L]"),
            "RewriteRule ^ https://shop.example.com%{REQUEST_URI} [R=301,L]",
        ),
        (
            apache(f"RedirectMatch 301 .* {HOME}"),
            "RedirectMatch 301 ^(.*)$ https://shop.example.com$1",
        ),
        (
            haproxy(f"http-request redirect location {HOME} code 301"),
            "http-request redirect prefix https://shop.example.com code 301",
        ),
    ],
)
def test_the_path_is_kept(run: Evidence, expected: str) -> None:
    view = view_of(run)
    line = redirecting_line(view, answer(HOME))
    assert line
    assert line.place
    assert line.location.line == line.number
    assert added(target_fix(view, line, "", "", keeps_path=True)) == expected


def test_caddy_keeps_the_path() -> None:
    view = view_of(caddy("redir https://www.example.com/ permanent"))
    given = answer("https://www.example.com/", "https://shop.example.com/a")
    line = redirecting_line(view, given)
    assert line
    fixed = added(target_fix(view, line, "", "", keeps_path=True))
    assert fixed == "redir https://www.example.com{uri} permanent"


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (apache("Redirect permanent / https://old.example.com/"), f"Redirect permanent / {HOME}"),
        (
            apache("RewriteRule ^(.*)$ https://old.example.com$1 [L,R=301]"),
            "RewriteRule ^(.*)$ https://%{HTTP_HOST}$1 [L,R=301]",
        ),
        (
            haproxy("redirect prefix https://old.example.com code 301 if { path_beg / }"),
            "redirect prefix https://%[req.hdr(host)] code 301 if { path_beg / }",
        ),
    ],
)
def test_another_host(run: Evidence, expected: str) -> None:
    view = view_of(run)
    line = redirecting_line(view, answer("https://old.example.com/a/b"))
    assert line
    host = visitors_host(run, view.server.product, line)
    assert added(target_fix(view, line, "https", host)) == expected


def test_none_for_a_line_that_keeps_the_path_or_is_for_some_paths() -> None:
    for text in (
        "Redirect / https://shop.example.com/",
        "RedirectMatch ^/old https://shop.example.com/",
    ):
        view = view_of(apache(text))
        line = redirecting_line(view, answer(HOME))
        assert line
        assert target_fix(view, line, "", "", keeps_path=True) is None


@pytest.mark.parametrize(
    "text",
    [
        "Redirect / https://www.example.com/",
        f"Redirect / {HOME}\n    Redirect /old {HOME}",
        f"# Redirect / {HOME}",
        f"RewriteRule ^ {HOME} [P]",
    ],
)
def test_no_line_where_none_or_more_redirect_so(text: str) -> None:
    assert redirecting_line(view_of(apache(text)), answer(HOME)) is None


def test_caddys_line_of_the_block_for_http() -> None:
    text = SITE + "\nhttp://shop.example.com {\n\tredir https://web1.internal{uri} permanent\n}\n"
    run = evidence(CADDY, caddy_config(text))
    view = view_of(run)
    line = redirecting_line(view, answer("https://web1.internal/a/b"))
    assert line
    host = visitors_host(run, view.server.product, line)
    assert added(target_fix(view, line, "https", host)) == "redir https://{host}{uri} permanent"
    secure = answer("https://web1.internal/a/b", "https://shop.example.com/a/b")
    assert redirecting_line(view, secure) is None


@pytest.mark.parametrize(
    ("run", "location", "expected"),
    [
        (
            apache("RedirectPermanent / https://%{SERVER_NAME}/"),
            "https://%{SERVER_NAME}/a/b",
            ("RewriteEngine On", "RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]"),
        ),
        (
            apache("RedirectMatch 302 ^(.*)$ https://%{HTTP_HOST}$1"),
            "https://%{HTTP_HOST}/a/b",
            ("RewriteEngine On", "RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=302,L]"),
        ),
        (
            apache("Redirect temp /a https://$host/"),
            "https://$host/b",
            ("Redirect temp /a https://shop.example.com/",),
        ),
        (
            apache("RewriteRule ^ https://$host$request_uri [R=301,L]"),
            "https://$host$request_uri",
            ("RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]",),
        ),
        (
            caddy("redir https://$host{uri} permanent"),
            "https://$host/a/b",
            ("redir https://{host}{uri} permanent",),
        ),
        (
            haproxy("http-request redirect prefix https://$host code 301"),
            "https://$host/a/b",
            ("http-request redirect prefix https://%[req.hdr(host)] code 301",),
        ),
    ],
)
def test_a_variable_of_another_server_is_written_in_the_own_words(
    run: Evidence, location: str, expected: tuple[str, ...]
) -> None:
    view = view_of(run)
    scheme = "https" if view.server.product == "caddy" else "http"
    line = redirecting_line(view, answer(location, f"{scheme}://shop.example.com/a/b"))
    assert line
    fix = variable_fix(view, line)
    assert fix
    (edit,) = (step for step in fix.steps if isinstance(step, Edit))
    new = (
        line[1:].strip() for line in edit.diff.split("\n") if line[:1] == "+" and line[:2] != "++"
    )
    assert tuple(new) == expected


def test_a_variable_before_a_folder_takes_a_person() -> None:
    view = view_of(apache("Redirect / https://%{HTTP_HOST}/shop/"))
    line = redirecting_line(view, answer("https://%{HTTP_HOST}/shop/a/b"))
    assert line
    assert variable_fix(view, line) is None


def test_a_variable_that_the_server_replaced_is_no_literal_target() -> None:
    view = view_of(apache("RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]"))
    assert redirecting_line(view, answer("https://old.example.com/a/b")) is None

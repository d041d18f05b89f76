"""Edits of the files of Apache, Caddy and HAProxy that checks share."""

import pytest

from checks.server import ServerView
from checks.server._apache_targets import apache_target_edit
from checks.server._caddy_edits import fallback_edit
from checks.server._fallback_lines import has_fallback
from checks.server._haproxy_tls import without_tls
from diagnose.model.web_servers import (
    ServerFile,
    SiteRoute,
    SiteSocket,
    WebServer,
    WebServerConfig,
    WebSite,
)
from tests.support.check_evidence import evidence

FILE = "/etc/server.conf"
SOCKET = SiteSocket(port=443, tls=True)


def view_of(product: str, text: str) -> tuple[ServerView, WebSite]:
    site = WebSite(
        names=("shop.example.com",), sockets=(SOCKET,), file=FILE, line=1,
        end=text.count("\n"), root="/srv/shop",
    )  # fmt: skip
    config = WebServerConfig(
        product=product,  # type: ignore[arg-type]
        path=FILE, sites=(site,), files=(ServerFile(FILE, text),),
    )  # fmt: skip
    server = WebServer(product=product, config=FILE, ports=(443,))  # type: ignore[arg-type]
    return ServerView(evidence(server, config), server, config, None), site


# Apache


def target_diff(*lines: str, path: str = "/app/") -> str:
    view, _ = view_of("apache", "".join(f"{line}\n" for line in lines))
    edit = apache_target_edit(view, SiteRoute(path=path, target="", file=FILE, line=1))
    return edit.diff if edit else ""


def test_the_prefix_is_taken_off_the_targets_of_one_application() -> None:
    diff = target_diff(
        "ProxyPass /app/ http://127.0.0.1:3000/app/ retry=0",
        "ProxyPassReverse /app/ http://127.0.0.1:3000/app/",
        "ProxyPass /other/ http://127.0.0.1:3000/other/",
    )
    assert "+ProxyPass /app/ http://127.0.0.1:3000/ retry=0\n" in diff
    assert "+ProxyPassReverse /app/ http://127.0.0.1:3000/\n" in diff
    assert diff.count("\n+") == 3, "with the head of the diff"


def test_a_path_without_its_slash_gets_one() -> None:
    diff = target_diff("ProxyPass /app http://127.0.0.1:3000/app", path="/app")
    assert "+ProxyPass /app/ http://127.0.0.1:3000/\n" in diff


@pytest.mark.parametrize(
    "line",
    [
        "ProxyPass /app/ http://127.0.0.1:3000/web/",
        "ProxyPass / http://127.0.0.1:3000/",
        "ProxyPassMatch ^/app/(.*)$ http://127.0.0.1:3000/app/$1",
        'ProxyPass "/app/" "http://127.0.0.1:3000/app/"',
    ],
)
def test_a_target_that_is_written_in_another_way_is_a_persons(line: str) -> None:
    assert not target_diff(line)


# Caddy


def fallback_diff(*lines: str) -> str:
    text = "".join(f"{line}\n" for line in ("shop.example.com {", *lines, "}"))
    view, site = view_of("caddy", text)
    edit = fallback_edit(view, site)
    return edit.diff if edit else ""


def test_a_fallback_stands_before_the_files() -> None:
    diff = fallback_diff("\troot * /srv/shop", "\tfile_server")
    assert "+\ttry_files {path} /index.html\n" in diff
    assert "handle" not in diff


def test_a_fallback_beside_an_application_gets_blocks() -> None:
    diff = fallback_diff("\troot * /srv/shop", "\treverse_proxy /api/* app:3000", "\tfile_server")
    assert "+\thandle /api/* {\n+\t\treverse_proxy app:3000\n+\t}\n" in diff
    files = "+\thandle {\n+\t\ttry_files {path} /index.html\n+\t\tfile_server\n+\t}\n"
    assert files in diff


@pytest.mark.parametrize(
    "lines",
    [
        ("\troot * /srv/shop",),
        ("\tfile_server browse {", "\t\thide .git", "\t}"),
        ("\trespond /health 200", "\tfile_server"),
        ("\treverse_proxy @api app:3000", "\tfile_server"),
        ("\treverse_proxy /api/* {", "\t\tto app:3000", "\t}", "\tfile_server"),
        ("\thandle {", "\t\tfile_server", "\t}"),
    ],
)
def test_no_fallback_is_written_where_the_order_may_matter(lines: tuple[str, ...]) -> None:
    assert not fallback_diff(*lines)


def test_a_fallback_or_rewrite_of_a_site_is_seen() -> None:
    for line in ("try_files {path} /x", "FallbackResource /x", "RewriteRule ^ /x", "import spa"):
        view, site = view_of("caddy", f"shop {{\n  {line}\n}}\n")
        assert has_fallback(view, site)
    view, site = view_of("caddy", "shop {\n  file_server\n}\n")
    assert not has_fallback(view, site)


# HAProxy


@pytest.mark.parametrize(
    ("line", "plain"),
    [
        ("    server a 127.0.0.1:3000 ssl verify none", "    server a 127.0.0.1:3000"),
        (
            "server a 127.0.0.1:3000 check ssl verify required ca-file /etc/a sni str(a) weight 2",
            "server a 127.0.0.1:3000 check weight 2",
        ),
        ("server a 127.0.0.1:3000 ssl alpn h2 # our own", "server a 127.0.0.1:3000 # our own"),
    ],
)
def test_the_words_of_tls_are_taken_from_the_line_of_a_server(line: str, plain: str) -> None:
    assert without_tls(line) == plain


@pytest.mark.parametrize(
    "line",
    [
        "server a 127.0.0.1:3000 check",
        "server a 127.0.0.1:3000 ssl check-ssl",
        "server a 127.0.0.1:3000 ssl check-sni a",
        'server a 127.0.0.1:3000 ssl ca-file "/etc/our ca.pem"',
        "default-server ssl verify none",
        "",
    ],
)
def test_a_line_of_a_server_that_says_more_is_left_as_it_is(line: str) -> None:
    assert without_tls(line) == line

"""nginx.fallback-closed: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import LOG_READ, logged, page

CHECK = "nginx.fallback-closed"
BODY = "<html><head><title>403 Forbidden</title></head><hr><center>nginx/1.26.0</center></html>"
FILES = "root /srv; location / { try_files $uri $uri/ /index.html; }"
PHP = "root /srv; location / { try_files $uri $uri/ /index.php?$args; }"
DENIED = "access forbidden by rule"


def told(lines: str, *more: Any, path: str = "/tea", status: int = 403, body: str = BODY) -> Any:
    text = f"server {{ listen 443 ssl; server_name shop.example.com; {lines} }}"
    visit = replace(page(status, body), url=f"https://shop.example.com{path}")
    target = replace(SHOP, path=path)
    return judge(CHECK, RUNNING, config(text), visit, *more, target=target, masked=False)


@pytest.mark.parametrize(
    ("lines", "fallback"),
    [
        (f"{FILES} location = /index.html {{ deny all; }}", "/index.html"),
        (f"{FILES} location ~ \\.html$ {{ return 403; }}", "/index.html"),
        (f"{PHP} location ~ \\.php$ {{ deny all; }}", "/index.php"),
        (f"{PHP} location ~ \\.php$ {{ return 403; }}", "/index.php"),
        (f"{PHP.replace('?$args', '$is_args$args')} location ~ php$ {{ deny all; }}", "/index.php"),
        (f"{PHP} location ~ php$ {{ if ($secret) {{ set $a 1; }} return 403; }}", "/index.php"),
    ],
)
def test_fires_where_the_fallback_is_closed(lines: str, fallback: str) -> None:
    (claim,) = told(lines)
    assert claim.facts["fallback"] == fallback
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_where_the_index_is_closed_and_the_log_has_the_rule() -> None:
    lines = "root /srv; location / { } location ~ \\.html$ { deny all; }"
    (claim,) = told(lines, LOG_READ, logged(DENIED, path="/"), path="/")
    assert claim.facts["fallback"] == "/index.html"
    assert not told(lines, path="/"), "the file may be missing"


@pytest.mark.parametrize(
    "lines",
    [
        "location / { deny all; try_files $uri /index.html; } location = /index.html { deny all; }",
        "location / { return 403; } location = /index.html { deny all; }",
        f"{FILES} location = /index.html {{ allow 192.0.2.0/24; deny all; }}",
        f"{FILES} location = /index.html {{ internal; }}",
        f"{FILES} location ~ \\.php$ {{ deny all; }}",
        "location / { try_files $uri /denied; } location = /denied { return 403; }",
        "location / { try_files $uri @denied; } location @denied { return 403; }",
        "location / { try_files $uri =403; }",
        f"{FILES} location = /index.html {{ satisfy any; auth_basic x; deny all; }}",
        f"{PHP} location ~ php$ {{ if (!-f $request_filename) {{ return 403; }} }}",
        f"{PHP} location ~ php$ {{ if ($secret) {{ return 403; }} fastcgi_pass a; }}",
    ],
)
def test_silent_where_the_path_is_closed_itself_or_on_purpose(lines: str) -> None:
    assert not told(lines)


def test_silent_where_nginx_logged_another_reason_or_another_answers() -> None:
    lines = f"{PHP} location ~ \\.php$ {{ deny all; }}"
    index = 'directory index of "/srv/tea/" is forbidden'
    assert not told(lines, LOG_READ, logged(index, path="/tea"))
    assert not told(lines, body="<h1>Not yours</h1>")
    assert not told(lines, status=404)

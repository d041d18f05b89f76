"""websocket.path-taken: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.websocket_evidence import upgrade

CHECK = "websocket.path-taken"
TARGET = replace(SHOP, websockets=("/ws",))
SOCKET = (
    "location /ws { proxy_pass http://127.0.0.1:3000; proxy_http_version 1.1;"
    " proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }"
)
FILES = "{ try_files $uri /index.html; }"


def claims(*lines: str, status: int = 200) -> list[Claim]:
    body = "\n ".join((*lines, SOCKET))
    text = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {body}\n}}\n"
    return judge(CHECK, RUNNING, config(text), upgrade(status), target=TARGET)


def diff_of(claim: Claim) -> str:
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


@pytest.mark.parametrize("expression", ["/", "^/(.*)$", ".*"])
def test_fires_and_an_expression_for_every_path_becomes_a_prefix(expression: str) -> None:
    (claim,) = claims(f"location ~ {expression} {FILES}")
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["owner"], claim.facts["written"]) == ("location /ws", "location /")
    assert f"+ location / {FILES}" in diff_of(claim)
    assert claim.consequence_of == ("nginx.path-taken",)


def test_another_expression_stays_and_the_prefix_is_marked() -> None:
    (claim,) = claims(f"location ~ ^/w {FILES}", status=404)
    assert "+ location ^~ /ws {" in diff_of(claim)
    both = (f"location ~ / {FILES}", "location / { root /srv; }")
    assert "+ location ^~ /ws {" in diff_of(claims(*both)[0])
    with_group = "location ~ ^/(.*)$ { try_files /$1 /index.html; }"
    assert "+ location ^~ /ws {" in diff_of(claims(with_group)[0])


def test_what_the_expression_closes_stays_closed() -> None:
    (claim,) = claims(f"location ~ / {{ auth_basic x; auth_basic_user_file /etc/h; {FILES[1:]}")
    assert "+ location ^~ /ws {\n+     auth_basic x;\n+     auth_basic_user_file /etc/h;" in (
        diff_of(claim)
    )
    (claim,) = claims(f"location ~ / {{ deny all; {FILES[1:]}", status=403)
    assert "+     deny all;" in diff_of(claim)
    (claim,) = claims(f"location ~ / {{ limit_except GET {{ deny all; }} {FILES[1:]}")
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("rewrite ^ /index.html break;", "rewrite ^(?!/ws) /index.html break;"),
        (
            "if (!-f $request_filename) { rewrite ^/.*$ /index.html last; }",
            "rewrite ^(?!/ws)/.*$ /index.html last;",
        ),
        (
            "if (!-e $request_filename) { rewrite ^ /index.php?x=1; }\n"
            " location ~ \\.php$ { fastcgi_pass unix:/run/php.sock; }",
            "rewrite ^(?!/ws) /index.php?x=1;",
        ),
        ("rewrite ^/old|^/ws /i.html break;", "rewrite ^(?!/ws)(?:^/old|^/ws) /i.html break;"),
    ],
)
def test_a_rewrite_of_the_server_block_leaves_the_path_out(line: str, written: str) -> None:
    (claim,) = claims(line)
    assert claim.facts["rewrite"]
    assert written in diff_of(claim)


def test_silent_where_the_location_gets_the_path() -> None:
    assert not claims(f"location / {FILES}")
    assert not claims(f"location ~ / {FILES}", status=101)
    assert not claims(f"location ~ \\.php$ {FILES}")
    assert not claims("if ($host = x) { rewrite ^ /index.html break; }")
    assert not claims("rewrite ^/old /index.html;")
    bare = SOCKET.replace("proxy_set_header Upgrade $http_upgrade;", "")
    text = f"server {{ listen 443 ssl; server_name shop.example.com; location ~ / {FILES} {bare} }}"
    assert not judge(CHECK, RUNNING, config(text), upgrade(200), target=TARGET)

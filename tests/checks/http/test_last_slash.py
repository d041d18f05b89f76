from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit
from diagnose.model.http import Exchange, RequestPurpose
from diagnose.model.web_servers import WebServer, WebServerConfig
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.nginx_evidence import RUNNING, config
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "http.last-slash"
TARGET = replace(SHOP, path="/app/")


def asked(path: str, status: int, purpose: RequestPurpose = "target") -> Exchange:
    return Exchange(
        url=f"https://shop.example.com{path}", address="203.0.113.10", port=443, purpose=purpose,
        status=status,
    )  # fmt: skip


MISSING, SERVED = asked("/app/", 404), asked("/app", 200, "spelling")
CONTROL = asked("/app-no-such-page", 404, "unknown")


def test_fires_and_redirects_to_the_spelling_that_answers() -> None:
    site = (
        "server {\n  listen 443 ssl;\n  server_name shop.example.com;\n  location = /app { }\n}\n"
    )
    (claim,) = judge(CHECK, RUNNING, config(site), MISSING, SERVED, CONTROL, target=TARGET)
    assert claim.facts["slash"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "+  location = /app/ { return 301 /app$is_args$args; }" in edit.diff


def test_fires_without_a_look_into_the_server() -> None:
    (claim,) = judge(CHECK, MISSING, SERVED, CONTROL, target=TARGET)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    "observations",
    [
        (MISSING, SERVED),
        (MISSING, SERVED, asked("/app-no-such-page", 200, "unknown")),
        (MISSING, asked("/app", 404, "spelling"), CONTROL),
        (asked("/app/", 200), SERVED, CONTROL),
    ],
)
def test_silent_where_the_slash_does_not_decide(observations: tuple[Exchange, ...]) -> None:
    assert not judge(CHECK, *observations, target=TARGET)


@pytest.mark.parametrize(
    ("server", "own", "line"),
    [
        (CADDY, caddy_config(), "redir /app/ /app 301"),
        (APACHE, apache_config(), "RewriteRule ^/app/$ /app [R=301,L]"),
        (
            SERVER,
            haproxy_config(),
            "http-request redirect code 301 location /app "
            "if { hdr(host) -i shop.example.com } { path /app/ }",
        ),
    ],
)
def test_fires_and_another_server_redirects(
    server: WebServer, own: WebServerConfig, line: str
) -> None:
    (claim,) = judge(CHECK, server, own, MISSING, SERVED, CONTROL, target=TARGET, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert any(row.strip("+ \t") == line for row in edit.diff.split("\n"))

"""upstream.redirects-to-its-name: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Edit, Failure, Manual
from diagnose.model.http import Exchange
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, RUNNING, config
from tests.support.upstream_evidence import page

CHECK = "upstream.redirects-to-its-name"
PASS = "proxy_pass http://www.example.org/;"
ONWARD = "https://www.example.org/"


def site(lines: str) -> str:
    return (
        "server {\n  listen 443 ssl;\n  server_name shop.example.com;\n"
        f"  location / {{\n    {lines}\n  }}\n}}\n"
    )


def claims(lines: str = PASS, onward: str = ONWARD, *more: Exchange) -> list[Claim]:
    redirect = replace(page(301), headers=(("Location", onward),))
    return judge(CHECK, config(site(lines)), BUILD, RUNNING, redirect, *more)


def test_fires_and_asks_over_https() -> None:
    """The article of besthub about Nginx, Tomcat and Memcached: the browser's address changes."""
    (claim,) = claims()
    assert claim.facts["host"] == "www.example.org"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    proxy_pass https://www.example.org/;\n" in edit.diff
    assert "+    proxy_ssl_server_name on;\n" in edit.diff


def test_fires_and_leaves_a_target_of_variables_to_a_person() -> None:
    (claim,) = claims("set $other www.example.org; proxy_pass http://$other;")
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


@pytest.mark.parametrize(
    ("lines", "onward"),
    [
        (PASS, "https://login.example.net/"),
        (PASS, "http://www.example.org/"),
        (PASS.replace("http:", "https:"), ONWARD),
        ("proxy_pass http://127.0.0.1:3000;", "https://127.0.0.1/"),
        ("proxy_pass http://app;", "https://app/"),
        ("proxy_pass http://www.shop.example.com;", "https://www.shop.example.com/"),
    ],
)
def test_silent_on_other_redirects(lines: str, onward: str) -> None:
    assert not claims(lines, onward)


def test_silent_where_visitors_cannot_go_there() -> None:
    lost = replace(
        page(200), url=ONWARD, purpose="redirect", failure=Failure("refused", "Connection refused")
    )
    assert not claims(PASS, ONWARD, lost)

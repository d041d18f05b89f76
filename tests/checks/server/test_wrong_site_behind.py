"""server.wrong-site-behind: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit
from diagnose.model.http import Exchange
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import SITE, config
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.wrong-site-behind"
BEHIND = replace(APACHE, ports=(8080,))
NGINX = SITE.replace(
    "proxy_pass http://127.0.0.1:3000;",
    "proxy_pass http://127.0.0.1:8080; proxy_set_header Host $host;",
)
INNER = """\
<VirtualHost 127.0.0.1:8081>
    ServerName shop.example.com
    DocumentRoot /srv/shop
</VirtualHost>
"""
PAGE = Exchange(
    url="https://shop.example.com/",
    address="203.0.113.10",
    port=443,
    status=404,
    body="<title>404 Not Found</title><address>Apache/2.4.62 (Debian) Server at a</address>",
)


def test_fires_where_the_site_is_on_another_port() -> None:
    (claim,) = judge(CHECK, config(NGINX), BEHIND, apache_config(INNER), PAGE)
    assert claim.facts["site_ports"] == (8081,)
    assert not claim.facts["idle"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+<VirtualHost 127.0.0.1:8080>" in edit.diff
    two = INNER.replace("127.0.0.1:8081", "127.0.0.1:8081 10.0.0.1:8081")
    (claim,) = judge(CHECK, config(NGINX), BEHIND, apache_config(two), PAGE)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_for_the_page_of_a_new_apache() -> None:
    page = replace(PAGE, status=200, body="<html><body><h1>It works!</h1></body></html>")
    assert judge(CHECK, config(NGINX), BEHIND, apache_config(INNER), page)


def test_fires_where_the_site_is_not_enabled() -> None:
    idle = INNER.replace("8081", "8080")
    (claim,) = judge(CHECK, config(NGINX), BEHIND, apache_config("", idle), PAGE)
    assert claim.facts["idle"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


@pytest.mark.parametrize(
    "page",
    [
        replace(PAGE, body="{}"),  # the application's own words
        replace(PAGE, body="<center>nginx</center>"),
        replace(PAGE, status=200, body="<h1>Shop</h1>"),
        replace(PAGE, status=500),
    ],
)
def test_silent_for_other_pages(page: Exchange) -> None:
    assert not judge(CHECK, config(NGINX), BEHIND, apache_config(INNER), page)


@pytest.mark.parametrize(
    ("nginx", "inner"),
    [
        (NGINX, INNER.replace("8081", "8080")),
        (NGINX, INNER.replace("shop.example.com", "www.example.org")),
        (NGINX.replace("8080", "3000"), INNER),
        (NGINX.replace("127.0.0.1:8080", "10.0.0.5:8080"), INNER),
        (NGINX.replace("proxy_set_header Host $host;", ""), INNER),
    ],
)
def test_silent_where_the_site_answers_or_is_not_asked(nginx: str, inner: str) -> None:
    assert not judge(CHECK, config(nginx), BEHIND, apache_config(inner), PAGE)

from dataclasses import replace

from diagnose.model import Applicability, Edit
from diagnose.model.http import Exchange
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import SITE, config

CHECK = "nginx.redirect-unused"
ADDRESS = "203.0.113.10"
REDIRECT = (
    "server {\n  listen 80;\n  server_name shop.example.com;\n"
    "  location / { return 301 https://$host$request_uri; }\n}\n"
)
PANEL = f"server {{\n  listen {ADDRESS}:80;\n  return 404;\n}}\n"
COPY = "server {\n  listen 80;\n  server_name shop.example.com;\n  root /srv;\n}\n"
PLAIN = Exchange(
    url="http://shop.example.com/", address=ADDRESS, port=80, status=404, purpose="plain"
)


def test_fires_where_another_block_takes_the_address_away() -> None:
    (claim,) = judge(CHECK, config(SITE + REDIRECT + PANEL), PLAIN)
    assert claim.facts["by_address"]
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+  listen {ADDRESS}:80;" in edit.diff


def test_fires_where_an_earlier_block_has_the_same_name() -> None:
    (claim,) = judge(CHECK, config(SITE + COPY + REDIRECT), replace(PLAIN, status=200))
    assert not claim.facts["by_address"]
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_and_takes_the_name_out_of_a_block_with_other_names() -> None:
    copy = COPY.replace("shop.example.com", "shop.example.com landing.example.com")
    (claim,) = judge(CHECK, config(SITE + copy + REDIRECT), replace(PLAIN, status=200))
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+  server_name landing.example.com;" in edit.diff


def test_silent_where_the_redirect_is_used() -> None:
    assert not judge(CHECK, config(SITE + REDIRECT), replace(PLAIN, status=301))
    assert not judge(CHECK, config(SITE + REDIRECT), PLAIN)


def test_silent_where_no_block_of_the_name_redirects() -> None:
    assert not judge(CHECK, config(SITE + PANEL), PLAIN)
    other = REDIRECT.replace("shop.example.com", "blog.example.com")
    assert not judge(CHECK, config(SITE + other + PANEL), PLAIN)


def test_silent_where_one_name_is_an_exception_from_a_redirect_of_all() -> None:
    every = REDIRECT.replace("shop.example.com", "*.example.com")
    assert not judge(CHECK, config(SITE + COPY + every), replace(PLAIN, status=200))


def test_silent_where_the_block_of_https_lacks_its_listen() -> None:
    """It has port 80 by itself, and listener.missing says so."""
    ssl = COPY.replace("  listen 80;\n", "  ssl_certificate /c.pem;\n")
    assert not judge(CHECK, config(ssl + REDIRECT), replace(PLAIN, status=200))
    bare = COPY.replace("  listen 80;\n", "")
    assert judge(CHECK, config(bare + REDIRECT), replace(PLAIN, status=200))

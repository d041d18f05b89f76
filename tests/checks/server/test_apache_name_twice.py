import re
from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence
from diagnose.model.http import Exchange
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.apache-name-twice"
FIRST = re.sub(r"    ProxyPass.*\n", "", HTTPS)
BOTH = FIRST + HTTPS
DEFAULT = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, status=200,
    body="<title>Apache2 Debian Default Page: It works</title>",
)  # fmt: skip
REFUSED = replace(
    DEFAULT,
    status=403,
    body="<h1>Forbidden</h1><address>Apache/2.4.62 (Debian) Server at shop.example.com</address>",
)


@pytest.mark.parametrize("page", [DEFAULT, REFUSED])
def test_fires_where_the_first_one_shows_no_site(page: Exchange) -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(BOTH), page)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["default"] is (page is DEFAULT)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+    ServerName default.invalid" in claim.fix.edits[0].diff


def test_silent_where_one_page_of_a_site_is_missing_or_closed() -> None:
    """The first one may be the site that is meant, and the other a copy that was left there."""
    url = "https://shop.example.com/old/page"
    target = replace(SHOP, path="/old/page")
    for status in (403, 404):
        page = replace(REFUSED, url=url, status=status)
        assert not judge(CHECK, APACHE, apache_config(BOTH), page, target=target)


def test_takes_a_name_out_of_its_aliases() -> None:
    named = FIRST.replace(
        "ServerName shop.example.com",
        "ServerName web.example.org\n    ServerAlias shop.example.com www.example.org",
    )
    (claim,) = judge(CHECK, APACHE, apache_config(named + HTTPS), DEFAULT)
    assert claim.fix
    assert "+    ServerAlias www.example.org\n" in claim.fix.edits[0].diff
    alone = named.replace(" www.example.org", "")
    (claim,) = judge(CHECK, APACHE, apache_config(alone + HTTPS), DEFAULT)
    assert claim.fix
    assert "-    ServerAlias shop.example.com" in claim.fix.edits[0].diff


@pytest.mark.parametrize(
    "text",
    [
        HTTPS,
        FIRST + FIRST,
        HTTPS + FIRST.replace("*:443", "*:8443"),
        FIRST + HTTPS.replace("*:443", "127.0.0.1:443"),
        FIRST + HTTPS.replace("shop.example.com", "www.example.org"),
    ],
)
def test_silent_where_the_name_is_there_once(text: str) -> None:
    assert not judge(CHECK, APACHE, apache_config(text), DEFAULT)


def test_silent_where_the_first_one_has_a_site() -> None:
    page = replace(DEFAULT, body="<title>Shop</title><h1>Tea</h1>")
    assert not judge(CHECK, APACHE, apache_config(BOTH), page)

"""http.api-address-wrong: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Edit
from diagnose.model.http import Exchange
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "http.api-address-wrong"
DISCOVERY = "https://shop.example.com/realms/a/.well-known/openid-configuration"


def refused(realm: str, more: str = ',service="harbor-registry"') -> Exchange:
    return replace(page(401), headers=(("Www-Authenticate", f'Bearer realm="{realm}"{more}'),))


def document(issuer: str) -> Exchange:
    body = f'{{"issuer":"{issuer}","token_endpoint":"https://shop.example.com/token"}}'
    return replace(page(200, body), url=DISCOVERY)


def test_fires_on_a_token_service_with_http_and_tells_the_scheme() -> None:
    exchange = refused("http://shop.example.com/service/token")
    (claim,) = judge(CHECK, RUNNING, config(SITE), exchange, masked=False)
    assert claim.facts["plain"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "X-Forwarded-Proto $scheme;" in edit.diff


@pytest.mark.parametrize(
    ("realm", "fault"),
    [
        ("https://shop.example.com:5001:5001/v2/token", "twice"),
        ("http://registry:5000/v2/token", "inside"),
        ("http://127.0.0.1:8080/v2/token", "inside"),
        ("http://auth.shop.example.com/token", "plain"),
    ],
)
def test_fires_on_each_fault(realm: str, fault: str) -> None:
    (claim,) = judge(CHECK, refused(realm), masked=False)
    assert claim.facts[fault]


def test_fires_on_the_document_of_a_login() -> None:
    (claim,) = judge(CHECK, document("http://shop.example.com/realms/a"), masked=False)
    assert not claim.facts["token"]


@pytest.mark.parametrize(
    "exchange",
    [
        refused("https://shop.example.com/service/token"),
        refused("https://auth.docker.example.net/token"),
        refused("http://auth.example.net/token"),
        refused("the shop"),
        document("https://shop.example.com/realms/a"),
        replace(
            page(200, '{"issuer":"http://shop.example.com/"}'), url="https://shop.example.com/"
        ),
    ],
)
def test_silent_on_right_addresses_and_other_sites(exchange: Exchange) -> None:
    assert not judge(CHECK, exchange)

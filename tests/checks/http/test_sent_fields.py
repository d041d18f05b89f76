"""The same remedy by the line of each server: what a policy of the page forbids."""

import pytest

from diagnose.model import Applicability, Edit, Observation
from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageUse
from tests.support import haproxy_evidence
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.caddy_evidence import SITE as CADDY_SITE
from tests.support.check_evidence import judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

POLICY = "default-src 'self'; img-src 'self'"
WANTED = "default-src 'self'; img-src 'self' https://cdn.example.net"
APACHE_TEXT = HTTPS.replace(
    "    ProxyPass /ws", f'    Header set Content-Security-Policy "{POLICY}"\n    ProxyPass /ws'
)
CADDY_TEXT = CADDY_SITE.replace(
    "\treverse", f'\theader {{\n\t\tContent-Security-Policy "{POLICY}"\n\t}}\n\treverse'
)
HAPROXY_TEXT = haproxy_evidence.TEXT.replace(
    "    default_b",
    f'    http-response set-header Content-Security-Policy "{POLICY}"\n    default_b',
)
SERVERS = {
    "apache": (APACHE, apache_config(APACHE_TEXT)),
    "caddy": (CADDY, caddy_config(CADDY_TEXT)),
    "haproxy": (haproxy_evidence.SERVER, haproxy_evidence.config(HAPROXY_TEXT)),
}
URL = "https://shop.example.com/"
PICTURE = PageUse(url="https://cdn.example.net/tea.png", kind="image")
PAGE = Page(url=URL, address="192.0.2.10", port=443, uses=(PICTURE,))


def answer(policy: str = POLICY) -> Exchange:
    return Exchange(
        url=URL,
        address="192.0.2.10",
        port=443,
        status=200,
        headers=(("Content-Security-Policy", policy),),
        purpose="target",
    )


@pytest.mark.parametrize("server", SERVERS)
def test_fires_and_changes_the_line_of_the_server(server: str) -> None:
    (claim,) = judge("http.file-blocked-by-policy", PAGE, answer(), *SERVERS[server])
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f'"{WANTED}"' in edit.diff
    assert claim.facts["place"]
    assert claim.location


@pytest.mark.parametrize("server", SERVERS)
def test_silent_where_the_policy_allows_it(server: str) -> None:
    observations: tuple[Observation, ...] = (PAGE, answer(WANTED), *SERVERS[server])
    assert not judge("http.file-blocked-by-policy", *observations)


def test_by_hand_where_the_application_sends_the_policy() -> None:
    (claim,) = judge(
        "http.file-blocked-by-policy", PAGE, answer("img-src 'self'"), *SERVERS["apache"]
    )
    assert claim.facts["place"] == ""
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL

"""http.error-in-front: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Manual, Vantage, Where
from diagnose.model.server import Listener, Listeners
from diagnose.model.web_servers import SiteSocket, WebServerConfig, WebSite
from tests.support.certificates import leaf, visit
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.front_evidence import (
    CLOUDFLARE,
    EDGE,
    URL,
    behind,
    edge_handshake,
    edge_page,
    local,
    redirecting,
)
from tests.support.nginx_evidence import RUNNING, config

CHECK = "http.error-in-front"


@pytest.mark.parametrize("status", [502, 503, 404, 421])
def test_fires_where_the_edge_fails_and_this_server_does_not(status: int) -> None:
    (claim,) = judge(CHECK, *behind(edge_handshake(), edge_page(status), local()))
    # A 502 may come from this server's own packet filter, which its own request does not pass.
    is_gateway = status in {502, 503}
    assert claim.confidence is (Confidence.LIKELY if is_gateway else Confidence.CERTAIN)
    assert claim.facts["addresses"] == (EDGE,)
    assert claim.facts["certificate"]


def test_says_that_the_edge_does_not_pass_the_host_on() -> None:
    page = edge_page(400, body="Invalid HTTP_HOST header: '203.0.113.10'.")
    (claim,) = judge(CHECK, *behind(edge_handshake(), page, local()))
    assert claim.facts["host_refused"]


@pytest.mark.parametrize(("name", "claims"), [("shop.example.com", 1), ("*", 0)])
def test_any_web_server_may_be_the_sites(name: str, claims: int) -> None:
    """TLS ends in front of it, so that it has no certificate."""
    site = WebSite(names=(name,), sockets=(SiteSocket(443),))
    server = WebServerConfig(
        vantage=Vantage.SERVER, product="apache", path="/etc/apache2/apache2.conf", sites=(site,)
    )
    observations = behind(edge_handshake(), edge_page(502), local(chain=()), server)
    assert len(judge(CHECK, *observations)) == claims


def test_names_the_cache_that_has_kept_an_error() -> None:
    page = edge_page(404, headers=(("CF-Cache-Status", "HIT"), ("Age", "5231"), *CLOUDFLARE))
    (claim,) = judge(CHECK, *behind(edge_handshake(), page, local()))
    assert claim.facts["kept"] == "CF-Cache-Status: HIT, Age: 5231"
    assert not claim.facts["unknown_site"]
    assert claim.fix
    assert claim.fix.steps == (Manual("purge", Where.CLOUD_CONSOLE),)
    page = edge_page(404, headers=(("CF-Cache-Status", "DYNAMIC"), *CLOUDFLARE))
    (claim,) = judge(CHECK, *behind(edge_handshake(), page, local()))
    assert not claim.facts["kept"]


def test_fires_where_the_edge_never_answers() -> None:
    (claim,) = judge(CHECK, *behind(edge_handshake(), edge_page(None, failure=TIMEOUT), local()))
    assert claim.facts["message"] == "timed out"


def test_fires_where_the_edge_redirects_to_itself_for_its_own_reasons() -> None:
    loop = edge_page(302, headers=(("Location", URL),))
    assert judge(CHECK, *behind(edge_handshake(), loop, local()))


def test_fires_with_less_certainty_where_only_the_address_shows_it() -> None:
    (claim,) = judge(CHECK, *behind(edge_page(502), local()))
    assert claim.confidence is Confidence.LIKELY


def test_fires_behind_a_cdn_on_a_cloud_server_with_a_private_address() -> None:
    page = edge_page(502, headers=CLOUDFLARE)
    (claim,) = judge(CHECK, *behind(page, local(), own="172.16.0.5"))
    assert claim.facts["product"] == "Cloudflare"


@pytest.mark.parametrize("status", [401, 403, 429])
def test_silent_where_the_edge_decides_who_may_come_in(status: int) -> None:
    assert not judge(CHECK, *behind(edge_handshake(), edge_page(status), local()))


def test_silent_where_this_server_is_not_the_sites() -> None:
    """Its default site answers 200, with a certificate for another name."""
    other = leaf(sha256="0f", dns_names=("blog.example.com",))
    own = local(chain=(other,), trusted=False)
    assert not judge(CHECK, *behind(edge_handshake(), edge_page(502), own))


def test_silent_where_this_server_fails_too() -> None:
    assert not judge(CHECK, *behind(edge_handshake(), edge_page(502), local(status=502)))


def test_silent_where_a_cloud_may_translate_the_address() -> None:
    """The same certificate: it may be this server, seen through its public address."""
    same = visit(address=EDGE)
    assert not judge(CHECK, *behind(same, edge_page(502), local(), own="172.16.0.5"))


def test_silent_where_the_edge_speaks_http_to_the_server() -> None:
    """http.flexible-tls says it."""
    loop = edge_page(301, headers=(("Location", URL),))
    assert not judge(CHECK, *behind(edge_handshake(), loop, local(), redirecting()))


def test_silent_at_a_challenge_for_programs() -> None:
    page = edge_page(503, headers=(*CLOUDFLARE, ("cf-mitigated", "challenge")))
    assert not judge(CHECK, *behind(edge_handshake(), page, local()))


PLAIN = Listeners(sockets=(Listener(address="0.0.0.0", port=80, family=4, pid=9, process="nginx"),))


def test_fires_where_another_machine_ends_tls_and_the_server_answers_over_http() -> None:
    """A cloud's balancer: the server's own address is private."""
    site = config("server { listen 80; server_name shop.example.com; }")
    plain = local("forwarded", url="http://shop.example.com/", port=80, chain=())
    observations = behind(
        edge_handshake(), edge_page(504), plain, PLAIN, RUNNING, site, own="10.0.0.5"
    )
    (claim,) = judge(CHECK, *observations)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["own_status"] == 200
    held = replace(PLAIN, sockets=(*PLAIN.sockets, replace(PLAIN.sockets[0], port=443)))
    others = behind(edge_handshake(), edge_page(504), plain, held, RUNNING, site, own="10.0.0.5")
    assert not judge(CHECK, *others)
    failing = replace(plain, status=504)
    assert not judge(
        CHECK, *behind(edge_handshake(), edge_page(504), failing, PLAIN, RUNNING, site)
    )

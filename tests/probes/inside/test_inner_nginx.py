"""The nginx behind the server that has the target's port."""

import asyncio
import hashlib
from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Observation, Vantage
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import FailedRequests, LogLine
from diagnose.model.nginx import InnerNginx, UpstreamTry
from diagnose.model.processes import TunnelClient
from diagnose.model.server import Interface, Listener, Listeners
from diagnose.model.symptom import Symptom
from diagnose.probes.inside import inner_nginx as probes
from tests.lab import certificates
from tests.support.certificates import LEAF, visit
from tests.support.check_evidence import SHOP
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import SITE as NGINX_SITE
from tests.support.nginx_evidence import config as nginx_config
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

SITE = apache_config(HTTPS.replace("127.0.0.1:3000/", "127.0.0.1:8080/"))
NGINX = Listener(address="127.0.0.1", port=8080, family=4, pid=9, process="nginx")
LISTENING = Listeners(sockets=(NGINX,))
PAGE = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, status=502, purpose="target"
)
MOVED = replace(PAGE, status=301, headers=(("Location", "http://shop.example.com:8080/a/"),))
REFUSED = Upgrade(
    url="wss://shop.example.com/", path="/", address="203.0.113.10", port=443, status=400
)

TOLD = replace(SHOP, symptom=Symptom("body-size", "413 Request Entity Too Large", 413))
FAILED = FailedRequests(
    file="/var/log/apache2/access.log", method="POST", path="/library", status=413,
    written="at 18:01", server="apache",
)  # fmt: skip


def logged(host: str) -> LogLine:
    return LogLine(
        file="/var/log/nginx/error.log", when=1.0, level="error", pid=9,
        request="POST /library HTTP/1.1", host=host,
        text="client intended to send too large body: 3000000 bytes",
    )  # fmt: skip


def seen(*before: Observation, files: dict[str, str] | None = None) -> tuple[InnerNginx, ...]:
    looking = Looking(RecordedMachine({}, files))
    looking.observations += before
    probe: Any = probes.after_a_page
    asyncio.run(probe.work(looking, PAGE))
    return looking.observed(InnerNginx)


@pytest.mark.parametrize("failed", [PAGE, MOVED, REFUSED])
def test_seen_after_a_failure(failed: Observation) -> None:
    (inner,) = seen(APACHE, SITE, LISTENING, nginx_config(), failed)
    assert (inner.address, inner.port, inner.product) == ("127.0.0.1", 8080, "apache")
    assert inner.host == "127.0.0.1", "without ProxyPreserveHost"


def test_seen_when_the_listeners_are_known_last() -> None:
    looking = Looking(RecordedMachine({}))
    looking.observations += (APACHE, SITE, nginx_config(), PAGE, LISTENING)
    probe: Any = probes.with_the_listeners
    asyncio.run(probe.work(looking, LISTENING))
    assert looking.observed(InnerNginx)


def test_not_looked_for_where_visitors_have_their_page() -> None:
    within = replace(MOVED, headers=(("Location", "https://shop.example.com/login"),))
    for page in (replace(PAGE, status=200), within):
        assert not seen(APACHE, SITE, LISTENING, nginx_config(), page)


def test_looked_for_after_a_message_or_a_logged_failure() -> None:
    page = replace(PAGE, status=200)
    looking = Looking(RecordedMachine({}))
    looking.target = TOLD
    looking.observations += (APACHE, SITE, LISTENING, nginx_config(), page)
    probe: Any = probes.after_a_page
    asyncio.run(probe.work(looking, page))
    assert looking.observed(InnerNginx)
    assert seen(APACHE, SITE, LISTENING, nginx_config(), page, FAILED)
    assert seen(APACHE, SITE, LISTENING, nginx_config(), page, logged(host="shop.example.com"))
    other = logged(host="www.example.org")
    assert not seen(APACHE, SITE, LISTENING, nginx_config(), page, other)


# A block of nginx behind another one

FRONT_BLOCK = NGINX_SITE.replace("127.0.0.1:3000", "127.0.0.1:8080")
BEHIND = NGINX_SITE.replace("443 ssl", "127.0.0.1:8080").replace("127.0.0.1:3000", "127.0.0.1:3999")
ASKED = UpstreamTry(
    vantage=Vantage.SERVER, target="http://127.0.0.1:8080", host="127.0.0.1", port=8080,
    address="127.0.0.1", status=502, asked=True,
)  # fmt: skip


def own_block(attempt: UpstreamTry, page: Exchange, text: str) -> tuple[InnerNginx, ...]:
    looking = Looking(RecordedMachine({}))
    looking.observations += (page, nginx_config(text), attempt)
    probe: Any = probes.behind_itself
    asyncio.run(probe.work(looking, attempt))
    return looking.observed(InnerNginx)


def test_a_block_behind_another_answers_with_the_same_error() -> None:
    (inner,) = own_block(ASKED, PAGE, FRONT_BLOCK + BEHIND)
    assert (inner.port, inner.host, inner.is_own_block) == (8080, "shop.example.com", True)


def test_no_block_is_taken_for_the_one_that_failed() -> None:
    both = FRONT_BLOCK + BEHIND
    assert not own_block(replace(ASKED, status=200), PAGE, both), "the fault is in front"
    assert not own_block(replace(ASKED, port=8081), PAGE, both)
    assert not own_block(ASKED, replace(PAGE, status=200), both)
    assert not own_block(ASKED, PAGE, FRONT_BLOCK)


def test_not_where_another_program_has_the_port_behind() -> None:
    other = Listeners(sockets=(replace(NGINX, process="node"),))
    assert not seen(APACHE, SITE, other, nginx_config(), PAGE)
    assert not seen(APACHE, apache_config(), LISTENING, nginx_config(), PAGE)
    assert not seen(replace(APACHE, ports=(8080,)), SITE, LISTENING, nginx_config(), PAGE)
    assert not seen(APACHE, SITE, LISTENING, PAGE)


# Behind a program whose configuration is not read

FRONT = Listener(address="0.0.0.0", port=443, family=4, pid=7, process="sslh")
INNER = Listener(address="127.0.0.1", port=8443, family=4, pid=9, process="nginx")
BLOCK = NGINX_SITE.replace("443 ssl", "127.0.0.1:8443 ssl")
FROM_NGINX = replace(PAGE, headers=(("Server", "nginx/1.26.0"),))


def behind(
    text: str, *before: Observation, sockets: tuple[Listener, ...] = (FRONT, INNER)
) -> tuple[InnerNginx, ...]:
    return seen(Listeners(sockets=sockets), nginx_config(text), *before)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (BLOCK, ("127.0.0.1", 8443, True)),
        (BLOCK.replace("127.0.0.1:8443 ssl", "8443"), ("127.0.0.1", 8443, False)),
        (BLOCK + NGINX_SITE.replace("443 ssl", "80"), ("127.0.0.1", 8443, True)),
    ],
)
def test_the_socket_behind_a_program_is_known_by_the_name(
    text: str, place: tuple[str, int, bool]
) -> None:
    (inner,) = behind(text, FROM_NGINX)
    assert (inner.address, inner.port, inner.tls) == place
    assert (inner.product, inner.host) == ("sslh", "shop.example.com")


def test_nginx_on_the_same_port_of_loopback_is_behind() -> None:
    sockets = (replace(FRONT, address="203.0.113.10"), replace(INNER, port=443))
    (inner,) = behind(NGINX_SITE.replace("443", "127.0.0.1:443"), FROM_NGINX, sockets=sockets)
    assert inner.port == 443


def test_no_socket_behind_a_program_is_guessed() -> None:
    two = BLOCK + BLOCK.replace("8443", "9443")
    sockets = (FRONT, INNER, replace(INNER, port=9443))
    assert not behind(two, FROM_NGINX, sockets=sockets), "either of them"
    assert not behind(BLOCK.replace("shop", "blog"), FROM_NGINX), "of another name"
    assert not behind(BLOCK, PAGE), "not known to come from nginx"
    assert not behind(BLOCK, FROM_NGINX, sockets=(replace(FRONT, process="docker-proxy"), INNER))
    assert not behind(BLOCK, FROM_NGINX, sockets=(FRONT,)), "nginx does not listen"
    assert not behind(BLOCK + NGINX_SITE, FROM_NGINX), "it is to have the port itself"
    assert not behind(BLOCK, FROM_NGINX, replace(APACHE, ports=(443,)))


def test_a_block_with_another_certificate_than_visitors_get_is_not_behind() -> None:
    """The program passes them on to another machine, and the block is left from before."""
    good = certificates.good()
    got = visit(replace(LEAF, sha256=hashlib.sha256(good.der).hexdigest()))
    before = (Listeners(sockets=(FRONT, INNER)), nginx_config(BLOCK), FROM_NGINX, got)
    other = certificates.leaf()
    assert seen(*before, files={"/etc/nginx/shop.pem": good.chain})
    assert not seen(*before, files={"/etc/nginx/shop.pem": other.chain})
    assert seen(*before), "the file cannot be read"
    plain = nginx_config(BLOCK.replace("8443 ssl", "8443"))
    assert seen(*before[:1], plain, *before[2:], files={"/etc/nginx/shop.pem": other.chain})


def test_the_client_of_a_tunnel_says_where_nginx_gets_visitors() -> None:
    client = TunnelClient(program="cloudflared", pid=5, host="localhost", port=8443)
    (inner,) = behind(BLOCK, client, PAGE, sockets=(INNER,))
    assert (inner.product, inner.port) == ("cloudflared", 8443)
    other = replace(client, names=("blog.example.com",))
    for wrong in (other, replace(client, host="192.0.2.7"), replace(client, port=3000)):
        assert not behind(BLOCK, wrong, PAGE, sockets=(INNER,))


NIC = Interface(name="eth0", up=True, addresses=("203.0.113.10",), default=(4,))
PLAIN = Listeners(sockets=(Listener(address="0.0.0.0", port=80, family=4, pid=9, process="nginx"),))
PLAIN_SITE = nginx_config("server { listen 80; server_name shop.example.com; }")


def test_another_machine_ends_tls_and_asks_over_http() -> None:
    edge = replace(PAGE, address="203.0.113.80")
    (inner,) = seen(NIC, PLAIN, PLAIN_SITE, edge)
    assert (inner.address, inner.port, inner.product) == ("203.0.113.10", 80, "proxy")


def test_no_other_machine_where_the_address_or_the_port_is_this_servers() -> None:
    edge = replace(PAGE, address="203.0.113.80")
    held = replace(PLAIN, sockets=(*PLAIN.sockets, replace(PLAIN.sockets[0], port=443)))
    other = nginx_config("server { listen 80; server_name blog.example.com; }")
    for before in (
        (NIC, PLAIN, PLAIN_SITE),
        (NIC, held, PLAIN_SITE, edge),
        (NIC, PLAIN, other, edge),
        (NIC, PLAIN, PLAIN_SITE, replace(edge, status=200)),
    ):
        assert not seen(*before)

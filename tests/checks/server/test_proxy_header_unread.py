"""server.proxy-header-unread: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit, Failure, Observation, Vantage
from diagnose.model.server import Interface
from diagnose.model.tcp import FrontConnection, ProxyHeaderRequest
from tests.support import haproxy_evidence
from tests.support.check_evidence import judge
from tests.support.firewall_rules import ADDRESS
from tests.support.front_evidence import EDGE, local
from tests.support.nginx_evidence import BUILD, HOST, RUNNING, SITE, config
from tests.support.tls_evidence import shake
from tests.support.web_server_evidence import APACHE, MODULES, apache_config

CHECK = "server.proxy-header-unread"
NIC = Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=(ADDRESS,))
CUT = shake(address=EDGE, failure=Failure("closed", "closed"))
LOGGED = ProxyHeaderRequest(
    vantage=Vantage.SERVER, file="/var/log/nginx/access.log", sender=EDGE, version=1,
    visitor="198.51.100.10", port=443, written="01/Dec/2026:18:38:53 +0000", times=2,
)  # fmt: skip
PASSED = FrontConnection(
    vantage=Vantage.SERVER, address=EDGE, port=443, own_address=ADDRESS, own_ports=(443,)
)
NGINX = (config(), BUILD, HOST, RUNNING)


def judged(*seen: Observation) -> list[Claim]:
    return judge(CHECK, NIC, CUT, local(), *seen, masked=False)


def added(claim: Claim) -> list[str]:
    assert claim.fix is not None
    edits = [step for step in claim.fix.steps if isinstance(step, Edit)]
    rows = [row for edit in edits for row in edit.diff.split("\n")[2:]]
    return [row[1:].strip() for row in rows if row.startswith("+")]


def test_fires_at_a_header_in_nginx_log() -> None:
    (claim,) = judged(LOGGED, *NGINX)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["visitor"] == "198.51.100.10"
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW
    lines = added(claim)
    assert "listen 443 ssl proxy_protocol;" in lines
    assert f"set_real_ip_from {EDGE};" in lines
    assert "real_ip_header proxy_protocol;" in lines


def test_fires_where_the_balancer_connects_and_nothing_is_logged() -> None:
    (claim,) = judged(PASSED, APACHE, apache_config(modules=(*MODULES, "remoteip")))
    assert claim.confidence is Confidence.LIKELY
    assert added(claim) == ["RemoteIPProxyProtocol On"]


def test_fires_where_nginx_answers_the_header_in_plain_http() -> None:
    plain = Failure("protocol", "wrong version number")
    shaken = shake(address=EDGE, failure=plain, received="HTTP/1.1 400 Bad Request")
    assert judge(CHECK, NIC, shaken, local(), LOGGED, *NGINX, masked=False)
    other = shake(address=EDGE, failure=plain, received="SSH-2.0-OpenSSH_9.2")
    assert not judge(CHECK, NIC, other, local(), LOGGED, *NGINX, masked=False)


def test_haproxy_asks_the_header_of_the_balancer_alone() -> None:
    (claim,) = judged(PASSED, haproxy_evidence.SERVER, haproxy_evidence.config())
    assert added(claim) == [f"tcp-request connection expect-proxy layer4 if {{ src {EDGE} }}"]


@pytest.mark.parametrize(
    "seen",
    [
        (),
        (replace(PASSED, own_ports=(80,)),),
        (replace(LOGGED, version=2, visitor="", sender="192.0.2.66"),),
        (LOGGED, config(SITE.replace("443 ssl", "443 ssl proxy_protocol"))),
        (LOGGED, shake(address=EDGE)),
    ],
    ids=["nothing arrives", "another port", "a scanner's bytes", "nginx reads it", "it works"],
)
def test_silent_without_proof(seen: tuple[Observation, ...]) -> None:
    assert not judged(*NGINX[1:], *seen)


def test_silent_where_the_server_fails_by_itself_or_the_address_is_its_own() -> None:
    down = local(status=None, failure=Failure("refused", "Connection refused"))
    assert not judge(CHECK, NIC, CUT, down, LOGGED, *NGINX)
    own = shake(failure=Failure("closed", "closed"))
    assert not judge(CHECK, NIC, own, local(), LOGGED, *NGINX)

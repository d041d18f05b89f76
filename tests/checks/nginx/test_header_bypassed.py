"""nginx.header-bypassed and nginx.proxy-protocol: a run on the server, past the balancer."""

import pytest

from diagnose.model import Claim, Edit, Failure, Severity, Vantage
from diagnose.model.dns import DnsAnswer, HostsEntry, Resolution
from diagnose.model.logs import LogLine
from diagnose.model.server import Interface
from diagnose.model.tls import Handshake
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, HOST, RUNNING, SITE, config

HERE, FRONT = "203.0.113.10", "203.0.113.80"
RESET = Failure("reset", "Connection reset by peer", 104, "ECONNRESET")
CUT = Handshake(address=HERE, port=443, failure=RESET)
EXPECTING = SITE.replace("443 ssl", "443 ssl proxy_protocol")
ASKING = EXPECTING.replace(
    "        proxy_set_header",
    "        auth_request /auth;\n        proxy_set_header",
).replace(
    "    location / {",
    "    location = /auth { proxy_pass https://shop.example.com/check; }\n    location / {",
)
READING = EXPECTING.replace("    location", "    real_ip_header proxy_protocol;\n    location", 1)


def claims(
    check: str, text: str, own: str = HERE, published: str = FRONT, client: str = ""
) -> list[Claim]:
    line = HostsEntry(
        file="/etc/hosts", line=4, text=f"{own} shop.example.com", address=own,
        names=("shop.example.com",), mine=True,
    )  # fmt: skip
    answer = DnsAnswer(
        name="shop.example.com", rdtype="A", server="198.51.100.1", rcode="NOERROR",
        records=(published,),
    )  # fmt: skip
    log = LogLine(
        vantage=Vantage.SERVER, file="/var/log/nginx/error.log", when=2.0e9, level="error", pid=7,
        text="x", written="", client=client, host="shop.example.com" if client else "",
    )  # fmt: skip
    return judge(
        check, config(text), BUILD, HOST, RUNNING, CUT, line, answer, log,
        Resolution(name="shop.example.com", family=4, addresses=(own,), via="system"),
        Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=(own,)),
        masked=False,
    )  # fmt: skip


def test_fires_with_the_question_that_goes_to_the_own_port() -> None:
    (claim,) = claims("nginx.header-bypassed", ASKING)
    assert claim.severity is None
    assert claim.facts["asked"] == "https://shop.example.com/check"
    assert claim.facts["fronts"] == (FRONT,)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-203.0.113.10 shop.example.com" in edit.diff
    assert not claims("nginx.proxy-protocol", ASKING)


def test_is_a_warning_where_nginx_asks_nothing() -> None:
    (claim,) = claims("nginx.header-bypassed", EXPECTING)
    assert claim.severity is Severity.WARNING


@pytest.mark.parametrize(("own", "published"), [(HERE, HERE), ("10.0.0.5", FRONT)])
def test_silent_where_no_machine_in_front_is_known(own: str, published: str) -> None:
    """DNS has the server's own address, or a router translates the public one."""
    assert not claims("nginx.header-bypassed", EXPECTING, own, published)
    assert claims("nginx.proxy-protocol", EXPECTING, own, published)


def test_a_private_server_that_reads_the_visitors_address_has_one() -> None:
    assert claims("nginx.header-bypassed", READING, "10.0.0.5")
    assert not claims("nginx.proxy-protocol", READING, "10.0.0.5")


def test_a_visitor_in_the_log_came_with_the_header() -> None:
    assert not claims("nginx.proxy-protocol", EXPECTING, HERE, HERE, client="198.51.100.7")
    assert claims("nginx.proxy-protocol", EXPECTING, HERE, HERE, client=HERE)

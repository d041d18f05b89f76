"""firewall.http3-closed: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Confidence, Severity
from diagnose.model.firewall import PortRange
from tests.checks.firewall.test_ufw_port_closed import ufw
from tests.support.check_evidence import judge
from tests.support.firewall_rules import HTTPS, SSH, both, firewalld, policies, remedy, server
from tests.support.nginx_evidence import config
from tests.support.page_errors import page

CHECK = "firewall.http3-closed"
UDP = PortRange(443, 443, "udp")
ANNOUNCED = replace(page(200), headers=(("Alt-Svc", 'h3=":443"; ma=86400'),))


def test_fires_where_the_zone_opens_tcp_alone() -> None:
    zones = both("public", SSH, HTTPS, interfaces=("eth0",))
    listens = config("server {\n listen 443 ssl;\n listen 443 quic;\n}\n")
    (claim,) = judge(CHECK, *server(*zones), ANNOUNCED, listens)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, None)
    assert remedy(claim) == [
        "firewall-cmd --zone=public --add-port=443/udp",
        "firewall-cmd --permanent --zone=public --add-port=443/udp",
    ]


def test_fires_where_ufw_allows_tcp_alone() -> None:
    rules = ("allow tcp 443 0.0.0.0/0 any 0.0.0.0/0 in",)
    observations = ufw(tuples=rules)
    (claim,) = judge(CHECK, *observations, ANNOUNCED)
    assert remedy(claim) == ["ufw allow 443/udp"]


def test_silent_where_udp_is_open_or_nothing_is_announced() -> None:
    zones = both("public", SSH, HTTPS, UDP, interfaces=("eth0",))
    assert not judge(CHECK, *server(*zones), ANNOUNCED)
    closed = both("public", SSH, HTTPS, interfaces=("eth0",))
    assert not judge(CHECK, *server(*closed), page(200))
    elsewhere = replace(ANNOUNCED, headers=(("Alt-Svc", 'h3="alt.example.com:443"'),))
    assert not judge(CHECK, *server(*closed), elsewhere)
    rule = ('rule family="ipv4" port port="443" protocol="udp" accept',)
    ruled = both("public", SSH, HTTPS, interfaces=("eth0",), rich_rules=rule)
    assert not judge(CHECK, *server(*ruled), ANNOUNCED)
    everybody = ("allow any 443 0.0.0.0/0 any 0.0.0.0/0 in",)
    assert not judge(CHECK, *ufw(tuples=everybody), ANNOUNCED)
    assert not judge(CHECK, firewalld(running=False), ANNOUNCED)


def test_fires_beside_the_rules_for_icmp_of_firewalld_itself() -> None:
    rules = ('rule family="ipv6" icmp-type name="redirect" accept',)
    own = policies("allow-host-ipv6", target="CONTINUE", rich_rules=rules)
    zones = both("public", SSH, HTTPS, interfaces=("eth0",))
    assert judge(CHECK, *server(*zones, *own), ANNOUNCED)
    opened = policies("quic", UDP, target="CONTINUE")
    assert not judge(CHECK, *server(*zones, *opened), ANNOUNCED)


def test_a_server_that_announces_it_by_itself_gets_a_note() -> None:
    zones = both("public", SSH, HTTPS, interfaces=("eth0",))
    (claim,) = judge(CHECK, *server(*zones), ANNOUNCED)
    assert claim.severity is Severity.NOTE


def test_silent_beside_a_page_that_fails_where_nobody_asked_for_http3() -> None:
    zones = both("public", SSH, HTTPS, interfaces=("eth0",))
    failed = replace(ANNOUNCED, status=502)
    assert judge(CHECK, *server(*zones), ANNOUNCED)
    assert not judge(CHECK, *server(*zones), failed)
    listens = config("server {\n listen 443 ssl;\n listen 443 quic;\n}\n")
    assert judge(CHECK, *server(*zones), failed, listens)

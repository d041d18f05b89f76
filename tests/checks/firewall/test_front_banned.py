"""firewall.front-banned: when it fires, and when it is silent."""

import pytest

from diagnose.model import Confidence, Observation, Severity, Vantage
from diagnose.model.visitor import ClosedRoute, ClosedRoutes, Jail, Jails
from diagnose.model.web_servers import ServerFile, WebServerConfig
from tests.support.check_evidence import judge
from tests.support.front_evidence import CLOUDFLARE, EDGE, behind, edge_handshake, edge_page, local
from tests.support.nginx_evidence import config
from tests.support.packets import DROP, commands, dport, field, nft, saved, undone

CHECK = "firewall.front-banned"
#: One of Cloudflare's own (parsers/cdn.py), and an address of nobody in front.
PULLS, SCANNER = "162.158.10.20", "192.0.2.66"
SILENT = edge_page(522, headers=CLOUDFLARE)


def banned(*addresses: str, port: object = 443, table: str = "inet f2b-table") -> Observation:
    sets = ({"name": "addr-set-bots", "type": "ipv4_addr", "elem": list(addresses)},)
    rule = [dport(port), field("ip", "saddr", "@addr-set-bots"), DROP]
    return nft(rule, table=table, sets=sets)


NEIGHBOUR_BANNED = behind(
    edge_page(504, headers=(("Server", "balancer"),)), edge_handshake(), local(),
    banned("203.0.113.81", table="ip crowdsec"),
)  # fmt: skip


def apache(text: str) -> WebServerConfig:
    file = ServerFile("/etc/apache2/apache2.conf", text)
    return WebServerConfig(vantage=Vantage.SERVER, product="apache", path=file.path, files=(file,))


def test_fires_at_a_ban_of_the_address_that_answers() -> None:
    jails = Jails(jails=(Jail("bots", (EDGE,)),))
    (claim,) = judge(CHECK, *behind(SILENT, local(), banned(EDGE), jails))
    assert claim.confidence is Confidence.LIKELY
    assert claim.severity in {None, Severity.ERROR}
    assert claim.facts["jails"] == ("bots",)
    assert commands(claim) == [
        f"fail2ban-client set bots addignoreip {EDGE}",
        f"fail2ban-client set bots unbanip {EDGE}",
    ]
    assert f"fail2ban-client set bots banip {EDGE}" in undone(claim)


def test_fires_at_a_ban_of_another_address_of_cloudflare() -> None:
    seen = behind(SILENT, local(), banned(SCANNER, PULLS))
    (claim,) = judge(CHECK, *seen, masked=False)  # A stand-in is none of Cloudflare's.
    assert claim.facts["addresses"] == (PULLS,)
    assert "162.158.0.0/15" in str(claim.facts["line"])


@pytest.mark.parametrize(
    "trust",
    [
        config("http { set_real_ip_from 198.51.100.7; set_real_ip_from 203.0.113.0/24; }"),
        apache("RemoteIPInternalProxy 203.0.113.81\n"),
    ],
    ids=["nginx", "apache"],
)
def test_fires_at_a_ban_of_another_machine_that_the_web_server_trusts(trust: Observation) -> None:
    (claim,) = judge(CHECK, *NEIGHBOUR_BANNED, trust, masked=False)  # Stand-ins are in no network.
    assert claim.facts["addresses"] == ("203.0.113.81",)
    assert claim.facts["line"] == "ignoreip = 127.0.0.1/8 ::1 203.0.113.81"


def test_silent_at_a_ban_of_a_neighbour_that_nobody_names() -> None:
    """It may be an attacker at the same hoster; and who trusts everybody names nobody."""
    assert not judge(CHECK, *NEIGHBOUR_BANNED, masked=False)
    everybody = config("http { set_real_ip_from 0.0.0.0/0; }")
    assert not judge(CHECK, *NEIGHBOUR_BANNED, everybody, masked=False)


def test_fires_at_a_rule_of_iptables_and_at_a_route() -> None:
    rule = saved(f"-A INPUT -s {EDGE}/32 -j DROP")
    (claim,) = judge(CHECK, *behind(SILENT, local(), rule))
    assert commands(claim)[0].startswith(f"iptables -D INPUT -s {EDGE}/32")
    route = ClosedRoutes(routes=(ClosedRoute("blackhole", EDGE),))
    (claim,) = judge(CHECK, *behind(SILENT, local(), banned(SCANNER), route))
    assert commands(claim) == [f"ip route del blackhole {EDGE}"]


@pytest.mark.parametrize(
    "rules",
    [
        banned(SCANNER),
        banned(EDGE, port=22),
        nft([dport(443), DROP]),
    ],
    ids=["somebody else", "another port", "everybody"],
)
def test_silent_where_the_front_is_not_shut_out_alone(rules: Observation) -> None:
    assert not judge(CHECK, *behind(SILENT, local(), rules))


def test_silent_where_the_page_or_the_server_tells_another_story() -> None:
    assert not judge(CHECK, *behind(edge_page(headers=CLOUDFLARE), local(), banned(EDGE)))
    assert not judge(CHECK, *behind(SILENT, local(status=502), banned(EDGE)))
    assert not judge(CHECK, *behind(SILENT, banned(EDGE)))


@pytest.mark.parametrize("status", [500, 520, 524, 525, 526, 530])
def test_silent_where_the_front_connects(status: int) -> None:
    assert not judge(CHECK, *behind(edge_page(status, headers=CLOUDFLARE), local(), banned(EDGE)))

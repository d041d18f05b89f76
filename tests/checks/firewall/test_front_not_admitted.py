"""firewall.front-not-admitted: when it fires, and when it is silent."""

from diagnose.model import Applicability, Claim, Confidence, Observation
from diagnose.parsers.cdn import CLOUDFLARE_NETWORKS
from tests.support.check_evidence import judge
from tests.support.front_evidence import CLOUDFLARE, EDGE, behind, edge_handshake, edge_page, local
from tests.support.packets import commands, saved

CHECK = "firewall.front-not-admitted"
SILENT = edge_page(522, headers=CLOUDFLARE)
BALANCER = (edge_page(504, headers=(("Server", "balancer"),)), edge_handshake())


def only(*networks: str, port: int = 443) -> Observation:
    """What iptables-save shows of a list for a port."""
    allowed = [f"-A INPUT -s {each} -p tcp -m tcp --dport {port} -j ACCEPT" for each in networks]
    return saved(*allowed, f"-A INPUT -p tcp -m tcp --dport {port} -j DROP")


def judged(*seen: Observation) -> list[Claim]:
    return judge(CHECK, *behind(*seen), masked=False)  # Stand-ins are in no network.


def test_fires_where_a_list_lacks_the_balancer() -> None:
    (claim,) = judged(*BALANCER, local(), only("192.0.2.0/24"))
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["networks"] == (EDGE,)
    assert claim.facts["sources"] == ("192.0.2.0/24",)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert any(f"-s {EDGE}" in command for command in commands(claim))


def test_names_the_networks_of_cloudflare_that_a_list_lacks() -> None:
    known = [each for each in CLOUDFLARE_NETWORKS if each != "162.158.0.0/15" and ":" not in each]
    (claim,) = judged(SILENT, local(), only(*known, EDGE))
    assert claim.facts["networks"] == ("162.158.0.0/15",)
    assert claim.confidence is Confidence.LIKELY


def test_fires_where_the_port_is_closed_to_all() -> None:
    (claim,) = judged(*BALANCER, local(), saved("-A INPUT -p tcp -m tcp --dport 443 -j DROP"))
    assert not claim.facts["sources"]


def test_silent_where_the_machine_is_let_in_or_may_come_from_within() -> None:
    assert not judged(*BALANCER, local(), only("203.0.113.0/24"))
    assert not judged(*BALANCER, local(), only("10.0.0.0/8"))
    assert not judged(*BALANCER, local(), only("192.0.2.0/24", port=22))
    # A ban of it alone is another matter (firewall.front-banned).
    assert not judged(*BALANCER, local(), saved(f"-A INPUT -s {EDGE}/32 -j DROP"))


def test_silent_where_the_page_or_the_server_tells_another_story() -> None:
    rules = only("192.0.2.0/24")
    assert not judged(edge_page(headers=CLOUDFLARE), local(), rules)
    assert not judged(SILENT, local(status=502), rules)
    assert not judged(edge_page(525, headers=CLOUDFLARE), local(), rules)

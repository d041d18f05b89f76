from diagnose.model import Applicability, Target
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.firewall_rules import (
    HTTP,
    HTTPS,
    SSH,
    both,
    connected,
    firewalld,
    host,
    listening,
    nic,
)
from tests.support.packets import (
    ACCEPT,
    answers,
    dport,
    nft,
)

OPEN_22 = [dport(22), ACCEPT]

ODD = Target("https://shop.example.com:8443/", "https", "shop.example.com", 8443)


def test_a_port_on_which_nothing_listens_is_not_opened() -> None:
    zones = both("public", SSH, HTTP, HTTPS, interfaces=("eth0",))
    observations = (
        host(),
        firewalld(),
        nic(),
        listening(80, 443),
        connected(port=8443, failure=TIMEOUT),
    )
    (claim,) = judge("firewall.port-closed", *observations, *zones, target=ODD)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert answers(claim) == [[]]
    dropped = nft(OPEN_22, [dport(443), ACCEPT], policy="drop")
    (claim,) = judge("firewall.ruleset-blocks", *observations, dropped, target=ODD)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_it_is_a_consequence_of_that_nothing_listens() -> None:
    from diagnose.checking.registry import load_check
    from diagnose.checking.root_cause import explains

    missing = load_check("listener.missing")
    for name in ("port-closed", "ruleset-blocks", "ufw-port-closed", "source-restricted"):
        assert explains(missing, load_check(f"firewall.{name}"))


def test_it_is_opened_where_nobody_knows_what_listens() -> None:
    zones = both("public", SSH, HTTP, interfaces=("eth0",))
    (claim,) = judge("firewall.port-closed", host(), firewalld(), nic(), connected(), *zones)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC

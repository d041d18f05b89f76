from diagnose.model import Severity
from tests.support.check_evidence import REFUSED, judge
from tests.support.firewall_rules import ADDRESS, connected, host, listening, nic
from tests.support.nat_rules import saved

CHECK = "firewall.forward-not-local"
REDIRECT = "-A PREROUTING -p tcp -m tcp --dport 443 -j REDIRECT --to-ports 8443\n"
FAILED = connected(failure=REFUSED)
SEEN = (host(), nic(), saved(REDIRECT), FAILED)


def test_fires_where_only_what_comes_in_is_redirected() -> None:
    (claim,) = judge(CHECK, *SEEN, listening(80, 8443))
    assert (claim.facts["to"], claim.facts["addresses"]) == (8443, (ADDRESS,))
    assert claim.severity in {None, Severity.NOTE}


def test_what_the_server_meets_itself_is_no_fault_then() -> None:
    for other in ("listener.missing", "tcp.refused"):
        assert not judge(other, *SEEN, listening(80, 8443))
        assert judge(other, *SEEN, listening(80))


def test_silent_where_nothing_listens_there_or_it_leads_away() -> None:
    assert not judge(CHECK, *SEEN, listening(80))
    assert not judge(CHECK, *SEEN, listening(8443, address="127.0.0.1"))
    assert not judge(CHECK, host(), nic(), saved(), FAILED, listening(80, 8443))


def test_silent_where_the_server_reaches_it_and_where_somebody_else_asks() -> None:
    assert not judge(CHECK, host(), nic(), saved(REDIRECT), connected(), listening(443, 8443))
    remote = (host("ssh"), nic(), saved(REDIRECT), FAILED, listening(80, 8443))
    assert not judge(CHECK, *remote)
    assert judge("listener.missing", *remote)

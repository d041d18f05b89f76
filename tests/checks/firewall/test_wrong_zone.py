from diagnose.model import Command
from tests.support.check_evidence import judge
from tests.support.firewall_rules import HTTP, HTTPS, SSH, both, server

DMZ = both("dmz", SSH, interfaces=("eth0",))


def test_fires_where_the_port_is_open_in_a_zone_that_nobody_enters() -> None:
    (claim,) = judge("firewall.wrong-zone", *server(*DMZ, *both("public", HTTP, HTTPS)))
    assert claim.facts["other"] == "public"
    assert claim.facts["interface"] == ("eth0",)
    assert claim.facts["ports"] == ("443/tcp", "80/tcp")
    assert claim.fix is not None
    first = claim.fix.steps[0]
    assert isinstance(first, Command)
    assert first.argv[:3] == ("firewall-cmd", "--permanent", "--zone=dmz")


def test_silent_where_no_other_zone_opens_it_on_purpose() -> None:
    trusted = both("trusted", target="ACCEPT")
    assert not judge("firewall.wrong-zone", *server(*DMZ, *both("public", SSH), *trusted))


def test_silent_where_only_the_redirect_is_open_elsewhere() -> None:
    assert not judge("firewall.wrong-zone", *server(*DMZ, *both("public", HTTP)))


def test_silent_where_the_zone_opens_it() -> None:
    zones = (*both("public", HTTP, HTTPS, interfaces=("eth0",)), *both("dmz", HTTPS))
    assert not judge("firewall.wrong-zone", *server(*zones))

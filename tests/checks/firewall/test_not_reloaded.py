from diagnose.model import Command
from diagnose.model.firewall import PortRange
from tests.support.check_evidence import judge
from tests.support.firewall_rules import HTTP, HTTPS, SSH, both, server, zone

NOW = zone("public", SSH, HTTP, interfaces=("eth0",))
LATER = zone("public", SSH, HTTP, HTTPS, permanent=True, interfaces=("eth0",))


def test_fires_where_the_files_open_what_the_running_firewall_does_not() -> None:
    (claim,) = judge("firewall.not-reloaded", *server(NOW, LATER))
    assert str(claim.about) == "public zone, eth0, 443/tcp"
    assert claim.fix is not None
    (reload,) = claim.fix.steps
    assert isinstance(reload, Command)
    assert reload.argv == ("firewall-cmd", "--reload")
    assert "--remove-service=https" in reload.undo


def test_fires_without_a_reload_where_one_would_lose_something() -> None:
    now = zone("public", SSH, HTTP, PortRange(9999, 9999, "tcp"), interfaces=("eth0",))
    (claim,) = judge("firewall.not-reloaded", *server(now, LATER))
    assert claim.fix is not None
    (step,) = claim.fix.steps
    assert isinstance(step, Command)
    assert step.argv == ("firewall-cmd", "--zone=public", "--add-service=https")
    assert step.undo == ("firewall-cmd", "--zone=public", "--remove-service=https")


def test_fires_where_the_interface_would_move_to_a_zone_that_opens_it() -> None:
    moved = (
        zone("dmz", SSH, interfaces=("eth0",)),
        zone("dmz", SSH, permanent=True),
        zone("public", HTTP, HTTPS),
        zone("public", HTTP, HTTPS, permanent=True, interfaces=("eth0",)),
    )
    (claim,) = judge("firewall.not-reloaded", *server(*moved))
    assert (claim.facts["zone"], claim.facts["later"]) == ("dmz", "public")


def test_silent_where_both_are_open_or_both_are_closed() -> None:
    assert not judge("firewall.not-reloaded", *server(*both("public", HTTP, HTTPS)))
    assert not judge("firewall.not-reloaded", *server(*both("public", SSH)))


def test_silent_where_the_files_were_not_read() -> None:
    assert not judge("firewall.not-reloaded", *server(NOW))

from diagnose.model import Command
from tests.support.check_evidence import judge
from tests.support.firewall_rules import HTTP, HTTPS, SSH, both, server, zone

LATER = zone("public", SSH, HTTP, permanent=True, interfaces=("eth0",))


def test_fires_where_the_files_do_not_open_what_is_open_now() -> None:
    now = zone("public", SSH, HTTP, HTTPS, interfaces=("eth0",))
    (claim,) = judge("firewall.not-permanent", *server(now, LATER))
    assert claim.facts["ports"] == ("443/tcp",)
    assert claim.fix is not None
    (step,) = claim.fix.steps
    assert isinstance(step, Command)
    words = ("firewall-cmd", "--permanent", "--zone=public")
    assert step.argv == (*words, "--add-service=https")
    assert step.undo == (*words, "--remove-service=https")


def test_fires_with_the_rich_rule_that_opens_it() -> None:
    rule = 'rule family="ipv4" service name="https" accept'
    now = zone("public", SSH, HTTP, interfaces=("eth0",), rich_rules=(rule,))
    (claim,) = judge("firewall.not-permanent", *server(now, LATER))
    assert claim.fix is not None
    (step,) = claim.fix.steps
    assert isinstance(step, Command)
    assert step.argv[-1] == f"--add-rich-rule={rule}"


def test_silent_where_both_are_alike() -> None:
    assert not judge("firewall.not-permanent", *server(*both("public", HTTP, HTTPS)))
    assert not judge("firewall.not-permanent", *server(*both("public", SSH)))


def test_silent_where_an_interface_is_bound_now_only() -> None:
    """So NetworkManager does it: the permanent configuration says nothing of the interface."""
    now = zone("web", HTTP, HTTPS, interfaces=("eth0",))
    later = zone("web", HTTP, HTTPS, permanent=True)
    assert not judge("firewall.not-permanent", *server(now, later, *both("public", SSH)))


def test_silent_where_the_files_were_not_read() -> None:
    assert not judge("firewall.not-permanent", *server(zone("public", HTTP, HTTPS)))

"""firewall.redirected-elsewhere: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Command, Confidence, Vantage
from diagnose.model.packet_paths import ForwardTarget
from tests.support.check_evidence import REFUSED, judge
from tests.support.firewall_rules import connected, host, listening, nic
from tests.support.nat_rules import saved
from tests.support.report_builder import ANSWER

CHECK = "firewall.redirected-elsewhere"
REDIRECT = "-A PREROUTING -p tcp -m multiport --dports 80,443 -j DNAT --to-destination 10.8.0.2\n"
SEEN = (host(), nic(), saved(REDIRECT), connected(failure=REFUSED), listening(22, process="sshd"))
OFF = ForwardTarget(
    vantage=Vantage.SERVER, address="10.8.0.2", port=443, is_reached=True, is_forwarding=False
)
LOST = replace(OFF, is_reached=False, is_forwarding=True)


def test_fires_where_the_kernel_passes_nothing_on() -> None:
    (claim,) = judge(CHECK, *SEEN, OFF)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix is not None
    step = claim.fix.steps[0]
    assert isinstance(step, Command)
    assert step.argv == ("sysctl", "-w", "net.ipv4.ip_forward=1")


def test_fires_where_the_machine_does_not_answer() -> None:
    (claim,) = judge(CHECK, *SEEN, LOST)
    assert claim.confidence is Confidence.LIKELY
    assert not claim.facts["off"]


def test_silent_where_the_redirect_works_and_nothing_else_speaks() -> None:
    """A VPS in front of a server at home: its own connections are not redirected."""
    assert not judge(CHECK, *SEEN, replace(OFF, is_forwarding=True))
    for other in ("listener.missing", "tcp.refused"):
        assert not judge(other, *SEEN, OFF)


def test_silent_for_another_redirect() -> None:
    assert not judge(CHECK, *SEEN, replace(LOST, address="10.8.0.9"))


def test_silent_where_visitors_get_the_site_another_way() -> None:
    """A tunnel leads to the site, and the rules are left from before."""
    assert not judge(CHECK, *SEEN, OFF, ANSWER)
    assert not judge(CHECK, *SEEN, LOST, ANSWER)
    assert judge(CHECK, *SEEN, OFF, replace(ANSWER, status=522))


def test_a_look_into_the_server_from_elsewhere_shows_the_same() -> None:
    remote = (host("ssh"), *SEEN[1:])
    assert judge(CHECK, *remote, LOST)
    assert not judge("listener.missing", *remote, LOST)

import pytest

from diagnose.model import Confidence, Failure, Manual, Observation, Vantage, Where
from diagnose.model.server import Interface
from tests.support.check_evidence import REFUSED, TIMEOUT, judge, texts
from tests.support.firewall_rules import listening
from tests.support.upstreams import PAGE, proxied, tried

CHECK = "upstream.unreachable"
TARGET = "http://203.0.113.77:3000"
NO_ROUTE = Failure("unreachable", "No route to host", 113, "EHOSTUNREACH")
END = {"host": "203.0.113.77"}


def test_fires_with_the_machine_s_own_words() -> None:
    observation = tried(TARGET, "203.0.113.77", failure=NO_ROUTE, **END)
    (claim,) = judge(CHECK, observation, PAGE, proxied(TARGET))
    assert claim.facts["code"] == 113
    assert claim.confidence is Confidence.CERTAIN


def test_fires_less_surely_where_nothing_comes_back() -> None:
    observation = tried(TARGET, "203.0.113.77", failure=TIMEOUT, took=4.0, **END)
    (claim,) = judge(CHECK, observation, PAGE, proxied(TARGET))
    assert claim.facts["timeout"]
    assert claim.confidence is Confidence.LIKELY


def test_fires_and_looks_at_home_where_this_server_forbids_it() -> None:
    own = Failure("denied", "Operation not permitted", 1, "EPERM")
    observation = tried(TARGET, "203.0.113.77", failure=own, **END)
    (claim,) = judge(CHECK, observation, PAGE, proxied(TARGET))
    assert claim.fix
    step = claim.fix.steps[0]
    assert isinstance(step, Manual)
    assert step.step == "let-it-out"


def test_fires_where_no_local_port_is_free() -> None:
    no_port = Failure("unreachable", "Cannot assign requested address", 99, "EADDRNOTAVAIL")
    observation = tried(TARGET, "203.0.113.77", failure=no_port, **END)
    (claim,) = judge(CHECK, observation, PAGE, proxied(TARGET))
    assert claim.facts["no_port"]
    assert claim.fix
    assert claim.fix.steps == (Manual("free-ports", Where.SERVER),)


def test_silent_when_it_refuses() -> None:
    observation = tried(TARGET, "203.0.113.77", failure=REFUSED, **END)
    assert not judge(CHECK, observation, PAGE, proxied(TARGET))


def test_silent_when_another_of_the_group_is_up() -> None:
    group = "upstream app { server 203.0.113.77:3000; server 127.0.0.1:3000; }\n"
    dead = tried("http://app", "203.0.113.77", failure=NO_ROUTE, **END)
    assert not judge(CHECK, dead, tried("http://app"), PAGE, proxied("http://app", group))


def test_silent_when_not_all_of_the_group_were_tried() -> None:
    group = "upstream app { server 203.0.113.77:3000; server 127.0.0.1:3000; }\n"
    dead = tried("http://app", "203.0.113.77", failure=NO_ROUTE, **END)
    assert not judge(CHECK, dead, PAGE, proxied("http://app", group))


OWN = Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=("203.0.113.77",))
ON_LOOPBACK = listening(3000, address="127.0.0.1", process="node")


@pytest.mark.parametrize(
    ("listeners", "words"),
    [(listening(443), "docker ps"), (ON_LOOPBACK, "127.0.0.1:3000")],
    ids=["no program", "on loopback alone"],
)
def test_no_firewall_is_opened_where_nothing_listens(listeners: Observation, words: str) -> None:
    """The address is this server's own."""
    observation = tried(TARGET, "203.0.113.77", failure=NO_ROUTE, **END)
    (claim,) = judge(CHECK, observation, PAGE, proxied(TARGET), OWN, listeners)
    assert claim.fix
    assert claim.fix.steps == (Manual("start-the-application", Where.SERVER),)
    assert any(words in text for text in texts(CHECK, claim))


@pytest.mark.parametrize(
    "observations",
    [(listening(443),), (OWN,), (OWN, listening(443, 3000))],
    ids=["another machine", "listeners not known", "a program listens"],
)
def test_the_firewall_stays_where_a_program_may_be_behind_it(
    observations: tuple[Observation, ...],
) -> None:
    observation = tried(TARGET, "203.0.113.77", failure=NO_ROUTE, **END)
    (claim,) = judge(CHECK, observation, PAGE, proxied(TARGET), *observations)
    assert claim.fix
    assert claim.fix.steps == (Manual("let-it-in", Where.SERVER),)

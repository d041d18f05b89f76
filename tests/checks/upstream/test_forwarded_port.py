from dataclasses import replace

from diagnose.model import Applicability, Confidence, Observation
from tests.checks.upstream.test_refused import DOWN
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.firewall_rules import ADDRESS, connected, host, listening, nic
from tests.support.nat_rules import saved
from tests.support.nginx_evidence import SITE, config

CHECK = "upstream.forwarded-port"
ASKED = replace(DOWN, target=f"http://{ADDRESS}:8090", host=ADDRESS, address=ADDRESS, port=8090)
CONFIG = config(SITE.replace("127.0.0.1:3000", f"{ADDRESS}:8090"))
ELSEWHERE = "-A PREROUTING -p tcp -m tcp --dport 8090 -j DNAT --to-destination 203.0.113.20:9090\n"
TO_ITSELF = "-A PREROUTING -p tcp -m tcp --dport 8090 -j REDIRECT --to-ports 9090\n"


def machine(*more: Observation, nat: str = ELSEWHERE) -> tuple[Observation, ...]:
    return (host(), nic(), connected(), saved(nat), CONFIG, listening(80, 443), *more)


def test_fires_for_a_forward_to_another_machine() -> None:
    """Issue 10090 of 1Panel-dev/1Panel."""
    (claim,) = judge(CHECK, ASKED, *machine())
    assert (claim.confidence, claim.facts["to"]) == (Confidence.LIKELY, "203.0.113.20:9090")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "proxy_pass http://203.0.113.20:9090;" in str(claim.fix.steps[0])


def test_fires_for_a_redirect_on_the_same_machine() -> None:
    """Tomcat without root: 80 or 8090 is redirected to the port that it has."""
    (claim,) = judge(CHECK, ASKED, *machine(listening(9090, process="java"), nat=TO_ITSELF))
    assert (claim.confidence, claim.facts["program"]) == (Confidence.CERTAIN, "java")
    assert claim.facts["to"] == f"{ADDRESS}:9090"


def test_fires_for_the_loopback_address() -> None:
    loopback = replace(DOWN, target="http://127.0.0.1:8090", port=8090)
    config_of_loopback = config(SITE.replace("127.0.0.1:3000", "127.0.0.1:8090"))
    observations = [one for one in machine() if one is not CONFIG]
    assert judge(CHECK, loopback, config_of_loopback, *observations)


def test_silent_without_a_forward_of_this_port() -> None:
    assert not judge(CHECK, ASKED, *machine(nat=""))
    assert not judge(CHECK, ASKED, *machine(nat=ELSEWHERE.replace("8090", "8091")))


def test_silent_where_something_listens_or_nothing_is_refused() -> None:
    assert not judge(CHECK, ASKED, *machine(listening(8090, process="node")))
    assert not judge(CHECK, replace(ASKED, failure=TIMEOUT), *machine())
    assert not judge(CHECK, replace(ASKED, failure=None), *machine())


def test_silent_for_another_machine() -> None:
    other = replace(ASKED, target="http://203.0.113.30:8090", host="203.0.113.30", address="")
    text = config(SITE.replace("127.0.0.1:3000", "203.0.113.30:8090"))
    observations = [one for one in machine() if one is not CONFIG]
    assert not judge(CHECK, other, text, *observations)

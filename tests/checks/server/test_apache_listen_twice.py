from dataclasses import replace

from diagnose.model import Applicability, Confidence, Edit
from diagnose.model.server import Listeners
from tests.support.check_evidence import judge
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

CHECK = "server.apache-listen-twice"
STOPPED = replace(APACHE, pid=None, ports=())
NOBODY = Listeners(sockets=())
TWICE = apache_config(f"Listen 0.0.0.0:443\n{HTTPS}")


def test_fires_and_takes_the_second_line_away() -> None:
    (claim,) = judge(CHECK, STOPPED, TWICE, NOBODY)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert isinstance(claim.fix.steps[0], Edit)
    assert "-Listen 0.0.0.0:443\n" in claim.fix.steps[0].diff
    told = replace(STOPPED, complaint="(98)Address already in use: AH00072: make_sock: could not")
    (claim,) = judge(CHECK, told, TWICE, NOBODY)
    assert claim.confidence is Confidence.CERTAIN


def test_silent_when_it_runs_or_the_addresses_differ() -> None:
    assert not judge(CHECK, APACHE, TWICE, LISTENING)
    assert not judge(CHECK, STOPPED, apache_config(), NOBODY)
    apart = apache_config(f"Listen 192.0.2.1:8443\nListen 192.0.2.2:8443\n{HTTPS}")
    assert not judge(CHECK, STOPPED, apart, NOBODY)

from dataclasses import replace

from diagnose.model import Applicability, Failure
from diagnose.model.files import NginxStart
from diagnose.model.server import Listener, Listeners
from diagnose.model.tls import Handshake
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, RUNNING, STOPPED, SYSTEMD, config

CHECK = "listener.socket-unit"
START = NginxStart(unit="nginx.service", state="failed", socket="web.socket")
HELD = Listener(address="::", port=443, family=6, dual=True, pid=1, process="systemd")
CLOSED = Handshake(address="203.0.113.10", port=443, failure=Failure("closed", "closed"))
REST = (config(), BUILD, SYSTEMD)


def test_fires_and_asks_before_it_takes_the_port_away() -> None:
    (claim,) = judge(CHECK, STOPPED, START, Listeners(sockets=(HELD,)), CLOSED, *REST)
    assert claim.facts["unit"] == "web.socket"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_silent_where_what_it_starts_serves_the_site() -> None:
    fine = replace(CLOSED, failure=None)
    assert not judge(CHECK, STOPPED, START, Listeners(sockets=(HELD,)), fine, *REST)
    assert not judge(CHECK, STOPPED, START, Listeners(sockets=(HELD,)), *REST)


def test_silent_where_nginx_runs_or_another_program_has_the_port() -> None:
    assert not judge(CHECK, RUNNING, START, Listeners(sockets=(HELD,)), CLOSED, *REST)
    other = replace(HELD, process="caddy", pid=9)
    assert not judge(CHECK, STOPPED, START, Listeners(sockets=(other,)), CLOSED, *REST)

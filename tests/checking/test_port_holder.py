from dataclasses import replace

from diagnose.checking.port_holder import other_program
from diagnose.model import Observation, Vantage
from diagnose.model.nginx import NginxProcess, NginxState
from diagnose.model.server import Listener, Listeners
from tests.support.check_evidence import evidence
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, WEB

HELD = Listeners(vantage=Vantage.SERVER, sockets=(WEB,))


def name_of(*observations: Observation) -> str:
    return other_program(evidence(*observations))


def held_by(*names: str | None) -> Listeners:
    sockets: tuple[Listener, ...] = tuple(replace(WEB, process=name) for name in names)
    return replace(HELD, sockets=sockets)


def test_a_web_server_by_its_title_and_any_program_by_its_name() -> None:
    assert name_of(HELD, APACHE) == "Apache"
    assert name_of(held_by("node")) == "node"
    assert name_of(held_by("node"), NginxState(installed=True)) == "node"


def test_nothing_where_nginx_may_answer_or_nobody_knows() -> None:
    assert not name_of(held_by("nginx"))
    assert not name_of(held_by("docker-proxy"))
    assert not name_of(held_by("node", "nginx"))
    assert not name_of(held_by(None))
    assert not name_of(replace(HELD, sockets=(replace(WEB, port=8443),)))
    assert not name_of(ANSWER)
    running = NginxState(installed=True, masters=(NginxProcess(pid=1, binary="/usr/sbin/nginx"),))
    assert not name_of(held_by("haproxy"), running)

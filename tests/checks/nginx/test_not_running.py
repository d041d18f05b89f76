from diagnose.model import Command
from diagnose.model.nginx import NginxProcess, NginxState
from diagnose.model.server import Listener, Listeners
from diagnose.model.tcp import Connection
from tests.saying import REFUSED, judge
from tests.serving import BUILD, HOST, RUNNING, STOPPED, SYSTEMD, config, nginx_says

NOTHING = Listeners()


def test_fires_when_no_master_runs_and_the_port_is_configured() -> None:
    (claim,) = judge("nginx.not-running", STOPPED, config(), BUILD, HOST, NOTHING, nginx_says())
    assert claim.fix
    assert claim.fix.steps[1] == Command(("nginx",), undo=("nginx", "-s", "stop"))


def test_fires_and_lets_systemd_start_it() -> None:
    (claim,) = judge("nginx.not-running", STOPPED, config(), BUILD, SYSTEMD)
    assert claim.fix
    assert isinstance(claim.fix.steps[1], Command)
    assert claim.fix.steps[1].argv == ("systemctl", "start", "nginx")


def test_fires_beside_a_containers_only_where_the_port_refuses() -> None:
    inside = NginxState(
        installed=True, masters=(NginxProcess(pid=9, binary="/usr/sbin/nginx", foreign=True),)
    )
    refused = Connection(address="203.0.113.10", port=443, family=4, failure=REFUSED)
    assert judge("nginx.not-running", inside, config(), NOTHING, refused)
    assert not judge("nginx.not-running", inside, config(), NOTHING)


def test_silent_when_it_runs() -> None:
    assert not judge("nginx.not-running", RUNNING, config())


def test_silent_when_another_program_serves_the_port() -> None:
    caddy = Listener(address="::", port=443, family=6, process="caddy")
    assert not judge("nginx.not-running", STOPPED, config(), Listeners(sockets=(caddy,)))
    open_port = Connection(address="203.0.113.10", port=443, family=4)
    assert not judge("nginx.not-running", STOPPED, config(), open_port)


def test_silent_when_the_port_is_none_of_nginxs() -> None:
    assert not judge("nginx.not-running", STOPPED, config("server { listen 80; }\n"))

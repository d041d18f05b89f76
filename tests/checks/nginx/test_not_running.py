from typing import Any

from diagnose.model import Applicability, Command, Observation, commands
from diagnose.model.files import NginxStart
from diagnose.model.kernel import Boot
from diagnose.model.nginx import NginxProcess, NginxState
from diagnose.model.nginx import TestMessage as Message
from diagnose.model.server import Listener, Listeners
from diagnose.model.tcp import Connection
from diagnose.model.web_servers import SiteRoute, SiteSocket, WebServer, WebServerConfig, WebSite
from tests.support.check_evidence import REFUSED, judge
from tests.support.nginx_evidence import BUILD, HOST, RUNNING, STOPPED, SYSTEMD, config, nginx_says

NOTHING = Listeners()


def test_fires_when_no_master_runs_and_the_port_is_configured() -> None:
    (claim,) = judge("nginx.not-running", STOPPED, config(), BUILD, HOST, NOTHING, nginx_says())
    assert claim.fix
    assert claim.fix.steps[1] == commands.start_nginx(("nginx",))


def test_fires_and_lets_systemd_start_it() -> None:
    (claim,) = judge("nginx.not-running", STOPPED, config(), BUILD, SYSTEMD)
    assert claim.fix
    assert isinstance(claim.fix.steps[1], Command)
    assert claim.fix.steps[1].argv == ("systemctl", "start", "nginx")


def test_fires_and_unmasks_the_service_after_a_question() -> None:
    boot = Boot(manager="systemd", service="nginx.service", state="masked")
    (claim,) = judge("nginx.not-running", STOPPED, config(), BUILD, SYSTEMD, boot)
    assert claim.facts["masked"] == "nginx.service"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert claim.fix.steps[1] == commands.unmask_service("nginx.service", False)


def test_fires_beside_a_containers_only_where_the_port_refuses() -> None:
    inside = NginxState(
        installed=True, masters=(NginxProcess(pid=9, binary="/usr/sbin/nginx", foreign=True),)
    )
    refused = Connection(address="203.0.113.10", port=443, family=4, failure=REFUSED)
    assert judge("nginx.not-running", inside, config(), NOTHING, refused)
    assert not judge("nginx.not-running", inside, config(), NOTHING)


def test_fires_and_names_the_program_that_has_a_port_of_nginxs() -> None:
    apache = Listener(address="0.0.0.0", port=80, family=4, process="apache2")
    both = config("server { listen 80; listen 443 ssl; }\n")
    (claim,) = judge("nginx.not-running", STOPPED, both, BUILD, Listeners(sockets=(apache,)))
    assert (claim.facts["holder"], claim.facts["taken"]) == ("apache2", 80)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_when_it_runs() -> None:
    assert not judge("nginx.not-running", RUNNING, config())


def test_silent_when_another_program_serves_the_port() -> None:
    caddy = Listener(address="::", port=443, family=6, process="caddy")
    assert not judge("nginx.not-running", STOPPED, config(), Listeners(sockets=(caddy,)))
    open_port = Connection(address="203.0.113.10", port=443, family=4)
    assert not judge("nginx.not-running", STOPPED, config(), open_port)


def test_silent_when_the_port_is_none_of_nginxs() -> None:
    assert not judge("nginx.not-running", STOPPED, config("server { listen 80; }\n"))


def ended(**what: Any) -> NginxStart:
    known = {"unit": "nginx.service", "state": "failed", "source": "journalctl -u nginx"}
    return NginxStart(**(known | what))


def steps(*observations: Observation) -> list[tuple[str, ...]]:
    (claim,) = judge("nginx.not-running", STOPPED, config(), BUILD, SYSTEMD, *observations)
    assert claim.fix
    return [step.argv for step in claim.fix.steps if isinstance(step, Command)][1:]


def test_fires_and_says_how_its_service_ended() -> None:
    line = "nginx.service: Main process exited, code=killed, status=9/KILL"
    start = ended(result="signal", line=line, since="Wed 2026-11-25 17:36:53 UTC")
    (claim,) = judge("nginx.not-running", STOPPED, config(), BUILD, SYSTEMD, start)
    assert claim.facts["killed"]
    assert claim.facts["line"] == line
    assert start in claim.because


def test_fires_and_says_that_a_name_was_not_known_at_boot() -> None:
    """https://github.com/mempool/mempool/issues/1452"""
    text = 'host not found in upstream "mempool.space" in /etc/nginx/snippets/mempool.conf:49'
    start = ended(messages=(Message("emerg", text),))
    (claim,) = judge("nginx.not-running", STOPPED, config(), BUILD, SYSTEMD, nginx_says(), start)
    assert (claim.facts["message"], claim.facts["network"]) == (text, True)
    denied = ended(messages=(Message("emerg", 'open() "/x" failed (13: Permission denied)'),))
    (claim,) = judge("nginx.not-running", STOPPED, config(), BUILD, SYSTEMD, nginx_says(), denied)
    assert not claim.facts["network"]


def test_fires_and_has_systemd_forget_starts_in_vain() -> None:
    assert steps(ended(result="exit-code", limited=True)) == [
        ("systemctl", "reset-failed", "nginx"),
        ("systemctl", "start", "nginx"),
    ]


def test_fires_and_leaves_what_runs_before_nginx_to_a_person() -> None:
    start = ended(result="exit-code", step="/usr/bin/test -e /srv/data")
    (claim,) = judge("nginx.not-running", STOPPED, config(), BUILD, SYSTEMD, start)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert claim.facts["step"] == "/usr/bin/test -e /srv/data"


def test_fires_and_starts_the_service_that_starts_this_program() -> None:
    """By its own name; anew where a script's service counts as running; and where there is none the
    program itself."""
    assert steps(ended(unit="openresty.service")) == [("systemctl", "start", "openresty")]
    assert steps(ended(state="active")) == [("systemctl", "restart", "nginx")]
    assert steps(ended(unit="", state="inactive")) == [("nginx",)]


def test_fires_behind_haproxy_that_passes_the_site_on() -> None:
    inner = config("server { listen 127.0.0.1:8080; server_name shop.example.com; }\n")
    haproxy = WebServer(product="haproxy", pid=7, ports=(80, 443))
    front = Listener(address="0.0.0.0", port=443, family=4, process="haproxy")
    site = WebSite(
        names=(), sockets=(SiteSocket(port=443),),
        routes=(SiteRoute(path="/", target="127.0.0.1:8080", host="127.0.0.1", port=8080),),
    )  # fmt: skip
    passed_on = WebServerConfig(product="haproxy", path="/h.cfg", sites=(site,))
    seen = (STOPPED, inner, BUILD, HOST, haproxy, passed_on, Listeners(sockets=(front,)))
    (claim,) = judge("nginx.not-running", *seen)
    assert (claim.facts["front"], claim.facts["port"]) == ("HAProxy", 8080)
    open_there = Listener(address="127.0.0.1", port=8080, family=4, process="node")
    assert not judge("nginx.not-running", *seen[:-1], Listeners(sockets=(front, open_there)))

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Command, Confidence, Manual, Where
from diagnose.model.files import PathComponent, StartFileAccess
from diagnose.model.logs import ServerStartError
from diagnose.model.nginx import NginxState
from diagnose.model.server import Listener, Listeners
from diagnose.model.tcp import Connection
from diagnose.model.web_servers import WebServerTest
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import config
from tests.support.web_server_evidence import APACHE, LISTENING, apache_config

CHECK = "server.not-running"
STOPPED = replace(APACHE, pid=None, ports=(), state="failed", complaint="AH00526: Syntax error")
NOBODY = Listeners()


def test_fires_when_nobody_has_the_port_of_its_configuration() -> None:
    (claim,) = judge(CHECK, STOPPED, apache_config(), NOBODY)
    assert claim.facts["complaint"] == STOPPED.complaint
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_with_the_line_of_its_own_log_and_no_start_that_fails_again() -> None:
    silent = replace(STOPPED, complaint="", state="")
    line = "AH02572: Failed to configure at least one certificate and key for shop.example.com:443"
    error = ServerStartError(product="apache", log="/var/log/apache2/error.log", message=line)
    (claim,) = judge(CHECK, silent, apache_config(), NOBODY, error)
    assert claim.facts["logged"] == line
    assert claim.facts["no_certificate"] is True
    assert claim.facts["again"] is True
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_with_care_beside_an_nginx_that_may_be_meant() -> None:
    other = replace(STOPPED, enabled=False)
    (claim,) = judge(CHECK, other, apache_config(), NOBODY, NginxState(installed=True))
    assert claim.confidence is Confidence.POSSIBLE


def test_fires_for_review_if_it_would_not_start() -> None:
    failed = WebServerTest(product="apache", passed=False, message="x")
    (claim,) = judge(CHECK, STOPPED, apache_config(), NOBODY, failed)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_for_review_if_systemd_may_not_start_it() -> None:
    masked = replace(STOPPED, state="inactive", complaint="", file_state="masked")
    (claim,) = judge(CHECK, masked, apache_config(), NOBODY)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    unmask, *_ = claim.fix.steps
    assert isinstance(unmask, Command)
    assert unmask.argv == ("systemctl", "unmask", "apache2")


@pytest.mark.parametrize(
    "complaint",
    [
        "loading certificates: open /root/shop.pem: permission denied",
        "[haproxy.main()] Cannot chroot(/var/lib/jail).",
        "AH00072: make_sock: could not bind to address 0.0.0.0:443",
    ],
)
def test_fires_with_a_step_for_what_another_start_meets_again(complaint: str) -> None:
    (claim,) = judge(CHECK, replace(STOPPED, complaint=complaint), apache_config(), NOBODY)
    assert claim.facts["again"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize("observation", [LISTENING, NOBODY])
def test_silent_when_it_runs_or_somebody_answers(observation: Listeners) -> None:
    assert not judge(CHECK, APACHE, apache_config(), observation)
    answered = Connection(address="203.0.113.10", port=443, family=4)
    assert not judge(CHECK, STOPPED, apache_config(), NOBODY, answered)
    assert not judge(CHECK, STOPPED, apache_config(modules=()), NOBODY), "it has no port 443"


# Another program has a port that it needs

NGINX_80 = Listeners(
    sockets=(Listener(address="0.0.0.0", port=80, family=4, pid=7, process="nginx"),)
)
STOPPED_QUIETLY = replace(STOPPED, state="", complaint="", enabled=False)


def test_fires_and_names_the_program_on_another_of_its_ports() -> None:
    (claim,) = judge(CHECK, STOPPED, apache_config(), NGINX_80)
    assert (claim.facts["holder"], claim.facts["held"]) == ("nginx", 80)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert claim.fix.steps[0] == Manual("free-the-port", Where.SERVER)


@pytest.mark.parametrize(
    "complaint",
    [
        "listening on :88: listen tcp :88: bind: address already in use",
        "listening on tcp4/0.0.0.0:88: listen tcp4 0.0.0.0:88: bind: address already in use",
        "cannot bind socket (Address already in use) for [0.0.0.0:88]",
        "AH00072: make_sock: could not bind to address [::]:88",
    ],
)
def test_fires_with_the_holder_of_the_port_that_the_journal_names(complaint: str) -> None:
    sockets = tuple(replace(socket, port=88) for socket in NGINX_80.sockets)
    stopped = replace(STOPPED, complaint=complaint)
    (claim,) = judge(CHECK, stopped, apache_config(), Listeners(sockets=sockets))
    assert claim.facts["held"] == 88


def test_fires_for_certain_beside_an_nginx_that_lacks_the_site() -> None:
    nginx = NginxState(installed=True)
    default = config("server { listen 80; server_name _; }")
    (claim,) = judge(CHECK, STOPPED_QUIETLY, apache_config(), NGINX_80, nginx, default)
    assert claim.confidence is Confidence.CERTAIN
    own = config("server { listen 443 ssl; server_name shop.example.com; }")
    (claim,) = judge(CHECK, STOPPED_QUIETLY, apache_config(), NGINX_80, nginx, own)
    assert claim.confidence is Confidence.POSSIBLE


def test_fires_and_starts_no_caddy_as_root_unread() -> None:
    stopped = replace(CADDY, pid=None, ports=(), unit="", state="")
    by_hand = replace(stopped, start=("caddy", "start"), stop=("caddy", "stop"))
    for server, expected in ((stopped, Applicability.AUTOMATIC), (by_hand, Applicability.REVIEW)):
        (claim,) = judge(CHECK, server, caddy_config(), NOBODY)
        assert claim.facts["as_root"] is (expected is Applicability.REVIEW)
        assert claim.fix
        assert claim.fix.applicability is expected


def test_it_is_started_as_the_user_of_its_unit() -> None:
    """Where systemd does not run, and that user may read its files."""
    stopped = replace(CADDY, pid=None, ports=(), unit="", start=("sh", "-c", "caddy start"))
    part = PathComponent(
        path="/k", uid=0, user="root", gid=0, group="root", mode=0o644, folder=False
    )
    access = StartFileAccess(path="/k", uid=9, user="caddy", gids=(9,), parts=(part,))
    (claim,) = judge(CHECK, stopped, caddy_config(), NOBODY, access)
    assert claim.fix
    last = claim.fix.steps[-1]
    assert isinstance(last, Command)
    assert last.argv[:2] == ("setpriv", "--reuid=caddy")
    assert claim.facts["as_root"] is False
    closed = replace(access, parts=(replace(part, mode=0o600),))
    by_root = replace(stopped, start=("caddy", "start"))
    (claim,) = judge(CHECK, by_root, caddy_config(), NOBODY, closed)
    assert claim.facts["as_root"] is True

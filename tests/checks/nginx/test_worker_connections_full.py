"""nginx.worker-connections-full: when it fires, and when it is silent."""

from diagnose.model import Applicability, Confidence, Failure
from diagnose.model.resources import FileUser, OpenDescriptors
from diagnose.model.tls import Handshake
from tests.checks.nginx.test_connection_limit import FULL, config, line
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING

CHECK = "nginx.worker-connections-full"
CLOSED = Handshake(address="203.0.113.10", port=443, failure=Failure("closed", "closed"))


def opened(*sockets: int, port: int = 443, name: str = "nginx") -> OpenDescriptors:
    users = tuple(FileUser(9 + n, name, count + 9, count, 1024) for n, count in enumerate(sockets))
    return OpenDescriptors(port=port, users=users)


def test_fires_when_nginx_closes_handshakes_to_make_room() -> None:
    (claim,) = judge(CHECK, RUNNING, config(), CLOSED, opened(760))
    assert (claim.facts["most"], claim.confidence) == (760, Confidence.LIKELY)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_silent_while_there_is_room() -> None:
    assert not judge(CHECK, RUNNING, config(), CLOSED, opened(400, 400))


def test_the_channels_between_workers_are_no_connections() -> None:
    assert not judge(CHECK, RUNNING, config(), CLOSED, opened(*[740] * 33))


def test_silent_when_nobody_is_closed_out() -> None:
    good = Handshake(address="203.0.113.10", port=443)
    assert not judge(CHECK, RUNNING, config(), good, opened(760))


def test_silent_when_the_log_says_so_itself() -> None:
    assert not judge(CHECK, RUNNING, config(), CLOSED, opened(760), line(FULL))


def test_silent_about_another_program_and_another_port() -> None:
    assert not judge(CHECK, RUNNING, config(), CLOSED, opened(760, name="haproxy"))
    assert not judge(CHECK, RUNNING, config(), CLOSED, opened(760, port=8443))

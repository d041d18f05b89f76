"""listener.two-nginx: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Failure, Severity, Vantage
from diagnose.model.nginx import NginxProcess, NginxState
from diagnose.model.server import Listener, Listeners, PidFile
from diagnose.model.tls import Handshake
from tests.support.check_evidence import judge, texts

CHECK = "listener.two-nginx"
OLD = NginxProcess(pid=7, binary="/usr/sbin/nginx", config="/etc/nginx/nginx.conf", started=1.0)
NEW = replace(OLD, pid=9, started=2.0)
FILE = PidFile(vantage=Vantage.SERVER, path="/run/nginx.pid", pid=9)


def state(*masters: NginxProcess) -> NginxState:
    return NginxState(vantage=Vantage.SERVER, installed=True, masters=masters)


def listening(*pids: int, addresses: tuple[str, ...] = ("0.0.0.0", "0.0.0.0")) -> Listeners:
    sockets = tuple(
        Listener(
            vantage=Vantage.SERVER, address=address, port=443, family=4, pid=pid, process="nginx"
        )
        for pid, address in zip(pids, addresses, strict=True)
    )
    return Listeners(vantage=Vantage.SERVER, sockets=sockets)


def test_fires_and_ends_the_one_that_the_pid_file_does_not_name() -> None:
    (claim,) = judge(CHECK, state(NEW, OLD), listening(9, 7), FILE)
    assert claim.severity is None
    assert claim.facts["named"] == 9
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL
    steps = "".join(texts(CHECK, claim))
    assert "`kill -QUIT 7`" in steps
    assert "`echo 9 > /run/nginx.pid`" in steps


def test_it_is_an_error_where_a_visitor_got_an_old_certificate() -> None:
    failure = Failure("certificate", "certificate has expired")
    refused = Handshake(
        address="203.0.113.10", port=443, server_name="shop.example.com", failure=failure
    )
    (claim,) = judge(CHECK, state(NEW, OLD), listening(9, 7), FILE, refused)
    assert claim.severity is Severity.ERROR


def test_nobody_knows_which_one_to_end() -> None:
    for masters, file in (
        ((NEW, OLD), replace(FILE, pid=None)),
        ((NEW, replace(OLD, config="/usr/local/nginx/conf/nginx.conf")), FILE),
        ((NEW, replace(OLD, foreign=True)), FILE),
    ):
        (claim,) = judge(CHECK, state(*masters), listening(9, 7), file)
        assert not claim.facts["others"]
        assert "`kill -QUIT 7`" not in "".join(texts(CHECK, claim))


def test_silent_on_one_master_and_on_what_is_shared_or_apart() -> None:
    assert not judge(CHECK, state(NEW), listening(9, 9), FILE)
    # An upgrade of the program: one socket that both inherited.
    assert not judge(CHECK, state(NEW, OLD), listening(7, addresses=("0.0.0.0",)), FILE)
    apart = ("203.0.113.10", "203.0.113.11")
    assert not judge(CHECK, state(NEW, OLD), listening(9, 7, addresses=apart), FILE)
    # Another program beside nginx is another fault.
    assert not judge(CHECK, state(NEW), listening(9, 7), FILE)

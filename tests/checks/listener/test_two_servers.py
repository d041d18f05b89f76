"""listener.two-servers: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Severity
from diagnose.model.server import Listener, Listeners
from diagnose.model.web_servers import ServerFile
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

CHECK = "listener.two-servers"
OLD = replace(SERVER, pid=100, started=1000.0, loaded=1000.0, unit="")
NEW = replace(SERVER, pid=200, started=5000.0, loaded=5000.0, unit="haproxy")


def sockets(*pids: int, address: str = "0.0.0.0") -> Listeners:
    return Listeners(
        sockets=tuple(
            Listener(address=address, port=443, family=4, pid=pid, process="haproxy")
            for pid in pids
        )
    )


def changed(when: float) -> Any:
    own = config(TEXT)
    return replace(
        own,
        files=tuple(
            replace(file, changed=when) for file in own.files if isinstance(file, ServerFile)
        ),
    )


def test_fires_the_older_one_is_ended() -> None:
    (claim,) = judge(CHECK, OLD, NEW, sockets(100, 201), changed(3000.0), page(404), masked=False)
    assert (claim.facts["older"], claim.facts["ending"]) == (100, 100)
    assert claim.severity is Severity.ERROR
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "USR1" in str(claim.fix.steps[0])


def test_the_one_without_a_service_is_ended() -> None:
    older, newer = replace(OLD, unit="haproxy"), replace(NEW, unit="")
    (claim,) = judge(CHECK, older, newer, sockets(100, 201), changed(3000.0), masked=False)
    assert claim.facts["ending"] == 200
    assert claim.severity is None
    assert "reload" in str(claim.fix)


def test_another_file() -> None:
    newer = replace(NEW, config="/etc/haproxy/new.cfg")
    (claim,) = judge(CHECK, OLD, newer, sockets(101, 201), page(200), masked=False)
    assert claim.facts["newer_config"] == "/etc/haproxy/new.cfg"


@pytest.mark.parametrize(
    "seen",
    [
        (OLD, sockets(100, 101), changed(3000.0)),
        (OLD, NEW, sockets(100, 201), changed(500.0)),
        (OLD, NEW, sockets(100, 201), changed(9000.0)),
        (OLD, replace(NEW, ports=(8443,)), sockets(100, 201), changed(3000.0)),
        (OLD, replace(NEW, container="lb"), sockets(100, 201), changed(3000.0)),
        (OLD, NEW, sockets(201), changed(3000.0)),
        (OLD, replace(NEW, product="caddy"), sockets(100, 201), changed(3000.0)),
    ],
)
def test_silent(seen: tuple[Any, ...]) -> None:
    assert not judge(CHECK, *seen)


def test_silent_for_addresses_of_their_own() -> None:
    first, second = sockets(100, address="203.0.113.10"), sockets(201, address="203.0.113.11")
    both = Listeners(sockets=(*first.sockets, *second.sockets))
    assert not judge(CHECK, OLD, NEW, both, changed(3000.0))

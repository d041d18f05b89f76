"""upstream.port-shared: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Confidence, Severity, Vantage
from diagnose.model.http import Exchange
from diagnose.model.server import Listener, Listeners
from tests.support.check_evidence import judge
from tests.support.running_programs import SHOP, programs

CHECK = "upstream.port-shared"
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)
OLD = replace(SHOP, pid=69, started=10.0, folder="/srv/releases/1", service="")


def listeners(*pids: int, second: str = "127.0.0.1") -> Listeners:
    sockets = tuple(
        Listener(
            vantage=Vantage.SERVER, address=second if index else "127.0.0.1", port=3000, family=4,
            pid=pid, process="node",
        )
        for index, pid in enumerate(pids)
    )  # fmt: skip
    return Listeners(vantage=Vantage.SERVER, sockets=sockets)


def test_fires_where_an_old_release_has_the_port_too() -> None:
    (claim,) = judge(CHECK, programs(SHOP, OLD), listeners(69, 70), PAGE)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert claim.facts["pid"] == 69
    (claim,) = judge(CHECK, programs(SHOP, OLD), listeners(69, 70), replace(PAGE, status=500))
    assert claim.severity is Severity.ERROR


def test_fires_where_the_commands_differ() -> None:
    for command in ("node admin.js", "node server2.js"):
        other = replace(OLD, folder=SHOP.folder, command=command)
        assert judge(CHECK, programs(SHOP, other), listeners(69, 70), PAGE)


def test_silent_for_instances_of_one_program() -> None:
    first, second = (
        replace(SHOP, pid=pid, command=f"node server.js --instance {pid}") for pid in (69, 70)
    )
    assert not judge(CHECK, programs(first, second), listeners(69, 70), PAGE)


def test_silent_where_each_has_an_address_of_its_own() -> None:
    assert not judge(CHECK, programs(SHOP, OLD), listeners(69, 70, second="10.0.0.5"), PAGE)
    assert not judge(CHECK, programs(SHOP), listeners(70), PAGE)

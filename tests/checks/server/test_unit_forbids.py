"""server.unit-forbids: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

from diagnose.model import Confidence, Failure, Subject, Vantage
from diagnose.model.http import Exchange
from diagnose.model.services import UnitDenial
from tests.support.check_evidence import REFUSED, TIMEOUT, judge
from tests.support.firewall_rules import connected

CHECK = "server.unit-forbids"
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=504)


def denial(denied: Any, **more: Any) -> UnitDenial:
    given: dict[str, Any] = {"setting": "IPAddressDeny=any", "unit": "nginx.service", **more}
    return UnitDenial(vantage=Vantage.SERVER, denied=denied, **given)


def test_fires_where_visitors_get_no_reply() -> None:
    (claim,) = judge(CHECK, denial("visitors"), connected(failure=TIMEOUT))
    assert claim.confidence is Confidence.LIKELY
    assert claim.covers == (Subject(),)


def test_fires_where_the_application_gets_no_packet() -> None:
    for denied in ("backend", "front"):
        observation = denial(denied, unit="shop.service", address="127.0.0.1", port=3000)
        (claim,) = judge(CHECK, observation, PAGE, connected())
        assert claim.facts["peer"] == "127.0.0.1:3000"
        silent = replace(PAGE, status=None, failure=Failure("timeout", "timed out"))
        assert judge(CHECK, observation, silent, connected())


def test_fires_surely_where_nginx_makes_no_socket() -> None:
    setting = "RestrictAddressFamilies=AF_UNIX"
    observation = denial("start", setting=setting, message="socket() failed (97: Address family)")
    (claim,) = judge(CHECK, observation, connected(failure=REFUSED))
    assert claim.confidence is Confidence.CERTAIN


def test_fires_where_the_kernel_ends_nginx_for_a_system_call() -> None:
    line = "nginx.service: Main process exited, code=killed, status=31/SYS"
    observation = denial("calls", setting="SystemCallFilter=", message=line)
    (claim,) = judge(CHECK, observation, connected(failure=REFUSED))
    assert (claim.facts["start"], claim.facts["calls"]) == (True, True)


def test_silent_where_what_is_forbidden_works() -> None:
    assert not judge(CHECK, denial("visitors"), connected())
    assert not judge(CHECK, denial("visitors"), connected(failure=REFUSED))
    assert not judge(
        CHECK, denial("backend", address="127.0.0.1", port=3000), replace(PAGE, status=200)
    )
    assert not judge(CHECK, denial("start"), connected())

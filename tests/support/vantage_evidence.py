"""What tests of other places (`--vantage`) see."""

from typing import Any

from diagnose.model import Failure, Host, Vantage
from diagnose.model.server import Interface, Listener, Listeners
from diagnose.model.vantages import VantagePoint, VantageResolution, VantageVisit
from tests.support.check_evidence import TIMEOUT

ADDRESS = "203.0.113.10"
LAPTOP, OFFICE = "ssh://me@laptop.example.net", "ssh://me@office.example.org"
ON_SERVER = Host(vantage=Vantage.SERVER, hostname="web", role="server", via="local")
NIC = Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=(ADDRESS,))
LISTENS = Listeners(
    vantage=Vantage.SERVER, sockets=(Listener(address="0.0.0.0", port=443, family=4),)
)


def point(place: str = LAPTOP, **more: Any) -> VantagePoint:
    return VantagePoint(vantage=Vantage.ELSEWHERE, place=place, **{"tools": ("curl",), **more})


def visit(place: str = LAPTOP, **more: Any) -> VantageVisit:
    """A visit that got the page."""
    return VantageVisit(
        vantage=Vantage.ELSEWHERE,
        place=place,
        **{
            "address": ADDRESS,
            "port": 443,
            "connected": True,
            "secured": True,
            "status": 200,
            "took": 0.1,
            **more,
        },
    )


def silent(place: str = LAPTOP, failure: Failure = TIMEOUT, **more: Any) -> VantageVisit:
    """A visit that could not connect."""
    shown = {"connected": False, "secured": False, "status": None, "took": 4.0}
    return visit(place, failure=failure, **{**shown, **more})


def again(place: str = LAPTOP, **more: Any) -> VantageVisit:
    return silent(place, purpose="again", at=5.0, **more)


def control(port: int = 80, place: str = LAPTOP, **more: Any) -> VantageVisit:
    return visit(place, port=port, purpose="control", secured=False, status=None, **more)


def lookup(place: str = LAPTOP, **more: Any) -> VantageResolution:
    return VantageResolution(
        vantage=Vantage.ELSEWHERE, place=place, name="shop.example.com", **more
    )

"""What tests of a site behind a CDN see: the edge, and the server behind it."""

from typing import Any

from diagnose.model.dns import Resolution
from diagnose.model.http import Exchange
from diagnose.model.origin import OriginVisit
from tests.support.check_evidence import REFUSED

EDGE, ORIGIN = "198.51.100.80", "203.0.113.10"
URL = "https://shop.example.com/"
EDGE_NAME = Resolution(name="shop.example.com", family=4, addresses=(EDGE,))
FAILED = OriginVisit(url=URL, address=ORIGIN, port=443, failure=REFUSED)


def edge(status: int | None, **more: Any) -> Exchange:
    return Exchange(url=URL, address=EDGE, port=443, status=status, **more)


def origin(status: int = 200, **more: Any) -> OriginVisit:
    return OriginVisit(
        url=URL, address=ORIGIN, port=443, connected=True, secured=True, status=status, **more
    )

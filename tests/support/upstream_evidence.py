"""What the application answered that was asked for the page itself, and the front door's 502."""

from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.model.requests import (
    Asked,
    ComparedRequest,
    HostVariant,
    RequestChange,
    RequestPart,
)
from tests.support.check_evidence import SHOP
from tests.support.nginx_evidence import LOADED


def page(status: int = 502, body: str = "") -> Exchange:
    return Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=status, body=body)


def asked(
    status: int | None = 200,
    variant: HostVariant = "passed",
    sent: str = "127.0.0.1:3000",
    head: int = 200,
    body: str = "",
) -> Asked:
    return Asked(
        vantage=Vantage.SERVER,
        target="http://127.0.0.1:3000",
        path="/",
        address="127.0.0.1",
        port=3000,
        variant=variant,
        sent=sent,
        status=status,
        head=head,
        largest=(("Set-Cookie", max(head - 100, 0)),),
        body=body,
    )


def logged(
    text: str,
    request: str = "GET / HTTP/1.1",
    upstream: str = "http://127.0.0.1:3000/",
    host: str = "shop.example.com",
    when: float = LOADED + 60,
) -> LogLine:
    return LogLine(
        vantage=Vantage.SERVER,
        file="/var/log/nginx/error.log",
        when=when,
        level="error",
        pid=8,
        text=text,
        server="shop.example.com",
        request=request,
        upstream=upstream,
        host=host,
    )


def compared(
    status: int | None,
    part: RequestPart = "none",
    name: str = "",
    change: RequestChange = "none",
    *,
    original: str = "",
    value: str = "",
    path: str = "/",
    body: str = "",
    location: str = "",
    address: str = "127.0.0.1",
    is_html: bool = False,
) -> ComparedRequest:
    """The application, asked as nginx asks it or with one part changed."""
    return ComparedRequest(
        vantage=Vantage.SERVER,
        target="http://127.0.0.1:3000",
        path=path,
        address=address,
        port=3000,
        part=part,
        name=name,
        change=change,
        original=original,
        value=value,
        status=status,
        body=body,
        location=location,
        is_html=is_html,
    )


def controlled(*requests: ComparedRequest) -> tuple[ComparedRequest, ...]:
    """These requests, and each once more as a control."""
    return (*requests, *(replace(request, is_control=True) for request in requests))

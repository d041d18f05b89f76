"""What the application answered that was asked for the page itself, and the front door's 502."""

from diagnose.model import Vantage
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.model.requests import Asked, HostVariant
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

"""A response of the target's page, and what nginx logged about it."""

from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.http import Exchange
from diagnose.model.logs import ErrorLog, LogLine
from tests.support.nginx_evidence import LOADED

LOG = "/var/log/nginx/error.log"
#: The server's clock when the run began, in seconds since the epoch.
RUN_BEGAN = LOADED + 100
LOG_READ = ErrorLog(
    vantage=Vantage.SERVER, at=2.0, file=LOG, until=RUN_BEGAN + 2, since=RUN_BEGAN - 600, again=True
)


def page(status: int, body: str = "") -> Exchange:
    return Exchange(
        url="https://shop.example.com/",
        address="203.0.113.10",
        port=443,
        status=status,
        body=body,
    )


def logged(
    text: str,
    when: float = RUN_BEGAN + 1,
    host: str = "shop.example.com",
    path: str = "/",
    level: str = "error",
    errno: int | None = None,
) -> LogLine:
    return LogLine(
        vantage=Vantage.SERVER,
        file=LOG,
        when=when,
        written="2026/11/26 10:00:00",
        level=level,
        pid=9,
        text=text,
        errno=errno,
        client="203.0.113.99",
        server="shop.example.com",
        request=f"GET {path} HTTP/1.1",
        host=host,
    )


def redirected(status: int, path: str = "/app/") -> tuple[Exchange, Exchange]:
    """The target's page, which redirects to another path of the site, and the response there."""
    first = replace(page(302), headers=(("Location", path),))
    url = f"https://shop.example.com{path}"
    last = replace(page(status), url=url, purpose="redirect", redirected_from=first.url)
    return first, last

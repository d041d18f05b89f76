"""What tests of the checks between nginx and the applications say."""

from dataclasses import replace
from typing import Any

from diagnose.model import Failure, Vantage
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.upstream import UpstreamTalk
from tests.support.check_evidence import SHOP
from tests.support.nginx_evidence import FILE, SITE, config

DIRECT = "http://127.0.0.1:3000"
PAGE = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=502)
WELL = replace(PAGE, status=200)
ALERT = Failure("alert", "[SSL: TLSV1_UNRECOGNIZED_NAME]", 112, "unrecognized_name")


def proxied(to: str, before: str = "", more: str = "") -> NginxConfig:
    """The site, passed on to another target; `before` stands before its server block, `more` in
    its location."""
    return config(before + SITE.replace(f"{DIRECT};", f"{to};{more}"))


def tried(target: str = DIRECT, address: str = "127.0.0.1", **more: Any) -> UpstreamTry:
    given: dict[str, Any] = {"host": "127.0.0.1", "port": 3000, "file": FILE, "line": 9} | more
    return UpstreamTry(vantage=Vantage.SERVER, target=target, address=address, **given)


def talk(target: str, **more: Any) -> UpstreamTalk:
    given: dict[str, Any] = {"host": "127.0.0.1", "port": 3000, "address": "127.0.0.1"} | more
    return UpstreamTalk(vantage=Vantage.SERVER, target=target, **given)


def line(text: str, upstream: str, errno: int | None = None, when: float = 1_000_100.0) -> LogLine:
    """A line that nginx wrote about the site's page, after it had loaded its configuration."""
    return LogLine(
        vantage=Vantage.SERVER,
        file="/var/log/nginx/error.log",
        when=when,
        level="error",
        pid=8,
        text=text,
        errno=errno,
        server="shop.example.com",
        request="GET / HTTP/1.1",
        upstream=upstream,
        host="shop.example.com",
    )

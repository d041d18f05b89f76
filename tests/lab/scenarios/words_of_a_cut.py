"""A visitor says after which time an open WebSocket ends, in words that do not name the protocol:
each web server's usual timeout is the cause then. Without the words it is none."""

from .. import apache, haproxy, site
from ..apache import HTTP, HTTPS
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import FILES, WS, apache_scenario, healthy_apache
from .haproxy import haproxy_scenario, healthy_haproxy

NOBODY = "die Verbindung geht immer verloren, wenn eine Minute lang keiner etwas tippt"
TIMEOUT = "    proxy_read_timeout 3600s;\n"
TUNNEL = "    timeout tunnel 1h\n"
MINUTE, ZH = "disconnects after a minute", "60秒后自动断开连接"
HOST_LINE = "    ProxyPreserveHost On\n"
TIMED = HTTPS.replace(HOST_LINE, HOST_LINE + "    TimeOut 60\n")
A_MINUTE = f"{TIMED}\n{HTTP}"
SOCKET = "wss://shop.example.com/ws"


@scenario(
    target=SOCKET,
    outside=None, server="websocket.idle-default", args=(MINUTE,), differs=(site.CONF,),
)  # fmt: skip
def nginx_has_its_default(lab: Lab) -> None:
    """After issue 2283 of websockets/ws: nobody set a time, and it is closed in exactly 60
    seconds."""
    lab.change(TIMEOUT, "")


@scenario(
    target=SOCKET,
    outside=None, server="websocket.idle-default", args=(NOBODY,), differs=(site.CONF,),
)  # fmt: skip
def nginx_has_its_default_and_nobody_types(lab: Lab) -> None:
    """After issue 27 of nixcloud/nixcloud-webservices."""
    lab.change(TIMEOUT, "")


@healthy(target=SOCKET, args=(NOBODY,))
def nginx_has_an_hour_and_nobody_types(lab: Lab) -> None:
    """The time of the site is an hour."""


@scenario(
    target=SOCKET,
    outside=None, server="websocket.idle-timeout", args=("it is cut every 2 minutes",),
    differs=(site.CONF,),
)  # fmt: skip
def nginx_has_the_time_that_is_told(lab: Lab) -> None:
    """A time above the usual one, and the words tell it."""
    lab.change(TIMEOUT, "    proxy_read_timeout 2m;\n")


@haproxy_scenario(
    target=SOCKET,
    outside=None, server="websocket.idle-timeout", args=("connection lost after about 1 minute",),
    differs=(haproxy.CONFIG,),
)  # fmt: skip
def haproxy_has_the_time_that_is_told(lab: Lab) -> None:
    """After issue 73 of m1k1o/neko: "timeout client 1m" and no timeout for tunnels."""
    haproxy.serve(lab, haproxy.SITE.replace(TUNNEL, ""))


@apache_scenario(
    target=SOCKET,
    outside=None, server="websocket.idle-timeout", args=(ZH,),
    differs=FILES,
)  # fmt: skip
def apache_has_the_time_that_is_told(lab: Lab) -> None:
    """TimeOut is 60 seconds in Apache's own files (core, "TimeOut"), 300 in Debian's."""
    apache.serve(lab, A_MINUTE)


@apache_scenario(
    target="https://shop.example.com/",
    outside=None, server="websocket.idle-timeout",
    args=("ReadError websocket: close 1006 (abnormal closure): unexpected EOF",), differs=FILES,
)  # fmt: skip
def apache_has_five_seconds_and_nobody_names_the_websocket(lab: Lab) -> None:
    """After issue 415 of gotify/server: the timeout that was set for the pages is short."""
    apache.serve(lab, A_MINUTE.replace("TimeOut 60", "TimeOut 5"))


@healthy(target=SOCKET, args=(MINUTE,))
def nginx_waits_for_an_hour(lab: Lab) -> None:
    """The words tell a minute, and nginx waits longer."""


@healthy(args=("--ws", "/ws"))
def nginx_has_two_minutes(lab: Lab) -> None:
    """Two minutes are no fault without the words."""
    lab.change(TIMEOUT, "    proxy_read_timeout 2m;\n")


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_has_a_minute(lab: Lab) -> None:
    """A minute is what nginx waits, too."""
    haproxy.serve(lab, haproxy.SITE.replace(TUNNEL, ""))


@healthy_apache(args=WS)
def apache_has_a_minute(lab: Lab) -> None:
    apache.serve(lab, A_MINUTE)


@healthy_apache(target=SOCKET, args=(ZH,))
def apache_waits_for_five_minutes(lab: Lab) -> None:
    """The words tell a minute, and Debian's TimeOut is longer."""
    apache.serve(lab)

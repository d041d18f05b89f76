"""Open WebSockets that HAProxy ends when they are silent: only its log has them."""

from .. import site
from ..hosts import until
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy
from .server_other_requests_failed import HAPROXY_LOG, serve_haproxy

SHORT = "    timeout client 2s\n    timeout server 2s\n"
HANDSHAKE = (
    "-H", "Upgrade: websocket", "-H", "Connection: Upgrade", "-H", "Sec-WebSocket-Version: 13",
    "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)  # fmt: skip


def silent_visitors(lab: Lab, ending: str) -> None:
    """Two pages open a WebSocket and send nothing; wait until HAProxy has logged their end."""
    url = f"https://{site.NAME}/ws"
    curl = ["curl", "-sk", "--http1.1", "-m", "4", "-o", "/dev/null", *HANDSHAKE]
    for _ in range(2):
        lab.client.run([*curl, url])
    log = lab.server.path(HAPROXY_LOG)
    until(lambda: log.read_text().count(" 101 ") >= 2 and ending in log.read_text(), "an end")


@haproxy_scenario(
    outside=None, server="server.haproxy-tunnel-cut", differs=("/etc/haproxy/haproxy.cfg",)
)
def haproxy_cuts_silent_websockets(lab: Lab) -> None:
    """https://github.com/home-assistant/home-assistant.io/pull/11708 and
    https://github.com/m1k1o/neko/issues/73: no `timeout tunnel`, the page loses its WebSocket again
    and again, and the user asks about the site by its name."""
    serve_haproxy(lab, "", SHORT, tunnel="")
    silent_visitors(lab, "D-- ")


@haproxy_scenario(
    outside=None,
    server="server.haproxy-tunnel-cut",
    target=f"wss://{site.NAME}/ws",
    differs=("/etc/haproxy/haproxy.cfg",),
)
def haproxy_cuts_the_websocket_that_is_asked_for(lab: Lab) -> None:
    """The same by the address of the WebSocket."""
    haproxy_cuts_silent_websockets(lab)


@healthy_haproxy()
def haproxy_keeps_silent_websockets(lab: Lab) -> None:
    """The same visitors, with `timeout tunnel 1h`: they go by themselves."""
    serve_haproxy(lab, "", SHORT)
    silent_visitors(lab, "-- ")

"""Scenarios of an address that is a WebSocket's alone, and that somebody gives as a page."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

SOCKET = f"https://{site.NAME}/ws"
FIELDS = (
    "    proxy_set_header Upgrade $http_upgrade;\n"
    "    proxy_set_header Connection $connection_upgrade;\n"
)


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing", target=SOCKET,
    differs=(site.CONF,),
)  # fmt: skip
def address_of_a_websocket_gets_no_upgrade(lab: Lab) -> None:
    """https://github.com/websockets/ws/issues/780: 426 Upgrade Required."""
    lab.change(FIELDS, "")


@healthy(target=SOCKET)
def address_of_a_websocket_given_as_a_page(lab: Lab) -> None:
    """An ordinary request gets 426 there, and the handshake opens."""

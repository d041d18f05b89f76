"""A WebSocket whose path nobody gives as such: it stands in the address that is asked for, or in a
message with another name of the site. After https://github.com/Pentair/nodejs-poolController
(issue 58) and https://github.com/tiny-pilot/tinypilot (issue 113)."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .websocket import UPGRADE

OLD_NAME = "WebSocket connection to 'wss://mysite.com/ws' failed: Error during WebSocket handshake"
PAGE_WORDS = "the page loads, but the WebSocket connection is refused"
ADDRESS = "https://shop.example.com/ws"


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing",
    args=(OLD_NAME,), differs=(site.CONF,),
)  # fmt: skip
def websocket_of_a_message_with_another_name(lab: Lab) -> None:
    lab.change(UPGRADE, "")


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing",
    target=ADDRESS, args=(PAGE_WORDS,), differs=(site.CONF,),
)  # fmt: skip
def websocket_at_the_address_itself(lab: Lab) -> None:
    lab.change(UPGRADE, "")


@healthy(args=("WebSocket connection to 'wss://chat.other.net/live' failed: ",))
def websocket_of_another_site_in_a_message(lab: Lab) -> None:
    """That of another site is not asked for here."""

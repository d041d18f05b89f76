"""A client opens ws:// at a site that redirects http to https.

After https://github.com/h3poteto/megalodon/issues/2183: "Unexpected server response: 301".
"""

from .. import haproxy, site
from ..lab import Lab
from ..scenario import healthy, scenario

PLAIN = f"ws://{site.NAME}/ws"
TOLD = (f"Our sensors open {PLAIN} and get: Unexpected server response: 301",)
CLIENT = "the client is none of the server's"
LED = (
    f"websockets.exceptions.InvalidURI: https://{site.NAME}/ws isn't a valid URI: "
    "scheme isn't ws or wss",
)
UPGRADE = "    proxy_set_header Upgrade $http_upgrade;\n"


@scenario(outside="websocket.scheme-redirected", target=PLAIN, manual=CLIENT)
def asked_websocket_is_redirected_to_https(lab: Lab) -> None:
    """The site itself is healthy."""


@scenario(outside="websocket.scheme-redirected", args=TOLD, manual=CLIENT)
def told_websocket_is_redirected_to_https(lab: Lab) -> None:
    """The site itself is healthy."""


@scenario(outside="websocket.scheme-redirected", args=LED, manual=CLIENT)
def client_that_follows_redirects_refuses_https(lab: Lab) -> None:
    """The site itself is healthy. Real words of websockets 10 to 15 for Python."""


@scenario(
    outside="websocket.not-upgraded",
    server="websocket.upgrade-headers-missing",
    besides=("websocket.scheme-redirected",),
    seen_besides=("websocket.scheme-redirected",),
    args=TOLD,
    manual=CLIENT,
)
def told_websocket_fails_over_https_too(lab: Lab) -> None:
    lab.change(UPGRADE, "")


@healthy(args=(f"{PLAIN} does not open: Unexpected server response: 404",))
def told_websocket_opens_without_tls(lab: Lab) -> None:
    """Devices without TLS have a location of their own on port 80."""
    location = site.HTTPS[site.HTTPS.index("  location /ws") : -2]
    lab.change("  location / {\n    return 301", f"{location}  location / {{\n    return 301")


@healthy(args=LED)
def client_was_given_https_and_ws_opens_too(lab: Lab) -> None:
    """Nothing is redirected."""
    told_websocket_opens_without_tls(lab)


@scenario(
    outside="websocket.scheme-redirected",
    target=PLAIN,
    manual=CLIENT,
    needs=haproxy.needs_haproxy,
)
def asked_websocket_is_redirected_by_haproxy(lab: Lab) -> None:
    haproxy.serve(lab)

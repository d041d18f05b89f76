"""A WebSocket whose path no page names: the access log has the handshake that failed.

Programs put such a path together (`${restUrl}/push?pushRef=…`), so that it stands nowhere.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx_other_requests_failed import log_of_its_own
from .websocket_paths import _serve

OWN = site.HTTPS[site.HTTPS.index("  location /ws") : site.HTTPS.rindex("}")]
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0"
#: The plain call. Without words, a scenario about WebSockets asks for /ws.
PLAIN = ("--method", "GET")
ELSEWHERE = "the laboratory's own WebSocket is at another path"


def _browser(lab: Lab, path: str, *options: str) -> None:
    """A handshake of a visitor's browser, or what it sends for an address that was typed."""
    words = ["curl", "-sk", "--http1.1", "-m", "2", "-o", "/dev/null", "-A", AGENT, *options]
    lab.client.run([*words, f"https://{site.NAME}{path}"])


UPGRADE = (
    "-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13",
    "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "-H", f"Origin: https://{site.NAME}",
)  # fmt: skip


@scenario(
    outside=None, server="websocket.upgrade-headers-missing", args=PLAIN, manual=ELSEWHERE
)  # fmt: skip
def one_of_two_websockets_is_not_passed_on(lab: Lab) -> None:
    """ "Login with device" waits for ever: https://github.com/NuschtOS/nixos-modules/issues/326."""
    _serve(lab, "chat_server", "--path", "/notifications/anonymous-hub")
    log_of_its_own(lab)
    _browser(lab, "/notifications/anonymous-hub?Token=a", *UPGRADE)


@healthy(args=PLAIN)
def addresses_that_visitors_typed_wrongly(lab: Lab) -> None:
    """404 for pages that are not there, asked for as a WebSocket would be: over HTTP/1.1, and from
    no page."""
    log_of_its_own(lab, "  location /old { return 404; }\n  location /gone { root /srv; }\n")
    for path in ("/old", "/gone", "/old"):
        _browser(lab, path)


@healthy(args=PLAIN)
def websocket_of_the_log_that_opens_by_now(lab: Lab) -> None:
    log_of_its_own(lab, "  location /live { return 404; }\n")
    _browser(lab, "/live", *UPGRADE)
    _serve(lab, "chat_server", "--path", "/live")
    lab.edit("location /live { return 404; }", "")
    lab.change(OWN, OWN.replace("location /ws", "location /live"))


def _page_without_upgrade(lab: Lab, *options: str) -> None:
    """An application whose path of WebSockets shows a page where it sees no Upgrade."""
    service = lab.application_service
    service.argv = [*service.argv, "--path", "/websocket", "--without-upgrade", "200 OK", *options]
    service.restart()
    log_of_its_own(lab)


@scenario(
    outside=None, server="websocket.upgrade-headers-missing", args=PLAIN, manual=ELSEWHERE
)  # fmt: skip
def page_answers_a_handshake_that_lost_its_upgrade(lab: Lab) -> None:
    """https://github.com/Dispatcharr/Dispatcharr/issues/107: the script builds the address of
    variables, and the log has `GET /ws/?token=…` with 200."""
    _page_without_upgrade(lab)
    _browser(lab, "/websocket?token=a", *UPGRADE)


@healthy(args=PLAIN)
def page_at_a_usual_path_of_websockets(lab: Lab) -> None:
    """Visitors type its address, and no application has a WebSocket there."""
    _page_without_upgrade(lab, "--mode", "no-websocket")
    _browser(lab, "/websocket")


@healthy(args=PLAIN)
def page_at_the_path_of_a_websocket_that_opens(lab: Lab) -> None:
    """Somebody typed the address of a WebSocket, and nginx passes upgrades on."""
    _page_without_upgrade(lab)
    lab.change(OWN, OWN.replace("location /ws", "location /websocket"))
    _browser(lab, "/websocket")

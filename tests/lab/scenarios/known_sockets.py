"""Applications whose WebSocket lies behind a login, or at a path that their page does not show.

After threads about Gotify (https://github.com/gotify/server/issues/82 and 596), Chatwoot
(https://github.com/chatwoot/chatwoot/issues/9633 and 10165), MinIO's console
(https://github.com/minio/docs/issues/727), ThingsBoard
(https://github.com/thingsboard/thingsboard/issues/684 and 4441), Outline
(https://github.com/outline/outline/issues/5620), Odoo
(https://github.com/minhng92/odoo-16-docker-compose/issues/14), and the documentation of ntfy and
JumpServer.
"""

from collections.abc import Callable

from ..lab import Lab
from ..scenario import healthy, scenario
from .known_applications import HEADERS, MINE, UPGRADE, pass_upgrades

PORT = "    proxy_pass http://127.0.0.1:8072;\n    proxy_http_version 1.1;\n"


def serve(lab: Lab, name: str) -> None:
    service = lab.application_service
    service.ready = lambda: lab.server.listening(3000)
    service.argv = lab.server.application("known_sockets_server", name, "3000")
    service.restart()
    # All paths of the application, those below /ws too, are in the location of its pages.
    lab.edit("  location /ws {", "  location = /ws {")


def played(name: str, what: str, words: str, *acts: Callable[[Lab], None]) -> Callable[[Lab], None]:
    def apply(lab: Lab) -> None:
        serve(lab, name)
        for act in acts:
            act(lab)
        lab.reload()

    apply.__name__, apply.__doc__ = f"{name.replace('-', '_')}_{what}", words
    return apply


#: The application, and what a visitor's request for its page shows of its WebSocket.
WEBSOCKETS = {
    "gotify": (None, "WebSocket connection closed, trying again in 30 seconds."),
    "ntfy": ("websocket.not-upgraded", "No message comes to an open page."),
    "chatwoot": (None, "A new message is there after a reload alone."),
    "minio": ("websocket.not-upgraded", "Objects List unavailable."),
    "thingsboard": ("websocket.not-upgraded", "Its dashboards stay empty."),
    "jumpserver": (None, "No message of the site, and no terminal."),
    "outline": ("websocket.not-upgraded", "Server connection lost."),
    "odoo": ("websocket.not-upgraded", "Nobody sees what another writes."),
}
for name, (outside, words) in WEBSOCKETS.items():
    scenario(outside=outside, server=HEADERS, args=("--timeout", "20"), differs=MINE)(
        played(name, "upgrade_not_passed", words)
    )
    healthy(args=("--timeout", "20"))(
        played(name, "upgrade_passed", "As its documentation says.", pass_upgrades)
    )
healthy(args=("--timeout", "20"))(
    played("odoo-15", "has_no_websocket", "Its documentation knows of none, and nginx passes none.")
)
scenario(
    outside="websocket.not-upgraded", args=("--timeout", "20"), differs=MINE,
    manual="the laboratory's Odoo has no port of its own for WebSockets",
)(
    played("odoo-workers", "without_their_port", "Couldn't bind the websocket.", pass_upgrades)
)  # fmt: skip


@scenario(
    outside="websocket.not-upgraded", server="upstream.refused", args=("--timeout", "20"),
    differs=MINE, manual="the laboratory's Odoo has no port of its own for WebSockets",
)  # fmt: skip
def odoo_port_of_websockets_is_closed(lab: Lab) -> None:
    """After issue 28 of odoocker: nginx passes /websocket to 8072, and Odoo has no workers."""
    serve(lab, "odoo")
    lab.edit("  location / {", f"  location /websocket {{\n{PORT}{UPGRADE}  }}\n\n  location / {{")
    lab.reload()


@scenario(
    outside="http.application-setting", manual="the laboratory's Moodle has no settings",
    args=("Must use https address in wwwroot when ssl proxy enabled!",), differs=MINE,
)  # fmt: skip
def address_of_moodle_is_http(lab: Lab) -> None:
    """After issue 6535 of bitnami/containers: what the page shows is pasted beside the site."""
    serve(lab, "moodle")


@healthy(args=("Must use https address in wwwroot when ssl proxy enabled!",))
def message_of_another_application(lab: Lab) -> None:
    """The site is not Moodle."""
    serve(lab, "ntfy")
    pass_upgrades(lab)
    lab.reload()

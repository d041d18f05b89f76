"""Applications whose WebSocket lies behind a login, or at a path that their page does not show.

After threads about Gotify (https://github.com/gotify/server/issues/82 and 596), Chatwoot
(https://github.com/chatwoot/chatwoot/issues/9633 and 10165), MinIO's console
(https://github.com/minio/docs/issues/727), ThingsBoard
(https://github.com/thingsboard/thingsboard/issues/684 and 4441), Outline
(https://github.com/outline/outline/issues/5620), Odoo
(https://github.com/minhng92/odoo-16-docker-compose/issues/14), and the documentation of ntfy and
JumpServer.
"""

from ..known_sites import MINE, UPGRADE, pass_upgrades, played, serve, upgrade_scenarios
from ..lab import Lab
from ..scenario import healthy, scenario
from ..site import NAME

PORT = "    proxy_pass http://127.0.0.1:8072;\n    proxy_http_version 1.1;\n"


def one_location(lab: Lab) -> None:
    """All paths of the application, those below /ws too, are in the location of its pages."""
    lab.edit("  location /ws {", "  location = /ws {")


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
    upgrade_scenarios(name, outside, words, one_location)
BUCKET = f"https://{NAME}/browser/photos"
scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing",
    args=("--timeout", "20"), differs=MINE, target=BUCKET,
)(
    played(
        "minio", "bucket_upgrade_not_passed", "Its page has a base. Issue 21395 of minio/minio.",
        one_location,
    )
)  # fmt: skip
healthy(args=("--timeout", "20"), target=BUCKET)(
    played(
        "minio", "bucket_upgrade_passed", "As its documentation says.", one_location, pass_upgrades
    )
)
healthy(args=("--timeout", "20"))(
    played(
        "odoo-15", "has_no_websocket", "Its documentation knows of none, and nginx passes none.",
        one_location,
    )
)  # fmt: skip
scenario(
    outside="websocket.not-upgraded", args=("--timeout", "20"), differs=MINE,
    manual="the laboratory's Odoo has no port of its own for WebSockets",
)(
    played(
        "odoo-workers", "without_their_port", "Couldn't bind the websocket.",
        one_location, pass_upgrades,
    )
)  # fmt: skip


@scenario(
    outside="websocket.not-upgraded", server="upstream.refused", args=("--timeout", "20"),
    differs=MINE, manual="the laboratory's Odoo has no port of its own for WebSockets",
)  # fmt: skip
def odoo_port_of_websockets_is_closed(lab: Lab) -> None:
    """After issue 28 of odoocker: nginx passes /websocket to 8072, and Odoo has no workers."""
    serve(lab, "odoo")
    one_location(lab)
    lab.edit("  location / {", f"  location /websocket {{\n{PORT}{UPGRADE}  }}\n\n  location / {{")
    lab.reload()


@scenario(
    outside="http.server-error", server="upstream.refused", args=("--method", "GET"),
    target=f"https://{NAME}/longpolling/poll", differs=MINE,
    manual="the laboratory's Odoo has no port of its own for WebSockets",
)  # fmt: skip
def odoo_port_of_long_polling_is_closed(lab: Lab) -> None:
    """After issue 223 of InstallScript: Odoo runs, and without workers nothing listens on 8072."""
    serve(lab, "odoo")
    one_location(lab)
    lab.edit("  location / {", f"  location /longpolling {{\n{PORT}  }}\n\n  location / {{")
    lab.reload()


@scenario(
    outside="http.application-setting", manual="the laboratory's Moodle has no settings",
    args=("Must use https address in wwwroot when ssl proxy enabled!",), differs=MINE,
)  # fmt: skip
def address_of_moodle_is_http(lab: Lab) -> None:
    """After issue 6535 of bitnami/containers: what the page shows is pasted beside the site."""
    serve(lab, "moodle")
    one_location(lab)


@healthy(args=("Must use https address in wwwroot when ssl proxy enabled!",))
def message_of_another_application(lab: Lab) -> None:
    """The site is not Moodle."""
    serve(lab, "ntfy")
    one_location(lab)
    pass_upgrades(lab)
    lab.reload()


def _jellyfin(lab: Lab, uri: str) -> None:
    serve(lab, "jellyfin")
    one_location(lab)
    passed = PORT.replace("8072", f"3000{uri}")
    lab.edit("  location / {", f"  location /socket {{\n{passed}{UPGRADE}  }}\n\n  location / {{")
    lab.reload()


@scenario(
    outside=None, server="websocket.path-stripped", differs=MINE,
    args=("--timeout", "20"), manual="a stranger is asked to log in there",
)  # fmt: skip
def jellyfin_gets_another_path_for_its_websocket(lab: Lab) -> None:
    """After pull request 417 of jellyfin-docs: `proxy_pass …/socket/`, and nobody tells of it."""
    _jellyfin(lab, "/socket/")


@healthy(args=("--timeout", "20"))
def jellyfin_gets_the_path_of_its_websocket(lab: Lab) -> None:
    _jellyfin(lab, "")

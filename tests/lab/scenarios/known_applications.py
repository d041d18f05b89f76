"""Known applications behind nginx, whose documentation says what it has to pass on.

After threads about n8n ("Connection lost", https://github.com/n8n-io/n8n/issues/12688 and 16368),
Mattermost (https://gitlab.com/gitlab-org/omnibus-gitlab/issues/740), Zigbee2MQTT, Home Assistant,
Grafana Live and Jellyfin (https://github.com/jellyfin/jellyfin/discussions/10310). What breaks lies
behind a login, or in a part of the page that a request for the page does not show.
"""

from .. import apache
from ..apache import HTTP, HTTPS
from ..known_sites import (
    HEADERS,
    MINE,
    PASSES,
    UPGRADE,
    serve,
    upgrade_scenarios,
    upload_scenarios,
)
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import FILES, apache_scenario, healthy_apache

#: The application, and what a visitor's request for its page shows of its WebSocket.
WEBSOCKETS = {
    "n8n": (None, "Connection Lost, for ever."),
    "mattermost": (None, "Please check connection, ask about the port."),
    "zigbee2mqtt": (None, "The page is empty: it waits for its WebSocket."),
    "home-assistant": ("websocket.not-upgraded", "Unable to connect to Home Assistant."),
    "grafana": (None, "Its dashboards are not updated."),
    "jellyfin": (None, "Nobody can watch a film together."),
    "desk": (None, "An application that nobody knows; its page opens a WebSocket."),
}
for name, (outside, words) in WEBSOCKETS.items():
    upgrade_scenarios(name, outside, words)


@scenario(
    outside=None, server=HEADERS, differs=MINE, args=("--ws", "/live"), unsure=("client",),
    manual="only who has logged in sees that it works",
)  # fmt: skip
def login_before_the_websocket(lab: Lab) -> None:
    """The visitor names the WebSocket of an application that wants a login first."""
    serve(lab, "desk")


# What their documentation asks for besides a WebSocket

for name, words in (
    ("nextcloud", "A film is not uploaded."),
    ("gitea", "error: RPC failed; HTTP 413, after questions about a large push."),
):
    upload_scenarios(name, words, "512m", ("upload_limited", "upload_allowed"))


@scenario(
    outside=None, server=HEADERS, differs=MINE, args=("[WebSocketClient] Connection lost",),
)  # fmt: skip
def message_of_n8n(lab: Lab) -> None:
    """What its page shows is pasted beside the site."""
    serve(lab, "n8n")


@healthy(args=("Connection lost",))
def message_of_n8n_with_upgrade(lab: Lab) -> None:
    """nginx passes the upgrade on: the message is of another time."""
    serve(lab, "n8n")
    lab.change(PASSES, PASSES + UPGRADE)


# Behind Apache

#: The usual lines, with the WebSocket of the laboratory's own visitor.
APACHE_WITH = f"{HTTPS}\n{HTTP}".replace(
    ":3000/\n    ProxyPassR", ":3000/ upgrade=websocket\n    ProxyPassR"
)


@apache_scenario(
    outside=None, server="server.websocket-not-passed", differs=FILES, args=("--timeout", "20")
)
def n8n_behind_apache(lab: Lab) -> None:
    """Connection lost behind Apache, after https://github.com/n8n-io/n8n/issues/14592."""
    serve(lab, "n8n")
    apache.serve(lab)


@healthy_apache(args=("--timeout", "20"))
def n8n_behind_apache_with_upgrade(lab: Lab) -> None:
    """As in Apache's documentation since 2.4.47."""
    serve(lab, "n8n")
    apache.serve(lab, APACHE_WITH)

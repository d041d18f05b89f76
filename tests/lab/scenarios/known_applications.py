"""Known applications behind nginx, whose documentation says what it has to pass on.

After threads about n8n ("Connection lost", https://github.com/n8n-io/n8n/issues/12688 and 16368),
Mattermost (https://gitlab.com/gitlab-org/omnibus-gitlab/issues/740), Zigbee2MQTT, Home Assistant,
Grafana Live and Jellyfin (https://github.com/jellyfin/jellyfin/discussions/10310). What breaks lies
behind a login, or in a part of the page that a request for the page does not show.
"""

from collections.abc import Callable

from .. import apache, site
from ..apache import HTTP, HTTPS
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import FILES, apache_scenario, healthy_apache

MINE = (site.CONF,)
#: The location of all pages, and what its documentation adds for a WebSocket.
PASSES = "    proxy_pass http://127.0.0.1:3000;\n    proxy_http_version 1.1;\n"
UPGRADE = (
    "    proxy_set_header Upgrade $http_upgrade;\n"
    "    proxy_set_header Connection $connection_upgrade;\n"
)
HEADERS = "websocket.upgrade-headers-missing"


def serve(lab: Lab, name: str) -> None:
    service = lab.application_service
    service.ready = lambda: lab.server.listening(3000)
    service.argv = lab.server.application("known_server", name, "3000")
    service.restart()


def pass_upgrades(lab: Lab) -> None:
    lab.edit(PASSES, PASSES + UPGRADE)


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
    "n8n": (None, "Connection Lost, for ever."),
    "mattermost": (None, "Please check connection, ask about the port."),
    "zigbee2mqtt": (None, "The page is empty: it waits for its WebSocket."),
    "home-assistant": ("websocket.not-upgraded", "Unable to connect to Home Assistant."),
    "grafana": (None, "Its dashboards are not updated."),
    "jellyfin": (None, "Nobody can watch a film together."),
    "desk": (None, "An application that nobody knows; its page opens a WebSocket."),
}
for name, (outside, words) in WEBSOCKETS.items():
    scenario(outside=outside, server=HEADERS, args=("--timeout", "20"), differs=MINE)(
        played(name, "upgrade_not_passed", words)
    )
    healthy(args=("--timeout", "20"))(
        played(name, "upgrade_passed", "As its documentation says.", pass_upgrades)
    )


@scenario(
    outside=None, server=HEADERS, differs=MINE, args=("--ws", "/live"), unsure=("client",),
    manual="only who has logged in sees that it works",
)  # fmt: skip
def login_before_the_websocket(lab: Lab) -> None:
    """The visitor names the WebSocket of an application that wants a login first."""
    serve(lab, "desk")


# What their documentation asks for besides a WebSocket

DOCUMENTED = "nginx.documented-setting"
LIMIT = "    client_max_body_size 512m;\n"
TOO_LARGE = "413 Request Entity Too Large"


def raise_limit(lab: Lab) -> None:
    lab.edit(PASSES, PASSES + LIMIT)


for name, words in (
    ("nextcloud", "A film is not uploaded."),
    ("gitea", "error: RPC failed; HTTP 413, after questions about a large push."),
):
    scenario(
        outside=None, server=DOCUMENTED, differs=MINE, args=(TOO_LARGE,),
        also=("nginx.body-limit",),
    )(played(name, "upload_limited", words))  # fmt: skip
    healthy(args=(TOO_LARGE,))(
        played(name, "upload_allowed", "As its documentation says.", raise_limit)
    )


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

"""What applications of which diagnose has a file answer to a visitor who has not logged in, each as
its own source says.

n8n's /rest/push is behind its login; Mattermost's and Home Assistant's WebSocket opens first and
asks for a login then; Zigbee2MQTT answers its page or 404 to a request without Upgrade; Grafana and
Jellyfin answer 401.

Gotify: auth/authentication.go answers 401 before it looks for an Upgrade. ntfy: server/errors.go
has its answer to a request without Upgrade. Chatwoot: Action Cable's connection/base.rb answers 404
then. MinIO: api/ws_handle.go lets a visitor without a login open ws/objectManager, and says after
gorilla's answer why it did not. ThingsBoard: ThingsboardSecurityConfiguration.java lets everybody
open /api/ws, Spring's AbstractHandshakeHandler answers what is no upgrade. JumpServer:
apps/notifications/ws.py closes before it accepts, which Daphne makes a 403. Outline:
server/services/websockets.ts closes the connection of another origin. Odoo: addons/bus/websocket.py
cannot bind the socket of a worker without gevent.

code-server checks the Origin of every WebSocket, then asks for a login, at any path
(src/node/routes/vscode.ts). Cockpit opens it, says that there is no session, and closes it
(src/ws/cockpithandlers.c). Open WebUI's Socket.IO takes a WebSocket and no polling
(backend/open_webui/socket/main.py). JupyterHub sends to its login. Portainer and Proxmox VE answer
401, with Upgrade and without. Paperless-ngx answers 403, and a request without Upgrade goes to
its login. ComfyUI refuses with 403 where the Host is the loopback and the Origin is another
(server.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

JSON, HTML, TEXT = "application/json", "text/html; charset=utf-8", "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """The text of a 302 is the path to which it sends."""

    status: int
    text: str = ""
    type: str = HTML


@dataclass(frozen=True, slots=True)
class KnownApplication:
    """`socket` is the path of its WebSocket, or with a slash at the end the folder in which it has
    some. `plain` answers a request there that asks for no upgrade, `refused` a handshake; None: it
    opens, says `greeting`, and closes if it `closes`. `fields` come with every answer."""

    pages: Mapping[str, Answer]
    socket: str = "/none"
    plain: Answer = field(default_factory=lambda: Answer(404, "Not found"))
    refused: Answer | None = None
    greeting: bytes = b""
    closes: bool = False
    #: Where it compares the Origin with the Host: "always", "loopback" where the Host is that, or
    #: "scheme", with the scheme that it speaks itself.
    own_origin: Literal["", "always", "loopback", "scheme"] = ""
    fields: str = ""


def page(title: str, head: str = "", body: str = "") -> Answer:
    return Answer(
        200,
        f"<!doctype html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>",
    )


def behind_login(home: Answer, socket: str, answer: Answer) -> KnownApplication:
    """An application that answers the same at its WebSocket with Upgrade and without."""
    return KnownApplication({"/": home}, socket, answer, answer)


ERROR = '{"status":"error"}'
NO_UPGRADE = 'No WebSocket UPGRADE hdr: None\n Can "Upgrade" only to "WebSocket".'
ENGINE_OPEN = (
    b'0{"sid":"lv_VI97HAXpY6yYWAAAB","upgrades":[],"pingTimeout":20000,"pingInterval":25000}'
)
COCKPIT = {"/": page("Loading...", '<script src="cockpit/static/login.js"></script>')}
NO_SESSION = b'\n{"command":"init","problem":"no-session"}'
ODOO = {"/": page("Odoo", '<script id="web.layout.odooscript">var odoo = {}</script>')}
ODOO_PLAIN = Answer(400, "<h1>Bad Request</h1><p>Empty or missing header(s): upgrade</p>")
NOT_FOUND = Answer(404, "<h1>Not Found</h1>")

APPLICATIONS: Mapping[str, KnownApplication] = {
    "n8n": behind_login(page("n8n.io - Workflow Automation"), "/rest/push", Answer(401, ERROR)),
    "mattermost": KnownApplication(
        {"/": page("Mattermost")}, "/api/v4/websocket", Answer(400, ERROR)
    ),
    "zigbee2mqtt": KnownApplication({"/": page("Zigbee2MQTT")}, "/api", Answer(404, ERROR)),
    "home-assistant": KnownApplication(
        {"/": page("Home Assistant", body="<home-assistant></home-assistant>")},
        "/api/websocket",
        Answer(400, NO_UPGRADE),
    ),
    "grafana": behind_login(page("Grafana"), "/api/live/ws", Answer(401, ERROR)),
    "jellyfin": behind_login(page("Jellyfin"), "/socket", Answer(401, ERROR)),
    "nextcloud": KnownApplication({"/": page("Login – Nextcloud")}),
    "gitea": KnownApplication({"/": page("Git", body="<footer>Powered by Gitea</footer>")}),
    # An application that nobody knows.
    "desk": behind_login(
        page("Desk", body="<script>new WebSocket(`wss://${location.host}/live`)</script>"),
        "/live",
        Answer(401, ERROR),
    ),
    "gotify": behind_login(
        page("Gotify", body="<noscript>Gotify requires JavaScript.</noscript>"),
        "/stream",
        Answer(
            401,
            '{"error":"Unauthorized","errorCode":401,"errorDescription":"you need to provide a'
            ' valid access token or user credentials to access this api"}',
            JSON,
        ),
    ),
    "ntfy": KnownApplication(
        {"/": page("ntfy web", '<meta property="og:title" content="ntfy web" />')},
        "/diagnose/ws",
        Answer(
            400,
            '{"code":40016,"http":400,"error":"invalid request: client not using the websocket'
            ' protocol","link":"https://ntfy.sh/docs/subscribe/api/#websockets"}',
            JSON,
        ),
    ),
    "chatwoot": KnownApplication(
        {"/": page("Chatwoot", "<script>window.chatwootConfig = {\n hostURL: ''}</script>")},
        "/cable",
        Answer(404, "Page not found", TEXT),
    ),
    "minio": KnownApplication(
        {
            "/": page("MinIO Console", '<meta content="MinIO Console" name="description"/>'),
            "/browser/photos": page("MinIO Console", '<base href="/"/>'),
        },
        "/ws/objectManager",
        Answer(
            400,
            'Bad Request\n{"code":500,"message":"websocket: the client is not using the websocket'
            " protocol: 'upgrade' token not found in 'Connection' header\"}",
            TEXT,
        ),
    ),
    "thingsboard": KnownApplication(
        {"/": page("ThingsBoard", '<base href="/">', "<tb-root></tb-root>")},
        "/api/ws/plugins/telemetry",
        Answer(400, 'Can "Upgrade" only to "WebSocket".', TEXT),
    ),
    "jumpserver": KnownApplication(
        {"/": page("JumpServer", body="<form method=post></form>")},
        "/ws/notifications/site-msg/",
        NOT_FOUND,
        Answer(403, "", TEXT),
        fields="Set-Cookie: jms_csrftoken=Qd8kz; Path=/; SameSite=Lax\r\n",
    ),
    "outline": KnownApplication(
        {"/": page("Outline", '<meta name="slack-app-id" content="" />')},
        "/realtime/",
        Answer(400, '{"code":3,"message":"Bad request"}', JSON),
    ),
    "moodle": KnownApplication(
        {"/": page("School")}, fields="Set-Cookie: MoodleSession=3kq; path=/; secure\r\n"
    ),
    "odoo": KnownApplication(ODOO, "/websocket", ODOO_PLAIN),
    # With workers: its port for pages, on which nothing can bind a WebSocket.
    "odoo-workers": KnownApplication(
        ODOO, "/websocket", ODOO_PLAIN, Answer(500, "<h1>Internal Server Error</h1>")
    ),
    # Odoo 15 has /longpolling in its place.
    "odoo-15": KnownApplication(ODOO, "/websocket", NOT_FOUND, NOT_FOUND),
    "code-server": KnownApplication(
        {
            "/": Answer(302, "./login"),
            "/login": page("code-server login", '<meta id="coder-options" data-settings="{}" />'),
        },
        "/",
        Answer(302, "./login"),
        Answer(401),
        own_origin="always",
    ),
    "cockpit": KnownApplication(
        COCKPIT,
        "/cockpit/socket",
        Answer(400),
        greeting=NO_SESSION,
        closes=True,
        own_origin="always",
    ),
    # As it comes: it compares the Origin with the scheme that it speaks itself, and wants one.
    "cockpit-unset": KnownApplication(
        COCKPIT,
        "/cockpit/socket",
        Answer(400),
        greeting=NO_SESSION,
        closes=True,
        own_origin="scheme",
    ),
    "open-webui": KnownApplication(
        {"/": page("Open WebUI", '<script src="/static/loader.js" defer></script>')},
        "/ws/socket.io/",
        Answer(400, '"Invalid transport"'),
        greeting=ENGINE_OPEN,
    ),
    "jupyterhub": KnownApplication(
        {
            "/": Answer(302, "/hub/"),
            "/hub/": Answer(302, "/hub/login?next=%2Fhub%2F"),
            "/hub/login": page("JupyterHub"),
        },
        "/user/",
        Answer(302, "/hub/"),
        Answer(302, "/hub/"),
        fields="X-JupyterHub-Version: 5.2.1\r\n",
    ),
    "portainer": behind_login(
        page("Portainer"),
        "/api/websocket/",
        Answer(
            401, '{"message":"A valid authorization token is missing","details":"Unauthorized"}'
        ),
    ),
    "proxmox-ve": behind_login(
        page("pve - Proxmox Virtual Environment"), "/api2/json/nodes/", Answer(401)
    ),
    "paperless-ngx": KnownApplication(
        {
            "/": Answer(302, "/accounts/login/?next=/"),
            "/accounts/login/": page("Paperless-ngx sign in"),
        },
        "/ws/status/",
        Answer(302, "/accounts/login/?next=/"),
        Answer(403),
    ),
    "comfyui": KnownApplication(
        {"/": page("ComfyUI")}, "/ws", Answer(400, NO_UPGRADE), own_origin="loopback"
    ),
}

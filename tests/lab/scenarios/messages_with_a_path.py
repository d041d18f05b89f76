"""Words of an application's log, or of a browser, are pasted beside the site: they name a path, and
not the site, or no origin. Each has a twin that is healed, with the same message."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from . import websocket_polling

URL = f"https://{site.NAME}"
POLLED = ("GET /socket.io?EIO=3&transport=polling&t=1489492304904-0 HTTP/1.1 404",)
KERNEL = ('400 GET /ws 1.53ms referer=None\nCan "Upgrade" only to "WebSocket".',)
BLOCKED = (
    "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at "
    f"{URL}/api/items. (Reason: header ‘authorization’ is not allowed according to header "
    "‘Access-Control-Allow-Headers’ from CORS preflight response).",
)
MINE = (site.CONF,)
UPGRADE = (
    "    proxy_set_header Upgrade $http_upgrade;\n"
    "    proxy_set_header Connection $connection_upgrade;\n"
)
POLLS = "  location /socket.io/ {\n    proxy_pass http://127.0.0.1:3000"
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]


@scenario(
    outside="websocket.not-upgraded", server="websocket.path-stripped", args=POLLED,
    manual="the application has no /ws, by which the laboratory tells a healthy site",
)  # fmt: skip
def polls_lose_their_slash(lab: Lab) -> None:
    """`proxy_pass …/socket.io` behind `location /socket.io/`: the application logs a path that no
    client asks for (https://github.com/miguelgrinberg/Flask-SocketIO/issues/166)."""
    websocket_polling.serve(lab, "*")
    lab.change(f"{POLLS};", f"{POLLS}/socket.io;")


@healthy(args=POLLED)
def polls_keep_their_slash(lab: Lab) -> None:
    websocket_polling.serve(lab, "*")
    lab.change(f"{POLLS};", f"{POLLS}/socket.io/;")


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing", args=KERNEL,
    differs=MINE,
)  # fmt: skip
def log_of_a_kernel_names_its_websocket(lab: Lab) -> None:
    """Tornado's words in Jupyter's log: https://github.com/jupyter/notebook/issues/6154."""
    lab.change(UPGRADE, "")


@healthy(args=KERNEL)
def websocket_of_the_log_opens(lab: Lab) -> None:
    pass


def _allow(lab: Lab, lines: str) -> None:
    """nginx answers preflights itself, for every site."""
    asked = "    if ($request_method = OPTIONS) {\n"
    allowed = (
        "      add_header Access-Control-Allow-Origin *;\n"
        "      add_header Access-Control-Allow-Methods 'GET, POST, OPTIONS';\n"
    )
    block = f"{asked}{allowed}{lines}      return 204;\n    }}\n"
    lab.change(PAGES, PAGES.replace("  location / {\n", f"  location / {{\n{block}"))


@scenario(outside="http.cors-refused", args=BLOCKED, manual="what is allowed is a choice")
def firefox_names_the_field_and_no_origin(lab: Lab) -> None:
    """https://github.com/monsur/enable-cors.org/issues/161."""
    _allow(lab, "")


@healthy(args=BLOCKED)
def field_that_firefox_names_is_allowed(lab: Lab) -> None:
    _allow(lab, "      add_header Access-Control-Allow-Headers 'authorization, content-type';\n")


#: A server of WebSockets that closes every other connection, and sends nothing.
_CLOSES = """
import asyncio, base64, hashlib, re
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
async def serve(reader, writer):
    try:
        head = await reader.readuntil(b"\\r\\n\\r\\n")
        key = re.search(rb"(?i)sec-websocket-key: (\\S+)", head)
        if key and re.search(rb"(?i)\\nupgrade: websocket", head):
            accept = base64.b64encode(hashlib.sha1(key[1] + GUID).digest())
            fields = b"Upgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: "
            writer.write(b"HTTP/1.1 101 OK\\r\\n" + fields + accept + b"\\r\\n\\r\\n")
            await reader.read(4096)
            writer.write(b"\\x88\\x00")
    except (OSError, asyncio.IncompleteReadError):
        pass
    writer.close()
async def main():
    async with await asyncio.start_server(serve, "127.0.0.1", 3001) as server:
        await server.serve_forever()
asyncio.run(main())
"""


def _closes(lab: Lab, upgrade: str) -> None:
    lab.server.write("/srv/closes.py", _CLOSES)
    lab.spawn(lab.server, lab.server.python("/srv/closes.py"), 3001)
    place = f"  location /live {{\n    proxy_pass http://127.0.0.1:3001;\n{upgrade}  }}\n\n"
    lab.change("  location /ws {", f"{place}  location /ws {{")


@scenario(
    outside="http.server-error", server="websocket.upgrade-headers-missing",
    target=f"wss://{site.NAME}/live", also=("websocket.not-upgraded",), differs=MINE,
)  # fmt: skip
def server_of_websockets_closes_other_connections(lab: Lab) -> None:
    """502 in place of 101, and nginx's log speaks of the application:
    https://github.com/h5bp/server-configs-nginx/pull/18."""
    _closes(lab, "")


@healthy(target=f"wss://{site.NAME}/live", args=("--ws", "/live"))
def server_of_websockets_gets_the_upgrade(lab: Lab) -> None:
    _closes(lab, f"    proxy_http_version 1.1;\n{UPGRADE}    proxy_read_timeout 3600s;\n")


UNAUTHORIZED = (
    f"WebSocket connection to 'wss://{site.NAME}/ws' failed: Error during WebSocket handshake: "
    "Unexpected response code: 401",
)
GUARD = '  auth_basic "Shop";\n  auth_basic_user_file /etc/nginx/users;\n'


def _guard(lab: Lab, lines: str) -> None:
    """A password for the whole site, and these lines in the WebSocket's location."""
    lab.server.write("/etc/nginx/users", "user:$apr1$abcdefgh$CzTt2R3Zb1hQhQx4sYvxY0\n")
    lab.edit("  location / {\n    proxy_pass", f"{GUARD}  location / {{\n    proxy_pass")
    lab.change("  location /ws {\n", f"  location /ws {{\n{lines}")


@scenario(
    outside="websocket.unauthorized", args=UNAUTHORIZED, target=f"wss://{site.NAME}/ws",
    manual="whether the application has a login of its own is known to its owner",
)  # fmt: skip
def password_of_the_site_is_asked_for_the_websocket(lab: Lab) -> None:
    """Safari sends none: https://github.com/coder/code-server/issues/1348."""
    _guard(lab, "")


@healthy(args=UNAUTHORIZED, target=f"wss://{site.NAME}/ws")
def websocket_beside_a_password(lab: Lab) -> None:
    _guard(lab, "    auth_basic off;\n")

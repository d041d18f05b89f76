"""The WebSocket is at another path than asked, or the program behind the path has none.

Sources: Socket.IO's "Troubleshooting connection issues" (a plain client and a Socket.IO server, an
old client), SockJS's protocol (the raw endpoint), issues of uvicorn and Django Channels about
programs without WebSockets, and questions about a last slash.
"""

from .. import site
from ..hosts import REPOSITORY
from ..lab import Lab
from ..scenario import healthy, scenario

CLIENT = "the client has to use the path"
APPLICATION = "the application has to be mended"
MINE = (site.CONF,)
START = site.HTTPS.index("  location /ws")
LOCATION = site.HTTPS[START : site.HTTPS.rindex("}")]
SOCKETIO = '<script src="/socket.io/socket.io.js"></script><script>const socket = io()</script>'
LIVE = "<script>new WebSocket(`wss://${location.host}/live`)</script>"
ENGINE = "wss://shop.example.com/socket.io/?EIO={}&transport=websocket"


def _serve(lab: Lab, module: str, *options: str) -> None:
    service = lab.application_service
    service.ready = lambda: lab.server.listening(3000)
    service.argv = lab.server.application(module, *options)
    service.restart()


def _chat(lab: Lab, *options: str) -> None:
    """The application, and nginx that passes upgrades on everywhere."""
    _serve(lab, "chat_server", *options)
    lab.change("location /ws", "location ~ ^/(ws|live|socket.io)")


@scenario(outside="websocket.other-path", manual=CLIENT)
def path_that_the_page_names(lab: Lab) -> None:
    _chat(lab, "--path", "/live", "--page", LIVE)


@scenario(
    outside="websocket.other-path", target="wss://shop.example.com/ws", args=("--timeout", "20"),
    manual=CLIENT,
)  # fmt: skip
def plain_client_of_socketio(lab: Lab) -> None:
    """The page is read, because the target is a WebSocket."""
    _chat(lab, "--path", "/socket.io/", "--library", "socket.io", "--page", SOCKETIO)


#: The plain call: without words, a scenario about WebSockets asks for /ws.
PLAIN = ("--method", "GET")


def _socketio(lab: Lab, *options: str) -> None:
    _chat(lab, "--path", "/socket.io/", "--library", "socket.io", "--page", SOCKETIO, *options)


@scenario(
    outside=None, server="websocket.origin-refused", args=PLAIN, manual=APPLICATION, both=None
)
def socketio_for_the_origin_of_development(lab: Lab) -> None:
    """https://github.com/NodeBB/NodeBB/issues/5580: `"url": "http://localhost:4567"` is left in
    config.json, and the page's own requests get 400. Over SSH no Origin is tried."""
    _socketio(lab, "--origin", "http://localhost:3000")


POLLED = f"https://{site.NAME}/socket.io/?EIO=4&transport=polling&t=LjLkAox"


@scenario(
    outside="websocket.not-upgraded", server="websocket.origin-refused", target=POLLED,
    args=(f"GET {POLLED} 400 (Bad Request)",), manual=APPLICATION,
)  # fmt: skip
def first_request_of_socketio_for_the_origin_of_development(lab: Lab) -> None:
    """The same with the browser's message: the 400 is a consequence, and no second cause."""
    _socketio(lab, "--origin", "http://localhost:3000")


@scenario(outside="websocket.not-upgraded", args=("--ws", "/socket.io/"), manual=APPLICATION)
def socketio_that_refuses_as_if_the_upgrade_were_lost(lab: Lab) -> None:
    """Engine.IO's error 3 for a complete handshake: no proxy is at fault."""
    refusal = '{"code":3,"message":"Bad request"}'
    _socketio(lab, "--origin", "https://app.example.net", "--refusal", refusal)


@healthy(args=PLAIN)
def socketio_for_the_sites_origin(lab: Lab) -> None:
    _socketio(lab, "--origin", f"https://{site.NAME}")


@healthy(args=PLAIN)
def socketio_for_another_origin(lab: Lab) -> None:
    """Which one is its owner's choice: nothing shows that it should be this site's."""
    _socketio(lab, "--origin", "https://app.example.net")


@scenario(outside="websocket.other-path", manual=CLIENT)
def raw_client_of_sockjs(lab: Lab) -> None:
    _chat(lab, "--path", "/ws/websocket", "--library", "sockjs")


@scenario(outside="websocket.other-path", manual=CLIENT)
def path_of_streamlit(lab: Lab) -> None:
    """Its page names no path: after questions on Stack Overflow about Streamlit that stays at
    "Please wait..." behind nginx, with a location for another path."""
    page = '<title>Streamlit</title><div id="root"></div>'
    _serve(lab, "chat_server", "--path", "/_stcore/stream", "--page", page)
    lab.change("location /ws", "location ~ ^/(ws|_stcore)")


@scenario(outside="websocket.other-path", manual=CLIENT)
def slash_at_the_end(lab: Lab) -> None:
    """As Django's routes have it."""
    _chat(lab, "--path", "/ws/")


@scenario(outside="websocket.not-upgraded", server="websocket.not-served", manual=APPLICATION)
def path_that_nothing_serves(lab: Lab) -> None:
    """The page names it, and the program has no WebSocket."""
    _chat(lab, "--path", "/none", "--page", LIVE.replace("/live", "/ws"))


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing", differs=MINE,
)  # fmt: skip
def another_websocket_works(lab: Lab) -> None:
    """The page names both, and nginx loses the upgrade of one."""
    page = LIVE + LIVE.replace("/live", "/ws")
    _serve(lab, "chat_server", "--path", "/ws", "--page", page)
    lab.change("    proxy_set_header Upgrade $http_upgrade;\n", "")


@scenario(outside="websocket.not-upgraded", server="websocket.not-served", manual=APPLICATION)
def program_by_wsgi(lab: Lab) -> None:
    """Django Channels, started by gunicorn."""
    _serve(lab, "wsgi_server")


@scenario(
    outside="websocket.socketio-refused", target=ENGINE.format(3), manual=APPLICATION,
    args=("--timeout", "20"),
)  # fmt: skip
def old_client_of_socketio(lab: Lab) -> None:
    _chat(lab, "--path", "/socket.io/", "--library", "socket.io")


@scenario(
    outside="websocket.socketio-refused", target=ENGINE.format(4), manual=APPLICATION,
    args=("--timeout", "20"),
)  # fmt: skip
def socketio_by_polling_only(lab: Lab) -> None:
    options = ("--library", "socket.io", "--transports", "polling")
    _chat(lab, "--path", "/socket.io/", *options)


@healthy(args=("--ws", "/live"))
def page_names_its_websocket(lab: Lab) -> None:
    _chat(lab, "--path", "/live", "--page", LIVE)


@healthy(target="wss://shop.example.com/socket.io/", args=("--timeout", "20"))
def socketio_at_its_path(lab: Lab) -> None:
    _chat(lab, "--path", "/socket.io/", "--library", "socket.io", "--page", SOCKETIO)


# The location of the path


@scenario(
    outside="websocket.redirected", server="websocket.files-first", differs=(site.CONF,),
)  # fmt: skip
def folder_of_the_same_name(lab: Lab) -> None:
    """try_files finds it before @websocket, after an issue of Socket.IO about /admin."""
    lab.server.write("/var/www/html/ws/index.html", "<!doctype html><title>Admin</title>")
    files = "location /ws { root /var/www/html; index index.html; try_files $uri $uri/ @ws; }\n"
    _serve(lab, "chat_server", "--path", "/ws")
    lab.change("  location /ws", f"  {files}  location @ws")


@healthy(args=("--ws", "/ws"))
def no_folder_of_that_name(lab: Lab) -> None:
    files = "location /ws { root /srv/none; try_files $uri $uri/ @ws; }\n"
    lab.change("  location /ws", f"  {files}  location @ws")


BY_MAP = """\
map $http_upgrade $kind {
  default   web;
  websocket ws;
}
"""


def _by_map(lab: Lab, port: int) -> None:
    lab.edit(site.MAP, site.MAP + BY_MAP)
    start = site.HTTPS.index("  location / {")
    page = site.HTTPS[start:START]
    chosen = "  location / {\n    try_files /none @$kind;\n  }\n"
    lab.edit(page, chosen + page.replace("location /", "location @web"))
    socket = LOCATION.replace("location /ws", "location @ws").replace("3000", str(port))
    lab.change(LOCATION, socket)


@scenario(
    outside="websocket.not-upgraded", server="websocket.upstream-failed",
    manual="the program has to be started",
)  # fmt: skip
def program_of_the_upgrades_is_down(lab: Lab) -> None:
    """A map of $http_upgrade leads to Reverb, after an issue of it."""
    _by_map(lab, 6001)


@healthy(args=("--ws", "/ws"))
def upgrades_are_chosen_by_a_map(lab: Lab) -> None:
    _by_map(lab, 3000)


@healthy()
def page_names_a_websocket_that_is_not_asked_for(lab: Lab) -> None:
    """A note says that it was not tried."""
    _chat(lab, "--path", "/live", "--page", LIVE)


KEPT = "its files replace the pages and the WebSocket that a cure is tried with"
CHAT_PAGE = "<h1>Chat</h1><script>new WebSocket(`wss://${location.host}/chat-ws`)</script>"


def _hack_chat(lab: Lab, target: str, *options: str) -> None:
    """hack.chat: files, and a chat server whose WebSocket is at its root (issues of
    hack-chat/main about nginx)."""
    program = str(REPOSITORY / "tests" / "lab" / "application.py")
    argv = lab.server.python(program, "--port", "3001", "--path", "/", *options)
    lab.spawn(lab.server, argv, 3001)
    lab.server.write("/srv/chat/index.html", CHAT_PAGE)
    chat = LOCATION.replace("location /ws", "location /chat-ws")
    chat = chat.replace("http://127.0.0.1:3000", target)
    pages = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.rindex("}")]
    lab.change(pages, f"  root /srv/chat;\n{chat}")


@scenario(outside=None, server="websocket.prefix-kept", args=("--timeout", "40"), manual=KEPT)
def page_opens_a_websocket_with_its_prefix(lab: Lab) -> None:
    """The plain call: the page opens well, and the chat does not."""
    _hack_chat(lab, "http://127.0.0.1:3001")


@scenario(
    outside="websocket.not-upgraded", server="websocket.prefix-kept", args=("--ws", "/chat-ws"),
    manual=KEPT,
)  # fmt: skip
def websocket_with_its_prefix(lab: Lab) -> None:
    _hack_chat(lab, "http://127.0.0.1:3001")


CHAT_ADDRESS = f"https://{site.NAME}/chat-ws"
#: 404 for every plain request, whatever nginx sends.
NO_PAGE = ("--mode", "own-host")


@scenario(
    outside=None, server="websocket.prefix-kept", target=CHAT_ADDRESS, args=("--timeout", "40"),
    manual=KEPT,
)  # fmt: skip
def address_of_a_websocket_with_its_prefix(lab: Lab) -> None:
    """https://github.com/YeautyYE/netty-websocket-spring-boot-starter/issues/89: the person names
    the WebSocket's address, at which a plain request gets the application's 404."""
    _hack_chat(lab, "http://127.0.0.1:3001", *NO_PAGE)


@scenario(
    outside=None, server="websocket.prefix-kept", target=CHAT_ADDRESS,
    args=("配置到nginx域名访问报404 但是用ip加端口的方式则能正常连接",), manual=KEPT,
    unsure=("client",),
)  # fmt: skip
def address_of_a_websocket_and_its_404(lab: Lab) -> None:
    """The same, with what the person writes."""
    _hack_chat(lab, "http://127.0.0.1:3001", *NO_PAGE)


@healthy(target=CHAT_ADDRESS)
def address_of_a_websocket_without_its_prefix(lab: Lab) -> None:
    """The slash at the end of proxy_pass cuts it off."""
    _hack_chat(lab, "http://127.0.0.1:3001/", *NO_PAGE)


@healthy(args=("--ws", "/chat-ws"))
def websocket_without_its_prefix(lab: Lab) -> None:
    """The slash at the end cuts it off."""
    _hack_chat(lab, "http://127.0.0.1:3001/")

"""The plain call: the page opens a WebSocket, nobody names its path, and Apache or Caddy is in
front of its application."""

from .. import apache, caddy, site
from ..caddy import SHOP
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import FILES, apache_scenario, healthy_apache
from .caddy import caddy_scenario
from .websocket_paths import LIVE, SOCKETIO, _serve

OWN_LINE = "    ProxyPass /ws ws://127.0.0.1:3000/ws\n"
PAGES = f"{apache.HTTPS}\n{apache.HTTP}".replace(OWN_LINE, "")
WS = LIVE.replace("/live", "/ws")
FAILED = ("WebSocket connection failed: Error during WebSocket handshake",)
PASS = "ProxyPass / http://127.0.0.1:3000/"


def _chat(lab: Lab, path: str = "/ws", page: str = WS, library: str = "") -> None:
    options = ("--library", library) if library else ()
    _serve(lab, "chat_server", "--path", path, "--page", page, *options)


@apache_scenario(outside=None, server="server.websocket-not-passed", differs=FILES)
def page_behind_apache_opens_a_websocket(lab: Lab) -> None:
    """After issue 128 of HenningM/express-ws and others: ProxyPass / http://…, and nothing for the
    upgrade."""
    _chat(lab)
    apache.serve(lab, PAGES)


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.websocket-not-passed",
    differs=FILES,
    args=FAILED,
)
def page_of_a_message_opens_a_websocket(lab: Lab) -> None:
    """The same with the message of the console, and with the address of the page: the WebSocket
    that the page names is tried from outside too."""
    _chat(lab)
    apache.serve(lab, PAGES)


@healthy_apache(args=FAILED)
def page_of_a_message_opens_a_websocket_well(lab: Lab) -> None:
    """After the repair."""
    _chat(lab)
    apache.serve(lab, PAGES.replace(PASS, f"{PASS} upgrade=websocket"))


@apache_scenario(
    outside=None,
    server="server.websocket-not-passed",
    differs=FILES,
    manual="the laboratory's own WebSocket is at another path",
)
def page_behind_apache_opens_socketio(lab: Lab) -> None:
    """Issue 58 of tagyoureit/nodejs-Pentair: the requests of Socket.IO work, and its WebSocket gets
    400."""
    _chat(lab, "/socket.io/", SOCKETIO, "socket.io")
    apache.serve(lab, PAGES)


@healthy_apache()
def page_behind_apache_opens_a_websocket_that_is_passed_on(lab: Lab) -> None:
    """ProxyPass with upgrade=websocket."""
    _chat(lab)
    apache.serve(lab, PAGES.replace(PASS, f"{PASS} upgrade=websocket"))


@healthy_apache()
def page_behind_apache_names_a_websocket_that_nothing_opens(lab: Lab) -> None:
    """The program may never use it, or add something to the path."""
    _chat(lab, "/elsewhere")
    apache.serve(lab, PAGES)


@caddy_scenario(
    outside=None, server="server.path-changed", manual="which of both paths is meant is asked"
)
def page_behind_caddy_opens_a_websocket_below_a_prefix(lab: Lab) -> None:
    """handle_path /ws* cuts the path off that the application has."""
    _chat(lab)
    own = "\thandle_path /ws* {\n\t\treverse_proxy 127.0.0.1:3000\n\t}\n\treverse_proxy"
    caddy.serve(lab, SHOP.replace("\treverse_proxy", own))


#: Issue 4493 of Gradio: the demos below /chat/, and the files of the site beside them.
BELOW = "new WebSocket(url + '/queue/join')"
CHAT = "https://shop.example.com/chat/"
_START = site.HTTPS.index("  location /")
DEMOS = f"""{site.HTTPS[:_START]}  root /var/www/demos;
  location /chat/ {{
    proxy_pass http://127.0.0.1:3000/;
%s    proxy_set_header Host $http_host;
  }}
}}
"""
UPGRADE = (
    "    proxy_http_version 1.1;\n    proxy_set_header Upgrade $http_upgrade;\n"
    '    proxy_set_header Connection "upgrade";\n'
)


def _demos(lab: Lab, lines: str) -> None:
    lab.server.write("/var/www/demos/index.html", "<!doctype html><p>The demos.</p>\n")
    lab.undo(lambda: lab.server.sh("rm -rf /var/www/demos"))
    _chat(lab, "/queue/join", f"<!doctype html><p>Chat</p><script>{BELOW}</script>")
    lab.edit(site.HTTPS, DEMOS % lines)
    lab.reload()


@scenario(
    outside=None,
    server="websocket.upgrade-headers-missing",
    differs=(site.CONF,),
    target=CHAT,
    args=("--method", "GET"),
    manual="the laboratory's own WebSocket is at another path",
)
def page_in_a_folder_opens_a_websocket_below_it(lab: Lab) -> None:
    """The script knows its beginning, and nobody else does: the page's folder is tried first."""
    _demos(lab, "")


@healthy(target=CHAT)
def page_in_a_folder_opens_its_websocket_well(lab: Lab) -> None:
    """After the repair no location is missed for /queue/join."""
    _demos(lab, UPGRADE)


#: A page of files that opens a WebSocket of the program behind /ws.
_PAGES = site.HTTPS[_START : site.HTTPS.rindex("}")]
FILES_FIRST = """  root /srv/live;
  location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_set_header Host $http_host;
%s  }
"""


def _live(lab: Lab, lines: str, page: str = WS) -> None:
    lab.server.write("/srv/live/index.html", f"<!doctype html><h1>Live</h1>{page}\n")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/live"))
    lab.change(_PAGES, FILES_FIRST % lines)


@scenario(
    outside="websocket.not-upgraded",
    server="websocket.upgrade-headers-missing",
    differs=(site.CONF,),
)
def page_opens_a_websocket_that_says_it_got_no_upgrade(lab: Lab) -> None:
    """The plain call, from outside too: the program answers 426."""
    _live(lab, "")


@healthy()
def page_opens_a_websocket_that_opens(lab: Lab) -> None:
    _live(lab, UPGRADE)


@healthy()
def page_names_a_websocket_in_a_comment_and_one_without_its_token(lab: Lab) -> None:
    """What stands in a comment is not tried, and a program that has no such path says nothing."""
    _live(
        lab,
        UPGRADE,
        f"<!-- {WS} --><script>// new WebSocket('/old')</script>{WS}".replace(
            "/ws`)", "/ws/none`)"
        ),
    )

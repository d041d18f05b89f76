"""The WebSocket of a page has no path of its own, or a library adds one.

After https://github.com/TriliumNext/Trilium/issues/946 (a WebSocket at the root, "Unexpected
response code: 200") and https://github.com/socketio/engine.io-client/issues/202 (`eio('wss://…')`).
"""

from .. import site
from ..hosts import REPOSITORY
from ..lab import Lab
from ..scenario import healthy, scenario

MINE = (site.CONF,)
PLAIN = ("--method", "GET", "--timeout", "40")
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.rindex("}")]
UPGRADE = (
    "    proxy_http_version 1.1;\n    proxy_set_header Upgrade $http_upgrade;\n"
    '    proxy_set_header Connection "upgrade";\n'
)
ROOT = (
    "<h1>Notes</h1><script>const p = location.protocol === 'https:' ? 'wss' : 'ws';"
    "const ws = new WebSocket(p + '://' + location.host + '/');</script>"
)
ENGINE = f"<h1>Chat</h1><script>var socket = eio('wss://{site.NAME}');</script>"


def _notes(lab: Lab, lines: str) -> None:
    """An application whose WebSocket is at its root, where its page is too."""
    argv = ("--port", "3001", "--path", "/", "--page", ROOT)
    lab.spawn(lab.server, lab.server.application("chat_server", *argv), 3001)
    passed = f"    proxy_pass http://127.0.0.1:3001;\n    proxy_set_header Host $host;\n{lines}"
    page = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
    lab.change(page, f"  location / {{\n{passed}  }}\n\n")


@scenario(outside=None, server="websocket.upgrade-headers-missing", args=PLAIN, differs=MINE)
def websocket_at_the_root_gets_no_upgrade(lab: Lab) -> None:
    """The plain call: the program puts the address together of parts."""
    _notes(lab, "")


@healthy(args=PLAIN)
def websocket_at_the_root_gets_its_upgrade(lab: Lab) -> None:
    _notes(lab, UPGRADE)


@healthy(args=PLAIN)
def host_that_is_given_to_a_library(lab: Lab) -> None:
    """The files are nginx's own, and the library's path is passed on."""
    program = str(REPOSITORY / "tests" / "lab" / "application.py")
    lab.spawn(
        lab.server, lab.server.python(program, "--port", "3001", "--path", "/engine.io/"), 3001
    )
    lab.server.write("/srv/chat/index.html", ENGINE)
    lab.undo(lambda: lab.server.sh("rm -rf /srv/chat"))
    passed = f"    proxy_pass http://127.0.0.1:3001;\n{UPGRADE}"
    lab.change(PAGES, f"  root /srv/chat;\n\n  location /engine.io/ {{\n{passed}  }}\n")

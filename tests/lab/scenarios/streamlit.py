"""Streamlit behind nginx: its page stays empty without its WebSocket, whose path is in no URL that
a visitor types. The page is a stand-in with Streamlit's title and program."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

SOCKET = site.HTTPS[site.HTTPS.index("  location /ws") : site.HTTPS.rindex("}")]
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
FOLDER = "/srv/streamlit"
PAGE = """\
<!doctype html><title>Streamlit</title>
<div id="root"></div><script type="module">const path = "_stcore/stream";</script>
"""
HEADERS = (
    "    proxy_set_header Upgrade $http_upgrade;\n"
    "    proxy_set_header Connection $connection_upgrade;\n"
)


def _streamlit(lab: Lab, headers: str) -> None:
    lab.server.write(f"{FOLDER}/index.html", PAGE)
    lab.edit(PAGES, f"  root {FOLDER};\n")
    socket = SOCKET.replace("location /ws", "location /_stcore/stream").replace(HEADERS, headers)
    # The laboratory's application has its WebSocket at /ws alone.
    socket = socket.replace("127.0.0.1:3000;", "127.0.0.1:3000/ws;")
    lab.change(SOCKET, socket)


@healthy()
def streamlit_without_upgrade(lab: Lab) -> None:
    """The page is blank, and nobody named a WebSocket: http://www.dtcms.com/a/310243.html. A note
    names it."""
    _streamlit(lab, "")


@scenario(
    outside="websocket.not-upgraded",
    server="websocket.upgrade-headers-missing",
    args=("--ws", "/_stcore/stream"),
    manual="whether it helps is looked at by a WebSocket at /ws",
)
def streamlit_whose_websocket_is_named(lab: Lab) -> None:
    """The same, as somebody asks who has read the note."""
    _streamlit(lab, "")

"""The page's call asks for a subprotocol, and browsers close a WebSocket that chooses none.

After https://github.com/JuliaWeb/HTTP.jl/issues/869 ("Sent non-empty 'Sec-WebSocket-Protocol'
header but no response was received"), and https://github.com/bastlirna/mqtt-wall/issues/5 (a
proxy's setting, and another subprotocol than the page asked for).
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

MINE = (site.CONF,)
WS = ("--ws", "/live")
SAID = (
    "Error during WebSocket handshake: Sent non-empty 'Sec-WebSocket-Protocol' header but no "
    "response was received"
)
SOCKET = f"wss://{site.NAME}/live"
MEND = "the application has to choose one"
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]

OTHER = (
    "Error during WebSocket handshake: 'Sec-WebSocket-Protocol' header value 'mqttv3.1' in "
    "response does not match any of sent values"
)
OWN = "    proxy_set_header Sec-WebSocket-Protocol {};\n"


def _serve(lab: Lab, *options: str, lines: str = "", asks: str = ", 'toto'") -> None:
    page = f"<script>new WebSocket('wss://' + location.host + '/live'{asks})</script>"
    argv = ("--port", "3001", "--page", page, *options)
    lab.spawn(lab.server, lab.server.application("chat_server", *argv), 3001)
    lab.change(
        PAGES,
        f"  location / {{\n    proxy_pass http://127.0.0.1:3001;\n{lines}"
        "    proxy_http_version 1.1;\n    proxy_set_header Upgrade $http_upgrade;\n"
        "    proxy_set_header Connection $connection_upgrade;\n  }\n\n",
    )


@scenario(outside="websocket.subprotocol", args=WS, manual=MEND)
def page_asks_for_a_subprotocol_that_nobody_chooses(lab: Lab) -> None:
    _serve(lab)


@scenario(outside="websocket.subprotocol", target=SOCKET, args=(SAID,), manual=MEND)
def browser_says_that_no_subprotocol_was_chosen(lab: Lab) -> None:
    """The target is the WebSocket: the page is read for what it asks for."""
    _serve(lab)


@scenario(outside="websocket.subprotocol", args=WS, differs=MINE)
def nginx_hides_the_chosen_subprotocol(lab: Lab) -> None:
    _serve(lab, "--chooses", lines="    proxy_hide_header Sec-WebSocket-Protocol;\n")


@scenario(outside="websocket.subprotocol", args=WS, differs=MINE)
def nginx_empties_the_offered_subprotocols(lab: Lab) -> None:
    _serve(lab, "--chooses", lines='    proxy_set_header Sec-WebSocket-Protocol "";\n')


@healthy(args=WS)
def page_gets_the_subprotocol_that_it_asks_for(lab: Lab) -> None:
    _serve(lab, "--chooses")


@healthy(args=WS)
def page_asks_for_no_subprotocol(lab: Lab) -> None:
    _serve(lab, asks="")


@healthy(target=SOCKET, args=(SAID,))
def browser_gets_a_subprotocol_by_now(lab: Lab) -> None:
    _serve(lab, "--chooses", asks=", ['a.b', 'c']")


@scenario(outside="websocket.subprotocol", target=SOCKET, args=(OTHER,), differs=MINE)
def nginx_sends_a_subprotocol_of_its_own(lab: Lab) -> None:
    _serve(lab, "--chooses", lines=OWN.format("mqttv3.1"))


@healthy(target=SOCKET, args=(OTHER,))
def nginx_sends_the_visitors_subprotocol(lab: Lab) -> None:
    _serve(lab, "--chooses", lines=OWN.format("$http_sec_websocket_protocol"))

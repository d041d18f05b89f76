"""A person writes that a WebSocket does not open, and nobody knows its path.

After https://github.com/1Panel-dev/1Panel/issues/1552: "使用nginx反代… websocket连接失败".
"""

from .. import apache, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import FILES, apache_scenario, healthy_apache
from .logged_websockets import OWN
from .websocket_paths import _serve
from .websockets_behind_logins import PASSED, PASSES

MINE = (site.CONF,)
FAILS = ("使用nginx反代后websocket连接失败",)
MESSAGES = ("Messages do not appear until I reload, the WebSocket connection fails",)


def _one_location(lab: Lab) -> None:
    """The location of the pages is for the WebSocket too."""
    lab.change(OWN, "")


@scenario(
    outside=None, server="websocket.upgrade-headers-missing", args=FAILS, differs=MINE
)  # fmt: skip
def no_location_passes_a_websocket_on(lab: Lab) -> None:
    _one_location(lab)


@scenario(
    outside=None, server="websocket.upgrade-headers-missing", args=MESSAGES, differs=MINE
)  # fmt: skip
def no_location_passes_the_messages_on(lab: Lab) -> None:
    _one_location(lab)


@healthy(args=FAILS)
def websocket_that_a_location_of_its_own_passes_on(lab: Lab) -> None:
    """The person's program may have a fault of its own."""


@healthy(args=FAILS)
def websocket_that_the_location_of_all_passes_on(lab: Lab) -> None:
    _one_location(lab)
    lab.edit(PASSES, PASSES + PASSED)
    lab.reload()


@healthy(args=("The chat closes its WebSocket after 60 seconds",))
def websocket_that_is_cut_after_a_while(lab: Lab) -> None:
    _one_location(lab)


@healthy(args=("The WebSocket is working, and the newest messages are missing",))
def websocket_that_works_by_the_words(lab: Lab) -> None:
    _one_location(lab)


@healthy(args=FAILS)
def websocket_of_the_page_is_at_another_host(lab: Lab) -> None:
    script = "<script>new WebSocket('wss://live.example.com/')</script>"
    _serve(lab, "chat_server", "--path", "/ws", "--page", script)
    _one_location(lab)


@apache_scenario(outside=None, server="server.websocket-not-passed", args=MESSAGES, differs=FILES)
def apache_passes_no_websocket_on(lab: Lab) -> None:
    text = apache.HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", "")
    apache.serve(lab, f"{text}\n{apache.HTTP}")


@healthy_apache(args=MESSAGES)
def apache_passes_the_reported_websocket_on(lab: Lab) -> None:
    apache.serve(lab)

"""Scenarios of server.apache-target-without-slash: a real Apache."""

from .. import apache
from ..lab import Lab
from .apache import FILES, apache_scenario, healthy_apache

WITHOUT = "ProxyPass / http://127.0.0.1:3000"
SITE = f"{apache.HTTPS}\n{apache.HTTP}"


@apache_scenario(
    outside="http.page-file-missing", server="server.apache-target-without-slash", differs=FILES
)
def apache_has_a_slash_on_one_side(lab: Lab) -> None:
    """Issue 471 of linuxserver/Heimdall: `ProxyPass / https://10.220.2.40:8061`. The page opens
    without its style and its scripts."""
    lab.application("--mode", "absolute-links")
    apache.serve(lab, SITE.replace("ProxyPass / http://127.0.0.1:3000/", WITHOUT))


ROOT = "    ProxyPass / http://127.0.0.1:3000/\n"
LIVE = ("--ws", "/live/ws")


def _live(lab: Lab, slash: str) -> None:
    line = f"    ProxyPass /live/ http://127.0.0.1:3000{slash} upgrade=websocket\n"
    apache.serve(lab, SITE.replace(ROOT, line + ROOT))


@apache_scenario(
    outside="websocket.not-upgraded", server="server.apache-target-without-slash", differs=FILES,
    args=LIVE,
)  # fmt: skip
def apache_has_a_slash_on_one_side_of_a_websocket(lab: Lab) -> None:
    """Pull request 484 of nextcloud/whiteboard: ProxyPass has upgrade=websocket."""
    _live(lab, "")


@healthy_apache(args=LIVE)
def apache_has_a_slash_on_both_sides_of_a_websocket(lab: Lab) -> None:
    _live(lab, "/")


@healthy_apache()
def apache_has_a_slash_on_neither_side(lab: Lab) -> None:
    """<Location /> and ProxyPass without a path of its own, and the slash."""
    lab.application("--mode", "absolute-links")
    section = "<Location />\n        ProxyPass http://127.0.0.1:3000/\n    </Location>"
    apache.serve(lab, SITE.replace("ProxyPass / http://127.0.0.1:3000/", section))

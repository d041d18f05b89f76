"""Applications behind nginx whose WebSocket lies behind a login, or opens before it.

After threads about code-server ("WebSocket close with status code 1006",
https://github.com/coder/code-server/issues/4443), Cockpit, Open WebUI, JupyterHub
(https://jupyterhub.readthedocs.io/en/stable/faq/troubleshooting.html), Portainer's console,
Proxmox VE's shell, Paperless-ngx and ComfyUI. What each answers is in its own source.
"""

from .. import site
from ..known_sites import (
    MINE,
    PASSES,
    UPGRADE,
    pass_upgrades,
    played,
    serve,
    upgrade_scenarios,
    upload_scenarios,
)
from ..lab import Lab
from ..scenario import scenario

#: The laboratory's site has a location of its own for /ws, below which some have their WebSocket.
OWN = site.HTTPS[site.HTTPS.index("  location /ws") : site.HTTPS.rindex("}")]


def one_location(lab: Lab) -> None:
    lab.edit(OWN, "")


def without_host(lab: Lab) -> None:
    lab.edit("    proxy_set_header Host $http_host;\n", "")


#: The application, and what a visitor's request for its page shows of its WebSocket.
WEBSOCKETS = {
    "code-server": (None, "The workbench says 1006 and reloads; it needs a login."),
    "cockpit": (None, "The page after the login stays empty: Disconnected."),
    "open-webui": (None, "The answer of a model never comes."),
    "jupyterhub": (None, "A notebook hangs when a cell is executed."),
    "portainer": (None, "The console of a container does not open."),
    "proxmox-ve": (None, "The shell of a node does not open."),
    "paperless-ngx": (None, "An uploaded document shows no progress."),
    "comfyui": ("websocket.not-upgraded", "The queue shows nothing: Reconnecting."),
}
#: Whose first page sends to a login, where the laboratory's visitor wants a page.
SENDING = {"code-server", "jupyterhub", "paperless-ngx"}
for name, (outside, words) in WEBSOCKETS.items():
    upgrade_scenarios(
        name,
        outside,
        words,
        one_location,
        endings=("upgrade_lost", "upgrade_kept"),
        manual="only who has logged in sees that it works" if name in SENDING else "",
    )


scenario(outside="websocket.origin-refused", args=("--timeout", "20"), differs=MINE)(
    played(
        "comfyui", "host_made_up", "It compares the Origin with the Host that nginx makes up.",
        one_location, pass_upgrades, without_host,
    )
)  # fmt: skip
scenario(
    outside="websocket.origin-refused", args=("--timeout", "20"), differs=MINE,
    manual="ProtocolHeader has to be set in cockpit.conf",
)(
    played(
        "cockpit-unset", "scheme_not_believed",
        "It believes nobody that the page came over https.", one_location, pass_upgrades,
    )
)  # fmt: skip


@scenario(
    outside="websocket.origin-refused", differs=MINE,
    args=("received request from bad Origin: https://shop.example.com",),
    manual="ProtocolHeader has to be set in cockpit.conf",
)  # fmt: skip
def message_of_cockpit(lab: Lab) -> None:
    """What its log says is pasted beside the site."""
    serve(lab, "cockpit-unset")
    one_location(lab)
    lab.change(PASSES, PASSES + UPGRADE)


# What their documentation asks for besides a WebSocket

upload_scenarios(
    "open-webui", "A document is not uploaded.", "100m",
    ("upload_too_large", "upload_large_enough"), one_location, pass_upgrades,
)  # fmt: skip

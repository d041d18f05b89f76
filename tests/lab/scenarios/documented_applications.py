"""Applications behind nginx whose WebSocket lies behind a login, or opens before it.

After threads about code-server ("WebSocket close with status code 1006",
https://github.com/coder/code-server/issues/4443), Cockpit, Open WebUI, JupyterHub
(https://jupyterhub.readthedocs.io/en/stable/faq/troubleshooting.html), Portainer's console,
Proxmox VE's shell, Paperless-ngx and ComfyUI. What each answers is in its own source.
"""

from collections.abc import Callable

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

MINE = (site.CONF,)
PASSES = "    proxy_pass http://127.0.0.1:3000;\n    proxy_http_version 1.1;\n"
UPGRADE = (
    "    proxy_set_header Upgrade $http_upgrade;\n"
    "    proxy_set_header Connection $connection_upgrade;\n"
)
HEADERS = "websocket.upgrade-headers-missing"
#: The laboratory's site has a location of its own for /ws, below which some have their WebSocket.
OWN = site.HTTPS[site.HTTPS.index("  location /ws") : site.HTTPS.rindex("}")]


def serve(lab: Lab, name: str) -> None:
    service = lab.application_service
    service.ready = lambda: lab.server.listening(3000)
    service.argv = lab.server.application("documented_server", name, "3000")
    service.restart()


def one_location(lab: Lab) -> None:
    lab.edit(OWN, "")


def without_host(lab: Lab) -> None:
    lab.edit("    proxy_set_header Host $http_host;\n", "")


def pass_upgrades(lab: Lab) -> None:
    lab.edit(PASSES, PASSES + UPGRADE)


def played(name: str, what: str, words: str, *acts: Callable[[Lab], None]) -> Callable[[Lab], None]:
    def apply(lab: Lab) -> None:
        serve(lab, name)
        for act in acts:
            act(lab)
        lab.reload()

    apply.__name__, apply.__doc__ = f"{name.replace('-', '_')}_{what}", words
    return apply


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
    manual = "only who has logged in sees that it works" if name in SENDING else ""
    scenario(
        outside=outside, server=HEADERS, args=("--timeout", "20"), differs=MINE, manual=manual
    )(played(name, "upgrade_lost", words, one_location))
    healthy(args=("--timeout", "20"))(
        played(name, "upgrade_kept", "As its documentation says.", one_location, pass_upgrades)
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

LIMIT = "    client_max_body_size 100m;\n"
TOO_LARGE = "413 Request Entity Too Large"


def raise_limit(lab: Lab) -> None:
    lab.edit(PASSES, PASSES + LIMIT)


scenario(
    outside=None, server="nginx.documented-setting", differs=MINE, args=(TOO_LARGE,),
    also=("nginx.body-limit",),
)(
    played(
        "open-webui", "upload_too_large", "A document is not uploaded.",
        one_location, pass_upgrades,
    )
)  # fmt: skip
healthy(args=(TOO_LARGE,))(
    played(
        "open-webui", "upload_large_enough", "As its documentation says.",
        one_location, pass_upgrades, raise_limit,
    )
)  # fmt: skip

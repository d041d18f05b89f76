"""Apache changes the Origin of a WebSocket, and keeps the Host to which it is compared."""

from .. import apache
from ..apache import HTTP, HTTPS
from ..lab import Lab
from .apache import WS, apache_scenario, healthy_apache

EDITS = """\
    RequestHeader edit Origin "shop.example.com" "localhost:8000"
    RequestHeader edit Referer "shop.example.com" "localhost:8000"
"""


def serve(lab: Lab, lines: str, keeps: str = "On") -> None:
    """An application that compares the Origin with the Host."""
    lab.application("--mode", "own-origin")
    text = HTTPS.replace("ProxyPreserveHost On", f"ProxyPreserveHost {keeps}")
    apache.serve(lab, f"{text.replace('    ProxyPass /ws', f'{lines}    ProxyPass /ws')}\n{HTTP}")


@apache_scenario(
    outside="websocket.origin-refused",
    args=WS,
    differs=(apache.SITE,),
)
def apache_edits_the_origin_and_keeps_the_host(lab: Lab) -> None:
    """https://github.com/jupyterhub/jupyterhub/issues/1411: lines of a guide from the time before
    `ProxyPreserveHost On`."""
    serve(lab, EDITS)


@healthy_apache(args=WS)
def apache_edits_the_origin_to_the_host_that_it_sends(lab: Lab) -> None:
    """Both are the application's own: the guide as it was meant."""
    lines = EDITS.replace("shop.example.com", "https://shop.example.com")
    serve(lab, lines.replace("localhost:8000", "http://127.0.0.1:3000"), "Off")

"""A location for the WebSocket that ends with a slash, and clients that leave it out."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

ARGS = ("--ws", "/msg_gateway?sendID=1")
PERSON = "a person decides which of both is right"


def serve(lab: Lab, location: str) -> None:
    lab.application("--path", "/")
    text = site.configuration().replace("location /ws {", f"location {location} {{")
    head, _, tail = text.partition(f"location {location} {{")
    lab.server.write(site.CONF, f"{head}location {location} {{{_with_slash(tail)}")
    lab.restart_nginx()


def _with_slash(text: str) -> str:
    return text.replace(
        "proxy_pass http://127.0.0.1:3000;", "proxy_pass http://127.0.0.1:3000/;", 1
    )


@scenario(outside="websocket.redirected", args=ARGS, manual=PERSON)
def websocket_location_ends_with_a_slash(lab: Lab) -> None:
    """Issue 2 of openimsdk/openim-h5-demo: `location /msg_gateway/`, and a path without it."""
    serve(lab, "/msg_gateway/")


@healthy(args=ARGS)
def websocket_location_without_a_slash(lab: Lab) -> None:
    serve(lab, "/msg_gateway")

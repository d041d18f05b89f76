"""A location of nginx that ends with a slash, and a page that opens its WebSocket without it."""

from ..lab import Lab
from ..scenario import healthy, scenario
from .websocket_paths import _serve

MANUAL = "whether the path or the location changes is a person's decision"
SLASH = "location /ws/ {\n    proxy_pass http://127.0.0.1:3000/;"
OWN = "location /ws {\n    proxy_pass http://127.0.0.1:3000;"


@scenario(outside="websocket.redirected", manual=MANUAL)
def location_ends_with_a_slash_and_replaces_the_path(lab: Lab) -> None:
    """Issue 2 of openimsdk/openim-h5-demo: /msg_gateway?sendID=… is redirected to /msg_gateway/.
    The application has its WebSocket at /, which is not why it fails."""
    _serve(lab, "chat_server", "--path", "/")
    lab.change(OWN, SLASH)


@healthy(args=("--ws", "/ws"))
def location_without_a_slash_replaces_the_path(lab: Lab) -> None:
    """The cure of that issue."""
    _serve(lab, "chat_server", "--path", "/")
    lab.change(OWN, SLASH.replace("/ws/", "/ws"))

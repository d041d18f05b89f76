"""`internal` in the location of a WebSocket."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

LOCATION = "  location /ws {\n"


@scenario(
    outside="websocket.not-upgraded", server="websocket.location-internal",
    differs=(site.CONF,),
)  # fmt: skip
def location_of_the_websocket_is_internal(lab: Lab) -> None:
    """`internal` of nginx.org, ngx_http_core_module: visitors get 404."""
    lab.change(LOCATION, f"{LOCATION}    internal;\n")


@healthy(args=("--ws", "/ws"))
def location_beside_the_websocket_is_internal(lab: Lab) -> None:
    """The one of an error page."""
    page = '  location = /sorry {\n    internal;\n    return 503 "sorry";\n  }\n'
    lab.change(LOCATION, f"  error_page 502 /sorry;\n{page}{LOCATION}")

"""nginx-proxy, and an application in a network that it is not in: what it writes then."""

from .. import site
from ..containers import Engine, application, proxied, proxy
from ..lab import Lab
from ..scenario import healthy, scenario

NONE = "    # Cannot connect to network of this container\n    server 127.0.0.1 down;\n"

#: The same since version 1.
NAMED = (
    "    # Container: gitea\n    #     networks:\n    #         gitea_default (unreachable)\n"
    "    #     IP address: (none usable)\n    server 127.0.0.1 down;\n"
)


def serve(lab: Lab, written: str = "") -> None:
    """`written` is what nginx-proxy writes in the place of the application's address."""
    engine = Engine(lab)
    address = application(engine, "gitea", image="gitea/gitea:1")
    group = written or f"    ## gitea\n    server {address}:3000;\n"
    text = f"upstream {site.NAME} {{\n{group}}}\n{proxied(f'http://{site.NAME}')}"
    proxy(engine, text)


@scenario(
    outside="http.server-error", server="upstream.none-live", manual="a person connects networks"
)
def proxy_shares_no_network_with_the_application(lab: Lab) -> None:
    """Issue 1253 of nginx-proxy: the two compose files have a network each."""
    serve(lab, NONE)


@scenario(
    outside="http.server-error", server="upstream.none-live", manual="a person connects networks"
)
def proxy_names_the_network_of_the_application(lab: Lab) -> None:
    """https://github.com/nginx-proxy/nginx-proxy/issues/2126."""
    serve(lab, NAMED)


@healthy()
def proxy_shares_a_network_with_the_application(lab: Lab) -> None:
    serve(lab)

"""What works beside what fails, in people's own words. Each fault has a twin that is well, with the
same message.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .listener import LISTEN

MINE = (site.CONF,)
INSIDE = "works on the server itself but not from outside"
BY_ADDRESS = "用IP可以访问，用域名访问不了"
DIRECTLY = "works directly on port 3000 but not through nginx"
NAMES = f"server_name {site.NAME};"


@scenario(outside="tcp.refused", server="listener.loopback-only", args=(INSIDE,), differs=MINE)
def works_on_the_server_alone(lab: Lab) -> None:
    """listen 127.0.0.1:443 ssl."""
    lab.change(LISTEN, "listen 127.0.0.1:443 ssl;")


@healthy(args=(INSIDE,))
def works_on_the_server_and_outside(lab: Lab) -> None:
    """All addresses in two lines."""
    lab.change(LISTEN, "listen 127.0.0.1:443 ssl;\n  listen 443 ssl;")


@healthy(args=(BY_ADDRESS,))
def works_by_address_and_name(lab: Lab) -> None:
    """The name is one of two."""
    lab.edit(NAMES, f"server_name old.example.net {site.NAME};")


@scenario(
    outside="http.server-error", server="upstream.refused", args=(DIRECTLY,), manual="which port?"
)
def works_directly_alone(lab: Lab) -> None:
    """proxy_pass names a port on which nothing listens."""
    lab.change("127.0.0.1:3000", "127.0.0.1:9999")


@healthy(args=(DIRECTLY,))
def works_through_nginx(lab: Lab) -> None:
    """A message from before the proxy was right."""

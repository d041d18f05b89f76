"""A program that systemd starts takes less header than visitors send: its unit gets the option."""

from ..lab import Lab
from ..scenario import healthy, scenario
from .application_services import ONE_LAYOUT, start
from .header_limits import TOLD

UNIT = "/etc/systemd/system/shop.service"


@scenario(
    outside=None, server="upstream.header-limit", args=TOLD, differs=(UNIT,), not_on=ONE_LAYOUT
)  # fmt: skip
def service_refuses_large_cookies(lab: Lab) -> None:
    """Node takes 16 kB of header."""
    start(lab)


@healthy(args=TOLD, not_on=ONE_LAYOUT)
def service_takes_large_cookies(lab: Lab) -> None:
    start(lab, service="Environment=NODE_OPTIONS=--max-http-header-size=65536")

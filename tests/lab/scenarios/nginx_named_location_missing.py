"""Scenarios of nginx.named-location-missing."""

from .. import site
from ..lab import Lab
from ..scenario import UNLOGGED, scenario

PLACE = "  location / {\n    proxy_pass http://127.0.0.1:3000;\n"
NAMED = "  location / {\n    try_files /none @shpo;\n  }\n\n  location @shop {\n"
PASSED = "    proxy_pass http://127.0.0.1:3000;\n"


@scenario(
    outside="http.server-error",
    server="nginx.named-location-missing",
    not_on=UNLOGGED,
    differs=(site.CONF,),
)
def named_location_is_misspelt(lab: Lab) -> None:
    """try_files leads to @shpo, and the location is called @shop."""
    lab.change(PLACE, NAMED + PASSED)

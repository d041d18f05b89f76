"""A `return` in front of what answers the site: nginx never comes to the lines behind it."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import PAGES

MINE = (site.CONF,)
ADMIN = f"https://{site.NAME}/admin/"


@scenario(outside=None, server="nginx.own-answer", differs=MINE)
def return_in_front_of_the_application(lab: Lab) -> None:
    lab.change(PAGES, PAGES.replace("location / {", "location / {\n    return 403;"))


@scenario(outside=None, server="nginx.rule-refuses", differs=MINE)
def return_in_front_of_all_locations(lab: Lab) -> None:
    lab.change(PAGES, f"  return 404;\n\n{PAGES}")


@healthy(target=ADMIN)
def path_closed_by_a_return(lab: Lab) -> None:
    """Its lines stay for later."""
    closed = PAGES.replace("location / {", "location /admin/ {\n    return 403;")
    lab.change(PAGES, f"{closed}{PAGES}")

"""A message says 504, and no log has the request any more."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

MESSAGE = "504 Gateway Time-out when I export a report"
PAGES = "  location / {\n"


@scenario(
    outside=None, server="upstream.read-timeout", differs=(site.CONF,), args=(MESSAGE,),
)  # fmt: skip
def a_message_says_504(lab: Lab) -> None:
    """The default of 60 seconds is in force, and this run's page comes at once."""


@healthy(args=(MESSAGE,))
def a_message_says_504_and_nginx_waits_long(lab: Lab) -> None:
    lab.edit(PAGES, f"{PAGES}    proxy_read_timeout 600s;\n")
    lab.reload()

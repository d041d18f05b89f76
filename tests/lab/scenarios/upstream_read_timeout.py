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


#: No status: the very time that nginx waits decides.
TIMED = "the export fails after 60 s"
OTHER_TIME = "the export fails after 90 s"


@scenario(
    outside=None, server="upstream.read-timeout", differs=(site.CONF,), args=(TIMED,),
)  # fmt: skip
def a_message_tells_the_time_that_nginx_waits(lab: Lab) -> None:
    """The default of 60 seconds is in force."""


@scenario(
    outside=None, server="upstream.read-timeout", differs=(site.CONF,), args=(OTHER_TIME,),
)  # fmt: skip
def a_message_tells_the_time_that_is_set(lab: Lab) -> None:
    lab.edit(PAGES, f"{PAGES}    proxy_read_timeout 90s;\n")
    lab.reload()


@healthy(args=(OTHER_TIME,))
def a_message_tells_another_time(lab: Lab) -> None:
    """It is that of something else."""

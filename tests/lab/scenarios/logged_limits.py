"""An application refuses visitors with 429 at their first request, by nginx's access log: it counts
all of them as nginx. And one that refuses those who ask too often.

https://github.com/alisaifee/flask-limiter/issues/278 (everybody is 127.0.0.1 for the limit).
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

LOG = "/var/log/nginx/access.log"
BUSY, NEW = "198.51.100.7", "192.0.2.66"


def _requests(lab: Lab, *rows: tuple[str, int]) -> None:
    """Write requests of visitors into the log, after the start of nginx."""
    now = lab.server.sh("date '+%d/%b/%Y:%H:%M:%S %z'").strip()
    lines = "".join(
        f'{client} - - [{now}] "POST /login HTTP/1.1" {status} 120 "https://{site.NAME}/" '
        '"Mozilla/5.0 (Windows NT 10.0; Win64; x64)"\n'
        for client, status in rows
    )
    lab.server.write(LOG, lab.server.read(LOG) + lines)


@scenario(
    outside=None, server="upstream.visitors-counted-as-one",
    manual="the application has to be configured",
)  # fmt: skip
def first_login_of_a_visitor_is_too_many(lab: Lab) -> None:
    _requests(lab, *[(BUSY, 200)] * 20, *[(BUSY, 429)] * 3, (NEW, 429))


@healthy()
def logins_of_two_visitors_are_too_many(lab: Lab) -> None:
    """Each has sent some before."""
    _requests(lab, *[(BUSY, 200), (NEW, 200)] * 10, *[(BUSY, 429), (NEW, 429)] * 2)

"""Select from an access log the requests of visitors who had a password for the site's web server,
and whom the application behind it refused. No I/O.

Caddy logs a user if the password was right. Apache also logs the user of a wrong password, with
401, and says so in its error log (mod_auth_basic: AH01617 "Password Mismatch", AH01618 "user …
not found"). HAProxy logs no user; but a termination state that begins with "--" says that a server
answered, to which the request came after the password (Configuration Manual, section 8.5).
"""

from collections.abc import Collection, Iterable

from diagnose.model import Vantage
from diagnose.model.logs import RefusedLogin
from diagnose.parsers.access_log import AccessLine, host_of
from diagnose.parsers.failed_requests import is_of_site
from diagnose.parsers.lazy_pattern import lazy_pattern

#: Statuses with which an application refuses a password that it does not know.
REFUSALS = frozenset({400, 401, 403, 500})
_WRONG_PASSWORD = lazy_pattern(r"\bAH0161[78]:|: Password Mismatch|\buser \S{1,200} not found: /")


def refused_logins(
    lines: Iterable[AccessLine], file: str, names: Collection[str], is_shared: bool, since: float
) -> tuple[RefusedLogin, ...]:
    """Return the path that was refused most often since a time (seconds since the epoch); nothing
    if there is none. `names` and `is_shared` are those of `failed_requests`."""
    refused: dict[str, RefusedLogin] = {}
    for line in lines:
        is_from_page = host_of(line.referer) in names
        if line.method != "GET" or not is_of_site(line, names, is_shared, is_from_page):
            continue
        if not (line.has_user or line.ending.startswith("--")):
            continue
        if line.status < 400:
            refused.pop(line.path, None)
        elif line.status in REFUSALS and line.when >= since and not line.has_query:
            previous = refused.get(line.path)
            refused[line.path] = RefusedLogin(
                vantage=Vantage.SERVER,
                file=file,
                path=line.path,
                status=line.status,
                written=line.written,
                times=previous.times + 1 if previous else 1,
            )
    return tuple(sorted(refused.values(), key=lambda login: -login.times)[:1])


def has_wrong_passwords(error_log: str) -> bool:
    """Return whether Apache refused a password, by the end of its error log."""
    return _WRONG_PASSWORD.search(error_log) is not None

"""How long the site's server waits for the response to the target's request, and whether this run
waited as long. What was not waited for is unknown: the response may still come.

nginx: `proxy_read_timeout`, `fastcgi_read_timeout` and the like of the location that answers, 60
seconds by default (ngx_http_proxy_module). Apache, HAProxy: `ProxyTimeout`, `timeout server`.
"""

import re
import shlex
from collections.abc import Sequence

from checks.http import is_looked_into
from diagnose.model import Evidence
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.parsers.nginx.final_requests import final_location

#: Seconds. The default of nginx, and of Apache (`ProxyTimeout` and `Timeout`).
DEFAULT = 60.0
#: Seconds by which a measured time may be shorter than the limit that ended it.
_SLACK = 0.5
#: Seconds. The most that `diagnose --timeout` takes.
_LONGEST_RUN = 3600
#: Paths at which a request waits for the next event (RFC 6202, "HTTP long polling"). "/events"
#: alone may be a page for people.
_WAITING_PATH = re.compile(
    r"(?i)(?:^|[/_.-])(?:long[-_]?)?poll(?:ing)?(?:$|[/_.-])|(?:^|[/_.-])comet(?:$|[/_.-])"
    r"|/(?:event-?stream|sse|subscribe|subscriptions?)/?$"
    r"|/(?:api|rest|hub|v\d{1,2}|_[a-z]{2,20})/(?:[\w.-]{1,60}/){0,6}?"
    r"(?:events?|updates|sync|watch|stream)/?$"
)


@frozen
class ResponseLimit:
    """The seconds after which the server gives up, by `line` at `place`, "" for the default. It is
    0 for what the server answers itself."""

    seconds: float
    line: str = ""
    place: str = ""


def response_limit(evidence: Evidence) -> ResponseLimit:
    """Return the longest limit of the servers that answer the target's path; the default where
    the configuration is not known."""
    limits = (
        [*_nginx_limits(evidence), *_server_limits(evidence)] if is_looked_into(evidence) else []
    )
    return max(limits, key=lambda limit: limit.seconds, default=ResponseLimit(DEFAULT))


def _nginx_limits(evidence: Evidence) -> list[ResponseLimit]:
    # Imported late: a healthy site needs none of it.
    from checks.nginx import Nginx, file_line
    from diagnose.parsers.nginx.config import seconds
    from diagnose.parsers.nginx.upstreams import pass_directive_of

    limits, nginx = [], Nginx.of(evidence)
    for selection in () if nginx.is_refused else nginx.answering_servers():
        match = final_location(selection.server, evidence.target.path)
        passing = pass_directive_of(match)
        if passing is None:
            is_asking = match.directive("auth_request") is not None
            limits.append(ResponseLimit(DEFAULT if is_asking else 0.0))
            continue
        directive = match.directive(f"{passing.name.removesuffix('_pass')}_read_timeout")
        value = seconds(directive.args[0]) if directive and directive.args else None
        if directive is None or value is None:
            limits.append(ResponseLimit(DEFAULT))
        else:
            line = directive.text
            limits.append(ResponseLimit(value, line, file_line(directive)))
    return limits


def _server_limits(evidence: Evidence) -> list[ResponseLimit]:
    from checks.server import server_on_port
    from checks.server._backend_answers import route_to_application
    from checks.server._page_timeouts import page_timeouts

    view = server_on_port(evidence)
    route = route_to_application(view) if view else None
    if view is None or route is None:
        return []
    timeouts = list(page_timeouts(view, route))
    for name in ("timeout=", "ProxyTimeout", ""):
        chosen = [timeout for timeout in timeouts if timeout.text.lower().startswith(name.lower())]
        if chosen:
            longest = max(chosen, key=lambda timeout: timeout.seconds)
            return [ResponseLimit(longest.seconds, longest.text, longest.place)]
    return [ResponseLimit(DEFAULT)]


def is_unawaited(evidence: Evidence, pages: Sequence[Exchange]) -> bool:
    """Return whether none of these responses came, and the server is set to wait for each longer
    than this run did, and than it would by default: somebody means such a page to be slow. Under
    the default, and from outside, a page that does not come is a fault."""
    if not pages or not all(is_silent(page) for page in pages):
        return False
    waited, limit = max(page.took for page in pages), response_limit(evidence).seconds
    is_meant = limit > DEFAULT or _WAITING_PATH.search(evidence.target.path_without_query)
    return bool(is_meant) and waited + _SLACK < limit


def is_silent(page: Exchange) -> bool:
    """Return whether the request was sent, and nothing came until the time of this run was up."""
    return page.status is None and page.failure is not None and page.failure.kind == "timeout"


def limit_facts(evidence: Evidence) -> dict[str, object]:
    """Return the limit, and the command that waits longer than it: a run gives the page half of its
    time. Beyond the longest run, curl waits without a limit."""
    limit, url = response_limit(evidence), shlex.quote(evidence.target.url)
    timeout = 2 * int(limit.seconds) + 20
    return {
        "limit": limit.seconds,
        "limit_line": limit.line,
        "limit_place": limit.place,
        "wait": f"diagnose --timeout {timeout} {url}"
        if timeout <= _LONGEST_RUN
        else f"curl -sSi {url}",
    }

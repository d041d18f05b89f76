"""A request line or header does not fit into a buffer of large_client_header_buffers (default 4
8k): 414, or 400 "Request Header Or Cookie Too Large". nginx logs it at level info only, so mostly
the affected visitors notice it: those with old, large cookies. Their message is enough: these are
nginx's own words; a cookie that grew shows it for certain, and that it is not so. So is the access
log, where browsers get 400 for a page that this run gets, or where the 400 have the length of
nginx's page about it. Where a block of this nginx behind the site's own has smaller buffers, what a
login proxy adds passes the first and not the second: then 400 "behind an authentication proxy" is
enough, too."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._commands import reload_steps
from checks.upstream._header_trials import is_own_port
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import FailedRequests, LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import HeaderTrial
from diagnose.parsers.http import header_too_large
from diagnose.parsers.nginx import error_log, upstreams
from diagnose.parsers.nginx import proxy_headers as header_parser
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.urls import is_loopback_host

#: Bytes. nginx's default size of a buffer.
DEFAULT_SIZE = 8 << 10

#: Bytes of one buffer with which nginx is hardly the one that refuses.
_ENOUGH = 32 << 10

DIRECTIVE = "large_client_header_buffers"
_WORDS = re.compile(
    r"Header Or Cookie Too Large|Request-URI Too Large|too (?:big|large|long) (?:a )?request header"
    r"|request headers?(?: (?:is|are))? too (?:big|large|long)"
    r"|\bcookies?(?: (?:is|are))? too (?:big|large|long|many)"
    r"|(?:请求头|cookie).{0,8}?(?:太|过)(?:大|长|多)",
    re.IGNORECASE,
)
#: Who sees 400 for a large cookie: those who are signed in, by a proxy of their own mostly.
_SIGNED_IN = re.compile(
    r"oauth2?[-_ ]?proxy|keycloak|authelia|authentik|\bsso\b|(?:auth\w*|login) proxy|cookies?\b"
    r"|private (?:window|mode)|incognito|after (?:the )?(?:login|signing in|sign-in)"
    r"|无痕|隐私(?:窗口|模式)|登录后",
    re.IGNORECASE,
)
#: nginx's own statuses, and what stands in its log for them: 400, which others answer as well.
_OWN_STATUSES, _BAD_REQUEST = frozenset({414, 494}), 400
_LOG_PATTERN = r"client sent too (?:long header line|long URI|large request|large header)"


@check(
    severity=Severity.NOTE,
    needs=[NginxConfig],
    explains=[
        "http.server-error",
        "nginx.other-requests-failed",
        "upstream.application-log",
        "websocket.not-upgraded",
        "websocket.not-served",
    ],
)
def request_header_too_large(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    lines = error_log.matching_lines(evidence.of(LogLine), pattern=_LOG_PATTERN)
    loaded = (nginx.master.loaded if nginx.master else None) or 0.0
    # The log has a resolution of whole seconds.
    lines = tuple(line for line in lines if line.when + 1 > loaded and _is_ours(line, target.host))
    # Our own request is as small as possible.
    own_exchanges = tuple(
        exchange for exchange in page_exchanges(evidence) if header_too_large(exchange)
    )
    match = next(nginx.location_matches(target.path), None)
    trials = _refused_trials(nginx)
    is_told = match is not None and (_is_told(evidence) or _is_told_of_inner(nginx, match))
    if any(trial.server == "nginx" and trial.refused is None for trial in _trials(evidence)):
        is_told = False  # it took the largest
    if match and is_told and not trials and _buffer_size(_limiting_server(nginx, match)) >= _ENOUGH:
        is_told = False  # what else it is, an application says
    logged = () if lines or own_exchanges else _logged(evidence, nginx)
    if match and (lines or own_exchanges or is_told or logged):
        yield _claim(nginx, match, lines, own_exchanges, logged, trials)


def _trials(evidence: Evidence) -> tuple[HeaderTrial, ...]:
    """Return the trials with a cookie that grows."""
    # Most runs have none.
    return evidence.good(HeaderTrial) if any(evidence.of(HeaderTrial)) else ()


def _refused_trials(nginx: Nginx) -> tuple[HeaderTrial, ...]:
    """Return the trials in which nginx refused a cookie: the site's own block, or one behind it."""
    return tuple(
        trial
        for trial in _trials(nginx.evidence)
        if trial.refused is not None
        and trial.status in {_BAD_REQUEST, *_OWN_STATUSES}
        and (trial.server == "nginx" or is_own_port(nginx, trial))
    )


def _is_told_of_inner(nginx: Nginx, match: LocationMatch) -> bool:
    """Return whether a message tells that who is signed in gets 400, where a block behind has
    smaller buffers than the site's own."""
    symptom = nginx.evidence.target.symptom
    is_refusal = symptom is not None and symptom.number == _BAD_REQUEST
    if symptom is None or not is_refusal or not _SIGNED_IN.search(symptom.text):
        return False
    own = LocationMatch(match.blocks[:2])
    return _buffer_size(_limiting_server(nginx, match)) < _buffer_size(own)


def _logged(evidence: Evidence, nginx: Nginx) -> tuple[FailedRequests, ...]:
    """Return the requests for mere pages that were refused as bad, again and again, by nginx's log,
    where a buffer is not large. This run gets the page, without the cookies of browsers."""
    if not any(evidence.of(FailedRequests)):
        return ()
    served = {urlsplit(page.url).path for page in evidence.good(Exchange) if page.status == 200}
    return tuple(
        failure
        for failure in evidence.good(FailedRequests)
        if failure.server == "nginx"
        and (failure.method == "GET" or failure.is_large_header)
        and failure.status in {_BAD_REQUEST, *_OWN_STATUSES}
        and (
            failure.status in _OWN_STATUSES
            or failure.is_large_header
            or (failure.times >= 2 and failure.path in served)
        )
        and (match := next(nginx.location_matches(failure.path), None))
        and _buffer_size(_limiting_server(nginx, match)) < _ENOUGH
    )


def _is_nginxs_own(failure: FailedRequests) -> bool:
    """Return whether nginx itself refused the requests for their size."""
    return failure.is_large_header or failure.status in _OWN_STATUSES


def _is_told(evidence: Evidence) -> bool:
    """Return whether a pasted message says so. A 431 is an application's: nginx answers 400."""
    symptom = evidence.target.symptom
    return symptom is not None and (
        _WORDS.search(symptom.text) is not None
        or (symptom.kind == "status" and symptom.number in {414, 494})
    )


def _is_ours(line: LogLine, host: str) -> bool:
    """Return whether the line is about this host. The Host header comes late, so a line without it
    is about the default server of the socket."""
    return not line.host or bool(error_log.matching_lines([line], host=host))


def _claim(
    nginx: Nginx,
    match: LocationMatch,
    lines: tuple[LogLine, ...],
    own_exchanges: tuple[Exchange, ...],
    logged: tuple[FailedRequests, ...],
    trials: tuple[HeaderTrial, ...],
) -> Claim:
    # The default server's buffer size applies to all, because Host is not known yet.
    server = _limiting_server(nginx, match)
    directive = server.directive(DIRECTIVE)
    buffer_count, buffer_size = _buffer_args(directive.args if directive else ())
    new_size = (
        DEFAULT_SIZE
        if directive is not None and buffer_size < DEFAULT_SIZE
        else max(4 * buffer_size, 32 << 10)
    )
    new_value = f"{max(buffer_count, 4)} {header_parser.size_text(new_size)}"
    file_edits = _location_edits.setting_edits(nginx, server, {DIRECTIVE: new_value})
    reported_directive = directive or server.block
    times = sum(line.times for line in lines)
    # The administrator set less than nginx's default and visitors are refused, so the default is
    # safe. More than the default costs memory for each visitor.
    small = directive is not None and buffer_size < DEFAULT_SIZE
    applicability = Applicability.AUTOMATIC if small else Applicability.REVIEW
    return Claim(
        about=Subject(port=nginx.evidence.target.port, text=file_line(reported_directive)),
        because=(*lines, *own_exchanges, *logged, *trials, *nginx.configs),
        facts={
            "message": lines[-1].text if lines else "",
            "again": times if times > 1 else "",
            "told": not lines and not own_exchanges and not logged and not trials,
            "refused": trials[0].refused if trials else "",
            "refused_status": trials[0].status if trials else "",
            "logged": logged[0].path if logged else "",
            "sized": bool(logged) and logged[0].is_large_header,
            "log": logged[0].file if logged else "",
            "log_status": logged[0].status if logged else "",
            "status": next((exchange.status for exchange in own_exchanges), None) or "",
            "set": directive is not None,
            "place": file_line(reported_directive),
            "limit": f"{buffer_count} {header_parser.size_text(buffer_size)}",
        },
        severity=Severity.ERROR
        if own_exchanges
        else Severity.WARNING
        if small or not lines
        else None,
        confidence=Confidence.CERTAIN
        if lines or own_exchanges or trials
        else Confidence.LIKELY
        if small or not logged or _is_told(nginx.evidence) or _is_nginxs_own(logged[0])
        else Confidence.POSSIBLE,
        location=nginx.location(reported_directive),
        fix=Fix((*file_edits, *reload_steps(nginx)), applicability),
    )


def _limiting_server(nginx: Nginx, match: LocationMatch) -> LocationMatch:
    """Return the server block whose limit is met first: the site's own, or the smaller one of
    another block of this nginx, to which the location passes on."""
    own = LocationMatch(match.blocks[:2])
    variables = upstreams.request_variables(nginx.evidence.target)
    proxy_target = upstreams.proxy_target_of(match, variables)
    ports = {
        endpoint.port
        for endpoint in (proxy_target.endpoints if proxy_target else ())
        if is_loopback_host(endpoint.host)
    }
    inner = (
        LocationMatch((server.http, server.block))
        for server in nginx.servers
        if any(listen.port in ports for listen in server.listens)
    )
    return min((own, *inner), key=_buffer_size)


def _buffer_size(server: LocationMatch) -> int:
    directive = server.directive(DIRECTIVE)
    return _buffer_args(directive.args if directive else ())[1]


def _buffer_args(args: tuple[str, ...]) -> tuple[int, int]:
    buffer_size = header_parser.parse_size(args[1]) if len(args) > 1 else None
    return (int(args[0]), buffer_size) if buffer_size and args[0].isdecimal() else (4, 8 << 10)

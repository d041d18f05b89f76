"""Apache itself refuses a request whose line or header is large: 400 "Size of a request header
field exceeds server limit" (`LimitRequestFieldSize`, 8190 bytes), 400 "The number of request header
fields exceeds this server's limit" (`LimitRequestFields`, 100), or 414 "The requested URL's length
exceeds the capacity limit for this server" (`LimitRequestLine`, 8190).

Visitors with many cookies meet it. The evidence is a trial: the application takes a larger field
than Apache does. A message with Apache's own words is enough where the limit is small. Where a line
has raised the limit to twice the default and more, the message may be of the time before: then only
visitors whom Apache still refuses, by its log, show that it is not enough.

Of several virtual hosts of one address the first has the say (core, "LimitRequestFieldSize"), so
the line stands outside of them.
"""

from collections.abc import Iterator

from checks.server import place_text, server_on_port
from checks.server._request_limits import limit_fix, limit_lines
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import FailedRequests
from diagnose.model.requests import HeaderTrial
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.lazy_pattern import lazy_pattern

_FIELD, _COUNT, _LINE = "LimitRequestFieldSize", "LimitRequestFields", "LimitRequestLine"
#: Apache's own words (modules/http/http_protocol.c, server/protocol.c).
_WORDS = {
    _FIELD: lazy_pattern(r"(?i)size of a request header field exceeds (?:this )?server"),
    _COUNT: lazy_pattern(r"(?i)number of request header fields exceeds (?:this )?server"),
    _LINE: lazy_pattern(r"(?i)requested URL['’]s length exceeds the capacity limit"),
}
_DEFAULTS = {_FIELD: 8190, _COUNT: 100, _LINE: 8190}
_WANTED = {_FIELD: 32768, _COUNT: 200, _LINE: 32768}
#: A raised limit is as often the default at least: 16380, 16384 or 16000 in the place of 8190.
_RAISED = 1.9
#: URI Too Long (RFC 9110 section 15.5.15).
_LINE_TOO_LONG = 414
#: How Apache refuses a large field: 400, and 431 since 2.4.47 for the field's size.
_REFUSALS = frozenset({400, 431})


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, Exchange],
    needs_message=True,
    explains=["server.other-requests-failed", "http.answer-says-why", "server.own-answer"],
)
def apache_header_limit(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.product != "apache":
        return
    trial = next(
        (
            header_trial
            for header_trial in evidence.good(HeaderTrial)
            if header_trial.server == "apache"
            and header_trial.refused
            and header_trial.status in _REFUSALS
        ),
        None,
    )
    name = _FIELD if trial else _reported_kind(evidence)
    if not name:
        return
    places = limit_lines(view, name)
    limit = min((value for *_, value in places), default=_DEFAULTS[name])
    if trial is None and limit >= _WANTED[name]:
        return
    if limit >= _RAISED * _DEFAULTS[name] and not _refuses_visitors(evidence):
        return
    path = evidence.target.path_without_query
    yield Claim(
        about=Subject(port=evidence.target.port, path=path),
        because=(*((trial,) if trial else page_exchanges(evidence)[:1]), view.config, view.server),
        confidence=Confidence.CERTAIN if trial else Confidence.LIKELY,
        is_reported=True,
        facts={
            **view.facts,
            "directive": name,
            "limit": limit,
            "place": place_text(*places[0][:2]) if places else "",
            "served": trial.served if trial else "",
            "refused": trial.refused if trial else "",
            "status": trial.status if trial else "",
            "application": trial.endpoint if trial else "",
            "wanted": _WANTED[name],
        },
        fix=limit_fix(view, name, _WANTED[name], places),
    )


def _refuses_visitors(evidence: Evidence) -> bool:
    """Return whether Apache's log has visitors whose requests were too large."""
    return any(
        failure.server == "apache" and failure.status in {*_REFUSALS, _LINE_TOO_LONG}
        for failure in evidence.good(FailedRequests)
    )


def _reported_kind(evidence: Evidence) -> str:
    symptom = evidence.target.symptom
    return next(
        (name for name, words in _WORDS.items() if symptom and words.search(symptom.text)), ""
    )

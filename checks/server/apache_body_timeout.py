"""Apache ends an upload that pauses or is slow, with 408: mod_reqtimeout gives a request's body 20
seconds and one more for every 500 bytes that come (`RequestReadTimeout body=20,MinRate=500`;
Debian's file says 10). The access log has 408 for an upload whose sender was served afterwards, or
a pasted message says 408. Apache writes the reason at level info only.

Where no line of the site sets it, the line goes into its virtual host, which counts before that of
the whole server.
"""

import re
from collections.abc import Iterator

from checks.nginx._failed_requests import current_failures
from checks.server import (
    ServerView,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.stalled_uploads import TIMED_OUT, is_reported

#: Seconds that a phone on a bad line needs.
_LONG = 300
_LIMIT = re.compile(r"(?i)\s*RequestReadTimeout\s(?:.{0,80}\s)?body=((\d{1,5})(?:-\d{1,5})?)")


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=["server.other-requests-failed"],
)
def apache_body_timeout(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.product != "apache":
        return
    site = next(iter(view.answering_sites), None)
    stalled = current_failures(evidence, {TIMED_OUT}, "apache")
    is_seen = bool(stalled) or is_reported(evidence.target.symptom)
    if site is None or not is_seen or not _has_module(view.config):
        return
    number, words = _line(view, site)
    # 0 is no limit.
    if words is not None and not 0 < int(words.split("-")[0]) < _LONG:
        return
    path = stalled[0].path if stalled else evidence.target.path_without_query
    yield Claim(
        about=Subject(port=evidence.target.port, path=path),
        because=(*(stalled[:1] or page_exchanges(evidence)[:1]), view.config, view.server),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "url": evidence.target.origin + path,
            "method": stalled[0].method if stalled else "",
            "log": stalled[0].file if stalled else "",
            "last": stalled[0].written if stalled else "",
            "limit": words or "",
            "place": place_text(site.file, number),
        },
        fix=_fix(view, site, number, words),
    )


def _has_module(config: WebServerConfig) -> bool:
    return any("reqtimeout" in module.lower() for module in config.modules)


def _line(view: ServerView, site: WebSite) -> tuple[int, str | None]:
    """Return the line of the virtual host that sets the seconds, and its seconds; the first line of
    the virtual host and None if none does."""
    number, found, words = site.line + 1, site.line, None
    while 0 < site.line < number:
        text = line_text(view, site.file, number)
        if "</virtualhost" in text.lower() or number > site.line + 500:
            break
        if match := _LIMIT.match(text):
            found, words = number, match[1]
        number += 1
    return found, words


def _fix(view: ServerView, site: WebSite, number: int, words: str | None) -> Fix:
    text = line_text(view, site.file, number)
    lines: tuple[str, ...]
    if words is None:
        lines = (text, f"    RequestReadTimeout body={_LONG},MinRate=500")
    else:
        lines = (re.sub(rf"(?i)(body=){words}(?!\d)", rf"\g<1>{_LONG}", text, count=1),)
    edit = line_edit(view, site.file, {number: lines}) if text else None
    if edit is None:
        return manual_fix(view, "wait-longer")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)

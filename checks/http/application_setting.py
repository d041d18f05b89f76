"""A message is one of the site's application, and means a setting of its own: its public
address, the proxy that it trusts, the host or origin that it answers, the folder below which it is.

The message is the evidence, and what it means stands in `diagnose/applications`. The run need not
see it: it may come after a login, or stand in the application's log. A page of the site that shows
one which it has only in this case needs no words of a person. Where it shows the address
that the application saw, and that is what nginx tells it in the place of the visitors', nginx's
line is what does not fit, and not the setting.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.http import _page_files, endpoint_subjects
from checks.http._known_application import known_application
from checks.nginx import Nginx
from checks.upstream._read_settings import fits_by_now
from checks.websocket import refused_attempts
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.applications import Application, KnownApplication
from diagnose.model.http import page_exchanges
from diagnose.model.pages import SCRIPTS, PageFileResponse
from diagnose.parsers.applications import message_of
from diagnose.parsers.nginx import upstreams

if TYPE_CHECKING:
    from checks.http._forwarded_names import ForwardedName

#: The address that the application saw: "You are now accessing Matomo from https://matomo-app/".
_SEEN = re.compile(r"(?i)\bfrom\s{1,5}https?://([\w.:-]{1,253})")
#: Characters around a message of a page in which it says more.
_AROUND = 300
_TOPICS = ("public_url", "trusted_proxy", "allowed_host", "allowed_origin", "base_path")


@check(
    severity=Severity.WARNING,
    needs=[KnownApplication],
    explains=["http.server-error"],
)
def application_setting(evidence: Evidence) -> Iterator[Claim]:
    application = known_application(evidence)
    text, is_shown = _text(evidence, application) if application else ("", False)
    message = message_of(text) if text else None
    if application is None or message is None or message not in application.messages:
        return
    setting = application.settings.get(message.means, "")
    if message.means not in _TOPICS or not setting:
        return
    if message.means == "allowed_origin" and any(refused_attempts(evidence, "origin")):
        return  # websocket.origin-refused names what nginx says of the origin
    if message.means == "base_path" and _files_come(evidence):
        return  # The message is of another time.
    if not is_shown and fits_by_now(evidence, message.means):
        return  # It fits by now: something else is wrong, or the message is of the time before.
    nginx = Nginx.of(evidence)
    name_place = _forwarded_name(nginx, text) if message.means == "allowed_host" else None
    subject = Subject(port=evidence.target.port, text=application.name)
    claim = Claim(
        about=subject,
        covers=(subject, *endpoint_subjects(list(page_exchanges(evidence)))),
        because=(
            *evidence.good(KnownApplication),
            *([nginx.config] if name_place and nginx.config else []),
        ),
        confidence=Confidence.CERTAIN if is_shown and name_place else Confidence.LIKELY,
        location=nginx.location(name_place.directive) if name_place else None,
        facts={
            "name": application.name,
            "setting": setting,
            "message": message.text,
            "shown": is_shown,
            "url": evidence.target.url,
            "host": evidence.target.host,
            "seen": name_place.value if name_place else "",
            "seen_place": name_place.place if name_place else "",
            **{topic: message.means == topic for topic in _TOPICS},
        },
        fix=_fix(nginx, name_place, _other_host(evidence, text)),
    )
    # Imported late: few sites show such a message.
    from checks.upstream._own_remedy import with_own_remedy

    is_other = message.means == "allowed_host" and bool(_other_host(evidence, text))
    yield claim if is_other else with_own_remedy(evidence, claim, message.means)


def _text(evidence: Evidence, application: Application) -> tuple[str, bool]:
    """Return the words of the application: those of a person, else the site's own page where it
    shows a message that it has only in this case, and whether that is so."""
    symptom = evidence.target.symptom
    if symptom is not None and message_of(symptom.text) in application.messages:
        return symptom.text, False
    shown = tuple(sentence.text.lower() for sentence in application.messages if sentence.shown)
    for page in page_exchanges(evidence) if shown else ():
        lower = page.body.lower()
        at = next((at for text in shown if (at := lower.find(text)) >= 0), -1)
        if at >= 0 and page.purpose == "target":
            return page.body[max(0, at - _AROUND) : at + _AROUND], True
    return "", False


def _forwarded_name(nginx: Nginx, text: str) -> "ForwardedName | None":
    """Return the field by which nginx tells the application the host that a message shows, where
    that is not the visitors'."""
    pages, host = list(page_exchanges(nginx.evidence)), _other_host(nginx.evidence, text)
    if not host or not pages:
        return None
    from checks.http._forwarded_names import forwarded_name
    from checks.upstream._comparisons import proxied_match

    # A program may leave the port out.
    match = proxied_match(nginx, nginx.evidence.target.path)
    variables = upstreams.request_variables(nginx.evidence.target)
    passed = upstreams.proxy_target_of(match, variables) if match else None
    ports = dict.fromkeys(endpoint.port for endpoint in passed.endpoints) if passed else ()
    names = (host, *(f"{host}:{port}" for port in ports if ":" not in host))
    return next(filter(None, (forwarded_name(nginx, pages[0], name) for name in names)), None)


def _other_host(evidence: Evidence, text: str) -> str:
    """Return the host that the application saw by its message, "" if it is the visitors'."""
    seen, target = _SEEN.search(text), evidence.target
    is_other = seen is not None and seen[1].lower() not in {target.host, target.authority}
    return seen[1] if seen and is_other else ""


def _fix(nginx: Nginx, name_place: "ForwardedName | None", other: str) -> Fix:
    if name_place is not None:
        from checks.http._forwarded_names import visitors_name_fix

        if fix := visitors_name_fix(nginx, name_place):
            return Fix(fix.steps, Applicability.REVIEW)
        return Fix((Manual("tell-the-name", Where.SERVER),), Applicability.MANUAL)
    if other:
        from checks.http._forwarded_scheme import server_fix

        # Apache and the others: the name that visitors use, in the place of their own.
        if fix := server_fix(nginx.evidence, nginx.evidence.target.path, "host"):
            return fix
    return Fix((Manual("look-at-the-setting", Where.APPLICATION),), Applicability.MANUAL)


def _files_come(evidence: Evidence) -> bool:
    """Return whether browsers get what the application's page loads, so that it knows its folder.
    An application may have the message in its page for the case that they do not."""
    page = _page_files.page_of(evidence)
    scripts = (
        response
        for response in evidence.good(PageFileResponse)
        if page and response.page == page.url and response.file_kind in SCRIPTS
    )
    is_shown = any(response.status == 200 for response in scripts)
    return is_shown and not _page_files.refused_files(evidence)

"""A pasted message is one of the site's application, and means a setting of its own: its public
address, the proxy that it trusts, the host or origin that it answers, the folder below which it is.

The message is the evidence, and what it means stands in `diagnose/applications`. The run need not
see it: it may come after a login, or stand in the application's log.
"""

from collections.abc import Iterator

from checks.http import _page_files, endpoint_subjects
from checks.http._known_application import known_application
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
from diagnose.model.applications import KnownApplication
from diagnose.model.http import page_exchanges
from diagnose.model.pages import SCRIPTS, PageFileResponse
from diagnose.parsers.applications import message_of

_TOPICS = ("public_url", "trusted_proxy", "allowed_host", "allowed_origin", "base_path")


@check(
    severity=Severity.WARNING,
    needs=[KnownApplication],
    needs_message=True,
    explains=["http.server-error"],
)
def application_setting(evidence: Evidence) -> Iterator[Claim]:
    symptom, application = evidence.target.symptom, known_application(evidence)
    message = message_of(symptom.text) if symptom else None
    if application is None or message is None or message not in application.messages:
        return
    setting = application.settings.get(message.means, "")
    if message.means not in _TOPICS or not setting:
        return
    if message.means == "allowed_origin" and any(refused_attempts(evidence, "origin")):
        return  # websocket.origin-refused names what nginx says of the origin
    if message.means == "base_path" and _files_come(evidence):
        return  # The message is of another time.
    subject = Subject(port=evidence.target.port, text=application.name)
    yield Claim(
        about=subject,
        covers=(subject, *endpoint_subjects(list(page_exchanges(evidence)))),
        because=tuple(evidence.good(KnownApplication)),
        confidence=Confidence.LIKELY,
        facts={
            "name": application.name,
            "setting": setting,
            "message": message.text,
            "url": evidence.target.url,
            **{topic: message.means == topic for topic in _TOPICS},
        },
        fix=Fix((Manual("look-at-the-setting", Where.APPLICATION),), Applicability.MANUAL),
    )


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

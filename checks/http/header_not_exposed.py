"""The answer has the header field that a script of another site wants to read, and does not permit
it: Access-Control-Expose-Headers does not name it (Fetch standard, "CORS-safelisted response-header
name"). The script gets the answer without the field: react-admin's "X-Total-Count header is missing
in the HTTP Response", Chromium's "Refused to get unsafe header".
"""

import re
from collections.abc import Iterator

from checks.http import addresses, endpoint_subjects
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.parsers.cors_messages import unexposed_field
from diagnose.parsers.urls import path_of

_EXPOSE, _ORIGIN = "Access-Control-Expose-Headers", "Access-Control-Allow-Origin"
_LIST = re.compile(r"[\w ,-]{0,400}", re.ASCII)


@check(severity=Severity.WARNING, needs=[Exchange], needs_message=True)
def header_not_exposed(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    name = unexposed_field(symptom.text) if symptom else ""
    pages = [
        page
        for page in page_exchanges(evidence)
        if name and page.header(name) is not None and not _exposes(page, name)
    ]
    if not pages:
        return
    # Imported late: few messages are about such a field.
    from checks.http._sent_fields import sent_field

    page, subjects = pages[0], endpoint_subjects(pages)
    sent = sent_field(evidence, _EXPOSE, _values(page))
    allowing = sent_field(evidence, _ORIGIN, [page.header(_ORIGIN) or ""])
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(pages),
        confidence=Confidence.CERTAIN if page.header(_ORIGIN) else Confidence.LIKELY,
        location=sent.location if sent else allowing.location if allowing else None,
        facts={
            "url": page.url,
            "addresses": addresses(pages),
            "name": name,
            "value": clean_list(page),
            "place": sent.place if sent else allowing.place if allowing else "",
            "listed": sent is not None,
        },
        fix=_fix(evidence, page, name) or _by_hand(),
    )


def clean_list(page: Exchange) -> str:
    """Return what the answer exposes, with commas between the names."""
    return ", ".join(_values(page))[:300]


def _values(page: Exchange) -> list[str]:
    return [value for key, value in page.headers if key.lower() == _EXPOSE.lower()]


def _exposes(page: Exchange, name: str) -> bool:
    """Return whether a script of another site may read the field. With cookies `*` is a name like
    others (Fetch standard)."""
    names = {part.strip().lower() for value in _values(page) for part in value.split(",")}
    has_cookies = (page.header("Access-Control-Allow-Credentials") or "").strip() == "true"
    return name.lower() in names or ("*" in names and not has_cookies)


def _fix(evidence: Evidence, page: Exchange, name: str) -> Fix | None:
    """Add the name where the web server permits other sites; None where the application does."""
    from checks.http._added_fields import added_fields_fix
    from checks.http._sent_fields import sent_field
    from checks.server._scoped_fields import Scope

    values = _values(page)
    if len(values) > 1 or not all(map(_LIST.fullmatch, values)):
        return None
    if values:
        sent = sent_field(evidence, _EXPOSE, values)
        return sent.with_value(f"{values[0]}, {name}") if sent else None
    if sent_field(evidence, _ORIGIN, [page.header(_ORIGIN) or ""]) is None:
        return None
    return added_fields_fix(evidence, Scope(path_of(page.url).partition("?")[0]), {_EXPOSE: name})


def _by_hand() -> Fix:
    return Fix((Manual("expose-it", Where.APPLICATION),), Applicability.MANUAL)

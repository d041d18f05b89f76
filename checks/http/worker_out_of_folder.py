"""A message says that a service worker may not have its scope. A worker controls the folder of its
script and what is below it, unless the script is sent with `Service-Worker-Allowed` (Service
Workers, section "Register"): the script's answer of this run has no such field, or a narrower one.
"""

import re
from collections.abc import Iterator

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
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.urls import parse_url

_QUOTE = r"[\"'‘’“”]"
_PATH = rf"\(?(?:set by Service-Worker-Allowed: )?{_QUOTE}(?:https?://[^/\s]{{1,260}})?(/[^\"'‘’“”\s]{{0,200}}){_QUOTE}\)?"
#: Chrome's words, and Firefox's, which writes the scope with its origin and without brackets.
_REFUSED = re.compile(rf"provided scope {_PATH} is not under the max scope allowed {_PATH}")
_FIELD = "Service-Worker-Allowed"
#: What may stand in a line of a configuration as it is.
_PLAIN = re.compile(r"/[\w./~-]{0,200}", re.ASCII)


@check(severity=Severity.WARNING, needs=[Exchange], needs_message=True)
def worker_out_of_folder(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    match = _REFUSED.search(symptom.text) if symptom else None
    script = _script(evidence, match[2]) if match else None
    if match is None or script is None or not _PLAIN.fullmatch(match[1]):
        return
    answer, path = script
    allowed = _field(answer, _FIELD)
    if allowed and match[1].startswith(allowed):
        return
    yield Claim(
        about=Subject(port=evidence.target.port, path=path),
        because=(answer,),
        confidence=Confidence.LIKELY,
        is_reported=True,
        facts={
            "script": f"{evidence.target.origin}{path}",
            "scope": match[1],
            "folder": match[2],
            "allowed": allowed,
        },
        fix=_fix(evidence, path, match[1], bool(allowed)),
    )


def _script(evidence: Evidence, folder: str) -> tuple[Exchange | PageFileResponse, str] | None:
    """Return the answer to the worker's script, and its path: the target, or what the page
    registers."""
    workers = [
        response for response in evidence.good(PageFileResponse) if response.file_kind == "worker"
    ]
    answers: list[Exchange | PageFileResponse] = [*page_exchanges(evidence), *workers]
    for answer in answers:
        url = parse_url(answer.url)
        path = url.path.partition("?")[0] if url else ""
        is_script = "javascript" in _field(answer, "Content-Type")
        if is_script and answer.status == 200 and path.startswith(folder):
            return answer, path
    return None


def _field(answer: Exchange | PageFileResponse, name: str) -> str:
    """Return the value of a field of an answer; "" if it has none."""
    wanted = name.lower()
    return next((value for key, value in answer.headers if key.lower() == wanted), "")


def _fix(evidence: Evidence, path: str, scope: str, is_sent: bool) -> Fix:
    # Imported late: few messages tell of it.
    from checks.http._added_fields import added_fields_fix
    from checks.server._scoped_fields import Scope

    fix = added_fields_fix(evidence, Scope(path), {_FIELD: scope}, replaces=is_sent)
    return fix or Fix((Manual("allow-the-scope", Where.SERVER),), Applicability.MANUAL)

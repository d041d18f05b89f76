"""The server answers 200 for a style sheet or script of the page, but browsers refuse it because of
its type.

A style sheet must be text/css, except in quirks mode; a module script must have a JavaScript type;
with `X-Content-Type-Options: nosniff` every script must (Fetch standard, section 3.6). An HTML
document in place of a script is a syntax error in its first character.
"""

from collections.abc import Iterator, Sequence

from checks.http import _page_files
from checks.http._page_files import RefusedFile
from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.pages import Page, PageFileResponse

_TYPE = "Content-Type"


@check(severity=Severity.WARNING, needs=[Page, PageFileResponse])
def page_file_type(evidence: Evidence) -> Iterator[Claim]:
    refused = _page_files.refused_files(evidence)
    mistyped = [file for file in refused if file.reason != "status"]
    if not mistyped:
        return
    page = mistyped[0].page
    urls = [file.response.url for file in mistyped]
    severity = _page_files.severity(page, urls)
    corrected = _of_nginx(evidence, mistyped[0])
    fix = corrected or _of_own_server(evidence, mistyped[0])
    yield Claim(
        about=_page_files.page_subject(page),
        because=(page, *(file.response for file in mistyped)),
        severity=Severity.NOTE if _has_fallback(evidence, mistyped) else severity,
        facts={
            "page": page.url,
            "others": tuple(urls[1:]),
            "breaks": severity is Severity.ERROR,
            "corrected": corrected is not None,
            **_file_facts(mistyped[0]),
            **_page_files.location_facts(Nginx.of(evidence), mistyped[0].path),
        },
        fix=fix or Fix((Manual(_step(mistyped[0]), Where.SERVER),), Applicability.MANUAL),
    )


def _has_fallback(evidence: Evidence, files: Sequence[RefusedFile]) -> bool:
    """Return whether it is about WebAssembly alone, which the page may load in another way; after a
    message one does not."""
    symptom = evidence.target.symptom
    is_told = symptom is not None and symptom.kind == "mime"
    return not is_told and all(
        file.response.file_kind == "wasm" and file.response.is_optional for file in files
    )


def _file_facts(file: RefusedFile) -> dict[str, object]:
    return {
        "file": file.response.url,
        "type": file.content_type,
        "html": file.response.is_html,
        "style": file.response.file_kind == "stylesheet",
        "description": file.response.file_kind == "description",
        "image": file.response.file_kind == "image",
        "module": file.response.file_kind in {"module", "import"},
        "wasm": file.response.file_kind == "wasm",
        "nosniff": file.reason == "nosniff",
        "redirect": file.response.redirects[-1] if file.response.redirects else "",
    }


def _of_nginx(evidence: Evidence, file: RefusedFile) -> Fix | None:
    """Return the fix with which nginx names the right type in place of the application behind
    it."""
    # Imported late: only a finding needs it.
    from checks.nginx._typed_locations import typed_location_fix

    return None if file.response.is_html else typed_location_fix(Nginx.of(evidence), file.path)


def _of_own_server(evidence: Evidence, file: RefusedFile) -> Fix | None:
    """Return the fix with which another server names the right type of its own file, or no longer
    names the wrong one."""
    # Imported late: only a finding needs them.
    from checks.http._sent_fields import sent_field
    from checks.server import server_on_port
    from checks.server._media_types import media_type_fix

    view = None if file.response.is_html else server_on_port(evidence)
    if view is None:
        return None
    headers = file.response.headers
    sent = sent_field(evidence, _TYPE, [v for name, v in headers if name.lower() == _TYPE.lower()])
    return (sent.without() if sent else None) or media_type_fix(view, file.path)


def _step(file: RefusedFile) -> str:
    return "send-the-file" if file.response.is_html else "send-the-type"

"""A pasted message or nginx's access log says 413 Request Entity Too Large, or a message says that
an upload fails, and nginx's limit for
the path is known (client_max_body_size, 1m by default). Or the page has a form for files, and
nobody has set a limit: photos of a telephone are larger than the default. Where nginx's error log
has such an upload, upstream.body-too-large says its size.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from checks.http import endpoint_subjects
from checks.nginx import NO_PORT, Nginx, file_line
from checks.nginx._edits import config_edits
from checks.nginx._failed_requests import current_failures
from checks.nginx._location_edits import location_fix, setting_edits
from checks.nginx._page_errors import logged_errors
from checks.nginx._sent_requests import sent_requests
from checks.nginx._size_limits import limit_of
from checks.nginx._upload_refusals import OWN_REFUSAL, is_applications_refusal
from checks.upstream._responses import asks_about_size, may_be_reported_limit
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
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.pages import Page
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx import error_log, proxy_headers
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import replace_directive
from diagnose.parsers.nginx.locations import LocationMatch, all_locations
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.urls import parse_url

#: Bytes. What is large enough for usual uploads.
_LARGE = 64 << 20
#: Bytes. Most files that people send are smaller.
_ROOMY = 32 << 20
#: Bytes. What an edit writes, if no larger upload is known.
_RAISED = 64 << 20
#: By as much a limit is raised at least.
_TIMES = 4
_NAME = "client_max_body_size"
#: Uploads of one kind from which on they are no accident.
_OFTEN = 2
_UPLOAD_PATH = lazy_pattern(r"upload|asset|attach|media|file|photo|image|video|import")


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, Exchange],
    explains=["nginx.other-requests-failed"],
)
def body_limit(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    pages = list(page_exchanges(evidence))
    refused = current_failures(evidence, {413})
    asks = asks_about_size(evidence)
    form = None if refused or asks else _upload(evidence)
    symptom = evidence.target.symptom
    is_upload = symptom is not None and symptom.kind == "upload" and not refused
    upload_path = _reported_upload(nginx) if is_upload else ""
    if asks and not refused and evidence.target.path == "/":
        upload_path = upload_path or _taking_prefix(nginx)
    path = refused[0].path if refused else form[0] if form else upload_path or evidence.target.path
    is_asked = bool(refused) or asks or form is not None
    match = _strictest_location(nginx, path) if is_asked or is_upload else None
    if is_upload and match is not None and (not pass_directive_of(match) or _allows_more(nginx)):
        return
    if not is_asked or not pages or match is None or logged_errors(evidence, OWN_REFUSAL):
        return
    directive, limit = match.directive(_NAME), limit_of(match)
    if form and (directive or not pass_directive_of(match)):
        return
    if not may_be_reported_limit(evidence, limit, _LARGE) or 0 < _reported_size(evidence) <= limit:
        return
    is_explained = (
        is_applications_refusal(evidence, match)
        if refused
        else _is_program_message(evidence) or _is_small(evidence, limit)
    )
    if is_explained:
        return
    # Imported late: few pages meet a limit.
    from checks.nginx._other_limits import uncounted_limit

    subjects = endpoint_subjects(pages)
    if refused or form or upload_path:
        subjects = (Subject(port=evidence.target.port, path=path),)
    # Imported late: few applications have a limit that is known.
    from checks.http._known_application import framework_facts

    yield Claim(
        about=merge_subjects(subjects),
        covers=(NO_PORT,) if form else subjects,
        because=(*(refused or (form[1:] if form else pages)), *nginx.configs),
        confidence=_confidence(evidence, limit, bool(refused or form)),
        # Whether such uploads should be possible is a decision, unless a person asks about 413 or
        # pages of the site meet the limit.
        severity=None if asks or _is_met(refused) else Severity.NOTE,
        location=nginx.location(directive or match.block),
        facts={
            "url": evidence.target.origin + path
            if refused or form or upload_path
            else pages[0].url,
            "form": form[1].url if form else "",
            "limit": proxy_headers.size_text(limit),
            "place": file_line(directive or match.block),
            "set": directive is not None,
            **uncounted_limit(nginx, limit),
            "told": is_upload,
            **(framework_facts(evidence, "body_limit") if asks or refused else {}),
        },
        fix=_fix(nginx, match, directive, is_asked=asks or directive is None),
    )


def _confidence(evidence: Evidence, limit: int, is_met: bool) -> Confidence:
    """A large limit is the reason less often where nothing tells how much was sent."""
    # Imported late: few runs ask about an upload.
    from diagnose.parsers.reported_sizes import reported_size, sent_size

    text = evidence.target.symptom.text if evidence.target.symptom else ""
    is_unsized = not (is_met or _reported_size(evidence) or reported_size(text) or sent_size(text))
    return Confidence.POSSIBLE if is_unsized and limit >= _ROOMY else Confidence.LIKELY


def _fix(nginx: Nginx, match: LocationMatch, directive: Directive | None, *, is_asked: bool) -> Fix:
    """Raise the limit of the location, where nobody set it or a person asks about it. How much
    visitors may send, a person decides."""
    wanted_size = max(_reported_size(nginx.evidence), _TIMES * limit_of(match))
    size = max(_RAISED, next(1 << shift for shift in range(20, 64) if 1 << shift >= wanted_size))
    manual = Manual("raise-the-limit", Where.SERVER)
    is_of_all_sites = directive is not None and directive in children(match.blocks[0], _NAME)
    if not is_asked or is_of_all_sites:
        return Fix((manual,), Applicability.MANUAL)
    line = f"{_NAME} {proxy_headers.size_text(size)};"
    if directive is not None:
        file_edits = config_edits(nginx, {directive.file: [replace_directive(directive, line)]})
    elif match.block.name == "location":
        file_edits = setting_edits(nginx, match, {_NAME: proxy_headers.size_text(size)})
    else:
        file_edits = ()
    if not file_edits:
        return Fix((manual,), Applicability.MANUAL)
    fix = location_fix(nginx, match, file_edits, sure=False)
    return replace(fix, steps=(*fix.steps, Manual("limit-of-the-application", Where.APPLICATION)))


def _strictest_location(nginx: Nginx, path: str) -> LocationMatch | None:
    """Return the location with the smallest limit of those that an upload to a path comes to: nginx
    reads the limit of each anew. Of equal ones it is the first."""
    # Imported late: few runs ask about an upload.
    from checks.nginx._inner_blocks import passed_locations

    ways = passed_locations(nginx, path)
    return min((match for way in ways for match in way), key=_rank, default=None)


def _rank(match: LocationMatch) -> int:
    return limit_of(match) or sys.maxsize


def _upload(evidence: Evidence) -> tuple[str, Page] | None:
    """Return the path to which a form of the page sends files, and the page."""
    for page in evidence.good(Page):
        for form in page.uploads:
            url = parse_url(form)
            if url is not None and is_own_origin(evidence.target, form):
                return url.path.partition("?")[0], page
    return None


def _reported_upload(nginx: Nginx) -> str:
    """Return the path of the site to which the page sends files, by its forms or by the name that
    its script gives it; "" if none is known."""
    if upload := _upload(nginx.evidence):
        return upload[0]
    for request in sent_requests(nginx.evidence):
        if _UPLOAD_PATH.search(request.path.lower()):
            return request.path
    return ""


def _taking_prefix(nginx: Nginx) -> str:
    """Return the prefix of the only location that passes requests on, or the only such one with the
    name of uploads, if the first page is a file: its own location takes no upload."""
    first = _strictest_location(nginx, "/")
    if first is None or pass_directive_of(first):
        return ""
    prefixes = dict.fromkeys(
        match.block.args[-1]
        for selected in nginx.answering_servers()
        for match in all_locations(selected.server)
        if pass_directive_of(match) and match.block.args[0] not in {"~", "~*"}
    )
    paths = [prefix for prefix in prefixes if prefix.startswith("/")]
    if len(paths) != len(prefixes):
        return ""
    named = [path for path in paths if _UPLOAD_PATH.search(path.lower())]
    return next((taken_prefix[0] for taken_prefix in (named, paths) if len(taken_prefix) == 1), "")


def _allows_more(nginx: Nginx) -> bool:
    """Return whether some location of the site takes large uploads: that of the page says
    nothing then, unless the page sends them elsewhere."""
    if _reported_upload(nginx):
        return False
    for selected in nginx.answering_servers():
        for match in all_locations(selected.server):
            directive = match.directive(_NAME)
            words = directive.args[:1] if directive else ()
            size = proxy_headers.parse_size(words[0]) if words else None
            if size is not None and not may_be_reported_limit(nginx.evidence, size, _LARGE):
                return True
    return False


def _is_met(refused: Sequence[FailedRequests]) -> bool:
    """Return whether pages of the site meet the limit."""
    return any(failure.is_from_page and failure.times >= _OFTEN for failure in refused)


def _is_program_message(evidence: Evidence) -> bool:
    """Return whether a message has the words of a framework behind nginx, which nginx has passed
    the body on to, and whose limit was read and is large: nothing is too small now."""
    # Imported late: few runs ask about an upload.
    from checks.upstream._read_settings import fits_by_now
    from diagnose.parsers.limit_messages import limit_message

    symptom = evidence.target.symptom
    is_told = symptom is not None and limit_message(symptom.text) is not None
    return is_told and fits_by_now(evidence, "body_limit")


def _is_small(evidence: Evidence, limit: int) -> bool:
    """Return whether what a person says was sent is far below the limit: it is another's 413, or
    one of another time."""
    # Imported late: few runs ask about an upload.
    from diagnose.parsers.reported_sizes import sent_size

    symptom = evidence.target.symptom
    return symptom is not None and 0 < 2 * sent_size(symptom.text) <= limit


def _reported_size(evidence: Evidence) -> int:
    """Return the size of the upload that a message of nginx names, in bytes; 0 without one. If the
    limit allows it now, the message is of another time."""
    symptom = evidence.target.symptom
    return error_log.refused_body_size(symptom.text) if symptom else 0

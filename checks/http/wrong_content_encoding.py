"""The body is not what Content-Encoding says (RFC 9110 section 8.4): not compressed, compressed
twice, or compressed and not named.

Browsers show an error (ERR_CONTENT_DECODING_FAILED) or strange characters. Programs that do not
look at Content-Encoding, such as curl without --compressed, see nothing of it.
"""

from collections.abc import Iterator

from checks.http._bodies import body_addresses, body_subjects, page_bodies
from checks.http._encoding_edits import coding_line, removed_line
from checks.nginx import Nginx, file_line
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import ResponseBody
from diagnose.model.nginx import Directive


@check(severity=Severity.ERROR, needs=[ResponseBody])
def wrong_content_encoding(evidence: Evidence) -> Iterator[Claim]:
    # Where a browser's request was answered, it decides: the usual one wants no coding at all.
    bodies = page_bodies(evidence, "browser") or page_bodies(evidence, "target")
    faulty = [body for body in bodies if body.coding_fault and body.end != "cut"]
    if not faulty or evidence.target.is_websocket:
        return
    first, nginx = faulty[0], Nginx.of(evidence)
    directive = coding_line(nginx, evidence.target.path)
    corrected = _fix(evidence, directive, first)
    recoded = _single_coding_fix(evidence, first) if corrected is None else None
    subjects = body_subjects(faulty)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*faulty, *((nginx.config,) if directive and nginx.config else ())),
        facts={
            "url": first.url,
            "addresses": body_addresses(faulty),
            "coding": first.coding,
            "type": first.media_type,
            "place": file_line(directive) if directive else "",
            "uncoded": corrected is not None and directive is None,
            "recoded": recoded is not None,
            **{name: first.coding_fault == name for name in ("invalid", "twice", "unnamed")},
        },
        location=nginx.location(directive) if directive else None,
        fix=corrected
        or recoded
        or Fix((Manual("compress-once", Where.SERVER),), Applicability.MANUAL),
    )


def _fix(evidence: Evidence, directive: Directive | None, body: ResponseBody) -> Fix | None:
    """Return the fix: without the line that names the coding, or with requests that name none, if
    the page came well to such a one."""
    if directive is not None:
        is_invalid = body.coding_fault == "invalid"
        return removed_line(Nginx.of(evidence), directive) if is_invalid else None
    plain = [other for other in page_bodies(evidence, "target") if other.url == body.url]
    is_control = body.request == "browser" and bool(plain)
    if not is_control or any(
        other.coding or other.coding_fault or other.end == "cut" or other.failure for other in plain
    ):
        return None
    # Imported late: few pages are coded wrongly.
    from checks.http._uncoded_requests import uncoded_fix

    return uncoded_fix(evidence, evidence.target.path_without_query)


def _single_coding_fix(evidence: Evidence, body: ResponseBody) -> Fix | None:
    """Return the fix where Apache compresses what is compressed already."""
    if body.coding_fault != "twice":
        return None
    # Imported late: few pages are compressed twice.
    from checks.http._single_coding import single_coding_fix

    return single_coding_fix(evidence, evidence.target.path_without_query)

"""The answer is an error below 500, and its own words say that the setup is wrong: PHP does not
find the script, Tomcat refuses characters of the address, the application takes the proxy's address
for the visitor's. A 403 or 404 by itself is no fault; these words are. PHP says the same of an
address that nobody has: Apache passes on every name with ".php" (mod_proxy, "Access via Handler").
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
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
from diagnose.parsers.html_tags import excerpt
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.telling_answers import AnswerReason, answer_reason

_REASONS: tuple[AnswerReason, ...] = ("script", "characters", "proxy-address")


@check(severity=Severity.ERROR, needs=[Exchange])
def answer_says_why(evidence: Evidence) -> Iterator[Claim]:
    judged = [
        (page, reason)
        for page in page_exchanges(evidence)
        if (reason := answer_reason(page.status, page.body))
        if reason != "script" or (_may_be_php(page) and not _is_nowhere(evidence))
    ]
    if not judged:
        return
    pages, reason = [page for page, _ in judged], judged[0][1]
    first, subjects, nginx = pages[0], endpoint_subjects(pages), Nginx.of(evidence)
    match = next(iter(nginx.location_matches(evidence.target.path)), None)
    directive = pass_directive_of(match) if match else None
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *([nginx.config] if nginx.config and directive else [])),
        # "File not found." may be another program's words.
        confidence=Confidence.LIKELY
        if reason == "proxy-address" or "File not found" in first.body
        else Confidence.CERTAIN,
        location=nginx.location(directive) if directive else None,
        facts={
            "url": first.url,
            "status": first.status or "",
            "words": excerpt(first.body, 110),
            "place": file_line(directive) if directive else "",
            **{name.replace("-", "_"): name == reason for name in _REASONS},
        },
        fix=Fix((Manual(reason, Where.SERVER),), Applicability.MANUAL),
    )


def _is_nowhere(evidence: Evidence) -> bool:
    # Imported late: few answers have such words.
    from checks.server._missing_scripts import script_is_nowhere

    return script_is_nowhere(evidence)


def _may_be_php(page: Exchange) -> bool:
    """Return whether PHP may say that it does not find the script: its messages are HTML
    (`default_mimetype`), and other programs have the same words in plain text."""
    return (page.header("Content-Type") or "text/html").lower().startswith("text/html")

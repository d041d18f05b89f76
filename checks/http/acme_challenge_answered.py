"""A challenge that nobody asked for is answered with a page: an application, or a rule that sends
every path to one page, stands where the ACME client puts its files (RFC 8555 section 8.3). The
authority then compares the page with what it expects: "Invalid response … <!DOCTYPE html>".

It is judged after a pasted message of an ACME client: by itself a page for every path is no fault,
and a client that has a server of its own, or changes nginx's configuration, is not disturbed.
"""

import re
from collections.abc import Iterator

from checks.http import addresses, endpoint_subjects, exchanges_by_purpose
from checks.http._challenges import ANSWERS_ITSELF
from checks.http._redirects import selected_servers
from checks.http._served_challenges import serving_fix
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
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.model.renewal import RenewalFailure
from diagnose.parsers.linux.renewal_logs import challenge_status
from diagnose.parsers.nginx.locations import select_location
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.urls import parse_url

#: A message that quotes a page.
_PAGE = re.compile(r"(?i)<(?:!doctype|html)\b")


@check(
    severity=Severity.WARNING,
    needs=[Exchange],
    needs_message=True,
    explains=["http.acme-challenge-blocked"],
)
def acme_challenge_answered(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    # What the authority says when it got something else than the file.
    if symptom is None or symptom.kind != "acme-response":
        return
    if ANSWERS_ITSELF.search(f"{evidence.target.input} {symptom.text}"):
        return
    nginx = Nginx.of(evidence)
    answers = [
        (answer, _pass_directive(nginx, answer))
        for answer in exchanges_by_purpose(evidence, "acme")
        if answer.failure is None
    ]
    reported_code = _reported_status(evidence)
    forwarded = [
        (answer, passed)
        for answer, passed in answers
        if (passed or answer.status == 200)
        and reported_code in {0, answer.status}
        and not _is_refused(evidence, answer)
    ]
    if not forwarded:
        return
    exchanges = [answer for answer, _ in forwarded]
    directive = next((passed for _, passed in forwarded if passed), None)
    subjects = endpoint_subjects(exchanges)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(exchanges),
        confidence=Confidence.LIKELY,
        location=nginx.location(directive) if directive else None,
        facts={
            "name": evidence.target.host,
            "url": exchanges[0].url,
            "addresses": addresses(exchanges),
            "status": exchanges[0].status,
            "directive": directive.text if directive else "",
            "place": file_line(directive) if directive else "",
            "secure": exchanges[0].url.startswith("https:"),
        },
        fix=serving_fix(nginx) or Fix((Manual("location", Where.SERVER),), Applicability.MANUAL),
    )


def _reported_status(evidence: Evidence) -> int:
    """Return the status that the authority got, by the message or by the tool's log: 0 if neither
    names one. A refusal of the file is not what a page for every path leads to."""
    symptom = evidence.target.symptom
    own = f"{evidence.target.input} {symptom.text if symptom else ''}"
    if (status := challenge_status(own)) or _PAGE.search(own):
        return status
    logged = (
        failure.status
        for failure in evidence.good(RenewalFailure)
        if evidence.target.host in failure.names
    )
    return next(logged, 0)


def _is_refused(evidence: Evidence, answer: Exchange) -> bool:
    """Return whether a rule of the server refuses the file of a challenge that is there."""
    from checks.http._challenge_rules import challenge_rule

    rule = challenge_rule(evidence, answer) if answer.status == 200 else None
    return rule is not None and rule.kept > 0


def _pass_directive(nginx: Nginx, answer: Exchange) -> Directive | None:
    """Return the directive by which nginx passes this request on; None if it does not, if several
    blocks may have answered, or if the configuration was not read."""
    url = parse_url(answer.url)
    directives: dict[int, Directive] = {}
    for _, server, _ in selected_servers(nginx, answer):
        passed = pass_directive_of(select_location(server, url.path if url else "/"))
        if passed is None:
            return None
        directives[id(passed)] = passed
    return next(iter(directives.values())) if len(directives) == 1 else None

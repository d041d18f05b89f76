"""The application behind the site refuses the host name of the request, in the words of its
framework: Django, Rails, Vite, webpack's development server.

From outside it cannot be seen which name it got: a proxy may send it another one than the
visitor's (upstream.wrong-host-header), or the visitor's is missing in its settings
(upstream.host-not-allowed).
"""

from collections.abc import Iterator

from checks.http import addresses, endpoint_subjects, exchanges_by_purpose
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
from diagnose.parsers.http import is_wordless_refusal, refuses_host


@check(severity=Severity.ERROR, needs=[Exchange], explains=["server.own-answer"])
def host_refused(evidence: Evidence) -> Iterator[Claim]:
    refused = [
        exchange
        for exchange in exchanges_by_purpose(evidence, "target")
        if refuses_host(exchange.status, exchange.body)
    ]
    if not refused:
        return
    # Imported late: most sites refuse no name.
    from checks.http._host_settings import host_setting_facts

    first, subjects = refused[0], endpoint_subjects(refused)
    from checks.upstream._own_remedy import with_own_remedy

    claim = Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(refused),
        confidence=Confidence.LIKELY
        if is_wordless_refusal(first.status, first.body)
        else Confidence.CERTAIN,
        facts={
            "url": first.url,
            "host": evidence.target.host,
            "status": first.status or "",
            "addresses": addresses(refused),
            **host_setting_facts(evidence, (exchange.body for exchange in refused)),
        },
        fix=Fix((Manual("allow-the-name", Where.APPLICATION),), Applicability.MANUAL),
    )
    # The words of the refusal give the line of a program that they name.
    is_named = bool(claim.facts["program"])
    yield with_own_remedy(evidence, claim, "allowed_host", only_read=is_named)

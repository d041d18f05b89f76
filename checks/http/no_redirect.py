"""Port 80 serves pages itself (RFC 9110 section 15.4 knows the redirects; any of them will do).
A refusal there is a choice that some make for programs, and so is worth a note only."""

from collections.abc import Iterator

from checks.http import _redirects, addresses, pages, places, works_over_https
from checks.nginx import Nginx
from checks.nginx._location_edits import Changes
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Fix, Severity, together
from diagnose.model.http import Exchange
from diagnose.parsers.http import Chain, chain, https_only, leads_by_page, related, wants_tls


@check(severity=Severity.WARNING, needs=[Exchange])
def no_redirect(evidence: Evidence) -> Iterator[Claim]:
    secure = works_over_https(evidence)
    if evidence.target.port != 443 or not secure:
        return
    chains = [chain(one, evidence.of(Exchange)) for one in pages(evidence, "plain")]
    stays = [one for one in chains if _stays(one, evidence.target.host)]
    served = [one for one in stays if (one.steps[-1].status or 0) < 300]
    known = any(https_only(evidence.target.host, one.headers) for one in secure)
    for group, severity in (
        (served, Severity.NOTE if known else Severity.WARNING),
        ([one for one in stays if one not in served], Severity.NOTE),
    ):
        if group:
            yield _claim(evidence, group, secure, severity)


def _stays(found: Chain, host: str) -> bool:
    last = found.steps[-1]
    return (
        found.end == "answer"
        and last.failure is None
        and last.url.startswith("http:")
        and related(host, last.url.split("/")[2].partition(":")[0])
        and not wants_tls(last)
        and not leads_by_page(last.body)
    )


def _claim(
    evidence: Evidence, group: list[Chain], secure: tuple[Exchange, ...], severity: Severity
) -> Claim:
    firsts = [one.steps[0] for one in group]
    subjects = places(firsts)
    return Claim(
        about=together(subjects),
        covers=subjects,
        because=(*(step for one in group for step in one.steps), *secure),
        severity=severity,
        facts={
            "name": evidence.target.host,
            "url": firsts[0].url,
            "addresses": addresses(firsts),
            "status": group[0].steps[-1].status,
            "served": (group[0].steps[-1].status or 0) < 300,
        },
        fix=_fix(Nginx.of(evidence), [one.steps[-1] for one in group], severity),
    )


def _fix(nginx: Nginx, answers: list[Exchange], severity: Severity) -> Fix:
    changes: Changes = {}
    if not _redirects.lead_on(nginx, answers, changes):
        return _redirects.by_hand("redirect")
    return _redirects.fix(nginx, changes, "redirect", sure=severity is not Severity.NOTE)

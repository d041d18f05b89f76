"""Port 80 serves pages itself instead of a redirect (RFC 9110 section 15.4; any redirect will do),
or answers with an error of the server (5xx). Some sites refuse plain HTTP on purpose, for programs
(4xx); that is only a note."""

from collections.abc import Iterator

from checks.http import (
    _redirect_edits,
    addresses,
    endpoint_subjects,
    exchanges_by_purpose,
    works_over_https,
)
from checks.nginx import Nginx
from checks.nginx._edits import Changes
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Fix, Severity, merge_subjects
from diagnose.model.http import Exchange
from diagnose.model.tls import served_certificates
from diagnose.parsers.hostnames import covers
from diagnose.parsers.http import https_only, wants_tls
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.redirects import RedirectChain, follow_redirects, redirects_in_page
from diagnose.parsers.urls import is_related_host


@check(severity=Severity.WARNING, needs=[Exchange])
def no_redirect(evidence: Evidence) -> Iterator[Claim]:
    # Behind a certificate that browsers refuse, plain http is open all the same.
    secure = works_over_https(evidence) or _pages_behind_a_refusal(evidence)
    if evidence.target.port != 443 or not secure:
        return
    chains = [
        follow_redirects(exchange, evidence.of(Exchange))
        for exchange in exchanges_by_purpose(evidence, "plain")
    ]
    final_chains = [
        redirect_chain
        for redirect_chain in chains
        if _ends_on_http(redirect_chain, evidence.target.host)
    ]
    served_chains = [
        redirect_chain
        for redirect_chain in final_chains
        if (redirect_chain.steps[-1].status or 0) < 300
    ]
    failed_chains = [
        redirect_chain
        for redirect_chain in final_chains
        if _is_fault(Nginx.of(evidence), redirect_chain.steps[-1].status or 0)
    ]
    if not secure[0].verified:  # what is refused there is no page that is open
        failed_chains, final_chains = [], served_chains
    # Where https answers the page with the same error, that came before any redirect. A password
    # for which plain http asks goes unencrypted all the same.
    refusals = {
        page.status
        for page in secure
        if page.verified and (page.status or 0) >= 400 and not page.asks_for_password
    }
    failed_chains = [chain for chain in failed_chains if chain.steps[-1].status not in refusals]
    final_chains = [chain for chain in final_chains if chain.steps[-1].status not in refusals]
    if final_chains and _shows_other_site(evidence):
        return
    has_hsts = any(https_only(evidence.target.host, exchange.headers) for exchange in secure)
    for group, severity in (
        (served_chains, Severity.NOTE if has_hsts else Severity.WARNING),
        (failed_chains, Severity.NOTE if has_hsts else Severity.WARNING),
        (
            [
                redirect_chain
                for redirect_chain in final_chains
                if redirect_chain not in (*served_chains, *failed_chains)
            ],
            Severity.NOTE,
        ),
    ):
        if group:
            yield _claim(evidence, group, secure, severity)


def _shows_other_site(evidence: Evidence) -> bool:
    """Return whether https shows another site: a redirect there would end every visit at it."""
    from checks.nginx._default_blocks import shows_other_site_alone  # most sites redirect

    return shows_other_site_alone(Nginx.of(evidence))


def _pages_behind_a_refusal(evidence: Evidence) -> tuple[Exchange, ...]:
    """Return the site's own pages behind a certificate that browsers refuse. What a block of
    nginx's without the name answers is none, nor what has a self-signed certificate for
    another name, as a package brings it: then the site may be plain http."""
    pages = works_over_https(evidence, verified=False)
    nginx = Nginx.of(evidence)
    answering = list(nginx.answering_servers()) if nginx.config else []
    is_other = bool(answering) and all(each.name_match == "default" for each in answering)
    leaves = [
        served.leaf
        for served in served_certificates(evidence, lambda handshake: handshake.port == 443)
    ]
    is_other |= any(
        leaf.self_issued and not covers(evidence.target.host, leaf.dns_names, leaf.addresses)
        for leaf in leaves
    )
    is_served = all((page.status or 500) < 400 for page in pages)
    return pages if is_served and not is_other else ()


def _is_fault(nginx: Nginx, status: int) -> bool:
    """Return whether a status is a fault or maintenance, and no rule for programs. 503 is also what
    a limit of requests answers, which our own requests may have met."""
    config = nginx.config
    directives = (each for block in config.main for each in walk((block,))) if config else ()
    has_limit = any(directive.name in {"limit_req", "limit_conn"} for directive in directives)
    return status >= 500 and (status != 503 or (config is not None and not has_limit))


def _ends_on_http(redirect_chain: RedirectChain, host: str) -> bool:
    last = redirect_chain.steps[-1]
    return (
        redirect_chain.end == "answer"
        and last.failure is None
        and last.url.startswith("http:")
        and is_related_host(host, last.url.split("/")[2].partition(":")[0])
        and not wants_tls(last)
        and not redirects_in_page(last.body)
    )


def _claim(
    evidence: Evidence, group: list[RedirectChain], secure: tuple[Exchange, ...], severity: Severity
) -> Claim:
    firsts = [redirect_chain.steps[0] for redirect_chain in group]
    subjects = endpoint_subjects(firsts)
    is_served = (group[0].steps[-1].status or 0) < 300
    # A redirect would take the visitors from a page to a refusal.
    is_verified = secure[0].verified
    refused = next((step.status for step in secure if (step.status or 0) >= 400), 0)
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*(step for redirect_chain in group for step in redirect_chain.steps), *secure),
        severity=severity,
        facts={
            "name": evidence.target.host,
            "url": firsts[0].url,
            "addresses": addresses(firsts),
            "status": group[0].steps[-1].status,
            "served": is_served,
            "error": severity is not Severity.NOTE and not is_served,
            "refused": refused if is_verified else 0,
            "unverified": not is_verified,
            "holder": _holder(evidence),
        },
        # What answers an error may stand there on purpose.
        fix=_fix(
            Nginx.of(evidence),
            [redirect_chain.steps[-1] for redirect_chain in group],
            sure=is_served and severity is not Severity.NOTE and not refused and is_verified,
        ),
    )


def _holder(evidence: Evidence) -> str:
    """Return the program that has port 80, where nginx has port 443 alone: it cannot open a port
    that another program has. "" if that is not so, or not known."""
    # Imported late: most sites redirect.
    from checks.listener import listeners_on
    from diagnose.checking.port_holder import sole_program
    from diagnose.parsers.nginx.install_paths import PROGRAM_NAMES

    secure = {listener.process for listener in listeners_on(evidence, 443)}
    return sole_program(evidence, 80) if secure and secure <= set(PROGRAM_NAMES) else ""


def _fix(nginx: Nginx, answers: list[Exchange], sure: bool) -> Fix:
    changes: Changes = {}
    if _holder(nginx.evidence):
        return _redirect_edits.by_hand("other-program")
    if not _redirect_edits.redirect_to_https(nginx, answers, changes):
        return _redirect_edits.by_hand("redirect")
    # A location for challenges goes before the first (nginx.challenge-folder): this patch shall fit
    # behind it.
    is_renewed = any(
        type(observation).__name__ == "ChallengeFolder"
        for observation in nginx.evidence.observations
    )
    context = 1 if is_renewed else 3
    return _redirect_edits.fix(nginx, changes, "redirect", sure=sure, context=context)

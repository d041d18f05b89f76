"""The application redirects to its own address for ever, because nginx tells it neither the name
nor the scheme that visitors use: no Host and no X-Forwarded-Proto.

WordPress, Nextcloud, Discourse, Ghost, GitLab and others know their own address and redirect to it
whatever is asked by another name or over http. nginx sends its `proxy_pass` address as Host unless
a line says otherwise. One field alone changes nothing. The evidence is the application itself: it
redirects with the one field, and serves the page with both.
"""

from collections.abc import Iterator

from checks.upstream._comparisons import CONSEQUENCES, comparison_claim, decided_by
from checks.upstream._origin_edits import page_origin_steps
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import Asked, ComparedRequest
from diagnose.parsers.nginx.locations import proxy_pass_of
from diagnose.parsers.redirects import REDIRECTS


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    needs_fault=[ComparedRequest],
    explains=[*CONSEQUENCES, "websocket.redirected"],
)
def origin_not_passed(evidence: Evidence) -> Iterator[Claim]:
    for nginx, match, change in decided_by(evidence, "origin"):
        if not change.is_loop or _is_name_enough(evidence):
            continue
        names = tuple(change.request.name.split(", "))
        steps = page_origin_steps(nginx, match, names)
        by_hand = Fix((Manual("pass-both", Where.SERVER),), Applicability.MANUAL)
        yield comparison_claim(
            nginx,
            match,
            change,
            proxy_pass_of(match) or match.block,
            {
                "fields": names,
                "host": evidence.target.authority,
                "shown": change.request.original.split(", ")[names.index("Host")]
                if "Host" in names
                else "",
            },
            Fix(steps, Applicability.REVIEW) if steps else by_hand,
        )


def _is_name_enough(evidence: Evidence) -> bool:
    """Return whether the application serves the page under the visitor's name alone: then
    upstream.wrong-host-header says so."""
    return any(
        asked.variant == "visitor" and asked.failure is None and asked.status not in REDIRECTS
        for asked in evidence.of(Asked)
    )

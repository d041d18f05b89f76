"""A CDN answers with an error of its own, such as Cloudflare's 520 to 530: it got no answer, or no
right one, from the server behind it. The number or the words of its page say what failed
(`diagnose.parsers.front_errors`). What the server itself answers is added where it was asked.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.http import _fronts, addresses, endpoint_subjects
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
from diagnose.model.http import Exchange, LocalAnswer

if TYPE_CHECKING:
    from diagnose.parsers.front_errors import FrontError, Meaning

#: What failed, as the name of a fact.
_MEANINGS: "tuple[Meaning, ...]" = (
    "refused", "silent", "unreachable", "slow", "handshake", "certificate", "dns", "connect",
    "broken", "unhealthy", "tunnel",
)  # fmt: skip


@check(
    severity=Severity.ERROR,
    needs=[Exchange],
    needs_fault=[Exchange],
    explains=[
        "http.acme-challenge-blocked",
        "http.no-redirect",
        "server.application-answers",
        "http.server-error",
        "websocket.not-upgraded",
    ],
)
def cdn_error(evidence: Evidence) -> Iterator[Claim]:
    groups = _fronts.visits_by_error(evidence, _fronts.cdn_error)
    for (status, error), exchanges in groups.items():
        yield _claim(evidence, status, error, exchanges)


def _claim(
    evidence: Evidence, status: int, error: "FrontError", exchanges: list[Exchange]
) -> Claim:
    page = _fronts.local_answer(evidence, "page")
    subjects = endpoint_subjects(exchanges)
    return Claim(
        about=merge_subjects(subjects),
        covers=(*subjects, *_fronts.other_subjects(evidence, exchanges)),
        because=(*exchanges, *([page] if page else [])),
        facts={
            "name": evidence.target.host,
            "url": exchanges[0].url,
            "addresses": addresses(exchanges),
            "status": status,
            "product": error.product,
            "cloudflare": error.product == "Cloudflare",
            **{meaning: meaning == error.meaning for meaning in _MEANINGS},
            **_own_facts(evidence, page),
        },
        fix=Fix(
            (
                Manual("origin-answers", Where.SERVER),
                Manual("origin-settings", Where.CLOUD_CONSOLE),
            ),
            Applicability.MANUAL,
        ),
    )


def _own_facts(evidence: Evidence, page: LocalAnswer | None) -> dict[str, object]:
    """Return what the server itself answers, as far as it was asked."""
    leaf = page.chain[0] if page and page.chain else None
    return {
        "own_status": page.status if page and page.status else "",
        "own_failure": page.failure.message if page and page.failure else "",
        "own_refused": page is not None and page.trusted is False,
        "own_expired": leaf.not_after if leaf and leaf.is_expired(evidence.started_at) else "",
    }

"""A pasted message is that of one framework which refuses a body for its size: Next.js, Spring,
ASP.NET Core, a parser of Node.js. So the web server in front passed the body on, and its limit is
not the one that has to be raised. The message names whose limit it is: no request has to be sent.
Where the program's limit was read and is large, the message is of the time before.

Or it tells that uploads of more than 100 MB fail, and the site's answers come through Cloudflare,
whose free and Pro plans take no more.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
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
    Symptom,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.parsers.cdn import field_signs
from diagnose.parsers.limit_messages import LimitMessage, limit_message
from diagnose.parsers.reported_sizes import reported_size

_FRAMEWORKS = ("next", "spring", "kestrel", "forms", "node")
#: Bytes around the limit of Cloudflare's free and Pro plans, as people tell it.
_CLOUDFLARE = range(95 << 20, 106 << 20)
_KINDS = frozenset({"upload", "body-size"})


@check(
    severity=Severity.WARNING,
    needs=[Exchange],
    needs_message=True,
    explains=["nginx.body-limit", "server.apache-body-limit", "server.body-limit"],
)
def size_limit_told(evidence: Evidence) -> Iterator[Claim]:
    symptom, pages = evidence.target.symptom, page_exchanges(evidence)
    if symptom is None or not pages:
        return
    message = limit_message(symptom.text) or _edge_limit(symptom, pages)
    if message is None:
        return
    # Imported late: only a finding needs them.
    from checks.upstream._own_remedy import with_own_remedy
    from checks.upstream._read_settings import fits_by_now

    if fits_by_now(evidence, "body_limit"):
        return  # the message is of another time

    subjects = endpoint_subjects(pages)
    is_edge = message.framework == "cloudflare"
    claim = Claim(
        about=merge_subjects(subjects),
        covers=(
            *subjects,
            Subject(port=evidence.target.port, path=evidence.target.path_without_query),
        ),
        because=tuple(pages),
        confidence=Confidence.LIKELY,
        facts={
            "words": message.words,
            "limit": message.limit,
            "cloudflare": is_edge,
            **{name: message.framework == name for name in _FRAMEWORKS},
            "told": True,
        },
        fix=Fix(
            (
                Manual("send-in-parts", Where.DNS_PROVIDER)
                if is_edge
                else Manual("raise-it", Where.APPLICATION),
            ),
            Applicability.MANUAL,
        ),
    )
    yield claim if is_edge else with_own_remedy(evidence, claim, "body_limit", only_read=True)


def _edge_limit(symptom: Symptom, pages: tuple[Exchange, ...]) -> LimitMessage | None:
    """Return Cloudflare's limit, if a message tells its size and every answer comes through it."""
    is_size = symptom.kind in _KINDS or (symptom.kind == "status" and symptom.number == 413)
    size = reported_size(symptom.text) if is_size else 0
    signs = [dict(field_signs(page.headers)) for page in pages]
    if size not in _CLOUDFLARE or not all("Cloudflare" in sign for sign in signs):
        return None
    return LimitMessage("cloudflare", "100 MB", signs[0]["Cloudflare"])

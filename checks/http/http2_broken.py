"""The site answers over HTTP/1.1, and what it sends over HTTP/2 browsers refuse. They offer HTTP/2,
so that they get no page, while programs that speak HTTP/1.1 do.

Usual reasons: a header field of the connection is passed on (RFC 9113 section 8.2.2), often
`Upgrade: h2,h2c` of an Apache behind nginx; a name in upper case; a program that agrees to HTTP/2
in the handshake and sends HTTP/1.1; streams that are reset.
"""

from collections.abc import Iterator, Sequence

from checks.http._bodies import body_addresses, body_subjects
from checks.http._hidden_fields import FieldSource, field_source, hiding_fix
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
from diagnose.model.http import BrowserVisit, Exchange

#: HTTP_1_1_REQUIRED (RFC 9113 section 7): browsers ask again over HTTP/1.1.
_HTTP_1_1_REQUIRED = 13

#: Fields that Safari and curl refuse and Chromium and Firefox pass over, and what all refuse.
_STRICT_ONLY = {"connection-field"}
_REFUSED = {"transfer-coding", "upper-case", "field-name", "control-character"}

#: Statuses of a request that the server does not take over HTTP/1.1 either: what browsers get over
#: HTTP/2 is then a refusal as well (RFC 9110 section 15.5.1, 15.5.15, RFC 6585 section 5).
_REFUSED_REQUESTS = {400, 414, 431}

#: Failures of a visit that the network may cause as well.
_NETWORK_FAILURES = {"timeout", "refused", "unreachable", "proxy", "other", "denied"}


@check(
    severity=Severity.ERROR,
    needs=[BrowserVisit, Exchange],
    explains=["http.body-cut", "http.wrong-content-encoding"],
)
def http2_broken(evidence: Evidence) -> Iterator[Claim]:
    pages = [
        page
        for page in evidence.good(Exchange)
        if page.purpose == "target" and page.version != "HTTP/2"
        if page.status not in _REFUSED_REQUESTS
    ]
    visits = evidence.of(BrowserVisit)
    failures = [visit for visit in visits if _is_failure(visit)]
    malformed = [visit for visit in visits if _faulty_names(visit)]
    if pages and len(failures) > 1 and len(failures) == len(visits):
        yield _failure_claim(failures, pages)
    elif malformed:
        yield _header_claim(evidence, malformed, pages)


def _is_failure(visit: BrowserVisit) -> bool:
    failure = visit.failure
    return (
        failure is not None
        and failure.kind not in _NETWORK_FAILURES
        and failure.code != _HTTP_1_1_REQUIRED
    )


def _faulty_names(visit: BrowserVisit) -> tuple[str, ...]:
    if visit.version != "HTTP/2":
        return ()
    return tuple(
        name
        for kind, name in zip(visit.header_faults, visit.faulty_fields, strict=False)
        if kind in _REFUSED | _STRICT_ONLY
    )


def _failure_claim(visits: Sequence[BrowserVisit], pages: Sequence[Exchange]) -> Claim:
    first, subjects = visits[-1], body_subjects(visits)
    failure = first.failure
    name = failure.name if failure else None
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*visits, *pages),
        facts=_facts(first, visits)
        | {
            "message": failure.message if failure else "",
            "http1": name == "HTTP1",
            "agreed": first.alpn == "h2" and name != "HTTP1",
            "not_agreed": first.alpn == "http/1.1",
            "handshake": first.alpn == "" and not first.version,
        },
        # Browsers accept some frames that the library refuses.
        confidence=Confidence.LIKELY if name == "FRAMES" else Confidence.CERTAIN,
        fix=Fix((Manual("mend-http2", Where.SERVER),), Applicability.MANUAL),
    )


def _header_claim(
    evidence: Evidence, visits: Sequence[BrowserVisit], pages: Sequence[Exchange]
) -> Claim:
    first, subjects, nginx = visits[0], body_subjects(visits), Nginx.of(evidence)
    names = tuple(dict.fromkeys(_faulty_names(first)))
    kinds = set(first.header_faults)
    # A field that only HTTP/2 forbids has no use for visitors. Another one may have.
    is_useless = kinds <= {*_STRICT_ONLY, "transfer-coding"}
    source = field_source(nginx, names) if is_useless else None
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*visits, *pages, *((nginx.config,) if source and nginx.config else ())),
        # Most browsers pass over such a field.
        severity=None if kinds & _REFUSED else Severity.WARNING,
        facts=_facts(first, visits)
        | {
            "names": names,
            "values": tuple(f"{name}: {first_value(first, name)}" for name in names),
            "all_refuse": bool(kinds & _REFUSED),
            "some_refuse": not kinds & _REFUSED,
            "place": file_line(source.directive) if source else "",
            "added": source is not None and source.added,
            "passed": source is not None and not source.added,
        },
        # That Safari refuses Upgrade is reported often, of the other fields only the rule is known.
        confidence=Confidence.CERTAIN
        if kinds & _REFUSED or "upgrade" in names
        else Confidence.LIKELY,
        location=nginx.location(source.directive) if source else None,
        fix=_header_fix(nginx, source, names),
    )


def first_value(visit: BrowserVisit, name: str) -> str:
    return next((value for key, value in visit.headers if key.lower() == name.lower()), "")


def _header_fix(nginx: Nginx, source: FieldSource | None, names: Sequence[str]) -> Fix:
    fix = hiding_fix(nginx, source, names) if source else None
    return fix or Fix((Manual("hide-the-field", Where.SERVER),), Applicability.MANUAL)


def _facts(first: BrowserVisit, visits: Sequence[BrowserVisit]) -> dict[str, object]:
    """Return the facts of both claims; the words ask for all of them."""
    empty = (
        "message", "http1", "agreed", "not_agreed", "handshake", "names", "values", "all_refuse",
        "some_refuse", "place", "added", "passed",
    )  # fmt: skip
    return dict.fromkeys(empty, "") | {
        "url": first.url,
        "addresses": body_addresses(visits),
        "server": first_value(first, "Server"),
    }

"""What the fields that isolate a page keep out of it, and out of other sites' pages: the claims of
`http.isolation-policy`."""

import re
from collections.abc import Iterator
from typing import Literal

from checks.http import _page_files, endpoint_subjects
from checks.http._policies import ShownPage, origin_of, shown_page
from checks.http._sent_fields import SentField, sent_field
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
from diagnose.model.http import page_exchanges
from diagnose.parsers.sanitize import clean
from diagnose.parsers.urls import parse_url

EMBEDDER, OPENER = "cross-origin-embedder-policy", "cross-origin-opener-policy"
RESOURCE = "cross-origin-resource-policy"
#: Hosts of libraries that send `Cross-Origin-Resource-Policy: cross-origin` with each file.
_CONSENTING = re.compile(
    r"(?:^|\.)(?:jsdelivr\.net|unpkg\.com|cdnjs\.cloudflare\.com|esm\.sh|skypack\.dev|gstatic\.com"
    r"|googleapis\.com|googletagmanager\.com|google-analytics\.com|bootstrapcdn\.com)$"
)
#: Programs that log in with a window of their own: Google's, Firebase's, Microsoft's.
_POPUPS = re.compile(
    r"https://(?:accounts\.google\.com/gsi/client|apis\.google\.com/js/(?:api|platform)"
    r"|www\.gstatic\.com/firebasejs/.{1,60}auth|alcdn\.msauth\.net/)"
)
_ASKS = re.compile(r"BY_?COEP|COEP|Embedder-Policy|BlockedByResponse", re.IGNORECASE)
_ASKS_FOR_FILES = re.compile(
    r"NotSame(?:Origin|Site)\b|CORP_FAILED|Resource[ -]Policy", re.IGNORECASE
)

Policy = Literal["embedder", "opener", "resource"]


def claims(evidence: Evidence) -> Iterator[Claim]:
    shown = shown_page(evidence)
    if shown is not None:
        yield from _embedder_claim(evidence, shown)
        yield from _opener_claim(evidence, shown)
    yield from _resource_claim(evidence)


def _embedder_claim(evidence: Evidence, page: ShownPage) -> Iterator[Claim]:
    value = _policy(page.values(EMBEDDER))
    frames = _foreign_frames(page) if value in {"require-corp", "credentialless"} else []
    files = _foreign_files(page) if value == "require-corp" else []
    if not frames and not files:
        return
    symptom = evidence.target.symptom
    is_told = symptom is not None and bool(_ASKS.search(symptom.text))
    # Without the other field the page is not isolated, and this one only forbids.
    is_useless = _policy(page.values(OPENER)) != "same-origin"
    is_sure = is_told or bool(frames) or is_useless
    yield _claim(
        evidence, page, "embedder", value, EMBEDDER, (frames or files)[0],
        Confidence.LIKELY if is_sure else Confidence.POSSIBLE,
        None if is_sure else Severity.NOTE, bool(frames),
    )  # fmt: skip


def _foreign_frames(page: ShownPage) -> list[str]:
    """Return the pages of other origins that the page shows in frames with its own cookies."""
    return [
        use.url
        for use in page.page.uses
        if use.kind == "frame" and not use.credentialless and _is_foreign(page, use.url)
    ]


def _foreign_files(page: ShownPage) -> list[str]:
    """Return what the page takes from other origins without CORS, and that may not agree to it."""
    scripts = (
        file.url
        for file in page.page.files
        if file.kind in {"stylesheet", "script"} and not file.cors and not file.is_optional
    )
    uses = (use.url for use in page.page.uses if use.kind in {"image", "media"} and not use.cors)
    return [url for url in (*scripts, *uses) if _is_foreign(page, url) and not _consents(url)]


def _is_foreign(page: ShownPage, url: str) -> bool:
    return url.startswith("http") and origin_of(url) != origin_of(page.page.url)


def _consents(url: str) -> bool:
    parsed = parse_url(url)
    return parsed is not None and bool(_CONSENTING.search(parsed.host))


def _opener_claim(evidence: Evidence, page: ShownPage) -> Iterator[Claim]:
    value = _policy(page.values(OPENER))
    scripts = [file.url for file in page.page.files if _POPUPS.match(file.url)]
    if value == "same-origin" and scripts:
        yield _claim(
            evidence, page, "opener", value, OPENER, scripts[0], Confidence.LIKELY, None, False
        )


def _claim(
    evidence: Evidence,
    page: ShownPage,
    policy: Policy,
    value: str,
    name: str,
    address: str,
    confidence: Confidence,
    severity: Severity | None,
    is_frame: bool,
) -> Claim:
    sent = sent_field(evidence, name, page.values(name))
    return Claim(
        about=_page_files.page_subject(page.page),
        because=(page.page, page.answer),
        confidence=confidence,
        severity=severity,
        location=sent.location if sent else None,
        facts={
            "page": page.page.url,
            "name": name.title(),
            "value": value,
            "address": address.partition("?")[0],
            "frame": is_frame,
            "place": sent.place if sent else "",
            **{kind: kind == policy for kind in ("embedder", "opener", "resource")},
        },
        fix=_fix(sent, policy),
    )


def _resource_claim(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    if symptom is None or not _ASKS_FOR_FILES.search(symptom.text):
        return
    pages = [page for page in page_exchanges(evidence) if page.header(RESOURCE)]
    values = {(page.header(RESOURCE) or "").strip().lower() for page in pages}
    if not pages or not values & {"same-origin", "same-site"}:
        return
    subjects = endpoint_subjects(pages)
    sent = sent_field(evidence, RESOURCE, values)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(pages),
        confidence=Confidence.LIKELY,
        location=sent.location if sent else None,
        facts={
            "page": pages[0].url,
            "name": RESOURCE.title(),
            "value": clean(sorted(values)[0], 40),
            "address": "",
            "frame": False,
            "place": sent.place if sent else "",
            "embedder": False,
            "opener": False,
            "resource": True,
        },
        fix=_fix(sent, "resource"),
    )


def _fix(sent: SentField | None, policy: Policy) -> Fix:
    """Leave the field out that wants a consent of others, or keep of the others what the page does
    not need. Whether other sites may show a file is a person's decision, which a review asks."""
    fix = None
    if sent is not None and policy == "embedder":
        fix = sent.without()
    elif sent is not None and policy == "opener":
        fix = sent.with_value("same-origin-allow-popups")
    elif sent is not None:
        fix = sent.with_value("cross-origin")
    return fix or Fix((Manual("change-the-policy", Where.SERVER),), Applicability.MANUAL)


def _policy(values: list[str]) -> str:
    """Return the value of such a field without its parameters; "" if there are several, which count
    for nothing (RFC 8941 section 4.2)."""
    return values[0].partition(";")[0].strip().lower() if len(values) == 1 else ""

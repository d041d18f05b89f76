"""The page forbids other pages to show it in a frame: X-Frame-Options (RFC 7034), or
`frame-ancestors` in its Content-Security-Policy, which comes first (CSP level 3, section 6.4.2).

The field is a protection, and no fault: it is judged after a pasted message about frames, and where
the site's own page shows a page of the site in a frame that keeps all others out.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

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
    Symptom,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.content_security_policy import frame_ancestors, with_directive
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import clean
from diagnose.parsers.urls import parse_url

if TYPE_CHECKING:
    from checks.http._sent_fields import SentField

_OPTIONS, _POLICY = "X-Frame-Options", "Content-Security-Policy"
#: The address of a site in a message.
_SITE = lazy_pattern(r"\bhttps?://([A-Za-z0-9.-]{1,253})(?::\d{1,5})?")
#: The field that Chromium quotes.
_OF_OPTIONS = lazy_pattern(r"because it set ['‘\"]X-Frame-Options['’\"] to")
#: The policy that Chromium quotes.
_QUOTED = lazy_pattern(r"directive: [\"“]frame-ancestors ([^\"”;\n]{1,400})")


@check(severity=Severity.WARNING, needs=[Exchange])
def framing_refused(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    is_asked = symptom is not None and _is_about_frame(symptom)
    pages = [page for page in page_exchanges(evidence) if is_asked and any(_rules(page))]
    if pages and symptom and (claims := _about_number(evidence, pages, symptom)) is not None:
        yield from claims
        return
    confidence = _confidence(evidence, _rules(pages[0])[1]) if pages else None
    if not pages or confidence is None:
        yield from _own_frame(evidence)
        return
    # Imported late: few messages are about frames.
    from checks.http._framing_edits import framing_commands, framing_origin, opening_commands
    from checks.http._hidden_fields import field_source
    from checks.http._sent_fields import sent_field
    from checks.nginx import Nginx, file_line

    nginx, subjects = Nginx.of(evidence), endpoint_subjects(pages)
    options, ancestors = _rules(pages[0])
    name = _POLICY if ancestors else _OPTIONS
    sent = sent_field(evidence, name, _values(pages[0], name))
    source = field_source(nginx, [name])
    directive = source.directive if source else None
    origin = framing_origin(evidence, pages[0])
    typed = framing_commands(evidence, pages[0], sent, ancestors, origin)
    is_unnamed = not origin and not ancestors and len(options) == 1
    opening = opening_commands(evidence, pages[0], sent) if is_unnamed else ()
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *nginx.configs),
        confidence=confidence,
        location=sent.location if sent else nginx.location(directive) if directive else None,
        facts={
            "url": pages[0].url,
            "name": name,
            "value": f"frame-ancestors {ancestors}" if ancestors else ", ".join(options),
            "twice": not ancestors and len(options) > 1,
            "place": sent.place if sent else file_line(directive) if directive else "",
            "added": sent is not None,
            "own": "",
            "once": False,
            "origin": origin,
            "typed": bool(typed or opening),
            "open": bool(opening),
            "kept": "",
        },
        fix=Fix(
            (Manual("allow-the-frame", Where.SERVER, commands=typed or opening),),
            Applicability.MANUAL,
        ),
    )


def _is_about_frame(symptom: Symptom) -> bool:
    # Imported late: few runs have a pasted message.
    from diagnose.parsers.framing_words import is_about_frame

    return is_about_frame(symptom)


def _about_number(
    evidence: Evidence, pages: Sequence[Exchange], symptom: Symptom
) -> Iterator[Claim] | None:
    """Return the claims about a message that misses one value of the field, or has read several;
    None if it is about the frame itself."""
    options, ancestors = _rules(pages[0])
    if _is_wanted(symptom.text, options, ancestors):
        return _sent_twice(evidence, pages)
    # Imported late, as above.
    from checks.http._framing_conflicts import conflict_claim, tells_of_several

    if ancestors or not tells_of_several(symptom.text):
        return None
    claim = conflict_claim(evidence, pages, options)
    # If one value is sent now, and pages of the site may show it, that is mended.
    is_mended = [option.upper() for option in options] == ["SAMEORIGIN"]
    return iter([claim] if claim else []) if claim or is_mended else None


def _is_wanted(text: str, options: tuple[str, ...], ancestors: str) -> bool:
    """Return whether a message misses this very value: Nextcloud's "is not set to SAMEORIGIN"."""
    values = {part.strip().lower() for option in options for part in option.split(",")}
    is_missed = bool(_WANTED.search(text[:2000])) and not _IN_FRAME.search(text[:2000])
    return not ancestors and values == {"sameorigin"} and is_missed


_WANTED = lazy_pattern(
    r"(?i)X-Frame-Options.{0,200}(?:\bnot (?:set|configured|equal|defined)\b|\bnicht\b|n'est pas"
    r"|no está|non è|nie jest|não|\bniet\b|\bне\b|未|没有|沒有|ではありません|されていません)"
    r".{0,200}SAMEORIGIN"
)
#: Words of a browser, or of somebody who has read them. Who only sees nothing in a frame may show
#: another page in it.
_REFUSED = lazy_pattern(
    r"(?i)X-Frame|ancestor|\bfram(?:e-src|ing)\b|refus|\bblock|\bblo[qc]|\bdeny|denied|forbid|verweiger|lehnt"
    r"|\bverb(?:iet|oten)|geblockt|recha[cz]|rifiut|interd|прещ|отказ|отклон|блокир|odm[aó]w|zabl"
    r"|embed|intégr|incrust|insert|incorporat|eingebettet|嵌入|拒|阻|禁|ブロック|거부|차단"
)
_IN_FRAME = lazy_pattern(r"(?i)refused to display|in a frame|i-?frame\b(?!-)")


def _sent_twice(evidence: Evidence, pages: Sequence[Exchange]) -> Iterator[Claim]:
    """Yield the claim about the value that the server adds to the application's own: a program that
    looks for it finds "SAMEORIGIN, SAMEORIGIN". Sent once, it is as it should be."""
    options, _ = _rules(pages[0])
    if len(options) < 2:
        return
    from checks.http._sent_fields import sent_field

    sent = sent_field(evidence, _OPTIONS, options[:1])
    fix = sent.without() if sent else None
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(pages),
        location=sent.location if sent else None,
        facts={
            "url": pages[0].url,
            "name": _OPTIONS,
            "value": ", ".join(options),
            "twice": True,
            "place": sent.place if sent else "",
            "added": sent is not None,
            "own": "",
            "once": True,
            "origin": "",
            "typed": False,
            "open": False,
            "kept": "",
        },
        fix=fix or Fix((Manual("send-it-once", Where.SERVER),), Applicability.MANUAL),
    )


def _confidence(evidence: Evidence, ancestors: str) -> Confidence | None:
    """Return how sure it is that the page of the message may not show this one; None if the policy
    names its site, or more than the message quotes: then the frame is not what is refused.
    X-Frame-Options names none. Chromium's own words ("an ancestor violates …") quote the policy."""
    symptom, target = evidence.target.symptom, evidence.target
    sources = tuple(source for source in ancestors.split() if not source.startswith("'"))
    page = parse_url(target.url)
    if symptom is not None and _is_of_before(symptom.text, ancestors):
        return None
    if symptom is not None and symptom.kind != "frame":
        return Confidence.POSSIBLE  # Chromium's words for a connection that is refused, too
    if symptom is None or page is None or not sources or "ancestor violates" in symptom.text:
        is_refused = symptom is None or _REFUSED.search(symptom.text[:2000]) is not None
        return Confidence.CERTAIN if is_refused else Confidence.LIKELY
    # Imported late: few policies name a site, and few messages are about frames.
    from diagnose.parsers.content_security_policy import blocking_directive

    others = [match[0] for match in _SITE.finditer(symptom.text) if match[1] != target.host]
    policy = (f"frame-src {' '.join(sources)}",)
    refused = [url for url in others if blocking_directive(policy, page, url, "frame")]
    if len(refused) < len(others):
        return None
    return Confidence.LIKELY if refused else Confidence.POSSIBLE


def _is_of_before(text: str, ancestors: str) -> bool:
    """Return whether a message quotes a policy that allows less than today's: it is of the time
    before."""
    quoted = _QUOTED.search(text[:2000])
    sources = set(quoted[1].split()) if quoted else set[str]()
    # Chromium quotes X-Frame-Options where no policy has frame-ancestors.
    is_of_options = bool(_OF_OPTIONS.search(text[:2000])) and ":" in ancestors
    return is_of_options or (bool(sources) and sources < set(ancestors.split()))


def _own_frame(evidence: Evidence) -> Iterator[Claim]:
    """Yield the claim about a page of the site that the site's own page cannot show in a frame."""
    frames = [frame for frame in evidence.good(PageFileResponse) if frame.file_kind == "frame"]
    if not frames:
        return
    # Imported late: few pages show a page of their own site.
    from checks.http import _page_files
    from checks.http._sent_fields import sent_field

    page = _page_files.page_of(evidence)
    for frame in frames:
        url = parse_url(frame.url)
        if page is None or url is None or frame.redirects:
            continue
        options, ancestors = _rules(frame)
        if not _keeps_out(options, ancestors, page.url):
            continue
        name = _POLICY if ancestors else _OPTIONS
        sent = sent_field(evidence, name, _values(frame, name), url.path.partition("?")[0])
        yield Claim(
            about=_page_files.page_subject(page),
            because=(page, frame),
            location=sent.location if sent else None,
            facts={
                "url": frame.url,
                "name": name,
                "value": f"frame-ancestors {ancestors}" if ancestors else ", ".join(options),
                "twice": not ancestors and len(options) > 1,
                "place": sent.place if sent else "",
                "added": sent is not None,
                "own": page.url,
                "once": False,
                "origin": "",
                "typed": False,
                "open": False,
                "kept": "",
            },
            fix=_own_fix(sent, ancestors),
        )


def _own_fix(sent: "SentField | None", ancestors: str) -> Fix:
    """Let the pages of the site alone show the page in a frame."""
    fix = None
    if sent is not None:
        policy = with_directive(sent.value, "frame-ancestors 'self'") if ancestors else "SAMEORIGIN"
        fix = sent.with_value(policy) if policy else None
    return fix or Fix((Manual("allow-own-pages", Where.SERVER),), Applicability.MANUAL)


def _values(page: Exchange | PageFileResponse, name: str) -> list[str]:
    return [value for key, value in page.headers if key.lower() == name.lower()]


def _keeps_out(options: tuple[str, ...], ancestors: str, page_url: str) -> bool:
    """Return whether browsers refuse the frame of a page of the same origin. Different values of
    X-Frame-Options count as DENY, and unknown ones for nothing (HTML standard, section 7.7)."""
    if ancestors:
        page = parse_url(page_url)
        sources = [source.lower() for source in ancestors.split()]
        is_named = page is not None and any(page.host in source for source in sources)
        is_open = any("*" in source or source.endswith(":") for source in sources)
        return "'self'" not in sources and not is_named and not is_open
    values = {part.strip().lower() for option in options for part in option.split(",")}
    known = values & {"deny", "sameorigin", "allowall"}
    return "deny" in known


def _rules(page: Exchange | PageFileResponse) -> tuple[tuple[str, ...], str]:
    """Return the values of X-Frame-Options, and the sources of frame-ancestors."""
    options = [
        clean(value, 100) for name, value in page.headers if name.lower() == _OPTIONS.lower()
    ]
    policies = (value for name, value in page.headers if name.lower() == _POLICY.lower())
    ancestors = next(filter(None, map(frame_ancestors, policies)), "")
    return tuple(options), clean(ancestors, 200)

"""Browsers keep the page itself for days without asking for it again (RFC 9111 section 4.2.1), and
it names files of one build (`index-4f2a9c1b.js`). After the next deployment visitors see the old
site, or an empty page: the old page loads files that are gone.

Such names are made so that the files can be kept for ever, and the page must not be. Some days may
be meant: that is a note.
"""

import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._location_edits import location_fix, setting_edits
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
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive
from diagnose.model.pages import Page
from diagnose.parsers.nginx.locations import LocationMatch

#: Seconds for which a page may be kept: one day. From a month on it is a mistake, and no choice.
_MOST, _MISTAKE = 86_400, 30 * 86_400
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age=\"?(\d{1,12})", re.IGNORECASE)
_ASKS = re.compile(r"\bno-(?:cache|store)\b", re.IGNORECASE)
#: A name with a hash of the content: Vite, webpack, Angular, Parcel, Rails, Laravel Mix.
_HASHED = re.compile(r"[-._/](?=[A-Za-z_-]{0,31}\d)[A-Za-z0-9_-]{8,32}\.(?:m?js|css)(?:$|\?)")


@check(severity=Severity.WARNING, needs=[Exchange, Page])
def page_kept_too_long(evidence: Evidence) -> Iterator[Claim]:
    page = next(iter(evidence.good(Page)), None)
    hashed = next((file.url for file in page.files if _HASHED.search(file.url)), "") if page else ""
    kept = [(answer, _seconds(answer)) for answer in page_exchanges(evidence)]
    kept = [(answer, seconds) for answer, seconds in kept if seconds > _MOST]
    if page is None or not hashed or not kept or page.url != kept[0][0].url:
        return
    nginx, (answer, seconds) = Nginx.of(evidence), kept[0]
    subjects = endpoint_subjects(answer for answer, _ in kept)
    match, directive = _decisive(nginx)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*(answer for answer, _ in kept), page),
        confidence=Confidence.LIKELY,
        severity=None if seconds >= _MISTAKE else Severity.NOTE,
        location=nginx.location(directive) if directive else None,
        facts={
            "url": answer.url,
            "days": seconds // 86_400,
            "field": answer.header("Cache-Control") or f"Expires: {answer.header('Expires')}",
            "file": hashed,
            "directive": " ".join((directive.name, *directive.args)) if directive else "",
            "place": file_line(directive) if directive else "",
        },
        fix=_fix(nginx, match, directive),
    )


def _seconds(answer: Exchange) -> int:
    """Return for how many seconds browsers use the page without asking, 0 if they ask."""
    is_page = (answer.header("Content-Type") or "").lower().startswith("text/html")
    fields = [value for name, value in answer.headers if name.lower() == "cache-control"]
    policy = ",".join(fields)
    if answer.status != 200 or not is_page or _ASKS.search(policy):
        return 0
    if match := _MAX_AGE.search(policy):
        return int(match[1])
    try:
        dates = [parsedate_to_datetime(answer.header(name) or "") for name in ("Expires", "Date")]
        return max(0, int((dates[0] - dates[1]).total_seconds()))
    except (TypeError, ValueError):
        return 0


def _decisive(nginx: Nginx) -> tuple[LocationMatch | None, Directive | None]:
    """Return nginx's `expires` for the page, and its location."""
    for match in nginx.location_matches(nginx.evidence.target.path.partition("?")[0]):
        if directive := match.directive("expires"):
            return match, directive
        for line in match.directives("add_header"):
            if line.args[:1] and line.args[0].lower() == "cache-control":
                return match, line
    return None, None


def _fix(nginx: Nginx, match: LocationMatch | None, directive: Directive | None) -> Fix:
    """Let browsers ask for the page again. It answers 304 as long as it is the same."""
    is_own = match is not None and directive is not None and directive.name == "expires"
    file_edits = setting_edits(nginx, match, {"expires": "-1"}) if match and is_own else ()
    if not match or not file_edits:
        return Fix((Manual("ask-again", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, file_edits, sure=False)

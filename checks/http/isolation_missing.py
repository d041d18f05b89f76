"""A message says that a page has no `SharedArrayBuffer`, and the page is not sent with the two
fields that isolate it: `Cross-Origin-Opener-Policy: same-origin` and `Cross-Origin-Embedder-Policy:
require-corp` or `credentialless` (HTML standard, sections 7.1.3 and 7.1.4). Browsers give shared
memory to isolated pages alone, and only over https.

Whether a page needs it, its scripts decide: only a message says so.
"""

import re
from collections.abc import Iterator
from itertools import islice

from checks.http import _page_files
from checks.http._policies import ShownPage, origin_of, shown_page
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
)
from diagnose.model.http import Exchange
from diagnose.model.pages import Page
from diagnose.parsers.sanitize import clean

_OPENER, _EMBEDDER = "Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy"
_ISOLATING = {"same-origin", "require-corp", "credentialless"}
_NEEDS = re.compile(r"SharedArrayBuffer|cross[- ]?origin[- ]?isolat", re.IGNORECASE)

#: What the page shows: where it has no such policy, its pictures and frames are not read otherwise.
_SHOWS = re.compile(
    r"<(?:img|video|audio|source|iframe)\s[^<>]{0,500}?\bsrc\s{0,3}=\s{0,3}[\"']?"
    r"(https?://[^\s\"'<>]{1,300})",
    re.IGNORECASE,
)
_MAX_SHOWN = 100


@check(severity=Severity.WARNING, needs=[Page, Exchange], needs_message=True)
def isolation_missing(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    if symptom is None or not _NEEDS.search(symptom.text):
        return
    shown = shown_page(evidence)
    if shown is None or not shown.url.secure or shown.answer.status != 200:
        return
    twice = tuple(name for name in (_OPENER, _EMBEDDER) if len(shown.values(name.lower())) > 1)
    opener, embedder = (_value(shown, name) for name in (_OPENER, _EMBEDDER))
    is_isolating = embedder in {"require-corp", "credentialless"}
    if opener == "same-origin" and is_isolating:
        return
    foreign = _foreign(shown)
    wanted = {}
    if opener != "same-origin" and _OPENER not in twice:
        wanted[_OPENER] = "same-origin"
    if not is_isolating and _EMBEDDER not in twice:
        # What comes from elsewhere need not agree to it (not in Safari).
        wanted[_EMBEDDER] = "credentialless" if foreign else "require-corp"
    yield Claim(
        about=_page_files.page_subject(shown.page),
        because=(shown.page, shown.answer),
        confidence=Confidence.LIKELY,
        facts={
            "page": shown.page.url,
            "opener": opener,
            "embedder": embedder,
            "count": len(wanted),
            "values": tuple(f"{name}: {value}" for name, value in wanted.items()),
            "foreign": foreign,
            "twice": twice,
        },
        fix=_fix(evidence, shown, wanted, twice, any((opener, embedder))),
    )


def _value(page: ShownPage, name: str) -> str:
    """Return the only value of a field without its parameters; "" if it has none."""
    values = page.values(name.lower())
    return values[0].partition(";")[0].strip().lower() if len(values) == 1 else ""


def _foreign(page: ShownPage) -> str:
    """Return the first file that the page takes from another origin without CORS; "" if there is
    none."""
    files = (file.url for file in page.page.files if not file.cors)
    shows = islice(_SHOWS.finditer(page.answer.body), _MAX_SHOWN)
    own = origin_of(page.page.url)
    named = (*files, *(clean(match[1], 300) for match in shows))
    urls = (url for url in named if url.startswith("http") and origin_of(url) != own)
    return next((url.partition("?")[0] for url in urls), "")


def _fix(
    evidence: Evidence,
    page: ShownPage,
    wanted: dict[str, str],
    twice: tuple[str, ...],
    has_one: bool,
) -> Fix:
    """Add the missing fields, or send once what is sent twice. One with another value is changed
    where it stands, by a person."""
    manual = Fix((Manual("isolate-the-page", Where.SERVER),), Applicability.MANUAL)
    if twice:
        return (None if wanted else _fields_once_fix(evidence, page, twice)) or manual
    # Imported late: few messages tell of it.
    from checks.http._added_fields import added_fields_fix
    from checks.server._scoped_fields import folder_of

    is_new = not has_one or not any(page.values(name.lower()) for name in wanted)
    # The page's workers need the fields too: they lie beside it.
    folder = folder_of(page.url.path.partition("?")[0])
    fix = added_fields_fix(evidence, folder, wanted) if is_new else None
    return fix or manual


def _fields_once_fix(evidence: Evidence, page: ShownPage, names: tuple[str, ...]) -> Fix | None:
    """Hide the application's fields where nginx adds each of them once, with a value that isolates
    the page; or take its second lines out."""
    # Imported late: few messages tell of it.
    from checks.http._cors_edits import added_fix
    from checks.nginx import Nginx
    from checks.nginx._edits import Changes, config_edits
    from checks.nginx._location_edits import location_fix
    from diagnose.parsers.nginx.edits import remove_directive

    nginx = Nginx.of(evidence)
    matches = list(nginx.location_matches(page.url.path.partition("?")[0]))
    if len({match.block for match in matches}) != 1:
        return None
    lines = {
        name: [
            line
            for line in matches[0].directives("add_header")
            if line.args[:1] and line.args[0].lower() == name.lower()
        ]
        for name in names
    }
    is_isolating = all(
        line.args[1:2] and line.args[1].lower() in _ISOLATING
        for own in lines.values()
        for line in own
    )
    if not is_isolating:
        return None
    if all(len(own) == 1 for own in lines.values()):
        return added_fix(nginx, matches[0], [], names)
    changes = Changes()
    for line in (line for own in lines.values() for line in own[1:]):
        if file := nginx.file(line):
            changes.setdefault(line.file, []).append(remove_directive(file.text, line))
    file_edits = config_edits(nginx, changes)
    return location_fix(nginx, matches[0], file_edits, sure=False) if file_edits else None

"""A location against hidden files refuses what is below /.well-known/: these addresses are for
everybody (RFC 8615), as those of Apple Pay, Matrix, CardDAV or a login's configuration.

The path itself was asked for and refused, and something is there: the file that nginx would send,
or an application behind the location that gets the path otherwise. Challenges of ACME are the
question of http.acme-challenge-blocked.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._well_known_edits import WELL_KNOWN, refusing_line, well_known_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject, merge_subjects
from diagnose.model.files import PageFileAccess
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.renewal import CHALLENGES
from diagnose.parsers.http import proxy_page


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    explains=["nginx.own-answer", "nginx.visitor-denied"],
)
def well_known_hidden(evidence: Evidence) -> Iterator[Claim]:
    nginx, path = Nginx.of(evidence), evidence.target.path_without_query
    pages = [
        page
        for page in page_exchanges(evidence)
        if page.status in {403, 404} and proxy_page(page.body) == "nginx"
    ]
    matches = list(nginx.location_matches(path)) if path.startswith(WELL_KNOWN) else []
    if not pages or len(matches) != 1 or path.startswith(CHALLENGES):
        return
    match, url = matches[0], pages[0].url
    line = refusing_line(match, pages[0].status or 0)
    accesses = evidence.good(PageFileAccess)
    file = next((access for access in accesses if access.url == url and access.exists), None)
    fix = well_known_fix(nginx, match, path, has_file=file is not None) if line else None
    if line is None or fix is None:
        return
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=(*subjects, Subject(name=evidence.target.host, path=evidence.target.path)),
        because=(*pages, *([file] if file else []), *nginx.configs),
        # Whether the application has the path, nobody asked it.
        severity=None if file else Severity.WARNING,
        confidence=Confidence.CERTAIN if file else Confidence.LIKELY,
        location=nginx.location(match.block),
        facts={
            "url": url,
            "path": path,
            "status": pages[0].status,
            "rule": " ".join(("location", *match.block.args)),
            "line": line.text,
            "place": file_line(line),
            "file": file.path if file else "",
        },
        fix=fix,
    )

"""The body begins with the size of a chunk: the application frames its answer itself (RFC 9112
section 7.1), and what stands in front of it does so again, or frames it by its length. Browsers
show the number before the page, and programs cannot read the data."""

from collections.abc import Iterator

from checks.http import endpoint_subjects, shown_pages
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
from diagnose.model.http import Exchange, ResponseBody
from diagnose.parsers.browser_types import mime_type
from diagnose.parsers.chunk_sizes import ChunkSizes, chunk_sizes_in


@check(severity=Severity.ERROR, needs=[Exchange], needs_fault=[Exchange])
def chunk_sizes_in_body(evidence: Evidence) -> Iterator[Claim]:
    framed = [(page, sizes) for page in shown_pages(evidence) if (sizes := _sizes(evidence, page))]
    if not framed:
        return
    pages = tuple(page for page, _ in framed)
    subjects, first = endpoint_subjects(pages), pages[0]
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=pages,
        confidence=Confidence.CERTAIN
        if any(sizes == "whole" for _, sizes in framed)
        else Confidence.LIKELY,
        facts={
            "url": first.url,
            "size": first.body.split(maxsplit=1)[0],
            **_sender(evidence),
        },
        fix=Fix((Manual("send-it-whole", Where.APPLICATION),), Applicability.MANUAL),
    )


def _sizes(evidence: Evidence, page: Exchange) -> ChunkSizes:
    # A text may be about chunks.
    if page.status != 200 or mime_type(page.headers) == "text/plain":
        return ""
    bodies = (body for body in evidence.good(ResponseBody) if body.url == page.url)
    body = next((body for body in bodies if body.end == "complete" and not body.coding), None)
    return chunk_sizes_in(page.body, body.received if body else None)


def _sender(evidence: Evidence) -> dict[str, object]:
    """Return the application to which nginx passes the page's path, and the folder of its files."""
    # Imported late: few pages are framed twice.
    from checks.http._page_files import location_facts
    from checks.nginx import Nginx

    nginx, path = Nginx.of(evidence), evidence.target.path_without_query
    roots = (match.directive("root") for match in nginx.location_matches(path))
    root = next((line.args[0] for line in roots if line and line.args), "")
    return {"application": location_facts(nginx, path)["application"], "folder": root}

"""A page of a single-page application answers 404: an nginx in a container, behind the server that
visitors reach, has the application's files, and does not fall back to its index.html
(ngx_http_core_module, "try_files"). Images of front ends bring such an nginx along, and its default
site has no fallback.

The page of the application was read in the container: it shows nothing until its scripts have run.
"""

import posixpath
from collections.abc import Iterator
from urllib.parse import urlsplit

from checks.http import endpoint_subjects
from checks.nginx import file_line
from checks.nginx._container_edits import container_steps, nginx_in
from checks.nginx._edits import Changes
from checks.nginx._fallback_edits import has_taking_condition
from checks.nginx._location_edits import set_values
from checks.upstream._container_requests import ContainerRequest, container_request
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
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import ContainerPage
from diagnose.parsers.nginx.file_paths import ServedFile, served_file
from diagnose.parsers.nginx.final_requests import final_request
from diagnose.parsers.nginx.locations import LocationMatch


@check(
    severity=Severity.WARNING,
    needs=[ContainerPage],
    explains=[
        "http.client-route-missing",
        "http.page-refused",
        "nginx.own-answer",
        "server.application-answers",
        "server.own-answer",
        "upstream.application-log",
        "upstream.own-answer",
        "upstream.refused-by-container-nginx",
    ],
)
def container_fallback_missing(evidence: Evidence) -> Iterator[Claim]:
    pages = page_exchanges(evidence)
    request = container_request(evidence, evidence.target.path_without_query)
    if request is None or not pages or any(page.status != 404 for page in pages):
        return
    match, path = final_request(request.server, request.paths[-1])
    served = served_file(match, path)
    for seen in evidence.good(ContainerPage):
        is_own = seen.container == request.behind.container
        if served is None or not is_own or seen.path != served.path:
            continue
        index = _index(served, seen)
        if not index:
            continue
        fix = _fix(evidence, request, match, index)
        subjects = endpoint_subjects(pages)
        directive = match.directive("try_files") or served.directive
        inner = directive.file.partition(":")[2]
        yield Claim(
            about=merge_subjects(subjects),
            covers=subjects,
            because=(*pages, seen, request.behind),
            confidence=Confidence.LIKELY,
            facts={
                "url": pages[0].url,
                "path": urlsplit(pages[0].url).path,
                "container": seen.container,
                "engine": request.behind.engine or "docker",
                "file": seen.path,
                "elsewhere": seen.page,
                "place": file_line(directive),
                "directive": directive.text,
                "location": match.block.text,
                "index": index,
                "folder": index.removesuffix("index.html"),
                "config": inner,
                "config_folder": posixpath.dirname(inner),
                "config_name": posixpath.basename(inner),
                "in_image": not _is_mounted(request, inner),
            },
            fix=fix or Fix((Manual("fall-back", Where.SERVER),), Applicability.MANUAL),
        )
        return


def _index(served: ServedFile, seen: ContainerPage) -> str:
    """Return the path of the application's page as the nginx in there has it, "" if it is no
    fallback of this location."""
    return next((path for path, file in served.fallbacks if file == seen.page), "")


def _is_mounted(request: ContainerRequest, file: str) -> bool:
    """Return whether a file of the container is one of the server's."""
    points = [point.rstrip("/") for point, _, _ in request.behind.mounts]
    return any(file == point or file.startswith(f"{point}/") for point in points)


def _fix(
    evidence: Evidence, request: ContainerRequest, match: LocationMatch, index: str
) -> Fix | None:
    """Fall back to the application's page, which makes every unknown address answer 200. None for
    an application in a folder that has no location of its own, or where its file was not read."""
    nginx = nginx_in(evidence, request.behind.container)
    folder = index.removesuffix("index.html")
    is_own = folder == "/" or match.block.args[-1:] in {(folder,), (folder.rstrip("/"),)}
    if nginx is None or not is_own or has_taking_condition(match.block):
        return None
    changes: Changes = {}
    set_values(nginx, match, {"try_files": f"$uri $uri/ {index}"}, changes)
    steps = container_steps(evidence, nginx, request.behind.container, changes)
    return Fix(steps, Applicability.REVIEW) if steps else None

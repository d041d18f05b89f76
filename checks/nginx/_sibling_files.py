"""A folder of files that nginx does not serve yet: what a location for it would be."""

import posixpath
from collections.abc import Iterator

from checks.http import _page_files
from checks.nginx import Nginx
from checks.nginx._only_application import folder_of
from diagnose.model import Evidence
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import location_pattern
from diagnose.parsers.urls import parse_url


def paths_that_come(evidence: Evidence) -> Iterator[str]:
    """Yield the paths of the site that answer 200 today, and are of use to a browser."""
    came = [
        *(response.url for response in evidence.good(PageFileResponse) if response.status == 200),
        *(exchange.url for exchange in evidence.good(Exchange) if exchange.status == 200),
    ]
    refused = {file.response.url for file in _page_files.all_refused_files(evidence)}
    for url in map(parse_url, (url for url in came if url not in refused)):
        if url is not None and url.host == evidence.target.host:
            yield url.path.partition("?")[0]


def free_folder(evidence: Evidence, path: str) -> str:
    """Return the first folder on the way to the file from which nothing comes today: a location for
    it takes nothing from the site, the asking page included. "" if there is none."""
    first, came = folder_of(path), tuple(paths_that_come(evidence))
    if not first.endswith("/"):
        return first
    stops = [at + 1 for at, letter in enumerate(path) if letter == "/"]
    folders = (path[:stop] for stop in stops if stop >= len(first))
    return next(
        (folder for folder in folders if not any(own.startswith(folder) for own in came)), ""
    )


def location_owner(nginx: Nginx, folder: str) -> Directive | None:
    """Return the location that has the folder as its prefix already: nginx refuses a second one."""
    for selected in nginx.answering_servers():
        for location in children(selected.server.block, "location"):
            pattern = location_pattern(location)
            if pattern and pattern.modifier in {"", "^~"} and pattern.text == folder:
                return location
    return None


def real_folder(real_path: str, path: str, folder: str) -> str:
    """Return what `alias` of the folder has to be, "/srv/shop/media/", by where the file is."""
    rest = path.removeprefix(folder)
    base = real_path.removesuffix(rest) if folder.endswith("/") else posixpath.dirname(real_path)
    return base if base.endswith("/") else f"{base}/"

"""Where the files of a page may be, if the page belongs to an application in a sub-folder that does
not know of it. No I/O."""

import re

from diagnose.parsers.urls import Url, parse_url, path_of

#: Maximum number of URLs that are tried for a file.
MAX_URLS = 2


def urls_below_page(page: str, file: str) -> list[tuple[str, str]]:
    """Return the URLs that the file has below the first folder of the page's path and below its
    last one, each with that folder ("/app"); none if it is below them already. A page without a
    slash at its end ("/tools/app") looks for its files beside the folder ("/tools/static"), so they
    may be within ("/tools/app/static", RFC 3986 section 5.2.3)."""
    page_url, file_url = parse_url(page), parse_url(file)
    if page_url is None or file_url is None:
        return []
    path = page_url.path.partition("?")[0]
    segments = [part for part in path.split("/") if part]
    if "." in (segments or [""])[-1]:  # a file: its folder counts
        segments.pop()
    folders = dict.fromkeys(f"/{'/'.join(segments[:count])}" for count in (1, len(segments)))
    below = [
        (folder + file_url.path, folder)
        for folder in (folders if segments else ())
        if not file_url.path.startswith(f"{folder}/")
    ]
    page_folder = path.rpartition("/")[0]
    if page_folder and path in folders and file_url.path.startswith(f"{page_folder}/"):
        below.insert(0, (f"{path}/{file_url.path.removeprefix(f'{page_folder}/')}", path))
    return [
        (str(Url(file_url.scheme, file_url.host, file_url.port, tried_url)), folder)
        for tried_url, folder in dict.fromkeys(below)
        if tried_url != file_url.path
    ][:MAX_URLS]


def names_from_root(text: str, file: str) -> bool:
    """Return whether a page names a file by its path from the root ("/static/app.js")."""
    path = path_of(file)
    return bool(path) and re.search(rf"[=\"'(\s]{re.escape(path)}", text) is not None

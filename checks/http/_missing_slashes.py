"""A page without the slash at the end of its address that names its files relatively: browsers look
for them beside its folder (RFC 3986 section 5.2.3)."""

from checks.nginx import Nginx
from diagnose.model import Evidence
from diagnose.model.pages import Page, PageFileTrial
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern
from diagnose.parsers.urls import parse_url


def page_location(nginx: Nginx, path: str) -> LocationMatch | None:
    """Return the only location that answers a page, None without one."""
    matches = list(nginx.location_matches(path.partition("?")[0]))
    return matches[0] if len(matches) == 1 and matches[0].block.name == "location" else None


def doubles_slash(nginx: Nginx, match: LocationMatch) -> bool:
    """Return whether nginx replaces a prefix without a slash at its end by one: `location /app`
    with `proxy_pass http://app/` makes //static of /app/static."""
    pattern = location_pattern(match.block)
    target = upstreams.proxy_target_of(match, upstreams.request_variables(nginx.evidence.target))
    is_plain = pattern is not None and pattern.modifier in {"", "^~"}
    ends = pattern is not None and pattern.text.endswith("/")
    return is_plain and not ends and target is not None and target.uri == "/"


def names_beside(page: Page, trial: PageFileTrial) -> bool:
    """Return whether the page names the file relatively, and its address lacks the slash."""
    url = parse_url(page.url)
    return url is not None and url.path == trial.prefix and not trial.is_absolute


def files_beside(evidence: Evidence) -> set[str]:
    """Return the URLs of the files that only the missing slash keeps from the page, as browsers ask
    for them and as they are below the page's path: the page names them relatively, and they are
    there, or would be if nginx did not ask the application for them with two slashes."""
    nginx, pages = Nginx.of(evidence), {page.url: page for page in evidence.good(Page)}
    trials = [
        trial
        for trial in evidence.good(PageFileTrial)
        if (page := pages.get(trial.page)) and names_beside(page, trial)
        if trial.is_used or _doubles(nginx, page)
    ]
    # One file is tried: the others of its folder are named as it is.
    folders = {trial.file.rpartition("/")[0] for trial in trials}
    files = {
        file.url
        for trial in trials
        for file in pages[trial.page].files
        if file.url.rpartition("/")[0] in folders
    }
    return files | {url for trial in trials for url in (trial.file, trial.url)}


def is_cause(nginx: Nginx, page: Page) -> bool:
    """Return whether the missing slash keeps files from the page."""
    files = files_beside(nginx.evidence)
    trials = nginx.evidence.good(PageFileTrial)
    return any(trial.page == page.url and trial.file in files for trial in trials)


def _doubles(nginx: Nginx, page: Page) -> bool:
    url = parse_url(page.url)
    match = page_location(nginx, url.path if url else "/")
    return match is not None and doubles_slash(nginx, match)

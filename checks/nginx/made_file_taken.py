"""nginx looks for a file that an application makes when it is asked for: the style sheets, scripts
and pictures of Drupal (`sites/*/files/css`, "js", "styles"), the script of Livewire. A location
with a regular expression takes the path and answers 404, though the site leads all that is no file
to the front controller elsewhere (`try_files … /index.php`, or a named location).

The application is not asked, and may lack this very file: likely, not certain.
"""

import re
from collections.abc import Iterator

from checks.http import _page_files, endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._fallback_edits import has_taking_condition
from checks.nginx._location_edits import setting_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern, match_location
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: Paths whose file is made by the application, and its name (drupal.org, "Nginx"; Livewire,
#: "Customizing the asset URL").
_MADE = (
    ("Drupal", re.compile(r"/sites/[^/]{1,100}/files/(?:css|js|styles)/.")),
    ("Livewire", re.compile(r"/livewire(?:-[\w]{1,40})?/livewire(?:\.\w{1,10}){0,2}\.js$")),
)
#: What refuses visitors on purpose.
_CLOSES = frozenset({"deny", "return", "auth_basic", "auth_request", "internal", "rewrite"})
#: A path that no location is meant for.
_ANY = "/diagnose-no-such-page"


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, Exchange],
    needs_fault=[Exchange, PageFileResponse],
    explains=["nginx.own-answer", "nginx.page-file-not-found", "http.page-file-missing"],
)
def made_file_taken(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for url, path, subjects, seen in _missing(evidence):
        application = next((name for name, pattern in _MADE if pattern.search(path)), "")
        matches = list(nginx.location_matches(path)) if application else []
        if len(matches) != 1 or not _looks_for_files(matches[0]):
            continue
        fallback = _fallback(nginx)
        if not fallback:
            continue
        (match,) = matches
        tries = f"$uri {fallback}"
        yield Claim(
            about=subjects[0],
            covers=subjects,
            because=(*seen, *nginx.configs),
            confidence=Confidence.LIKELY,
            location=nginx.location(match.block),
            facts={
                "url": url,
                "application": application,
                "location": match.block.text,
                "place": file_line(match.block),
                "tries": tries,
            },
            fix=Fix((Manual("ask-the-application", Where.SERVER),), Applicability.MANUAL)
            if has_taking_condition(match.block)
            else setting_fix(nginx, match, {"try_files": tries}, "ask-the-application"),
        )
        return


def _missing(
    evidence: Evidence,
) -> Iterator[tuple[str, str, tuple[Subject, ...], tuple[Observation, ...]]]:
    """Yield the URL and the path of what nginx answered with 404: the target, or a file of its
    page."""
    pages = [page for page in page_exchanges(evidence) if page.status == 404]
    if pages and proxy_page(pages[0].body) == "nginx":
        subjects = tuple(endpoint_subjects(pages))
        yield pages[0].url, evidence.target.path_without_query, subjects, tuple(pages)
    for file in _page_files.all_refused_files(evidence):
        if file.response.status == 404:
            subject = _page_files.page_subject(file.page)
            yield file.response.url, file.path, (subject,), (file.page, file.response)


def _looks_for_files(match: LocationMatch) -> bool:
    """Return whether a location with a regular expression answers with files alone."""
    pattern, tries = location_pattern(match.block), match.directive("try_files")
    names = {line.name for line in match.block.block or ()}
    is_own = tries is None or not tries.args[-1:] or tries.args[-1] == "=404"
    is_regex = pattern is not None and pattern.modifier in {"~", "~*"}
    return is_regex and is_own and not names & _CLOSES and pass_directive_of(match) is None


def _fallback(nginx: Nginx) -> str:
    """Return what the site asks for all that is no file: the front controller, or the named
    location; "" for none, or where it differs."""
    folders = set[str]()
    for selected in nginx.answering_servers():
        tries = match_location(selected.server, _ANY).directive("try_files")
        folders.add(tries.args[-1] if tries and tries.args else "")
    last = folders.pop() if len(folders) == 1 else ""
    return last if last.startswith("@") or ".php" in last else ""

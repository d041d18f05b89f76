"""A form of an application in a sub-folder is sent to the application's own root, where another
location answers.

nginx cuts the location's prefix off (`proxy_pass` with a path, or `rewrite … break`), so the
application does not know of it, and its `action="/login"` lacks it. A form that is sent to the very
path of its page, without the prefix, is certainly meant for the page's own application.
"""

from collections.abc import Iterator

from checks.http import _page_files
from checks.http._folders import cut_prefix
from checks.nginx import Nginx, file_line
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
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import Page
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.urls import path_of


@check(severity=Severity.WARNING, needs=[NginxConfig, Page])
def form_leaves_folder(evidence: Evidence) -> Iterator[Claim]:
    page, nginx = _page_files.page_of(evidence), Nginx.of(evidence)
    path = path_of(page.url) if page else ""
    match = next(iter(nginx.location_matches(path)), None) if path else None
    prefix, directive = cut_prefix(evidence, match) if match else ("", None)
    if page is None or match is None or directive is None:
        return
    own_path = path.removeprefix(prefix.rstrip("/"))
    lost = [
        form
        for form in page.posts
        if is_own_origin(evidence.target, form) and path_of(form) == own_path != path
    ]
    others = list(nginx.location_matches(own_path)) if lost else []
    if not others or any(other.block is match.block for other in others):
        return
    # Imported late: few forms leave their folder.
    from checks.http._known_application import own_setting

    yield Claim(
        about=_page_files.page_subject(page),
        because=(page, *nginx.configs),
        confidence=Confidence.LIKELY,
        location=nginx.location(directive),
        facts={
            "page": page.url.partition("?")[0],
            "form": lost[0].partition("?")[0],
            "right": f"{prefix.rstrip('/')}{own_path}",
            "prefix": prefix,
            "target": directive.text,
            "place": file_line(directive),
            "location": match.block.text,
            "other": others[0].block.text,
            **own_setting(evidence, "base_path", "public_url"),
        },
        fix=Fix((Manual("tell-the-folder", Where.APPLICATION),), Applicability.MANUAL),
    )

"""Visitors get the source of a front end, and not its build: the page loads a module such as
/src/main.jsx, which browsers cannot run. `root` names the project, and not its folder dist, or
nobody has built it. A server for development compiles such a file, and names it JavaScript; another
type in the server's list does not help.
"""

import posixpath
from collections.abc import Iterator

from checks.http import _page_files
from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.files import PageFileAccess
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import Directive
from diagnose.model.pages import Page, PageFileResponse
from diagnose.parsers.front_ends import is_source


@check(
    severity=Severity.ERROR,
    needs=[Page, PageFileResponse],
    explains=["http.page-file-type", "http.page-file-missing", "nginx.page-file-not-found"],
)
def unbuilt_page(evidence: Evidence) -> Iterator[Claim]:
    sources = [
        file
        for file in _page_files.refused_files(evidence)
        if file.reason in {"type", "nosniff"}
        and not file.response.is_html
        and file.response.file_kind == "module"
        and is_source(file.path)
    ]
    if not sources:
        return
    first, nginx = sources[0], Nginx.of(evidence)
    seen = {access.url: access for access in evidence.good(PageFileAccess) if access.exists}
    access = seen.get(first.response.url)
    # A path that another folder serves has another folder above it.
    is_below = access is not None and access.path.endswith(first.path)
    project = access.path.removesuffix(first.path) if access and is_below else ""
    build = posixpath.dirname(access.elsewhere) if access and access.mistake == "below" else ""
    roots = [match.directive("root") for match in nginx.location_matches(first.path)]
    root = roots[0] if roots and project and _is_folder(roots[0], project) else None
    yield Claim(
        about=_page_files.page_subject(first.page),
        because=(
            first.page,
            # The page itself is another one with the build.
            *page_exchanges(evidence),
            *(file.response for file in sources),
            *([access] if access else []),
        ),
        location=nginx.location(root) if root else None,
        facts={
            "page": first.page.url,
            "file": first.response.url,
            "type": first.content_type,
            "project": project,
            "build": build,
        },
        fix=_fix(nginx, root, build if project else ""),
    )


def _is_folder(root: Directive | None, folder: str) -> bool:
    return root is not None and posixpath.normpath(root.args[0]) == posixpath.normpath(folder)


def _fix(nginx: Nginx, root: Directive | None, build: str) -> Fix:
    """Let `root` name the folder of the build that is there."""
    manual = Fix((Manual("serve-the-build", Where.SERVER),), Applicability.MANUAL)
    if root is None or not build:
        return manual
    # Imported late: few sites serve their source.
    from checks.nginx._commands import reload_steps
    from checks.nginx._edits import config_edit
    from diagnose.parsers.nginx import edits

    edit = config_edit(nginx, root.file, edits.replace_directive(root, f"root {build};"))
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW) if edit else manual

"""What the page of an application in a sub-folder asks for outside of that folder."""

from diagnose.model import Evidence
from diagnose.model.pages import Page, PageFileTrial
from diagnose.parsers.web_sites import takes

_CAUSE = "http.base-path-missing"


def cause_outside_folder(evidence: Evidence, path: str) -> tuple[str, ...]:
    """Return the finding from which it follows that the page sends a form or opens a WebSocket at a
    path: files of the page lack the folder in the same way, and are below it. () for another
    path."""
    # With a <base> of the root, relative names lack the folder as well.
    based = {page.url for page in evidence.good(Page) if page.base}
    folders = {
        trial.prefix.rstrip("/")
        for trial in evidence.good(PageFileTrial)
        if trial.is_used and (trial.is_absolute or trial.page in based)
    }
    is_outside = any(folder and not takes(folder, path) for folder in folders)
    return (_CAUSE,) if is_outside else ()

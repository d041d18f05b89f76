"""What fails for visitors at the paths that a location is meant for, and never gets."""

from collections.abc import Callable

from checks.http import _page_files
from checks.nginx import Nginx
from checks.nginx._failed_requests import current_failures
from diagnose.model import Observation
from diagnose.model.http import Upgrade, error_pages
from diagnose.model.logs import FailedRequests


def failures(nginx: Nginx, is_meant: Callable[[str], bool]) -> tuple[Observation, ...]:
    """Return what fails at such paths: the page, its files, WebSockets."""
    evidence = nginx.evidence
    pages = [page for page in error_pages(evidence) if is_meant(evidence.target.path)]
    files = [file.response for file in _page_files.refused_files(evidence) if is_meant(file.path)]
    upgrades = [
        upgrade
        for upgrade in evidence.good(Upgrade)
        if upgrade.through == "front"
        and is_meant(upgrade.path)
        and upgrade.status not in {101, None}
    ]
    return (*pages, *files, *upgrades)


def logged_failures(nginx: Nginx, is_meant: Callable[[str], bool]) -> tuple[FailedRequests, ...]:
    """Return the requests of visitors at such paths that failed by the access log."""
    return tuple(failure for failure in current_failures(nginx.evidence) if is_meant(failure.path))

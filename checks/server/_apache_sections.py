"""The lines of an Apache site's file that count for a path, as a view of a server has them."""

from collections.abc import Iterable

from checks.server import ServerView
from diagnose.model.web_servers import WebSite
from diagnose.parsers.apache.section_lines import SiteLine, section_lines


def lines_for(view: ServerView, site: WebSite, path: str) -> Iterable[SiteLine]:
    """Return the lines of a virtual host that count for a path; none if the files are unknown."""
    return section_lines(view.config, site, path) if view.config else ()

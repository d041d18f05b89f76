"""The page that nginx itself answers with 404: the target's, or the one to which an application's
redirect leads."""

from checks.nginx import Nginx
from diagnose.model import Evidence
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.redirects import end_page, end_path


@frozen
class MissingPage:
    """The responses with 404, with that of the redirect before them, and the path."""

    exchanges: tuple[Exchange, ...]
    path: str

    @property
    def url(self) -> str:
        return self.exchanges[-1].url if self.is_led_to else self.exchanges[0].url

    @property
    def is_led_to(self) -> bool:
        """Whether a redirect leads there."""
        return self.exchanges[-1].purpose == "redirect"


def missing_page(evidence: Evidence) -> MissingPage | None:
    """Return the page that nginx answers with 404; None if there is none, or if nginx's own
    redirect leads there: that one may be wrong."""
    pages = page_exchanges(evidence)
    own = tuple(page for page in pages if _is_missing(page))
    if own:
        return MissingPage(own, evidence.target.path_without_query)
    end, nginx = end_page(evidence), Nginx.of(evidence)
    if end is None or not _is_missing(end):
        return None
    path = evidence.target.path_without_query
    servers = [selected.server for selected in nginx.answering_servers()]
    asks = all(upstreams.pass_directive_of(final_location(server, path)) for server in servers)
    return MissingPage((*pages, end), end_path(evidence).partition("?")[0]) if asks else None


def _is_missing(page: Exchange) -> bool:
    return page.status == 404 and proxy_page(page.body) == "nginx"

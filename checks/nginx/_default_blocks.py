"""What a default block has for the names that no block has: an error for every path, the page of a
package, or the pages of another site."""

import re

from checks.nginx import Nginx, SelectedServer
from diagnose.model import Evidence
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive
from diagnose.model.renewal import CHALLENGES
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import select_location
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.stray_pages import is_default_page


def pages_without_a_site(
    evidence: Evidence, selected_servers: list[SelectedServer]
) -> tuple[Exchange, ...]:
    """Return the pages of the target if none of them is a site's: the default page of a package, or
    nginx's error from blocks that have nothing else for any path."""
    pages = page_exchanges(evidence)
    refuse = all(refuses_every_path(selected.server) for selected in selected_servers)
    if all(
        is_default_page(page.status, page.body) or (refuse and _is_nginx_refusal(page))
        for page in pages
    ):
        return pages
    return ()


def shows_other_site(
    evidence: Evidence, selected_servers: list[SelectedServer], is_elsewhere: bool = False
) -> bool:
    """Return whether the pages come, from a block that has names of its own, and is one of several
    on the port, or the host's own block is on another port (`is_elsewhere`)."""
    host = evidence.target.host.removeprefix("www.")
    pages = page_exchanges(evidence)
    are_pages = [page.status is not None and page.status < 400 for page in pages]
    return (
        bool(pages)
        and all(are_pages)
        and all(
            (is_elsewhere or len(selected.socket.servers) > 1)
            and any("." in name.strip(".") for name in selected.server.names)
            and all(not name.endswith(host) for name in selected.server.names)
            for selected in selected_servers
        )
    )


def server_on_other_port(nginx: Nginx, host: str) -> Server | None:
    """Return a block with the name, which is on other ports only, and if possible one that has
    pages; None if there is none."""
    servers = [server for server in nginx.servers if host in server.names]
    return next((server for server in servers if has_pages(server)), next(iter(servers), None))


def shows_other_site_alone(nginx: Nginx) -> bool:
    """Return whether the target's port shows the pages of another site, while the name's own block
    has its pages on another port (nginx.no-matching-server)."""
    selected_servers = list(nginx.selected_servers())
    if any(selected.name_match != "default" for selected in selected_servers):
        return False
    own = server_on_other_port(nginx, nginx.evidence.target.host)
    is_elsewhere = bool(selected_servers) and own is not None and has_pages(own)
    return is_elsewhere and shows_other_site(nginx.evidence, selected_servers, True)


def has_pages(server: Server) -> bool:
    """Return whether a block answers "/" with an application or files, and not with a redirect."""
    match = select_location(server, "/")
    if match.redirects or children(server.block, "return"):
        return False
    return pass_directive_of(match) is not None or match.directive("root") is not None


def refuses_every_path(server: Server) -> bool:
    """Return whether the block responds with an error (4xx) to every path but that of an ACME
    challenge, whatever is asked for and by whom."""
    if _refuses(server.block):
        return True
    locations = [
        location
        for location in children(server.block, "location")
        if not any(CHALLENGES.rstrip("/") in arg for arg in location.args)
    ]
    is_total = any(location.args in {("/",), ("^~", "/")} for location in locations)
    return is_total and all(map(_refuses, locations))


def _is_nginx_refusal(page: Exchange) -> bool:
    return 400 <= (page.status or 0) < 500 and proxy_page(page.body) == "nginx"


def _refuses(block: Directive) -> bool:
    denied = [directive.args for directive in children(block, "deny")]
    statuses = [directive.args[0] for directive in children(block, "return") if directive.args]
    is_denied = denied == [("all",)] and not children(block, "allow")
    return is_denied or any(re.fullmatch(r"4\d\d", status) for status in statuses)


def redirects_to(server: Server, host: str) -> bool:
    """Return whether the block redirects to the name itself (`return 301 https://name…`): it is
    meant for other names, whose visitors it sends there."""
    place = re.compile(rf"(?:https?|\$scheme)://{re.escape(host)}(?![\w.-])", re.IGNORECASE)
    return any(
        place.match(word)
        for block in (server.block, *children(server.block, "location"))
        for directive in (*children(block, "return"), *children(block, "rewrite"))
        for word in directive.args
    )

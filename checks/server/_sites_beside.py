"""The other sites of a web server that tell why a site answers in the place of another one."""

import posixpath

from checks.server import ServerView, file_rows
from checks.server._covering_sites import covering_site
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import WebSite
from diagnose.parsers.misspellings import closest_misspelling
from diagnose.parsers.web_sites import has_name, name_matches


@frozen(eq=False)
class SitesBeside:
    """The sites beside the answering one that tell why it answers; None where there is none.

    `idle` has the name and is not loaded, `inner` has it on a loopback address, `later` has it and
    is read after a wildcard, `hidden` has it on every address, `named` on another port; `sibling`
    has the name with or without "www.", or covers it, and `mistyped` almost has it, as
    `misspelled`. `wildcard` is the answering site's name for many names, "" without one.
    """

    answering: WebSite
    idle: WebSite | None
    inner: WebSite | None
    later: WebSite | None
    hidden: WebSite | None
    named: WebSite | None
    sibling: WebSite | None
    mistyped: WebSite | None
    misspelled: str
    wildcard: str

    @property
    def is_proven(self) -> bool:
        """True if the name alone shows that another site is meant."""
        is_elsewhere = bool(self.idle or self.inner) and not self.wildcard
        is_encoded = not self.misspelled.isascii()
        return bool(self.later or self.hidden) or is_elsewhere or is_encoded


def sites_beside(
    view: ServerView,
    site: WebSite,
    idle: WebSite | None,
    inner: WebSite | None,
    later: WebSite | None,
    is_foreign: bool,
    is_stray: bool,
) -> SitesBeside:
    host = view.evidence.target.host
    other_sites = other_sites_of(view, site) if is_stray and not idle else []
    sibling = next((other for other in other_sites if www_twin(host) in other.names), None)
    if is_foreign and not idle and sibling is None:
        sibling = covering_site(view, other_sites_of(view, site))
    misspelled = misspelled_name(other_sites, host)
    mistyped = next(
        (other for other in other_sites if misspelled and misspelled in other.names), None
    )
    wildcard = next((name for name in site.names if name_matches(name, host)), "")
    sites = view.config.sites if view.config else ()
    # Beside a site for many names, one on port 80 is no site for this port.
    named_sites = [
        other
        for other in (exact_sites(sites, host) if wildcard else sites)
        if not wildcard or (not mistyped and any(s.tls for s in other.sockets))
    ]
    return SitesBeside(
        site,
        idle,
        inner,
        later,
        hidden_by_address(view, site),
        next((other for other in named_sites if other != site and has_name(other, host)), None),
        sibling,
        mistyped,
        misspelled,
        wildcard,
    )


def other_sites_of(view: ServerView, answering: WebSite) -> list[WebSite]:
    sites = view.config.sites if view.config else ()
    return [
        site for site in sites if site != answering and site.listens_on(view.evidence.target.port)
    ]


def is_of_a_package(site: WebSite) -> bool:
    """Return whether a virtual host stands in a file that packages bring."""
    name = posixpath.basename(site.file).lower()
    return "default" in name or name in {"ssl.conf", "httpd.conf", "httpd-ssl.conf"}


def nameless_site(view: ServerView, answering: WebSite) -> WebSite | None:
    """Return the one virtual host of Apache on the port that names no name, beside the one that
    answers and those of packages: it has the main server's, and no request gets there. None if
    there is none or more."""
    others = other_sites_of(view, answering) if view.server.product == "apache" else []
    nameless = [
        site for site in others if not is_of_a_package(site) and not _names_itself(view, site)
    ]
    return nameless[0] if len(nameless) == 1 else None


def leaves_one_out(view: ServerView, answering: WebSite) -> bool:
    """Return whether the site that answers has names of its own, none of them near the target's,
    and one virtual host of the port with other content has none, so that nobody reaches it. One
    that only redirects is for no name in particular."""
    host = view.evidence.target.host.removeprefix("www.")
    if not answering.names or any(name.endswith(host) for name in answering.names):
        return False
    nameless = nameless_site(view, answering)
    if nameless is None or not (nameless.root or nameless.routes):
        return False
    if any(redirect.path == "/" for redirect in nameless.redirects):
        return False
    return content_of(nameless) != content_of(answering)


def _names_itself(view: ServerView, site: WebSite) -> bool:
    """Return whether a line of a virtual host names it, or may do so."""
    file = view.config.file(site.file) if view.config and site.end else None
    rows = file_rows(view, file)[site.line : site.end] if file else [""]
    words = {word.lower() for row in rows for word in row.split()[:1]}
    return not file or bool(words & {"servername", "serveralias", "include", "use"})


def exact_sites(sites: tuple[WebSite, ...], host: str) -> tuple[WebSite, ...]:
    return tuple(site for site in sites if host.lower() in site.names)


def content_of(site: WebSite) -> tuple[object, ...]:
    return (site.root, *((route.path, route.target) for route in site.routes))


def www_twin(host: str) -> str:
    bare = host.removeprefix("www.")
    return bare if bare != host else f"www.{host}"


def misspelled_name(sites: list[WebSite], host: str) -> str:
    return closest_misspelling((name for site in sites for name in site.names), host)


def hidden_by_address(view: ServerView, answering: WebSite) -> WebSite | None:
    """Return the site on every address that has the name, where the answering one is on the very
    address that visitors reach: Apache looks for names on that address alone."""
    target = view.evidence.target
    own = {socket.address for socket in answering.sockets if socket.port == target.port}
    if view.server.product != "apache" or "" in own:
        return None
    for site in other_sites_of(view, answering):
        is_everywhere = any(
            socket.port == target.port and not socket.address for socket in site.sockets
        )
        if not is_everywhere or not has_name(site, target.host):
            continue
        # Two sites may be one, for visitors who come to different addresses.
        return site if content_of(site) != content_of(answering) else None
    return None

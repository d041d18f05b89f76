"""The address that the application of a page has of itself, by what the page is loaded with: the
server's bare address, or the name of an earlier site."""

from diagnose.model import Evidence
from diagnose.model.dns import Resolution
from diagnose.model.server import server_addresses
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.urls import is_internal_host, parse_url
from diagnose.parsers.web_sites import answering_sites, routes_of_name

#: Folders of WordPress. Its own files alone lie in them, and each of their addresses begins with
#: the setting of its own (wp_options, "siteurl").
_OF_WORDPRESS = ("/wp-content/", "/wp-includes/")


def written_base(evidence: Evidence, urls: tuple[str, ...]) -> str:
    """Return the scheme and the host with which all of these addresses begin, if that is this
    server by another name: by its own address, or by one of an inner network, or by a name that
    WordPress puts before its own files. "" for somebody else's."""
    parsed_urls = [parse_url(url) for url in urls]
    known_urls = [url for url in parsed_urls if url is not None]
    bases = {(url.scheme, url.authority) for url in known_urls}
    if len(bases) != 1 or len(known_urls) != len(urls):
        return ""
    host = known_urls[0].host
    if host == evidence.target.host:
        return ""
    is_own = host in _own_addresses(evidence) or (is_address(host) and is_internal_host(host))
    is_its_own = is_own or is_of_wordpress(urls)
    return f"{known_urls[0].scheme}://{known_urls[0].authority}" if is_its_own else ""


def is_of_wordpress(urls: tuple[str, ...]) -> bool:
    """Return whether all of these are files of WordPress itself."""
    return all(any(part in url for part in _OF_WORDPRESS) for url in urls)


def site_root(evidence: Evidence) -> str:
    """Return the folder of the site as nginx or Apache has it; "" if it is not known, or several
    are."""
    from checks.nginx import Nginx

    target = evidence.target
    roots = {
        line.args[0]
        for match in Nginx.of(evidence).location_matches(target.path)
        if (line := match.directive("root")) and line.args and "$" not in line.args[0]
    }
    roots |= {
        site.root
        for config in evidence.good(WebServerConfig)
        for site in answering_sites(config, target.port, target.host)
        if site.root and not site.routes
    }
    return roots.pop() if len(roots) == 1 else ""


def is_asked_plain(evidence: Evidence) -> bool:
    """Return whether nginx or another server passes the page on in plain HTTP."""
    from checks.nginx import Nginx
    from diagnose.parsers.nginx.locations import proxy_pass_of

    target = evidence.target
    passes = (proxy_pass_of(match) for match in Nginx.of(evidence).location_matches(target.path))
    if any(line and line.args and line.args[0].startswith("http://") for line in passes):
        return True
    return any(
        route.scheme == "http"
        for config in evidence.good(WebServerConfig)
        for route in routes_of_name(config, target.port, target.host, target.path)
    )


def _own_addresses(evidence: Evidence) -> set[str]:
    resolved = (
        address for resolution in evidence.good(Resolution) for address in resolution.addresses
    )
    return {*resolved, *server_addresses(evidence)}

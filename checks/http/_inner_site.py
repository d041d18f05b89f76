"""The web server of this machine to which the one in front passes requests on (Apache, nginx or
Caddy at 127.0.0.1:8080), the folder of its site, and whether WordPress answers there."""

from collections.abc import Iterable, Iterator
from itertools import chain

from diagnose.model import Evidence
from diagnose.model.applications import KnownApplication
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.web_servers import TITLES, WebServerConfig


@frozen
class InnerSite:
    """The site of another web server: its server, its folder and its place ("file:line")."""

    server: str
    root: str
    place: str


def inner_site(evidence: Evidence, port: int) -> InnerSite | None:
    """Return the site with a folder that a web server has on a port of this machine, None without
    one."""
    sites = chain(_of_servers(evidence, port), _of_nginx(evidence, port))
    return next(sites, None) if port else None


def _of_servers(evidence: Evidence, port: int) -> Iterator[InnerSite]:
    from diagnose.parsers.web_sites import answering_sites

    for config in evidence.good(WebServerConfig):
        for site in answering_sites(config, port, evidence.target.host):
            if site.root:
                yield InnerSite(TITLES[config.product], site.root, f"{site.file}:{site.line}")


def _of_nginx(evidence: Evidence, port: int) -> Iterator[InnerSite]:
    from diagnose.parsers.nginx.server_blocks import servers_behind

    for config in evidence.good(NginxConfig):
        behind = servers_behind(config.main, "127.0.0.1", port, evidence.target.host)
        for _, server in behind:
            root = server.directive("root")
            if root is not None and root.args and root.args[0].startswith("/"):
                block = server.block
                yield InnerSite("nginx", root.args[0], f"{block.file}:{block.line}")


def inner_site_facts(
    evidence: Evidence, port: int, redirects: Iterable[Exchange]
) -> dict[str, object]:
    """Return what the texts say of the program that redirects: whether it is WordPress, which names
    itself in its redirects (X-Redirect-By) and in its pages, and where its configuration lies."""
    site = inner_site(evidence, port)
    is_wordpress = any(
        (redirect.header("X-Redirect-By") or "").startswith("WordPress") for redirect in redirects
    ) or any(application.id == "wordpress" for application in evidence.good(KnownApplication))
    folder = site.root.rstrip("/") if site else ""
    return {
        "wordpress": is_wordpress,
        "wordpress_config": f"{folder}/wp-config.php" if folder else "wp-config.php",
        "inner_server": site.server if site else "",
        "inner_apache": site is not None and site.server == TITLES["apache"],
        "inner_place": site.place if site else "",
    }

"""Scenarios of server.traefik-router-passed-over."""

from functools import partial

from .. import traefik
from ..lab import Lab
from ..scenario import scenario
from ..traefik import API, DYNAMIC, ENTRY_POINTS, SHOP
from .traefik import ELSEWHERE, ITEMS, healthy_traefik

passed_over = partial(
    scenario,
    server="server.traefik-router-passed-over",
    differs=(DYNAMIC,),
    needs=traefik.needs_traefik,
    not_on=ELSEWHERE,
)


def _two_applications(lab: Lab, rule: str, main: str, own: str, static: str) -> None:
    """The page of a single-page application, and an application for another path."""
    words = ("/", "/assets/app.js", "*:/assets/app.js")
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", *words), 3001)
    lab.spawn(lab.server, lab.server.application("paths_server", "3002", "/api/items:json"), 3002)
    ends = "entryPoints: [websecure]\n      service: {}\n      tls: {{}}\n"
    router = f"    own:\n      rule: Host(`shop.example.com`) && {rule}\n{own}"
    router += "      " + ends.format("api" if "api" in rule else "shop")
    if "api" in rule:
        socket = (
            "    ws:\n      rule: Host(`shop.example.com`) && Path(`/ws`)\n      priority: 999\n"
        )
        router += f"{socket}      {ends.format('shop')}"
    text = SHOP.replace("      service: shop\n", f"      service: page\n{main}", 1)
    services = "".join(
        f"    {name}:\n      loadBalancer: {{servers: [{{url: 'http://127.0.0.1:{port}'}}]}}\n"
        for name, port in (("page", 3001), ("api", 3002))
    )
    traefik.serve(lab, text.replace("  services:\n", f"{router}  services:\n{services}", 1), static)


@passed_over(outside="websocket.not-upgraded", args=("--ws", "/ws"))
def router_of_a_websocket_has_a_lower_priority(lab: Lab) -> None:
    """https://github.com/Tecnativa/doodba-copier-template/pull/569: the router of the page is
    chosen before that of /websocket."""
    priorities = ("      priority: 20\n", "      priority: 10\n")
    _two_applications(lab, "Path(`/ws`)", *priorities, ENTRY_POINTS)


@passed_over(outside="http.page-for-api", target=ITEMS)
def router_of_an_interface_has_a_list_of_version_2(lab: Lab) -> None:
    """https://github.com/traefik/traefik/issues/8186: PathPrefix with several values; the router of
    the page takes the rest."""
    rule = "PathPrefix(`/api`, `/apidocs`)"
    _two_applications(lab, rule, "      priority: 1\n", "      priority: 2\n", ENTRY_POINTS + API)


@healthy_traefik(target=ITEMS)
def router_of_an_interface_has_the_longer_rule(lab: Lab) -> None:
    _two_applications(lab, "PathPrefix(`/api`)", "", "", ENTRY_POINTS)


@healthy_traefik()
def router_of_an_interface_has_a_lower_priority_beside_the_page(lab: Lab) -> None:
    """The page itself comes as it is meant."""
    _two_applications(lab, "PathPrefix(`/api`)", "      priority: 99\n", "", ENTRY_POINTS + API)


LANDING = """\
    others:
      rule: HostRegexp(`^[a-z0-9-]+\\.example\\.com$`) && PathPrefix(`/`)
      entryPoints: [websecure]
      service: landing
      tls: {}
"""


def _many_hosts(lab: Lab, own: str) -> None:
    """A router for many hosts beside that of the site, whose application has no page at "/"."""
    lab.spawn(lab.server, lab.server.application("paths_server", "3003", "/landing"), 3003)
    service = "    landing:\n      loadBalancer: {servers: [{url: 'http://127.0.0.1:3003'}]}\n"
    text = SHOP.replace("      service: shop\n", f"      service: shop\n{own}", 1)
    traefik.serve(lab, text.replace("  services:\n", f"{LANDING}  services:\n{service}", 1))


@passed_over(outside=None)
def router_of_many_hosts_has_the_longer_rule(lab: Lab) -> None:
    """After https://doc.traefik.io/traefik/routing/routers/#priority: the length of the rule."""
    _many_hosts(lab, "")


@healthy_traefik()
def router_of_the_host_has_the_higher_priority(lab: Lab) -> None:
    _many_hosts(lab, "      priority: 1000\n")


@passed_over(outside="http.page-for-api", target=ITEMS)
def router_of_an_interface_has_the_path_alone(lab: Lab) -> None:
    """https://github.com/traefik/traefik/issues/2551: Path in place of PathPrefix, and another
    router takes the rest."""
    _two_applications(lab, "Path(`/api`)", "", "", ENTRY_POINTS + API)


@passed_over(outside="http.page-for-api", target=ITEMS)
def router_of_an_interface_names_no_service_that_is_there(lab: Lab) -> None:
    """The service is called otherwise; the router of the page takes the path."""
    _two_applications(lab, "PathPrefix(`/api`)", "", "", ENTRY_POINTS + API)
    before = traefik.log_text(lab)
    text = lab.server.read(DYNAMIC)
    lab.server.write(DYNAMIC, text.replace("service: api", "service: own-api"))
    traefik.await_file(lab, DYNAMIC, before)

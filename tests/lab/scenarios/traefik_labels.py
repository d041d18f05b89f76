"""Traefik in a container with the labels of a compose file."""

from functools import partial

from ..lab import Lab
from ..scenario import healthy, scenario
from ..traefik import needs_traefik
from ..traefik_labels import COMPOSE, ENABLE, RULE, serve

ONE_LAYOUT = {"[!n]*": "Traefik has one layout in the laboratory", "nginx*": "the same"}
DIFFERS = (COMPOSE, "rules", "listeners", "processes")
PORT = "traefik.http.services.shop.loadbalancer.server.port=3000"

label_scenario = partial(scenario, needs=needs_traefik, differs=DIFFERS, not_on=ONE_LAYOUT)
healthy_labels = partial(healthy, needs=needs_traefik, not_on=ONE_LAYOUT)


@healthy_labels()
def traefik_has_the_labels_of_a_container(lab: Lab) -> None:
    """The port is the only one that the image shows."""
    serve(lab, ENABLE, *RULE)


@label_scenario(outside=None, server="server.traefik-no-router")
def container_is_not_enabled_for_traefik(lab: Lab) -> None:
    """https://cr0x.net/en/traefik-docker-label-rules: `exposedbydefault=false`, and the container
    has no `traefik.enable=true`."""
    serve(lab, *RULE)


REGISTRY = (
    "traefik.http.routers.registry.rule=Host(`registry.shop.example.com`)",
    "traefik.http.services.registry.loadbalancer.server.port=5000",
)


@label_scenario(outside=None, server="server.traefik-no-router")
def router_names_none_of_two_services(lab: Lab) -> None:
    """https://openillumi.com/traefik-2-single-container-multi-service-routing"""
    serve(lab, ENABLE, *RULE, PORT, *REGISTRY)


@healthy_labels()
def routers_name_the_services_of_a_container(lab: Lab) -> None:
    """The same, as it is mended there."""
    own = [f"traefik.http.routers.{name}.service={name}" for name in ("shop", "registry")]
    serve(lab, ENABLE, *RULE, PORT, *REGISTRY, *own)


@label_scenario(outside="http.server-error", server="server.container-not-reached")
def label_has_a_port_that_nothing_listens_on(lab: Lab) -> None:
    """https://github.com/linuxserver/docker-heimdall/issues/124: Traefik connects to the container
    itself, and not to the port that the engine publishes."""
    serve(lab, ENABLE, *RULE, PORT.replace("3000", "8444"))


@healthy_labels()
def traefik_has_its_settings_from_the_environment(lab: Lab) -> None:
    """Variables in place of arguments."""
    serve(lab, ENABLE, *RULE, by_environment=True)


@label_scenario(outside=None, server="server.traefik-no-router")
def container_is_not_enabled_for_traefik_of_the_environment(lab: Lab) -> None:
    """The same as `container_is_not_enabled_for_traefik`."""
    serve(lab, *RULE, by_environment=True)


HEADERS = "traefik.http.middlewares.top.headers.framedeny=true"


@label_scenario(outside=None, server="server.traefik-no-router")
def router_names_the_middleware_of_another_provider(lab: Lab) -> None:
    """https://github.com/tarampampam/error-pages/issues/40: the middleware is of a label."""
    middlewares = "traefik.http.routers.shop.middlewares=zip@docker,top@file"
    zipped = "traefik.http.middlewares.zip.compress=true"
    serve(lab, ENABLE, *RULE, PORT, HEADERS, zipped, middlewares)


@label_scenario(outside=None, server="server.traefik-no-router")
def router_names_a_service_that_no_label_has(lab: Lab) -> None:
    """The label of the service has another name."""
    serve(lab, ENABLE, *RULE, PORT, "traefik.http.routers.shop.service=web")


@label_scenario(outside=None, server="server.traefik-no-router")
def router_names_an_entry_point_that_is_not_there(lab: Lab) -> None:
    """https://github.com/iFargle/headscale-webui/issues/11"""
    rule, points, tls = RULE
    serve(lab, ENABLE, rule, points.replace("websecure", "web,web-secure"), tls, PORT)


@label_scenario(outside=None, server="server.traefik-no-router")
def image_lacks_the_program_of_its_health_check(lab: Lab) -> None:
    """https://github.com/BeardedTek/notesnook-docker/issues/2: "`wget` unavailable"."""
    test = "PATH=/none wget -q --spider http://localhost:3000/ || exit 1"
    serve(lab, ENABLE, *RULE, PORT, health_test=("CMD-SHELL", test))


@healthy_labels()
def image_has_the_program_of_its_health_check(lab: Lab) -> None:
    test = "curl -fsS http://localhost:3000/ >/dev/null"
    serve(lab, ENABLE, *RULE, PORT, health_test=("CMD-SHELL", test))


@label_scenario(outside=None, server="server.traefik-no-router")
def router_of_labels_takes_no_tls(lab: Lab) -> None:
    """https://github.com/traefik/traefik/issues/5729: http works, https is "404 page not found"."""
    serve(lab, ENABLE, RULE[0])

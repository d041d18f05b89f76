"""Labels of containers, and what Traefik makes of them. Traefik does not run here: the words of its
log, and what it does, are those of its documentation ("Traefik & Docker"), its provider of docker
and the threads that the tests name."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.model.containers import (
    ComposeService,
    Container,
    ContainerLabel,
    ContainerPort,
    Namespace,
)
from diagnose.model.traefik import EntryPoint, Router
from diagnose.parsers.server_request import requests_of
from diagnose.parsers.traefik.configuration import Reading, routers_of, sites_of
from diagnose.parsers.traefik.labels import DockerProvider, docker_provider, labelled, with_labels
from tests.support.check_evidence import SHOP

POINTS = (EntryPoint("web", 80), EntryPoint("websecure", 443))
RULE = ContainerLabel("traefik.http.routers.shop.rule", "Host(`shop.example.com`)")
SECURE = (
    RULE,
    ContainerLabel("traefik.http.routers.shop.entrypoints", "websecure"),
    ContainerLabel("traefik.http.routers.shop.tls.certresolver", "le"),
)
APP = Container(
    engine="docker",
    id="a" * 64,
    name="shop",
    networks=("proxy",),
    ports=(ContainerPort(3000),),
    state="running",
    status="Up 2 hours",
    labels=SECURE,
)
NETWORK = Namespace(7, container="a" * 64, addresses=("172.20.0.5",), sockets=(("0.0.0.0", 3000),))


def parts_of(*containers: Container, **provider: Any) -> dict[str, dict[str, Any]]:
    return labelled(containers, (NETWORK,), DockerProvider(**provider))


def routers(*containers: Container, **provider: Any) -> tuple[Router, ...]:
    (request, *_) = requests_of(SHOP, "GET")
    unread = Reading(frozenset({"file"}))
    return routers_of(parts_of(*containers, **provider), POINTS, request, unread)


def test_a_router_of_labels_has_the_address_of_its_container() -> None:
    (router,) = routers(APP)
    assert (router.name, router.service, router.resolver) == ("shop@docker", "shop@docker", "le")
    assert (router.tls, router.takes, router.status) == (True, True, "enabled")
    (site,) = sites_of(parts_of(APP), POINTS, (router,))
    (route,) = site.routes
    assert (route.host, route.port) == ("172.20.0.5", 3000)


def test_the_port_of_a_label_goes_before_the_lowest_one() -> None:
    port = ContainerLabel("traefik.http.services.shop.loadbalancer.server.port", "8080")
    both = replace(APP, ports=(ContainerPort(443), ContainerPort(80, 8000)))
    urls = [
        parts_of(item)["services"]["shop@docker"]["loadBalancer"]["servers"][0]["url"]
        for item in (both, replace(both, labels=(*SECURE, port)))
    ]
    assert urls == ["http://172.20.0.5:80", "http://172.20.0.5:8080"]


def test_a_container_in_two_networks_has_no_known_address() -> None:
    two = replace(APP, networks=("proxy", "shop_default"))
    assert parts_of(two)["services"]["shop@docker"] == {}


SERVICE = "traefik.http.services."


@pytest.mark.parametrize(
    ("container", "words"),
    [
        # traefik/traefik 5705 and 5732.
        (replace(APP, ports=()), "port is missing"),
        # traefik/traefik 4807.
        (
            replace(
                APP,
                labels=(
                    *SECURE,
                    ContainerLabel(f"{SERVICE}a.loadbalancer.server.port", "1"),
                    ContainerLabel(f"{SERVICE}b.loadbalancer.server.port", "2"),
                ),
            ),
            "Could not define the service name for the router: too many services",
        ),
        # traefik/traefik 10118: hub-service, and hub-servcie.
        (
            replace(
                APP,
                labels=(
                    *SECURE,
                    ContainerLabel("traefik.http.routers.shop.service", "hub-service"),
                    ContainerLabel(f"{SERVICE}hub-servcie.loadbalancer.server.port", "8083"),
                ),
            ),
            'the service "hub-service@docker" does not exist',
        ),
        (
            replace(
                APP,
                labels=(*SECURE, ContainerLabel("traefik.http.routers.shop.middlewares", "auth")),
            ),
            'the middleware "auth@docker" does not exist',
        ),
    ],
)
def test_a_router_that_traefik_does_not_make(container: Container, words: str) -> None:
    (router,) = routers(container)
    assert (router.status, router.errors) == ("disabled", (words,))


def test_a_middleware_of_another_container_or_provider_is_there() -> None:
    used = replace(
        APP,
        labels=(*SECURE, ContainerLabel("traefik.http.routers.shop.middlewares", "auth, a@file")),
    )
    other = replace(
        APP, id="b" * 64, name="traefik",
        labels=(ContainerLabel("traefik.http.middlewares.auth.basicauth.users", ""),),
    )  # fmt: skip
    router = next(router for router in routers(used, other) if router.has_name)
    assert router.errors == ()


def test_two_routers_of_one_name_are_none_unless_they_are_replicas() -> None:
    other = replace(
        APP,
        id="b" * 64,
        name="other",
        labels=(*SECURE[1:], ContainerLabel(RULE.name, "Host(`other.example`)")),
    )
    (router,) = routers(APP, other)
    assert router.errors == ("Router defined multiple times with different configurations",)
    compose = ComposeService("shop", "app")
    first, second = (
        replace(APP, id=letter * 64, name=f"shop-app-{number}", compose=compose)
        for letter, number in (("a", 1), ("b", 2))
    )
    (router,) = routers(first, second)
    assert router.errors == ()


@pytest.mark.parametrize(
    ("container", "takes_all", "filtered"),
    [
        (APP, False, "not_enabled"),
        (replace(APP, labels=(*SECURE, ContainerLabel("traefik.enable", "true"))), False, ""),
        (
            replace(APP, labels=(*SECURE, ContainerLabel("traefik.enable", "false"))),
            True,
            "not_enabled",
        ),
        (replace(APP, status="Up 2 minutes (unhealthy)"), True, "unhealthy"),
        (replace(APP, status="Up 2 seconds (health: starting)"), True, "unhealthy"),
        (replace(APP, status="Up 2 minutes (healthy)"), True, ""),
        (replace(APP, state="exited", status="Exited (1) 3 minutes ago"), True, "stopped"),
    ],
)
def test_containers_that_traefik_passes_over(
    container: Container, takes_all: bool, filtered: str
) -> None:
    (router,) = routers(container, takes_all=takes_all)
    assert router.filtered == filtered
    assert (router.status == "disabled") is bool(filtered)


def test_a_container_without_a_router_gets_one_of_its_name() -> None:
    bare = replace(APP, labels=(), compose=ComposeService("blog", "my_app"))
    (router,) = routers(bare)
    assert (router.rule, router.takes) == ("Host(`my-app-blog`)", False)
    (router,) = routers(bare, has_usual_rule=False)
    assert router.takes is None
    assert routers(bare, takes_all=False) == ()


def test_the_network_of_a_label_goes_before_that_of_the_provider() -> None:
    (router,) = routers(APP)
    assert (router.container, router.networks, router.network) == ("shop", ("proxy",), "")
    provider = DockerProvider(network="web")
    other = replace(APP, labels=(*SECURE, ContainerLabel("traefik.docker.network", "proxy")))
    chosen = [
        labelled([item], (), provider)["routers"]["shop@docker"]["network"]  # type: ignore[index]
        for item in (APP, other)
    ]
    assert chosen == ["web", "proxy"]


def test_of_several_addresses_that_in_a_network_of_traefik_is_reached() -> None:
    two = replace(APP, networks=("proxy", "backend"))
    spaces = (
        Namespace(20, container=two.id, addresses=("172.19.0.2", "172.18.0.2")),
        Namespace(21, container="d" * 64, addresses=("127.0.0.1", "172.18.0.3")),
    )
    known: Any = labelled([two], spaces, DockerProvider(), "d" * 64)["services"]
    (server,) = known["shop@docker"]["loadBalancer"]["servers"]
    assert server["url"].startswith("http://172.18.0.2:")
    assert labelled([two], spaces, DockerProvider())["services"] == {"shop@docker": {}}


def test_what_runs_is_told_with_its_containers_and_with_what_labels_have_in_vain() -> None:
    running: dict[str, object] = {
        "routers": {"shop@docker": {"rule": "Host(`shop.example.com`)"}, "a@file": {}},
        "services": {"shop@docker": {"loadBalancer": {}}},
    }
    ill = replace(
        APP, id="b" * 64, name="ill", status="Up 2 minutes (unhealthy)",
        labels=(ContainerLabel("traefik.http.routers.ill.rule", "Host(`ill.example.com`)"),),
    )  # fmt: skip
    fresh = replace(ill, id="c" * 64, name="new", status="Up 2 minutes")
    fresh = replace(
        fresh, labels=(ContainerLabel("traefik.http.routers.new.rule", "Host(`new.example`)"),)
    )
    parts: Any = with_labels(running, parts_of(APP, ill, fresh), is_running=True)
    assert set(parts["routers"]) == {"shop@docker", "a@file", "ill@docker"}
    assert parts["routers"]["shop@docker"]["networks"] == ["proxy"]
    assert parts["services"] == running["services"]


def test_the_provider_is_read_from_the_command_line_or_the_file() -> None:
    flags = {"providers.docker": "true", "providers.docker.exposedbydefault": "false"}
    assert docker_provider(None, flags) == DockerProvider(takes_all=False)
    document = {"providers": {"docker": {"defaultRule": "Host(`{{ .Name }}.example.com`)"}}}
    assert docker_provider(document, {}) == DockerProvider(has_usual_rule=False)
    chosen = {"providers": {"docker": {"constraints": "Label(`a`,`b`)"}}}
    assert docker_provider(chosen, {}) is None


@given(st.dictionaries(st.text(max_size=60), st.text(max_size=40), max_size=8))
def test_any_labels(labels: dict[str, str]) -> None:
    named = {f"traefik.http.routers.{key}": value for key, value in labels.items()}
    assert labelled(
        [replace(APP, labels=tuple(map(ContainerLabel, named, named.values())))],
        (),
        DockerProvider(),
    )

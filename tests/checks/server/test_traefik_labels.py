"""The remedies that write the labels of a container into its compose file."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Edit, Failure
from diagnose.model.backends import BackendHandshake, BackendVisit
from diagnose.model.containers import (
    ComposeFile,
    ComposeService,
    Container,
    ContainerLabel,
    Containers,
    Namespace,
    NginxContainer,
)
from diagnose.model.http import Exchange
from diagnose.model.steps import Risk
from diagnose.model.web_servers import SiteRoute, SiteSocket, WebServerConfig, WebSite
from diagnose.parsers.compose_files import shown_compose
from tests.support.check_evidence import judge
from tests.support.traefik_evidence import NOT_FOUND, ROUTER, TRAEFIK, state

PATH = "/srv/stack/docker-compose.yml"
PREFIX = "traefik.http.routers.shop"
RULE = f"{PREFIX}.rule=Host(`shop.example.com`)"
LABELS = ("traefik.enable=true", RULE, f"{PREFIX}.entrypoints=websecure", f"{PREFIX}.tls=true")
SERVER = replace(TRAEFIK, container="traefik", unit="")
OWN = NginxContainer(pid=10, engine="docker", digest="5e" * 32, name="traefik", networks=("proxy",))
APP = replace(
    ROUTER, name="shop@docker", container="shop", service="shop@docker", networks=("proxy",)
)
BAD_GATEWAY = replace(NOT_FOUND, status=502, body="Bad Gateway")


def files(*labels: str) -> tuple[ComposeFile, Containers]:
    """The compose file of the application, and the containers; its program listens on port 80."""
    lines = "".join(f'      - "{label}"\n' for label in labels)
    text = f"services:\n  web:\n    image: acme/shop:1\n    labels:\n{lines}"
    text += "    environment:\n      - PASSWORD=example-secret\n"
    app = Container(
        "docker", "6f" * 32, "shop", state="running", status="Up 2 hours", networks=("proxy",),
        labels=tuple(ContainerLabel(*label.split("=", 1)) for label in labels),
        compose=ComposeService("stack", "web", "/srv/stack", (PATH,)),
    )  # fmt: skip
    there = Namespace(20, container=app.id, addresses=("172.18.0.2",), sockets=(("0.0.0.0", 80),))
    return (
        ComposeFile(path=PATH, text=shown_compose(text)),
        Containers(engines=("docker",), containers=(app,), namespaces=(there,)),
    )


def added(claim: Claim) -> set[str]:
    """Return the lines that the remedy writes, which a person looks at first."""
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit, up = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "example-secret" not in edit.diff
    assert "up" in up.argv  # type: ignore[union-attr]
    lines = edit.diff.splitlines()
    return {line[1:].strip() for line in lines if line.startswith("+") and "+++" not in line}


def test_fires_with_the_label_that_enables_a_container() -> None:
    router = replace(APP, filtered="not_enabled")
    (claim,) = judge(
        "server.traefik-no-router", SERVER, state(router), NOT_FOUND, *files(RULE), masked=False
    )
    assert added(claim) == {"- traefik.enable=true"}
    assert claim.fix
    assert claim.fix.steps[0].risk is Risk.OPENS_TO_ALL  # type: ignore[union-attr]


@pytest.mark.parametrize("named", ["shop", "registry"])
def test_fires_with_the_service_of_the_routers_name(named: str) -> None:
    error = "Could not define the service name for the router: too many services"
    router = replace(APP, service="", status="disabled", errors=(error,))
    more = (f"traefik.http.services.{named}.loadbalancer.server.port=80",)
    found = files(*LABELS, *more)
    (claim,) = judge(
        "server.traefik-no-router", SERVER, state(router), NOT_FOUND, *found, masked=False
    )
    if named == "shop":
        assert added(claim) == {f'- "{PREFIX}.service=shop"'} or added(claim) == {
            f"- {PREFIX}.service=shop"
        }
    else:
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


def config(scheme: str, port: int) -> WebServerConfig:
    target = f"{scheme}://172.18.0.2:{port}"
    route = SiteRoute("/", target, scheme, "172.18.0.2", port)
    site = WebSite(
        names=("shop.example.com",), sockets=(SiteSocket(443, tls=True),), routes=(route,)
    )
    return WebServerConfig(product="traefik", path="", sites=(site,), listens=(SiteSocket(443),))


def test_fires_with_the_port_inside_of_the_container() -> None:
    target = "http://172.18.0.2:8444"
    refused = Failure("refused", "Connection refused", 7)
    visit = BackendVisit(target=target, requested="/", path="/", failure=refused)
    found = files(*LABELS)
    own = (SERVER, config("http", 8444), state(APP), OWN, visit, BAD_GATEWAY)
    (claim,) = judge("server.container-not-reached", *own, *found, masked=False)
    (line,) = added(claim)
    assert "traefik.http.services.shop.loadbalancer.server.port=80" in line


def test_fires_where_a_handshake_was_tried_at_a_closed_port() -> None:
    shake = BackendHandshake(target="https://172.18.0.2:8444", host="172.18.0.2", port=8444)
    own = (SERVER, config("https", 8444), state(APP), OWN, BAD_GATEWAY)
    check, found = "server.container-not-reached", files(*LABELS)
    (claim,) = judge(check, *own, shake, *found, masked=False)
    assert claim.facts["refused"]
    assert not judge(check, *own, replace(shake, plain=True), *found, masked=False)
    assert not judge(check, *own, replace(shake, verify_code=18), *found, masked=False)
    # What listens there is not known.
    assert not judge(check, *own, shake, found[0], masked=False)


def test_fires_with_the_scheme_of_an_application_without_tls() -> None:
    shake = BackendHandshake(target="https://172.18.0.2:80", host="172.18.0.2", port=80, plain=True)
    own = (SERVER, config("https", 80), state(APP), BAD_GATEWAY, shake)
    (claim,) = judge("server.backend-tls-fails", *own, *files(*LABELS), masked=False)
    (line,) = added(claim)
    assert "traefik.http.services.shop.loadbalancer.server.scheme=http" in line


@pytest.mark.parametrize("insecure", [True, False])
def test_fires_with_tls_where_nobody_verifies_it(insecure: bool) -> None:
    words = "Client sent an HTTP request to an HTTPS server.\n"
    page: Exchange = replace(NOT_FOUND, status=400, body=words)
    arguments = f"traefik --serverstransport.insecureskipverify={str(insecure).lower()}"
    own = (replace(SERVER, arguments=arguments), config("http", 80), state(APP), page)
    (claim,) = judge("server.application-speaks-tls", *own, *files(*LABELS), masked=False)
    if insecure:
        (line,) = added(claim)
        assert "traefik.http.services.shop.loadbalancer.server.scheme=https" in line
    else:
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


def test_fires_with_the_only_network_of_both() -> None:
    router = replace(APP, networks=("proxy", "backend"))
    late = replace(NOT_FOUND, status=504, body="Gateway Timeout")
    own = (SERVER, state(router, running=False), OWN, late)
    (claim,) = judge("server.traefik-other-network", *own, *files(*LABELS), masked=False)
    (line,) = added(claim)
    assert "traefik.docker.network=proxy" in line


def test_fires_on_visitors_who_wait_only_where_the_application_answers() -> None:
    router = replace(APP, networks=("proxy", "backend"))
    late = replace(NOT_FOUND, status=None, body="", failure=Failure("timeout", "timed out"))
    visit = BackendVisit(target="http://172.18.0.2:80", requested="/", path="/", status=200)
    own = (SERVER, state(router, running=False), OWN, late)
    check = "server.traefik-other-network"
    assert judge(check, *own, visit, *files(*LABELS), masked=False)
    assert not judge(check, *own, *files(*LABELS), masked=False)
    assert not judge(check, *own, replace(visit, status=502), *files(*LABELS), masked=False)


def corrected(error: str, *more: str, points: tuple[str, ...] = ("websecure",)) -> set[str]:
    """Return the labels that the remedy writes for a router with this error."""
    router = replace(APP, entry_points=points)
    if error:
        router = replace(router, status="disabled", errors=(error,))
    labels = [label for label in LABELS if "entrypoints" not in label]
    found = files(*labels, f"{PREFIX}.entrypoints={','.join(points)}", *more)
    (claim,) = judge(
        "server.traefik-no-router", SERVER, state(router), NOT_FOUND, *found, masked=False
    )
    return {line.strip('- "') for line in added(claim)}


def test_fires_with_the_name_of_another_provider_and_the_rest_of_the_list() -> None:
    more = (f"{PREFIX}.middlewares=zip@docker,top@file", "traefik.http.middlewares.top.headers.a=b")
    lines = corrected('middleware "top@file" does not exist', *more)
    assert lines == {f"{PREFIX}.middlewares=zip@docker,top@docker"}


def test_fires_with_the_only_service_of_the_container() -> None:
    more = (f"{PREFIX}.service=shop", "traefik.http.services.web.loadbalancer.server.port=80")
    lines = corrected('the service "shop@docker" does not exist', *more)
    assert lines == {f"{PREFIX}.service=web"}


def test_fires_with_the_entry_point_in_the_place_of_an_unknown_one() -> None:
    assert corrected("", points=("web", "web-secure")) == {f"{PREFIX}.entrypoints=web,websecure"}


def test_silent_about_a_login_that_is_only_like_another_middleware() -> None:
    more = (f"{PREFIX}.middlewares=auth2@docker", "traefik.http.middlewares.auth1.headers.a=b")
    router = replace(APP, status="disabled", errors=('middleware "auth2@docker" does not exist',))
    (claim,) = judge(
        "server.traefik-no-router", SERVER, state(router), NOT_FOUND, *files(*LABELS, *more),
        masked=False,
    )  # fmt: skip
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL

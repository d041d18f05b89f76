from dataclasses import replace

from diagnose.checking.port_holder import (
    answering_product,
    is_about_nginx,
    other_program,
    program_facts,
)
from diagnose.model import Observation, Vantage
from diagnose.model.containers import Container, ContainerPort, Containers, Namespace
from diagnose.model.nginx import NginxProcess, NginxState
from diagnose.model.server import Listener, Listeners
from tests.support.check_evidence import evidence
from tests.support.report_builder import ANSWER
from tests.support.upstream_evidence import page as target_page
from tests.support.web_server_evidence import APACHE, WEB

HELD = Listeners(vantage=Vantage.SERVER, sockets=(WEB,))


def name_of(*observations: Observation) -> str:
    return other_program(evidence(*observations))


def held_by(*names: str | None) -> Listeners:
    sockets: tuple[Listener, ...] = tuple(replace(WEB, process=name) for name in names)
    return replace(HELD, sockets=sockets)


def test_a_web_server_by_its_title_and_any_program_by_its_name() -> None:
    assert name_of(HELD, APACHE) == "Apache"
    assert name_of(held_by("node")) == "node"
    assert name_of(held_by("node"), NginxState(installed=True)) == "node"


def test_the_program_on_the_port_while_nginx_runs_on_another() -> None:
    running = NginxState(installed=True, masters=(NginxProcess(pid=1, binary="/usr/sbin/nginx"),))
    assert name_of(held_by("haproxy"), running) == "haproxy"


def test_a_finding_that_names_a_file_of_nginx() -> None:
    assert is_about_nginx({"place": "/etc/nginx/conf.d/shop.conf:12"})
    assert not is_about_nginx({"file": "/etc/ssl/lab/shop.pem", "days": 3})


def test_nothing_where_nginx_may_answer_or_nobody_knows() -> None:
    assert not name_of(held_by("nginx"))
    assert not name_of(held_by("docker-proxy"))
    assert not name_of(held_by("node", "nginx"))
    assert not name_of(held_by(None))
    assert not name_of(replace(HELD, sockets=(replace(WEB, port=8443),)))
    assert not name_of(ANSWER)


def test_a_program_in_a_container_by_its_name_and_the_containers() -> None:
    edge = Container("docker", "e" * 64, "edge", ports=(ContainerPort(443, 443, "0.0.0.0"),))
    inside = Namespace(9, ("traefik",), edge.id)
    running = Containers(vantage=Vantage.SERVER, containers=(edge,), namespaces=(inside,))
    assert name_of(held_by("docker-proxy"), running) == "traefik (container edge)"
    assert name_of(replace(HELD, sockets=()), running) == "traefik (container edge)"
    nginx = replace(running, namespaces=(replace(inside, processes=("nginx",)),))
    assert not name_of(held_by("docker-proxy"), nginx)
    other = replace(running, containers=(replace(edge, ports=(ContainerPort(443),)),))
    assert not name_of(held_by("docker-proxy"), other)
    master = NginxProcess(pid=9, binary="/usr/sbin/nginx", container=("docker", "exec", "edge"))
    state = NginxState(installed=True, masters=(master,))
    assert not name_of(held_by("docker-proxy"), running, state)


def test_the_facts_of_a_web_server_that_was_read() -> None:
    assert program_facts(evidence(HELD, APACHE)) == {
        "other_program": "Apache",
        "other_product": "apache",
        "other_load": "apachectl -t && systemctl reload apache2",
        "other_log": "journalctl -u apache2 -n 50",
        "other_config": "",
    }
    assert program_facts(evidence(HELD)) == {"other_program": "apache2"}
    assert program_facts(evidence(held_by("nginx"), APACHE)) == {}


def served_by(server: str) -> Observation:
    return replace(target_page(200), headers=(("Server", server),))


def product_of(*observations: Observation, layer: str = "http") -> str:
    return answering_product(evidence(*observations), layer)


def test_the_web_server_on_the_port() -> None:
    assert product_of(HELD, APACHE) == "apache"
    assert product_of(held_by("openresty"), layer="tls") == "nginx"
    assert product_of(held_by("haproxy"), served_by("nginx")) == "haproxy"
    assert product_of(held_by("node")) == ""
    assert product_of(held_by("nginx", "apache2")) == ""
    assert product_of(replace(HELD, sockets=())) == ""


def test_the_web_server_in_the_container_that_publishes_the_port() -> None:
    edge = Container("docker", "e" * 64, "edge", ports=(ContainerPort(443, 443, "0.0.0.0"),))
    inside = Namespace(9, ("caddy",), edge.id)
    running = Containers(vantage=Vantage.SERVER, containers=(edge,), namespaces=(inside,))
    assert product_of(held_by("docker-proxy"), running) == "caddy"
    unknown = replace(running, namespaces=(replace(inside, processes=("traefik",)),))
    assert product_of(held_by("docker-proxy"), unknown) == ""


def test_the_web_server_that_visitors_see_from_outside() -> None:
    assert product_of(served_by("Apache/2.4.58 (Ubuntu)")) == "apache"
    assert product_of(served_by("nginx")) == "nginx"
    assert product_of(served_by("Apache"), layer="tls") == "", "TLS ends elsewhere"
    assert product_of(served_by("cloudflare")) == ""
    assert product_of(served_by("")) == ""
    assert product_of() == ""

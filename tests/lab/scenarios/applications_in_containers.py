"""The application is in a container, behind nginx on the server or in another container. Docker
does not run here: see `nginx_in_container`."""

from .. import site
from ..containers import Engine, application, behind_nginx, proxied, proxy
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from .netfilter import UFW, iptables, ufw
from .nginx_in_container import NO_ENGINE, PANEL, STARTED, both


@scenario(
    outside="http.server-error",
    server="upstream.container-stopped",
    differs=STARTED,
    not_on=PANEL,
)
def application_container_was_stopped(lab: Lab) -> None:
    """docker compose stop app: nginx in its container resolved the name before."""
    both(lab).docker("stop", "app")


@scenario(
    outside="http.server-error",
    server="upstream.container-stopped",
    differs=STARTED,
    not_on=PANEL,
)
def container_behind_nginx_of_the_server(lab: Lab) -> None:
    """nginx is on the server, and the container that publishes 127.0.0.1:8080 was stopped."""
    behind_nginx(lab).docker("stop", "app")


@healthy(not_on=PANEL)
def container_behind_nginx_of_the_server_runs(lab: Lab) -> None:
    """The same, and it runs; another one was stopped long ago."""
    engine = behind_nginx(lab)
    application(engine, "old", ports=((8081, 3000),), bind="127.0.0.1")
    engine.docker("stop", "old")


@scenario(
    outside="http.server-error",
    server="upstream.stale-address",
    manual="a reload leaves the container's own process",
    not_on=PANEL,
)
def application_container_was_created_again(lab: Lab) -> None:
    """After an issue of docker compose: the application's container got another address, and nginx
    keeps the one that it resolved at its start."""
    engine = both(lab)
    engine.docker("stop", "app")
    # Another container takes the address, as it happens.
    address = application(engine, "app2")
    engine.names("proxy", f"{address} app\n")


@scenario(
    outside="http.server-error",
    server="upstream.unreachable",
    manual=NO_ENGINE,
    not_on=PANEL,
)
def application_is_in_another_network(lab: Lab) -> None:
    """Its address is written down, and its network has been taken away from nginx."""
    both(lab)
    lab.server.sh("ip -n app link set eth0 down")


@scenario(
    outside="http.server-error",
    server="upstream.refused",
    manual="which port is right is not known",
    not_on=PANEL,
)
def published_port_was_changed(lab: Lab) -> None:
    """nginx of the server passes to 8080; the compose file says 8081:3000 now."""
    behind_nginx(lab, (8081, 3000))


@scenario(
    outside="http.server-error",
    server="upstream.container-loopback",
    differs=STARTED,
    not_on=PANEL,
)
def address_of_the_application_is_a_variable(lab: Lab) -> None:
    """As Nginx Proxy Manager writes it: `set $server`, and one line of proxy_pass for all sites."""
    lab.application_service.stop()
    engine = Engine(lab)
    application(engine, ports=((3000, 3000),), bind="127.0.0.1")
    text = proxied("http://$server:$port")
    proxy(engine, text.replace("proxy_pass", 'set $server "127.0.0.1"; set $port 3000; proxy_pass'))
    engine.answers(443)


@scenario(
    outside="http.server-error",
    server="upstream.container-loopback",
    differs=STARTED,
    not_on=PANEL,
)
def application_is_published_on_the_server(lab: Lab) -> None:
    """Its container publishes 127.0.0.1:3000 of the server, which nginx in its container takes for
    its own."""
    lab.application_service.stop()
    engine = Engine(lab)
    application(engine, ports=((3000, 3000),), bind="127.0.0.1")
    proxy(engine, proxied("http://127.0.0.1:3000"))
    engine.answers(443)


@scenario(
    outside="http.server-error",
    server="upstream.container-unserved",
    manual="the application has to be told another address",
    not_on=PANEL,
)
def published_application_listens_on_its_loopback(lab: Lab) -> None:
    """After a thread on Stack Overflow ("connection reset by peer" of a published port): Flask and
    Vite listen on 127.0.0.1 unless told otherwise, which in a container is nobody's."""
    behind_nginx(lab, host="127.0.0.1")


@scenario(
    outside="http.server-error",
    server="upstream.container-unserved",
    manual="the compose file has to say another port",
    not_on=PANEL,
)
def published_port_is_another_than_the_applications(lab: Lab) -> None:
    """ports: "8080:80", and the application listens on 3000."""
    behind_nginx(lab, (8080, 80))


@scenario(
    outside="http.server-error",
    server="upstream.container-unserved",
    differs=STARTED,
    not_on=PANEL,
)
def bridge_of_docker_is_down(lab: Lab) -> None:
    """docker-proxy takes the connection and cannot pass it on."""
    behind_nginx(lab)
    lab.server.sh("ip link set docker0 down")


@scenario(
    outside="http.server-error",
    server="upstream.container-firewall",
    manual="docker has to be restarted",
    not_on=PANEL,
)
def bridge_lost_its_zone(lab: Lab) -> None:
    """After threads of CentOS users ("no route to host" between containers): the bridge is in no
    zone of firewalld any more, and bridged packets pass its rules."""
    both(lab)
    lab.server.sh("firewall-cmd -q --zone=trusted --remove-interface=docker0")


@scenario(
    outside="http.server-error",
    server="upstream.container-firewall",
    manual="which rule is right is asked",
    not_on=PANEL,
)
def firewall_keeps_the_container_from_the_server(lab: Lab) -> None:
    """host.docker.internal leads to the server, whose zone does not open 3000 to containers."""
    lab.application("--host", "0.0.0.0")
    engine = Engine(lab)
    proxy(engine, proxied("http://host:3000"), hosts="172.17.0.1 host\n")
    engine.answers(443)
    lab.server.sh("firewall-cmd -q --zone=trusted --remove-interface=docker0")


def _proxy_of_the_server(lab: Lab) -> None:
    """nginx in its container passes requests on to a program of the server; the bridge is in a zone
    that accepts."""
    lab.application("--host", "0.0.0.0")
    engine = Engine(lab)
    proxy(engine, proxied("http://host:3000"), hosts="172.17.0.1 host\n")
    engine.reaches("127.0.0.1", 443)


@scenario(
    outside="http.server-error",
    server="upstream.container-firewall",
    differs=(*UFW, "rules"),
    not_on=PANEL,
)
def ufw_keeps_the_container_from_the_server(lab: Lab) -> None:
    """After threads about Nginx Proxy Manager ("504 Gateway Time-out" of host.docker.internal)."""
    ufw(lab, "allow 80/tcp", "allow 443/tcp")
    _proxy_of_the_server(lab)


@healthy(not_on=PANEL)
def ufw_lets_the_containers_in(lab: Lab) -> None:
    rule = "allow proto tcp from 172.16.0.0/12 to any port 3000"
    ufw(lab, "allow 80/tcp", "allow 443/tcp", rule)
    _proxy_of_the_server(lab)


@scenario(
    outside="http.server-error",
    server="upstream.container-firewall",
    differs=("rules",),
    not_on=PANEL,
)
def rule_of_iptables_keeps_the_container_from_the_server(lab: Lab) -> None:
    """Rules of the administrator close all that comes in by the bridge. A REJECT looks as if no
    program listened."""
    _proxy_of_the_server(lab)
    iptables(lab, "-A INPUT -i docker0 -p tcp -m conntrack --ctstate NEW -j REJECT")


@scenario(
    outside="http.server-error",
    server="upstream.container-unpublished",
    manual="the container has to be created again",
    not_on=PANEL,
)
def second_container_publishes_no_port(lab: Lab) -> None:
    """After questions on Stack Overflow ("connect() failed (111: Connection refused)" with docker
    compose): the first service has `ports`, the second has not."""
    engine = Engine(lab)
    application(engine, "web", ports=((8080, 3000),), bind="127.0.0.1")
    argv = engine.server.python(str(HERE / "application.py"), "--host", "0.0.0.0", "--port", "4000")
    engine.reaches(engine.run("api", argv), 4000)
    lab.edit("127.0.0.1:3000", "127.0.0.1:4000")
    lab.reload()


def _published_as_8081(lab: Lab) -> None:
    """nginx of the server passes requests on to 3000; the container publishes its 3000 as 8081."""
    lab.application_service.stop()
    engine = Engine(lab)
    application(engine, ports=((8081, 3000),), bind="127.0.0.1")
    engine.answers(8081)


@scenario(
    outside="http.server-error",
    server="upstream.container-unpublished",
    differs=(site.CONF,),
    not_on=PANEL,
)
def port_of_the_container_at_the_servers_address(lab: Lab) -> None:
    """`ports: ["127.0.0.1:8081:3000"]`, and proxy_pass has the second number."""
    _published_as_8081(lab)


@healthy(not_on=PANEL)
def published_number_differs_from_the_containers(lab: Lab) -> None:
    """The same, and proxy_pass has the first number."""
    _published_as_8081(lab)
    lab.edit("127.0.0.1:3000", "127.0.0.1:8081")
    lab.reload()


@scenario(
    outside="http.server-error",
    server="upstream.container-stopped",
    manual="the container has to get more memory",
    not_on=PANEL,
)
def container_used_too_much_memory(lab: Lab) -> None:
    """The kernel ended it at its limit: Exited (137), OOMKilled."""
    behind_nginx(lab).docker("ended", "app", "137", "OOMKilled")


@scenario(
    outside="http.server-error",
    server="upstream.container-stopped",
    manual="the other program has to give the port up",
    not_on=PANEL,
)
def engine_could_not_start_the_container(lab: Lab) -> None:
    """docker compose up ended with an error, and left the container behind as "Created"."""
    words = "driver failed programming external connectivity on endpoint app: address in use"
    behind_nginx(lab).docker("refused", "app", words)


def _at_its_address(lab: Lab) -> Engine:
    """nginx of the server passes requests on to the container's own address."""
    engine = Engine(lab)
    address = application(engine)
    lab.edit("127.0.0.1:3000", f"{address}:3000")
    lab.reload()
    return engine


@healthy(not_on=PANEL)
def container_at_its_own_address(lab: Lab) -> None:
    """It works, until the address changes."""
    _at_its_address(lab)


@scenario(
    outside="http.server-error",
    server="upstream.container-unpublished",
    manual="the compose file has to publish a port",
    not_on=PANEL,
)
def container_has_left_its_address(lab: Lab) -> None:
    """It was created again, and its engine gave it another address."""
    engine = _at_its_address(lab)
    engine.docker("stop", "app")
    application(engine, "app2")

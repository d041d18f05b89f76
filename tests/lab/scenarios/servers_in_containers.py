"""Apache, Caddy and HAProxy run in a container themselves. Docker does not run here: its stand-in
is `tests/lab/docker.py`."""

from functools import partial

from .. import caddy, certificates, haproxy
from ..apache import HTTP, HTTPS
from ..lab import SERVERS, Lab, missing_servers
from ..scenario import healthy, scenario
from ..server_containers import COMPOSE, HOME, caddyfile, run_apache, run_caddy, run_haproxy
from .netfilter import UFW, ufw

WS = ("--ws", "/ws")
ELSEWHERE = {"[!n]*": "these servers have one layout in the laboratory", "nginx*": "the same"}
NO_ENGINE = "the remedy asks for another compose file"
STARTED = ("rules", "listeners", "processes")


def needs_servers() -> str:
    lacking = [name for name in missing_servers() if name in SERVERS]
    return f"{', '.join(lacking)} is not here" if lacking else ""


inner_scenario = partial(scenario, needs=needs_servers, not_on=ELSEWHERE)
healthy_inner = partial(healthy, needs=needs_servers, not_on=ELSEWHERE)


@healthy_inner(args=WS)
def caddy_in_a_container(lab: Lab) -> None:
    """The Caddyfile is mounted, ports are published, the application has its service's name."""
    run_caddy(lab, caddyfile("\treverse_proxy app:3000\n"))


@healthy_inner(args=WS)
def haproxy_in_a_container(lab: Lab) -> None:
    """The same with HAProxy."""
    run_haproxy(lab, haproxy.SITE.replace("127.0.0.1:3000", "app:3000"))


@healthy_inner(args=WS)
def apache_in_a_container(lab: Lab) -> None:
    """The same with Apache."""
    run_apache(lab, f"{HTTPS}\n{HTTP}".replace("127.0.0.1:3000", "app:3000"))


@inner_scenario(
    outside="http.server-error",
    server="server.container-not-reached",
    differs=STARTED,
)
def caddy_takes_localhost_for_the_server(lab: Lab) -> None:
    """After many threads of Caddy's forum: reverse_proxy localhost:3000 in a container, "dial tcp
    127.0.0.1:3000: connect: connection refused"."""
    run_caddy(lab, caddyfile("\treverse_proxy localhost:3000\n"))


@inner_scenario(outside="http.server-error", server="server.container-not-reached", differs=STARTED)
def caddy_of_a_compose_file_means_the_server(lab: Lab) -> None:
    """The application runs on the server: reverse_proxy localhost:3001 in a container."""
    lab.application("--host", "0.0.0.0", "--port", "3001", port=3001)
    run_caddy(lab, caddyfile("\treverse_proxy localhost:3001\n"), compose=COMPOSE)


@inner_scenario(outside="http.server-error", server="server.container-not-reached", differs=STARTED)
def haproxy_of_a_compose_file_asks_docker_desktop(lab: Lab) -> None:
    """host.docker.internal, which Linux does not know by itself."""
    lab.application("--host", "0.0.0.0", "--port", "3001", port=3001)
    text = haproxy.SITE.replace("127.0.0.1:3000", "host.docker.internal:3001 init-addr libc,none")
    run_haproxy(lab, text, COMPOSE)


@healthy_inner()
def caddy_of_a_compose_file(lab: Lab) -> None:
    run_caddy(lab, caddyfile("\treverse_proxy app:3000\n"), compose=COMPOSE)


@inner_scenario(
    outside="http.server-error",
    server="server.container-not-reached",
    manual=NO_ENGINE,
)
def caddy_knows_no_such_service(lab: Lab) -> None:
    """After threads about "dial tcp: lookup backend on 127.0.0.11:53: no such host": the service
    has another name, or is in another network."""
    run_caddy(lab, caddyfile("\treverse_proxy backend:3000\n"))


@inner_scenario(
    outside="http.server-error",
    server="server.container-not-reached",
    manual="the container has to be started",
)
def application_was_stopped_behind_caddy(lab: Lab) -> None:
    """docker compose stop app: Caddy goes on, and answers 502."""
    run_caddy(lab, caddyfile("\treverse_proxy app:3000\n")).docker("stop", "app")


@inner_scenario(
    outside="http.server-error",
    server="server.container-not-reached",
    differs=STARTED,
)
def haproxy_takes_localhost_for_the_server(lab: Lab) -> None:
    """After questions on Stack Overflow about HAProxy in docker: server app1 127.0.0.1:3000."""
    run_haproxy(lab, haproxy.SITE)


@inner_scenario(
    outside="http.server-error",
    server="server.container-not-reached",
    differs=STARTED,
)
def apache_takes_localhost_for_the_server(lab: Lab) -> None:
    """After questions on Stack Overflow about httpd in docker: ProxyPass http://127.0.0.1:3000/,
    AH00957."""
    run_apache(lab, f"{HTTPS}\n{HTTP}")


def _caddy_asks_the_server(lab: Lab, *rules: str) -> None:
    ufw(lab, "allow 80/tcp", "allow 443/tcp", *rules)
    run_caddy(lab, caddyfile("\treverse_proxy 172.17.0.1:3000\n"))
    lab.application("--host", "0.0.0.0")


@inner_scenario(
    outside="http.server-error", server="server.container-not-reached", differs=(*UFW, "rules")
)
def ufw_keeps_caddys_container_from_the_server(lab: Lab) -> None:
    """After threads about host.docker.internal and ufw: 502, "dial tcp 172.17.0.1:3000: i/o
    timeout"."""
    _caddy_asks_the_server(lab)


@healthy_inner()
def ufw_lets_caddys_container_in(lab: Lab) -> None:
    _caddy_asks_the_server(lab, "allow proto tcp from 172.16.0.0/12 to any port 3000")


@inner_scenario(
    outside="websocket.not-upgraded",
    server="server.websocket-not-passed",
    args=WS,
    manual="the edit needs a reload by the engine",
)
def apache_in_a_container_drops_the_upgrade(lab: Lab) -> None:
    """ProxyPass / http:// for all, in a mounted folder."""
    text = HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", "")
    run_apache(lab, f"{text}\n{HTTP}".replace("127.0.0.1:3000", "app:3000"))


@inner_scenario(
    outside="certificate.expired",
    server="server.certificate-not-loaded",
)
def caddy_in_a_container_was_not_reloaded(lab: Lab) -> None:
    """certbot on the server renewed the file in the mounted folder."""
    old, good = certificates.leaf(starts=-95, ends=-5), certificates.good()
    engine = run_caddy(lab, caddyfile("\treverse_proxy app:3000\n"))
    engine.docker("stop", "caddy")
    lab.server.write(f"{HOME}/certs/shop.pem", old.chain)
    lab.server.write(f"{HOME}/certs/shop.key", old.key_pem)
    engine.docker("start", "caddy")
    engine.answers(80)
    lab.server.write(f"{HOME}/certs/shop.pem", good.chain)
    lab.server.write(f"{HOME}/certs/shop.key", good.key_pem)


@inner_scenario(
    outside="tls.plain-http",
    server="listener.container-port",
    differs=STARTED,
)
def port_leads_to_plain_caddy(lab: Lab) -> None:
    """After questions about "ports: 443:80": Caddy redirects on port 80 by itself."""
    run_caddy(lab, caddyfile("\treverse_proxy app:3000\n"), ((443, 80), (80, 80)), COMPOSE)


@inner_scenario(
    outside="tls.stalled",
    server="listener.container-paused",
)
def container_of_caddy_is_paused(lab: Lab) -> None:
    """After questions about backups that pause containers: docker pause, and nobody went on."""
    run_caddy(lab, caddyfile("\treverse_proxy app:3000\n")).docker("pause", "caddy")


@inner_scenario(
    outside="tls.handshake-failed",
    server="server.site-missing",
    manual="a person adds the name",
)
def caddy_in_a_container_has_another_name(lab: Lab) -> None:
    """The Caddyfile says www.shop.example.com, and visitors come to shop.example.com."""
    engine = run_caddy(lab, caddyfile("\treverse_proxy app:3000\n", "www.shop.example.com"))
    own = certificates.leaf("www.shop.example.com")
    engine.docker("stop", "caddy")
    lab.server.write(f"{HOME}/certs/shop.pem", own.chain)
    lab.server.write(f"{HOME}/certs/shop.key", own.key_pem)
    engine.docker("start", "caddy")
    engine.answers(80)


@inner_scenario(
    outside="websocket.not-upgraded",
    server="server.path-changed",
    args=WS,
    manual="a file that is mounted by itself",
)
def caddy_in_a_container_cuts_the_path(lab: Lab) -> None:
    """handle_path in place of handle, in a container."""
    proxy = "\t\treverse_proxy app:3000\n\t}\n"
    run_caddy(lab, caddyfile(f"\thandle_path /ws* {{\n{proxy}\thandle {{\n{proxy}"))


@inner_scenario(
    outside="http.server-error",
    server="server.container-file-outdated",
    differs=STARTED,
)
def corrected_caddyfile_is_not_in_the_container(lab: Lab) -> None:
    """The file alone is mounted; `sed -i` wrote a new one, and a reload reads the old one again."""
    engine = run_caddy(lab, caddyfile("\treverse_proxy app:3001\n"))
    lab.server.sh(f"sed -i s/app:3001/app:3000/ {HOME}/caddy/Caddyfile")
    words = ("/usr/bin/caddy", "reload", "--config", caddy.CONFIG, "--adapter", "caddyfile")
    engine.docker("exec", "caddy", *words)


@healthy_inner()
def mounted_caddyfile_was_saved_again(lab: Lab) -> None:
    """An editor wrote the same text into a new file."""
    run_caddy(lab, caddyfile("\treverse_proxy app:3000\n"))
    path = f"{HOME}/caddy/Caddyfile"
    lab.server.sh(f"cp {path} {path}.new; mv {path}.new {path}")

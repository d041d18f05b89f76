"""A container that could not be started: a program of the server has one of its ports, or what it
waits for is not well."""

from .. import certificates
from ..containers import Engine, application, proxy
from ..lab import Lab
from ..scenario import healthy, scenario
from .compose_files import FOLDER, labels
from .nginx_in_container import PANEL, TEXT, both

DECIDES = "a person decides who serves the machine"
PACKAGED = "server {\n  listen 80 default_server;\n  server_name _;\n  root /var/www/html;\n}\n"
#: The default block of a server that has another name's certificate.
OTHER = "/etc/nginx/other"
WITH_TLS = f"""server {{
  listen 443 ssl default_server;
  server_name _;
  ssl_certificate {OTHER}.pem;
  ssl_certificate_key {OTHER}.key;
  root /var/www/html;
}}
"""


def _refused(lab: Lab, host_text: str) -> None:
    engine = Engine(lab)
    address = application(engine, labels=labels("app"))
    proxy(engine, TEXT, hosts=f"{address} app\n", host_text=host_text, labels=labels("proxy"))


@scenario(outside="tcp.refused", server="listener.container-stopped", manual=DECIDES, not_on=PANEL)
def port_80_of_a_container_is_taken(lab: Lab) -> None:
    """After https://github.com/nginx-proxy/nginx-proxy/issues/839 and
    https://github.com/woodjme/unifi-hotspot/issues/11: nginx of the server was installed once, and
    starts at boot. Nobody has port 443."""
    _refused(lab, PACKAGED)


def _both_taken(lab: Lab, block: str = WITH_TLS) -> None:
    other = certificates.leaf("other.example.org")
    lab.server.write(f"{OTHER}.pem", other.chain)
    lab.server.write(f"{OTHER}.key", other.key_pem)
    lab.undo(lambda: lab.server.sh(f"rm -f {OTHER}.pem {OTHER}.key"))
    redirect = "server {\n  listen 80 default_server;\n  return 301 https://$host$request_uri;\n}\n"
    _refused(lab, redirect + block)


@scenario(
    outside="certificate.name-mismatch",
    server="listener.container-stopped",
    manual=DECIDES,
    not_on=PANEL,
)
def both_ports_of_a_container_are_taken(lab: Lab) -> None:
    """The same, and nginx of the server answers with another certificate on port 443 too."""
    _both_taken(lab)


@scenario(outside="certificate.name-mismatch", manual="a certificate is ordered", not_on=PANEL)
def block_for_every_name_is_the_site_beside_an_old_container(lab: Lab) -> None:
    """The application answers behind nginx of the server, whose certificate has another name."""
    proxied = "location / {\n    proxy_pass http://127.0.0.1:3000;\n  }"
    _both_taken(lab, WITH_TLS.replace("root /var/www/html;", proxied))


@healthy(not_on=PANEL)
def nginx_of_the_server_leaves_the_ports_to_a_container(lab: Lab) -> None:
    """It has a port of its own; a container that once had the wrong one was left behind."""
    engine = both(lab)
    lab.server.write("/etc/nginx/conf.d/other.conf", PACKAGED.replace("80", "8081"))
    lab.start_nginx()
    engine.run("old", ["true"], ((80, 80), (443, 443)), may_fail=True)


def _waits(lab: Lab, health: str, **more: object) -> None:
    """The application with a health check, and nginx that waits for it."""
    engine = Engine(lab)
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER}"))
    words = "/bin/sh: curl: not found"
    address = application(engine, labels=labels("app"), health=health, health_output=words)
    waiting = labels("proxy") | {"com.docker.compose.depends_on": "app:service_healthy:false"}
    proxy(engine, TEXT, hosts=f"{address} app\n", labels=waiting, **more)  # type: ignore[arg-type]


@scenario(
    outside="tcp.refused",
    server="listener.container-stopped",
    manual="the health check has to be corrected",
    not_on=PANEL,
)
def proxy_waits_for_an_unhealthy_container(lab: Lab) -> None:
    """ "dependency failed to start: container blog-app-1 is unhealthy": its image has no curl."""
    _waits(lab, "unhealthy", only_created=True)


@healthy(not_on=PANEL)
def proxy_waited_for_a_healthy_container(lab: Lab) -> None:
    _waits(lab, "healthy")


@healthy(not_on=PANEL)
def unhealthy_container_serves_all_the_same(lab: Lab) -> None:
    """Docker itself takes nothing away from an unhealthy container."""
    _waits(lab, "unhealthy")

"""The health check of a container asks where its program does not listen, and another waits for it.
Docker does not run here: see `nginx_in_container`."""

from .. import site
from ..containers import Engine, proxied
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from .nginx_in_container import PANEL, STARTED

FOLDER = "/srv/blog"
TEXT = """\
services:
  app:
    image: app:1
    container_name: app
    restart: always
    healthcheck:
      test: ["CMD", "curl", "-sSf", "http://ASKED/"]
      interval: 10s
  proxy:
    image: nginx:1.27
    container_name: proxy
    restart: always
    depends_on:
      app:
        condition: service_healthy
    ports:
      - "80:80"
      - "443:443"
    volumes:
      - ./conf.d:/etc/nginx/conf.d
      - ./certs:/etc/nginx/ssl
"""


def _blog(lab: Lab, asked: str) -> Engine:
    """nginx in a container, which waits for the application, whose health check asks this."""
    engine, server = Engine(lab, f"{FOLDER}/docker-compose.yml"), lab.server
    server.write(f"{FOLDER}/conf.d/shop.conf", proxied("http://app:3000"))
    server.sh(f"mkdir -p {FOLDER}/certs; cp /etc/nginx/ssl/* {FOLDER}/certs/; rm {site.CONF}")
    lab.stop_nginx()
    program = server.python(str(HERE / "application.py"), "--host", "0.0.0.0")
    assert engine.compose is not None
    engine.compose.program("app:1", program)
    engine.compose.program("nginx:1.27", ["/usr/sbin/nginx", "-g", "daemon off;"])
    server.write(engine.compose.path, TEXT.replace("ASKED", asked))
    server.run(["docker", "compose", "-f", engine.compose.path, "up", "-d"])
    return engine


@scenario(outside="tcp.refused", server="listener.container-stopped", differs=STARTED, not_on=PANEL)
def health_check_asks_another_port(lab: Lab) -> None:
    """https://docs.docker.com/reference/compose-file/services/#healthcheck: "dependency failed to
    start: container app is unhealthy". The program listens on port 3000."""
    _blog(lab, "localhost:8080")


@scenario(outside="tcp.refused", server="listener.container-stopped", differs=STARTED, not_on=PANEL)
def health_check_asks_over_ipv6(lab: Lab) -> None:
    """The program listens over IPv4 alone."""
    _blog(lab, "[::1]:3000")


@healthy(not_on=PANEL)
def health_check_asks_the_program(lab: Lab) -> None:
    _blog(lab, "localhost:3000").nginx_starts("proxy")

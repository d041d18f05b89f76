"""Traefik in a container, which takes its routers from the labels of other containers: a compose
file as most people write it. Docker's API is a stand-in (`docker_api.py`), Traefik is real."""

import re
import sys

from . import site
from .containers import Engine
from .hosts import until
from .lab import HERE, Lab

COMPOSE = "/srv/stack/docker-compose.yml"
SOCKET = "/run/docker.sock"
PROXY = """\
services:
  traefik:
    image: traefik:v3.5
    container_name: traefik
    restart: unless-stopped
    command:
      - "--providers.docker=true"
      - "--providers.docker.exposedbydefault=false"
      - "--providers.file.filename=/etc/traefik/tls.yml"
      - "--entrypoints.web.address=:80"
      - "--entrypoints.web.http.redirections.entrypoint.to=websecure"
      - "--entrypoints.websecure.address=:443"
MORE\
    ports:
      - "80:80"
      - "443:443"
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock:ro
      - ./tls.yml:/etc/traefik/tls.yml:ro
      - ./certs:/certs:ro
"""
SHOP = """\
  shop:
    image: acme/shop:1
    container_name: shop
    restart: always
    expose: ["3000"]
    labels:
"""
RULE = (
    "traefik.http.routers.shop.rule=Host(`shop.example.com`)",
    "traefik.http.routers.shop.entrypoints=websecure",
    "traefik.http.routers.shop.tls=true",
)
ENABLE = "traefik.enable=true"
CERTIFICATE = "tls:\n  certificates:\n    - {certFile: /certs/shop.pem, keyFile: /certs/shop.key}\n"


STATIC = """\
providers:
  docker:
    exposedByDefault: false
  file:
    filename: /etc/traefik/tls.yml
entryPoints:
  web:
    address: ":80"
    http: {redirections: {entryPoint: {to: ":443", scheme: https}}}
"""
SECURE = '      - "--entrypoints.websecure.address=:443"\n'
_REDIRECT = '      - "--entrypoints.web.http.redirections.entrypoint.to=websecure"\n'


def serve(
    lab: Lab,
    *labels: str,
    arguments: tuple[str, ...] = (),
    by_environment: bool = False,
    static: str = "",
    is_secure: bool = True,
    health_test: tuple[str, ...] = (),
) -> Engine:
    """Traefik, and the application with these labels. `by_environment`: Traefik has its settings
    from variables in place of arguments. `static`: it has this file in its folder, and the
    argument of an entry point beside it. Not `is_secure`: no argument has port 443. `health_test`:
    the application's image has it."""
    server, engine = lab.server, Engine(lab, COMPOSE)
    lab.application_service.stop()
    server.sh(f"rm -f {site.CONF}")
    lab.stop_nginx()
    server.sh(f"mkdir -p /srv/stack/certs; cp {site.PEM} /srv/stack/certs/shop.pem")
    server.sh(f"cp {site.KEY} /srv/stack/certs/shop.key")
    server.write("/srv/stack/tls.yml", CERTIFICATE)
    lab.undo(lambda: server.sh(f"rm -f {SOCKET}"))
    api = server.python(str(HERE / "docker_api.py"), SOCKET)
    lab.spawn(server, api, lambda: server.run(["test", "-S", SOCKET]).returncode == 0)
    assert engine.compose is not None
    engine.compose.program("traefik:v3.5", [f"{sys.prefix}/bin/traefik"])
    program = server.python(str(HERE / "application.py"), "--host", "0.0.0.0")
    engine.compose.program("acme/shop:1", program)
    if health_test:
        engine.compose.health_test("acme/shop:1", health_test)
    more = "".join(f'      - "{each}"\n' for each in arguments)
    text = PROXY.replace("MORE", more) + SHOP
    if not is_secure:
        text = text.replace(SECURE, "").replace(_REDIRECT, _REDIRECT.replace("websecure", ":443"))
    if static:
        server.write("/srv/stack/traefik.yml", static)
        text = re.sub(r"(command:\n)(?: +- .*\n)+", rf"\1{SECURE}", text, count=1)
        mount = "      - ./certs:/certs:ro\n"
        text = text.replace(mount, f"{mount}      - ./traefik.yml:/traefik.yml:ro\n")
    if by_environment:
        text = re.sub(r'"--([\w.]+)=', _variable, text.replace("command:", "environment:", 1))
    engine.compose.bring_up(text + "".join(f'      - "{label}"\n' for label in labels))
    engine.reaches(engine.compose.address("shop"), 3000)
    if is_secure and (not static or "websecure" in static):
        until(lambda: _answers(lab), "Traefik has read the labels", timeout=30)
    return engine


def _variable(option: re.Match[str]) -> str:
    return f'"TRAEFIK_{option[1].upper().replace(".", "_")}='


def _answers(lab: Lab) -> bool:
    """Whether it has its certificate: it reads its file and the labels at the same time."""
    url = f"https://{site.NAME}/"
    argv = ["curl", "-so", "/dev/null", "-m", "20", "--resolve", f"{site.NAME}:443:127.0.0.1"]
    return lab.server.run([*argv, url]).returncode == 0

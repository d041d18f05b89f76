"""nginx-proxy, whose file docker-gen writes from the containers (`docker_gen.py`). Docker does not
run here: see `nginx_in_container`."""

import time

from .. import certificates, site
from ..containers import Engine
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from .nginx_in_container import PANEL, STARTED

FOLDER = "/srv/webproxy"
NAME = "shop.example.com"
PROXY = """\
services:
  nginx-proxy:
    image: nginxproxy/nginx-proxy:1.6
    container_name: nginx-proxy
    restart: always
    ports:
      - "80:80"
      - "443:443"
    volumes:
      - ./certs:/etc/nginx/certs
      - /run/containers:/tmp/docker.sock
"""
APART = """\
services:
  nginx-web:
    image: nginx:1.27
    container_name: nginx-web
    restart: unless-stopped
    ports:
      - "80:80"
      - "443:443"
    volumes:
      - ./conf.d:/etc/nginx/conf.d
      - ./certs:/etc/nginx/certs
  nginx-gen:
    image: nginxproxy/docker-gen
    container_name: nginx-gen
    restart: unless-stopped
    volumes:
      - ./conf.d:/etc/nginx/conf.d
      - /run/containers:/tmp/docker.sock
"""
APP = f"""\
  app:
    image: app:1
    container_name: app
    restart: always
    environment:
      VIRTUAL_HOST: {NAME}
"""
OTHER = """\
  other:
    image: other:1
    container_name: other
    restart: always
"""
#: Speaks TLS at 443 and nothing else, as the image of GitLab does with an external_url of https.
OVER_TLS = """
import asyncio, ssl, subprocess, sys
subprocess.Popen([sys.executable, sys.argv[1], "--port", "3001"])
async def pump(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
async def serve(reader, writer):
    there, back = await asyncio.open_connection("127.0.0.1", 3001)
    await asyncio.gather(pump(reader, back), pump(there, writer), return_exceptions=True)
async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("/certs/own.pem", "/certs/own.key")
    server = await asyncio.start_server(serve, "0.0.0.0", 443, ssl=context)
    await server.serve_forever()
asyncio.run(main())
"""


def _engine(lab: Lab) -> Engine:
    """No nginx of the server itself, and the certificates of the site beside the compose file."""
    engine, server = Engine(lab, f"{FOLDER}/docker-compose.yml"), lab.server
    assert engine.compose is not None
    lab.application_service.stop()
    server.sh(f"rm {site.CONF}; mkdir -p {FOLDER}/certs {FOLDER}/conf.d")
    lab.stop_nginx()
    for name in (NAME, "default"):
        server.sh(
            f"cp {site.PEM} {FOLDER}/certs/{name}.crt; cp {site.KEY} {FOLDER}/certs/{name}.key"
        )
    page = server.python(str(HERE / "application.py"), "--host", "0.0.0.0", "--port")
    generator = server.python(str(HERE / "docker_gen.py"))
    for image, argv in {
        "app:1": [*page, "80"],
        "other:1": [*page, "9000"],
        "tls:1": server.python("-c", OVER_TLS, str(HERE / "application.py")),
        "nginxproxy/nginx-proxy:1.6": [*generator, "nginx-proxy"],
        "nginx:1.27": [*generator, "--nginx"],
        "nginxproxy/docker-gen": [*generator, "nginx-web", "--alone"],
    }.items():
        engine.compose.program(image, argv)
    return engine


def _start(engine: Engine, text: str, container: str) -> None:
    assert engine.compose is not None
    engine.compose.bring_up(text)
    engine.nginx_starts(container)
    # nginx reads the file that has the application as well.
    time.sleep(1.5)


@scenario(
    outside="http.server-error",
    server="nginx.generator-stopped",
    differs=STARTED,
    not_on=PANEL,
)
def generator_of_nginx_proxy_ended(lab: Lab) -> None:
    """https://github.com/evertramos/nginx-proxy-automation/issues/17: after a reboot nginx-gen did
    not run, and another container got the address of the application."""
    engine = _engine(lab)
    _start(engine, APART + APP, "nginx-web")
    engine.docker("ended", "nginx-gen", "0")
    engine.docker("stop", "app")
    lab.server.sh("rm -rf /run/containers/app")
    lab.server.write(f"{FOLDER}/docker-compose.yml", APART + APP + OTHER)
    lab.server.sh(f"cd {FOLDER}; docker compose up -d other; docker compose up -d app")


@healthy(not_on=PANEL)
def generator_of_nginx_proxy_runs(lab: Lab) -> None:
    _start(_engine(lab), APART + APP, "nginx-web")


@healthy(not_on=PANEL)
def generator_of_nginx_proxy_ended_and_nothing_moved(lab: Lab) -> None:
    """The file is right as long as no container gets another address."""
    engine = _engine(lab)
    _start(engine, APART + APP, "nginx-web")
    engine.docker("ended", "nginx-gen", "0")


def _gitlab(lab: Lab, more: str = "") -> None:
    engine, good = _engine(lab), certificates.good()
    lab.server.write(f"{FOLDER}/own/own.pem", good.chain)
    lab.server.write(f"{FOLDER}/own/own.key", good.key_pem, 0o600)
    mount = "    volumes:\n      - ./own:/certs\n"
    text = APP.replace("app:1", "tls:1").replace("    environment:\n", f"{mount}    environment:\n")
    _start(engine, PROXY + text + more, "nginx-proxy")


@scenario(
    outside="http.server-error",
    server="upstream.container-wrong-port",
    differs=STARTED,
    not_on=PANEL,
)
def application_behind_nginx_proxy_has_tls_at_443_alone(lab: Lab) -> None:
    """https://github.com/nginx-proxy/nginx-proxy/issues/465: GitLab listens at 443 alone after its
    external_url has got https, and nginx-proxy asks port 80."""
    _gitlab(lab)


@healthy(not_on=PANEL)
def application_behind_nginx_proxy_is_asked_over_tls(lab: Lab) -> None:
    _gitlab(lab, '      VIRTUAL_PROTO: https\n      VIRTUAL_PORT: "443"\n')

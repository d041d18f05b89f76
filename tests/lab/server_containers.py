"""Apache, Caddy and HAProxy in a container of the laboratory's server, as official images are. The
engine is the stand-in of `containers.py`; the servers are real."""

from . import apache, caddy, certificates, haproxy
from .containers import Engine, application
from .lab import Lab
from .web_servers import keep_only

HOME = "/srv/site"
PORTS = ((443, 443), (80, 80))
#: Where the certificates lie in the containers.
CERTIFICATES = (f"{HOME}/certs", "/certs")
CADDY_ARGV = (
    "env", "HOME=/tmp", "/usr/bin/caddy", "run", "--config", caddy.CONFIG, "--adapter", "caddyfile",
)  # fmt: skip
APACHE_START = (
    "mkdir -p /run/apache2 /var/log/apache2 /run/lock; . /etc/apache2/envvars;"
    " exec /usr/sbin/apache2 -D FOREGROUND"
)
HAPROXY_CONFIG = "/usr/local/etc/haproxy/haproxy.cfg"


COMPOSE = f"{HOME}/compose.yaml"


def prepare(lab: Lab, compose: str = "") -> Engine:
    """The engine, an empty server beside it, and certificates to mount."""
    engine, good, server = Engine(lab, compose), certificates.good(), lab.server
    lab.stop_nginx()
    lab.undo(lambda: server.sh(f"rm -rf {HOME}"))
    server.write(f"{HOME}/certs/shop.pem", good.chain)
    server.write(f"{HOME}/certs/shop.key", good.key_pem)
    server.write(f"{HOME}/certs/bundle.pem", haproxy.bundle())
    return engine


def caddyfile(body: str, name: str = "shop.example.com") -> str:
    tls = "\ttls /certs/shop.pem /certs/shop.key\n"
    return f"{{\n\tskip_install_trust\n}}\n{name} {{\n{tls}{body}}}\n"


def run_caddy(
    lab: Lab, text: str, ports: tuple[tuple[int, int], ...] = PORTS, compose: str = ""
) -> Engine:
    """Caddy in a container, the application in another: its name is `app`."""
    engine = prepare(lab, compose)
    lab.server.write(f"{HOME}/caddy/Caddyfile", text)
    mounts = [(f"{HOME}/caddy/Caddyfile", caddy.CONFIG), CERTIFICATES]
    address = application(engine)
    engine.run("caddy", CADDY_ARGV, ports, mounts, image="caddy:2", hosts=f"{address} app\n")
    keep_only(lab)
    engine.answers(ports[-1][0])
    return engine


def run_haproxy(lab: Lab, text: str, compose: str = "") -> Engine:
    """HAProxy in a container, the application in another: its name is `app`."""
    engine = prepare(lab, compose)
    text = text.replace(haproxy.PEM, "/certs/bundle.pem")
    text = "\n".join(line for line in text.split("\n") if "stats socket" not in line)
    lab.server.write(f"{HOME}/haproxy.cfg", text)
    address = application(engine)
    engine.run(
        "lb",
        ("/usr/sbin/haproxy", "-W", "-db", "-f", HAPROXY_CONFIG),
        PORTS,
        [(f"{HOME}/haproxy.cfg", HAPROXY_CONFIG), CERTIFICATES],
        image="haproxy:3.0",
        hosts=f"{address} app\n",
    )
    keep_only(lab)
    engine.answers(80)
    return engine


def run_apache(lab: Lab, text: str) -> Engine:
    """Apache in a container with Debian's layout, the application in another."""
    engine = prepare(lab)
    address = application(engine)
    text = text.replace(apache.PEM, "/certs/shop.pem").replace(apache.KEY, "/certs/shop.key")
    apache.install(lab, text)
    lab.server.sh(f"cp -a /etc/apache2 {HOME}/apache2; rm -rf /etc/apache2/sites-enabled/*")
    engine.run(
        "web",
        ("sh", "-c", APACHE_START),
        PORTS,
        [(f"{HOME}/apache2", "/etc/apache2"), CERTIFICATES],
        image="debian:13",
        hosts=f"{address} app\n",
    )
    keep_only(lab)
    engine.answers(80)
    return engine

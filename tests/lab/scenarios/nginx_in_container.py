"""nginx is in a container itself, as in most files of docker compose. Docker does not run here: its
stand-in is `tests/lab/docker.py`; nginx, the application, networks, mounts and rules are real."""

from .. import certificates, site
from ..containers import Engine, application, proxied, proxy
from ..hosts import until
from ..lab import Lab
from ..scenario import healthy, scenario
from ..web_servers import keep_only

#: What the start of a container brings back.
STARTED = ("rules", "listeners", "processes")
COMPOSE = "/srv/proxy/docker-compose.yml"
NO_ENGINE = "the remedy asks for another compose file"
UPGRADE = """\
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
"""
PANEL = {"panel": "nginx is in a container"}


#: The file of nginx that passes requests on to the application by its name.
TEXT = proxied("http://app:3000")


def started(lab: Lab, text: str = TEXT, compose: str = "", **more: object) -> Engine:
    """nginx with this file and the application, each in a container, perhaps of a compose file;
    nginx knows the other by its name."""
    engine = Engine(lab, compose)
    address = application(engine)
    proxy(engine, text, hosts=f"{address} app\n", **more)  # type: ignore[arg-type]
    return engine


def both(lab: Lab, text: str = TEXT, **more: object) -> Engine:
    """The same; nginx answers."""
    engine = started(lab, text, **more)  # type: ignore[arg-type]
    engine.answers(443)
    return engine


def ends_at_once(lab: Lab, text: str) -> None:
    """The same; nginx ends at once."""
    started(lab, text).ended("proxy", 1)


@healthy(not_on=PANEL)
def nginx_and_application_in_containers(lab: Lab) -> None:
    """Ports published, the application by the name of its service."""
    both(lab)


@healthy(not_on=PANEL)
def container_of_nginx_has_other_ports(lab: Lab) -> None:
    """nginx listens on 8443 and 8080 inside, as images without root do."""
    text = TEXT.replace("listen 443", "listen 8443").replace("listen 80;", "listen 8080;")
    both(lab, text, ports=((443, 8443), (80, 8080)))


@healthy(not_on=PANEL)
def application_beside_nginx_in_one_container(lab: Lab) -> None:
    """An image with both: here 127.0.0.1 is right."""
    engine = Engine(lab)
    program = lab.server.python(str(application_file()), "--host", "127.0.0.1")
    # nginx starts once the application listens on port 3000 (0BB8; proc_pid_net(5)).
    listens = "until grep -q ':0BB8 .* 0A ' /proc/net/tcp; do sleep 0.1; done"
    lab.server.write(
        "/srv/proxy/start",
        f"{' '.join(program)} &\n{listens}\nexec /usr/sbin/nginx -g 'daemon off;'\n",
    )
    proxy(
        engine,
        proxied("http://127.0.0.1:3000"),
        argv=["sh", "/etc/start"],
        binds=[("/srv/proxy/start", "/etc/start")],
    )
    engine.answers(443)


def application_file() -> str:
    from ..lab import HERE

    return str(HERE / "application.py")


@healthy(not_on=PANEL)
def nginx_in_a_container_with_the_servers_network(lab: Lab) -> None:
    """network_mode: host, as 1Panel runs its OpenResty: 127.0.0.1 is the server."""
    proxy(Engine(lab), proxied("http://127.0.0.1:3000"), (), network="host")
    until(lambda: lab.server.listening(443), "nginx in the container serves")


@scenario(
    outside=None,
    server="upstream.container-wrong-port",
    manual="the interface has to be started",
    not_on=PANEL,
)
def interface_down_behind_nginx_in_a_container(lab: Lab) -> None:
    """The page comes, and /api/ gets 502. After https://github.com/faloker/purify/issues/10."""
    passed = "  location /api/ { proxy_pass http://app:3009; }\n\n  location / {"
    both(lab, TEXT.replace("  location / {", passed, 1))
    words = ["curl", "-sk", "-o", "/dev/null", "-A", "Mozilla/5.0", "-e", f"https://{site.NAME}/"]
    lab.client.run([*words, f"https://{site.NAME}/api/items?page=2"])


@scenario(
    outside="http.server-error",
    server="upstream.refused",
    manual="the application has to be started",
    not_on=PANEL,
)
def application_down_beside_the_servers_network(lab: Lab) -> None:
    """The same, and the application on the server is down."""
    nginx_in_a_container_with_the_servers_network(lab)
    lab.application_service.stop()


@scenario(
    outside="http.server-error",
    server="upstream.container-loopback",
    differs=STARTED,
    not_on=PANEL,
)
def loopback_of_the_container(lab: Lab) -> None:
    """After many threads on Stack Overflow ("502 with nginx in docker, proxy_pass localhost"): the
    application is in another container, proxy_pass says 127.0.0.1."""
    both(lab, proxied("http://127.0.0.1:3000"))


@scenario(
    outside="http.server-error",
    server="upstream.container-loopback",
    manual=NO_ENGINE,
    not_on=PANEL,
)
def name_that_is_loopback_in_the_container(lab: Lab) -> None:
    """After https://github.com/jeecgboot/JeecgBoot/issues/5560: the name of the application's
    service stands for 127.0.0.1 in a file of hosts, and proxy_pass says the name."""
    engine = Engine(lab)
    application(engine)
    proxy(engine, TEXT, hosts="127.0.0.1 app\n")
    engine.answers(443)


@scenario(
    outside="http.server-error",
    server="upstream.container-loopback",
    manual=NO_ENGINE,
    not_on=PANEL,
)
def loopback_is_meant_to_be_the_server(lab: Lab) -> None:
    """After a question on Server Fault: nginx in a container, the application on the server itself,
    proxy_pass says localhost."""
    engine = Engine(lab)
    proxy(engine, proxied("http://localhost:3000"))
    engine.answers(443)


@scenario(
    outside="tcp.refused",
    server="listener.container-stopped",
    differs=STARTED,
    not_on=PANEL,
)
def container_of_nginx_was_stopped(lab: Lab) -> None:
    """Somebody stopped it."""
    both(lab).docker("stop", "proxy")


@scenario(
    target=site.NAME, outside="tcp.refused", server="listener.container-stopped",
    both="listener.container-stopped", manual="its site is in plain http", not_on=PANEL,
)  # fmt: skip
def container_of_a_plain_site_was_stopped(lab: Lab) -> None:
    """The bare name means https, and no container ever published port 443."""
    plain = TEXT.replace("return 301 https://$host$request_uri;", "proxy_pass http://app:3000;")
    started(lab, plain, ports=((80, 80),)).docker("stop", "proxy")
    keep_only(lab, "nginx")


@scenario(
    outside="tcp.refused",
    server="listener.container-stopped",
    manual="the certificate has to be mounted in another compose file",
    not_on=PANEL,
)
def certificate_is_not_in_the_container(lab: Lab) -> None:
    """After threads on the certbot forum: /etc/letsencrypt is on the server, but not mounted, and
    nginx in the container ends at once."""
    ends_at_once(lab, TEXT.replace("/etc/nginx/ssl/", "/etc/letsencrypt/live/shop/"))


@scenario(
    outside="tcp.refused",
    server="listener.container-stopped",
    manual="the name has to be written in another way",
    not_on=PANEL,
)
def name_of_the_service_is_wrong(lab: Lab) -> None:
    """After the best known of all: "host not found in upstream", and the container restarts."""
    ends_at_once(lab, proxied("http://backend:3000"))


@scenario(
    outside="tcp.refused",
    server="listener.container-stopped",
    differs=STARTED,
    not_on=PANEL,
)
def name_of_the_server_is_unknown_on_linux(lab: Lab) -> None:
    """A compose file that was written with Docker Desktop: host.docker.internal."""
    lab.application("--host", "0.0.0.0")
    text = proxied("http://host.docker.internal:3000")
    started(lab, text, compose=COMPOSE).ended("proxy", 1)


@scenario(
    outside="tls.plain-http",
    server="listener.container-port",
    differs=STARTED,
    not_on=PANEL,
)
def tls_port_leads_to_plain(lab: Lab) -> None:
    """After a thread on the docker forum: ports: "443:80"."""
    both(lab, ports=((443, 80), (80, 80)), compose=COMPOSE)


@scenario(
    outside="certificate.expired",
    server="nginx.container-file-outdated",
    not_on=PANEL,
)
def mounted_certificate_was_replaced(lab: Lab) -> None:
    """After an issue of nginx-proxy: the file is mounted, the renewal wrote a new one, and a reload
    in the container does not help."""
    server, old, new = lab.server, certificates.leaf(starts=-91, ends=-1), certificates.good()
    server.write("/srv/chain.pem", old.chain)
    server.write("/srv/site.key", old.key_pem, 0o600)
    binds = [("/srv/chain.pem", "/etc/tls/chain.pem"), ("/srv/site.key", "/etc/tls/site.key")]
    text = TEXT.replace(site.PEM, "/etc/tls/chain.pem").replace(site.KEY, "/etc/tls/site.key")
    engine = both(lab, text, binds=binds)
    for name, data in (("chain.pem", new.chain), ("site.key", new.key_pem)):
        server.write(f"/srv/new.{name}", data, 0o600)
        server.sh(f"mv /srv/new.{name} /srv/{name}")
    engine.docker("exec", "proxy", "/usr/sbin/nginx", "-s", "reload")


@healthy(not_on=PANEL)
def mounted_file_was_saved_again(lab: Lab) -> None:
    """An editor wrote the same text into a new file."""
    server = lab.server
    server.sh("cp /etc/nginx/ssl/shop.example.com.pem /srv/chain.pem")
    text = TEXT.replace(site.PEM, "/etc/tls/chain.pem")
    both(lab, text, binds=[("/srv/chain.pem", "/etc/tls/chain.pem")])
    server.sh("cp /srv/chain.pem /srv/new.pem; mv /srv/new.pem /srv/chain.pem")


@scenario(
    outside="http.server-error",
    server="nginx.container-file-outdated",
    differs=STARTED,
    not_on=PANEL,
)
def corrected_file_is_not_in_the_container(lab: Lab) -> None:
    """The file alone is mounted; `sed -i` wrote a new one, and a reload does not help."""
    server = lab.server
    server.write("/srv/shop.conf", TEXT.replace("app:3000", "app:3001"))
    engine = both(lab, "", binds=[("/srv/shop.conf", "/etc/nginx/conf.d/shop.conf")])
    server.sh("sed -i s/app:3001/app:3000/ /srv/shop.conf")
    engine.docker("exec", "proxy", "/usr/sbin/nginx", "-s", "reload")


@scenario(
    outside="tcp.refused",
    server="listener.loopback-only",
    differs=STARTED,
    not_on=PANEL,
)
def nginx_is_published_on_loopback(lab: Lab) -> None:
    """ports: "127.0.0.1:443:443"."""
    both(lab, bind="127.0.0.1", compose=COMPOSE)


@scenario(
    outside="tcp.refused",
    server="listener.container-unpublished",
    differs=STARTED,
    not_on=PANEL,
)
def port_leads_to_nothing_in_the_container(lab: Lab) -> None:
    """ports: "443:8443", and nginx listens on 443 inside."""
    started(lab, ports=((443, 8443), (80, 80)), compose=COMPOSE).answers(80)


@scenario(
    outside="tcp.refused",
    server="listener.container-unpublished",
    manual=NO_ENGINE,
    not_on=PANEL,
)
def nginx_listens_on_loopback_in_the_container(lab: Lab) -> None:
    """A configuration that was written for a server: listen 127.0.0.1:443 ssl."""
    started(lab, TEXT.replace("listen 443", "listen 127.0.0.1:443")).answers(80)


@scenario(
    outside="tcp.refused",
    server="listener.container-stopped",
    differs=STARTED,
    not_on=PANEL,
)
def nginx_waits_for_a_container_that_was_stopped(lab: Lab) -> None:
    """The application was stopped, and then nginx was started again: its name is unknown now."""
    engine = both(lab)
    engine.docker("stop", "app")
    engine.names("proxy", "")
    engine.docker("restart", "proxy")
    engine.ended("proxy", 1)
    # Its name server knows the name again once the application runs.
    engine.names("proxy", "172.17.0.2 app\n")


@scenario(
    outside="certificate.expired",
    server="certificate.renewed-not-loaded",
    differs=STARTED,
    not_on=PANEL,
)
def renewed_in_a_mounted_folder(lab: Lab) -> None:
    """certbot renewed it on the server, and nobody told nginx in the container."""
    server = lab.server
    good = {path: server.read(path) for path in (site.PEM, site.KEY)}
    old = certificates.leaf(starts=-91, ends=-1)
    server.write(site.PEM, old.chain)
    server.write(site.KEY, old.key_pem, 0o600)
    both(lab)
    for path, text in good.items():
        server.write(path, text)
        server.write(path.replace("/etc/nginx/ssl", "/srv/proxy/certs"), text)


@scenario(
    outside="websocket.not-upgraded",
    server="websocket.upgrade-headers-missing",
    differs=STARTED,
    args=("--ws", "/ws"),
    not_on=PANEL,
)
def headers_of_the_websocket_are_missing(lab: Lab) -> None:
    """The file is mounted: it is edited on the server."""
    both(lab, TEXT.replace(UPGRADE, ""))


@scenario(
    outside="websocket.not-upgraded",
    server="websocket.upgrade-headers-missing",
    differs=STARTED,
    args=("--ws", "/ws"),
    not_on=PANEL | {"built-*": "the image has the file in /etc/nginx"},
)
def headers_are_missing_in_the_image(lab: Lab) -> None:
    """The file is in the image: it is copied out and back."""
    lab.server.write("/srv/empty/.keep", "")
    engine = started(lab, TEXT.replace(UPGRADE, ""), binds=[("/srv/empty", "/etc/nginx/conf.d")])
    engine.docker("cp", "/srv/proxy/conf.d/shop.conf", "proxy:/etc/nginx/shop.conf")
    engine.docker(
        "exec", "proxy", "sed", "-i", "s|conf.d/.*conf|shop.conf|", "/etc/nginx/nginx.conf"
    )
    engine.docker("exec", "proxy", "/usr/sbin/nginx", "-s", "reload")
    engine.answers(443)


@scenario(outside=None, server="nginx.config-invalid", differs=STARTED, not_on=PANEL)
def configuration_in_the_container_is_broken(lab: Lab) -> None:
    """A semicolon is missing in the mounted file; nginx has not read it yet."""
    both(lab)
    path = "/srv/proxy/conf.d/shop.conf"
    lab.edit("ssl_session_timeout 5m;", "ssl_session_timeout 5m", path)


@scenario(
    outside="certificate.name-mismatch",
    server="nginx.no-matching-server",
    manual="the remedy asks",
    not_on=PANEL,
)
def name_is_missing_in_the_container(lab: Lab) -> None:
    """The image's own default server answers with its own certificate."""
    other = certificates.leaf("other.example.com")
    named = "server_name {}.example.com;\n\n  ssl_".format
    lab.server.write(site.PEM, other.chain)
    lab.server.write(site.KEY, other.key_pem, 0o600)
    both(lab, TEXT.replace(named("shop"), named("other")))


@scenario(
    outside="websocket.not-upgraded",
    server="websocket.upgrade-headers-missing",
    differs=STARTED,
    args=("--ws", "/ws"),
    not_on=PANEL,
)
def headers_are_missing_in_a_mounted_file(lab: Lab) -> None:
    """The file alone is mounted: written anew, it would be another file than the container's."""
    lab.server.write("/srv/shop.conf", TEXT.replace(UPGRADE, ""))
    both(lab, "", binds=[("/srv/shop.conf", "/etc/nginx/conf.d/shop.conf")])


def proxy_manager(server: str) -> str:
    """A host of nginx-proxy-manager: the address is put together of variables, in another file."""
    head = f'  set $forward_scheme http;\n  set $server "{server}";\n  set $port 3000;\n'
    text = TEXT.replace("  listen 443 ssl;", f"{head}  listen 443 ssl;")
    return text.replace("http://app:3000", "$forward_scheme://$server:$port")


@healthy(not_on=PANEL)
def proxy_manager_in_a_container(lab: Lab) -> None:
    """As nginx-proxy-manager writes its hosts."""
    engine = Engine(lab)
    proxy(engine, proxy_manager(application(engine)))
    engine.answers(443)


@scenario(
    outside="http.server-error",
    server="upstream.container-loopback",
    manual=NO_ENGINE,
    not_on=PANEL,
)
def proxy_manager_forwards_to_its_own_loopback(lab: Lab) -> None:
    """After the most frequent question about nginx-proxy-manager: Forward Hostname 127.0.0.1."""
    engine = Engine(lab)
    application(engine)
    proxy(engine, proxy_manager("127.0.0.1"))
    engine.answers(443)


def _asks_the_server(lab: Lab, host: str) -> Engine:
    """nginx of a compose file asks the server by the name that docker gives it."""
    lab.application_service.stop()
    lab.application("--host", host)
    engine = Engine(lab, COMPOSE)
    proxy(
        engine,
        proxied("http://host.docker.internal:3000"),
        hosts="172.17.0.1 host.docker.internal\n",
    )
    engine.answers(443)
    return engine


@scenario(
    outside="http.server-error", server="upstream.refused", differs=STARTED, not_on=PANEL
)  # fmt: skip
def container_asks_a_program_of_the_servers_loopback(lab: Lab) -> None:
    """https://github.com/docker/for-linux/issues/1536: the program listens on 127.0.0.1 alone."""
    _asks_the_server(lab, "127.0.0.1")


@healthy(not_on=PANEL)
def container_asks_a_program_of_the_server(lab: Lab) -> None:
    _asks_the_server(lab, "0.0.0.0")

"""The web server that visitors reach passes requests on to a container in which an nginx runs, and
that one refuses them itself, as its own log says.

After https://github.com/PGYER/codefever/issues/176 (413 of the nginx in the container).
"""

from .. import apache, caddy, haproxy, site
from ..containers import Engine
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario
from .container_nginx import CONF
from .frameworks import PAGES
from .haproxy import haproxy_scenario
from .nginx_in_container import PANEL

FILES = f"https://{site.NAME}/files/import"
OUTER = PAGES.replace(
    "proxy_pass http://127.0.0.1:3000",
    "client_max_body_size 0;\n    proxy_pass http://127.0.0.1:8088",
)
APPLICATION = "  location / {\n    proxy_pass http://127.0.0.1:3001;\n  }\n"
ANSWERS = (
    "server {\n  listen 127.0.0.1:3001;\n  client_max_body_size 0;\n  location / {\n"
    "    default_type text/html;\n"
    "    return 200 '<!doctype html><title>Shop</title><p>It works, with words.</p>';\n  }\n}\n"
)
PERSON = "what runs in the container is a person's"


def _behind(lab: Lab, lines: str, application: str = ANSWERS) -> None:
    engine, host = Engine(lab), lab.server
    lab.undo(lambda: host.sh("rm -rf /srv/web"))
    host.write("/srv/web/etc/nginx.conf", f"user www-data;\n{CONF}")
    text = f"server {{\n  listen 80;\n  server_name localhost;\n{lines}}}\n{application}"
    host.write("/srv/web/etc/sites/default.conf", text)
    host.write("/srv/web/html/about.html", "<!doctype html><title>About</title><p>About.</p>\n")
    host.sh("chmod -R a+rX /srv/web")
    folders = [("/srv/web/etc", "/etc/nginx"), ("/srv/web/html", "/usr/share/nginx/html")]
    argv = ["/usr/sbin/nginx", "-g", "daemon off;"]
    engine.run("web", argv, [(8088, 80)], folders, image="shop-web")
    engine.nginx_starts("web")
    engine.answers(8088)


def _upload(lab: Lab) -> None:
    lab.server.sh(
        "head -c 3000000 /dev/zero | curl -sk --http1.1 -o /dev/null -H 'Expect:' -A backup/2.1"
        f" --data-binary @- {FILES}",
        check=False,
    )


@scenario(outside=None, server="upstream.refused-by-container-nginx", target=FILES, not_on=PANEL)
def container_nginx_refuses_an_upload(lab: Lab) -> None:
    lab.change(PAGES, OUTER)
    _behind(lab, APPLICATION)
    _upload(lab)


@healthy(target=FILES, not_on=PANEL)
def container_nginx_takes_an_upload(lab: Lab) -> None:
    lab.change(PAGES, OUTER)
    _behind(lab, f"  client_max_body_size 16m;\n{APPLICATION}")
    _upload(lab)


@scenario(
    outside="http.server-error",
    server="upstream.refused-by-container-nginx",
    manual=PERSON,
    not_on=PANEL,
)
def container_nginx_has_no_application(lab: Lab) -> None:
    lab.change(PAGES, OUTER)
    _behind(lab, APPLICATION, "")


@apache_scenario(
    outside=None,
    server="upstream.refused-by-container-nginx",
    target=FILES,
    manual="behind nginx the same is carried out",
)
def container_nginx_behind_apache_refuses_an_upload(lab: Lab) -> None:
    apache.serve(lab, f"{apache.HTTPS}\n{apache.HTTP}".replace("127.0.0.1:3000", "127.0.0.1:8088"))
    _behind(lab, APPLICATION)
    _upload(lab)


@healthy_apache(target=FILES)
def container_nginx_behind_apache_takes_an_upload(lab: Lab) -> None:
    apache.serve(lab, f"{apache.HTTPS}\n{apache.HTTP}".replace("127.0.0.1:3000", "127.0.0.1:8088"))
    _behind(lab, f"  client_max_body_size 16m;\n{APPLICATION}")
    _upload(lab)


@haproxy_scenario(
    outside="http.server-error", server="upstream.refused-by-container-nginx", manual=PERSON
)
def container_nginx_behind_haproxy_has_no_application(lab: Lab) -> None:
    haproxy.serve(lab, haproxy.SITE.replace("127.0.0.1:3000", "127.0.0.1:8088"))
    _behind(lab, APPLICATION, "")


@caddy_scenario(outside=None, server="upstream.refused-by-container-nginx", manual=PERSON)
def container_nginx_behind_caddy_finds_no_page(lab: Lab) -> None:
    """The site was built into another folder than the container's."""
    caddy.serve(lab, caddy.SHOP.replace("127.0.0.1:3000", "127.0.0.1:8088"))
    _behind(lab, "  root /usr/share/nginx/html/dist;\n")


STYLED = (
    "<!doctype html><title>Shop</title><link rel=stylesheet href=/static/app.css>"
    "<p>It works, with words.</p>"
)
STATIC = (
    "  location /static/ {\n    default_type text/css;\n"
    "    alias /usr/share/nginx/html/static/;\n  }\n"
)


def _styled(lab: Lab, *, is_there: bool) -> None:
    lab.change(PAGES, OUTER)
    answers = ANSWERS.replace(
        "<!doctype html><title>Shop</title><p>It works, with words.</p>", STYLED
    )
    _behind(lab, STATIC + APPLICATION, answers)
    style = "echo 'p { color: #333 }' >/srv/web/html/static/app.css" if is_there else ":"
    lab.server.sh(f"mkdir -p /srv/web/html/static && {style} && chmod -R a+rX /srv/web/html")


@scenario(
    outside="http.page-file-missing",
    server="upstream.refused-by-container-nginx",
    manual="where the program writes them is a person's",
    not_on=PANEL,
)
def container_nginx_has_an_empty_folder_of_style_sheets(lab: Lab) -> None:
    """After https://github.com/wger-project/docker/issues/113: the program collects its static
    files into another folder than the one that both containers mount."""
    _styled(lab, is_there=False)


@healthy(not_on=PANEL)
def container_nginx_has_the_style_sheets(lab: Lab) -> None:
    _styled(lab, is_there=True)

"""nginx of the server passes requests on to a container in which another nginx runs: the fault is a
line of that one."""

from .. import site
from ..containers import Engine
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import PAGES
from .nginx_in_container import PANEL

DOCS = f"https://{site.NAME}/docs"
OUTER = PAGES.replace("127.0.0.1:3000", "127.0.0.1:8088")
CONF = """\
error_log /dev/stderr;
worker_processes 1;
pid /run/nginx.pid;
events {
  worker_connections 256;
}
http {
  default_type text/html;
  access_log /dev/stdout;
  include sites/*.conf;
}
"""
#: What an application answers, by what it is told, played by a block of its own in the container.
APPLICATION = """\
server {
  listen 127.0.0.1:3001;
  location / {
    %s
    return 200 '<!doctype html><title>Shop</title><p>It works, and has some words more.</p>';
  }
}
"""
#: By error_page, so that the rule is not one that is named: a program has no such line.
FORCES_HTTPS = (
    "error_page 418 =301 https://$host$request_uri;"
    " if ($http_x_forwarded_proto != https) { return 418; }"
)
LOGIN = (
    "error_page 418 =302 http://$host/login; error_page 419 =302 https://$host/login;"
    " if ($uri = /login) { return 200 'Sign in'; }"
    " if ($http_x_forwarded_proto != https) { return 418; }"
    " if ($uri = /) { return 419; }"
)


def behind(lab: Lab, server: str, application: str = "") -> None:
    """A container `web` whose nginx has these lines, and an application behind it in there."""
    engine, host = Engine(lab), lab.server
    lab.undo(lambda: host.sh("rm -rf /srv/web"))
    text = f"server {{\n  listen 80;\n  server_name localhost;\n{server}}}\n"
    host.write("/srv/web/etc/nginx.conf", f"user www-data;\n{CONF}")
    host.write("/srv/web/etc/sites/default.conf", text + (APPLICATION % application))
    host.write("/srv/web/html/docs/index.html", "<!doctype html><title>Docs</title><p>Docs.</p>\n")
    host.write("/srv/web/html/index.html", "<!doctype html><title>Shop</title><p>Shop.</p>\n")
    host.sh("chmod -R a+rX /srv/web")
    folders = [("/srv/web/etc", "/etc/nginx"), ("/srv/web/html", "/usr/share/nginx/html")]
    # The signal for a reload may go to every nginx.
    lab.change(PAGES, OUTER)
    argv = ["/usr/sbin/nginx", "-g", "daemon off;"]
    engine.run("web", argv, [(8088, 80)], folders, image="shop-web")
    engine.nginx_starts("web")
    engine.answers(8088)


def passed(scheme: str) -> str:
    return (
        "  location / {\n    proxy_pass http://127.0.0.1:3001;\n"
        "    proxy_set_header Host $host;\n"
        f"    proxy_set_header X-Forwarded-Proto {scheme};\n  }}\n"
    )


@scenario(outside="http.redirect-loop", not_on=PANEL)
def container_nginx_says_http(lab: Lab) -> None:
    """After https://github.com/TeacherOp/NoobBook/pull/202: `$scheme` of the inner nginx."""
    behind(lab, passed("$scheme"), FORCES_HTTPS)


@healthy(not_on=PANEL)
def container_nginx_passes_on_what_it_was_told(lab: Lab) -> None:
    behind(lab, passed("$http_x_forwarded_proto"), FORCES_HTTPS)


@healthy(not_on=PANEL)
def container_nginx_says_http_to_who_does_not_ask(lab: Lab) -> None:
    behind(lab, passed("$scheme"))


@scenario(outside="http.redirect-downgrade", manual="the page is a login", not_on=PANEL)
def container_nginx_tells_the_login_http(lab: Lab) -> None:
    behind(lab, passed("$scheme"), LOGIN)


@scenario(outside="http.redirect-downgrade", target=DOCS, not_on=PANEL)
def container_nginx_adds_a_slash_with_http(lab: Lab) -> None:
    behind(lab, "  root /usr/share/nginx/html;\n")


@healthy(target=DOCS, not_on=PANEL)
def container_nginx_adds_a_slash_alone(lab: Lab) -> None:
    behind(lab, "  root /usr/share/nginx/html;\n  absolute_redirect off;\n")

"""A server block of nginx passes requests on to another block of the same nginx: the fault is a
line of the inner block."""

from .. import site
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from .forms import FORM
from .frameworks import PAGES, start_application
from .nginx_other_requests_failed import visit

MINE = (site.CONF,)
OUTER = PAGES.replace("127.0.0.1:3000", "127.0.0.1:8080")
FOLDER = "/var/www/shop"
ROOT = f"  root {FOLDER};\n"
DOCS = f"https://{site.NAME}/docs"
PLAIN_DOCS = f"http://{site.NAME}/docs"
PLAIN_PAGES = "  location / {\n    return 301 https://$host$request_uri;\n"
PASSED_ON = "    proxy_pass http://127.0.0.1:8080;\n    proxy_set_header Host $host;\n"
TOO_LARGE = "client intended to send too large body: 2097152 bytes"
PAGE = "<!doctype html><title>Shop</title><p>It works.</p>\n"


def serve(
    lab: Lab, inner: str, *, outer: str = OUTER, more: str = "", names: str = site.NAME
) -> None:
    """The pages come from an inner block with these lines; the WebSocket as ever."""
    lab.server.write(f"{FOLDER}/index.html", PAGE)
    lab.server.write(f"{FOLDER}/docs/index.html", PAGE)
    block = f"server {{\n  listen 127.0.0.1:8080;\n  server_name {names};\n{inner}}}\n"
    lab.server.write(site.CONF, site.configuration().replace(PAGES, outer) + block + more)
    lab.restart_nginx()


def passed(scheme: str, host: str = "$host") -> str:
    """The inner block passes on to an application, with this scheme and host."""
    return (
        "  location / {\n    proxy_pass http://127.0.0.1:3001;\n"
        f"    proxy_set_header Host {host};\n"
        f"    proxy_set_header X-Forwarded-Proto {scheme};\n  }}\n"
    )


# Redirects of the inner block


@scenario(
    outside="http.redirect-wrong-host", target=DOCS, differs=MINE,
)  # fmt: skip
def inner_block_adds_its_port(lab: Lab) -> None:
    """The slash of a folder leads to http://shop.example.com:8080/docs/."""
    serve(lab, ROOT)


@scenario(outside="http.redirect-downgrade", target=DOCS, differs=MINE)
def inner_block_adds_a_slash_with_http(lab: Lab) -> None:
    """https://lovemewithoutall.github.io/it/location-header-eng/: TLS ends in front, and the slash
    of a folder leads to http."""
    serve(lab, f"{ROOT}  port_in_redirect off;\n")


@healthy(target=DOCS)
def inner_block_adds_a_slash_alone(lab: Lab) -> None:
    serve(lab, f"{ROOT}  absolute_redirect off;\n")


def serve_in_plain_http(lab: Lab, inner: str) -> None:
    """A folder comes over plain http, from an inner block that listens on all addresses."""
    serve(lab, inner)
    lab.edit("listen 127.0.0.1:8080;", "listen 8080;")
    lab.change(PLAIN_PAGES, f"  location /docs {{\n{PASSED_ON}  }}\n\n{PLAIN_PAGES}")


@scenario(outside="http.redirect-wrong-host", target=PLAIN_DOCS, differs=MINE)
def inner_block_adds_its_port_in_plain_http(lab: Lab) -> None:
    """https://github.com/YutHelloWorld/Blog/issues/22: the slash of a folder leads to port 8080,
    which the server itself reaches and visitors do not."""
    serve_in_plain_http(lab, ROOT)


@healthy(target=PLAIN_DOCS)
def inner_block_adds_a_slash_without_its_port(lab: Lab) -> None:
    serve_in_plain_http(lab, f"{ROOT}  port_in_redirect off;\n")


@scenario(
    outside="http.redirect-downgrade", differs=MINE, target=f"https://{site.NAME}/help",
)  # fmt: skip
def inner_block_redirects_with_its_scheme(lab: Lab) -> None:
    """return 302 $scheme://$host/docs/ behind a block that ends TLS."""
    serve(lab, f"{ROOT}  location = /help {{ return 302 $scheme://$host/docs/; }}\n")


@healthy(target=f"https://{site.NAME}/help")
def inner_block_redirects_to_https(lab: Lab) -> None:
    serve(lab, f"{ROOT}  location = /help {{ return 302 https://$host/docs/; }}\n")


@scenario(outside="http.redirect-loop", differs=MINE)
def inner_block_asks_for_the_variable_https(lab: Lab) -> None:
    """`if ($https != on)` is true for whatever comes from the block in front."""
    condition = "if ($https != on) { rewrite ^(.*)$ https://$server_name$1 permanent; }"
    serve(lab, f"  {condition}\n{ROOT}")


@healthy()
def inner_block_asks_for_the_field(lab: Lab) -> None:
    condition = "if ($http_x_forwarded_proto = http) { return 301 https://$host$request_uri; }"
    serve(lab, f"  {condition}\n{ROOT}")


@scenario(outside="http.redirect-loop", manual="a person decides which block has the site")
def inner_block_redirects_everything(lab: Lab) -> None:
    """https://serverdevworker.com/719297a32: return 301 https:// behind a proxy that ends TLS."""
    serve(lab, "  return 301 https://$host$request_uri;\n")


# What the inner block tells the application


@scenario(outside="http.redirect-loop", differs=MINE)
def inner_block_takes_the_scheme_away(lab: Lab) -> None:
    """WordPress behind two: the inner one clears X-Forwarded-Proto."""
    start_application(lab, "wordpress")
    serve(lab, passed('""'))


@scenario(outside="http.redirect-downgrade", differs=MINE)
def inner_block_tells_the_login_http(lab: Lab) -> None:
    """https://blog.raphlcx.com/posts/enforcing-https-on-302-redirect-for-aws-alb-and-nginx/: the
    application leads to http://…/login, because the inner nginx says $scheme."""
    start_application(lab, "spring-http")
    serve(lab, passed("$scheme"))


@healthy()
def inner_block_passes_on_what_it_was_told(lab: Lab) -> None:
    start_application(lab, "spring-http")
    serve(lab, passed("$http_x_forwarded_proto"))


def _php(lab: Lab, parameter: str) -> None:
    start_application(lab, "php")
    lab.server.write("/srv/php/index.php", "<?php echo 1;")
    php = (
        "  root /srv/php;\n  index index.php;\n  location ~ \\.php$ {\n    include fastcgi.conf;\n"
        f"    fastcgi_param HTTPS {parameter};\n    fastcgi_pass 127.0.0.1:3001;\n  }}\n"
    )
    serve(lab, php)


@scenario(outside="http.redirect-loop", differs=MINE)
def inner_block_tells_php_off(lab: Lab) -> None:
    """fastcgi_param HTTPS off; in the inner block: PHP leads to http, and http back to https."""
    _php(lab, "off")


@healthy()
def inner_block_tells_php_on(lab: Lab) -> None:
    _php(lab, "on")


def _php_page(lab: Lab, parameter: str) -> None:
    """A page that names its script at http, unless PHP knows that visitors use https."""
    start_application(lab, "php-links")
    php = (
        "  root /srv/php;\n  index index.php;\n  location ~ \\.php$ {\n    include fastcgi.conf;\n"
        f"    {parameter}\n    fastcgi_pass 127.0.0.1:3001;\n  }}\n"
    )
    lab.server.write("/srv/php/index.php", "<?php echo 1;")
    lab.server.write("/srv/php/app.js", "document.title = 'It works';\n")
    serve(lab, php)


@scenario(outside="http.mixed-content", server="nginx.https-param-off", differs=MINE)
def inner_block_tells_php_nothing(lab: Lab) -> None:
    """https://blog.ploetzli.ch/tag/fastcgi/: WordPress behind two blocks writes http addresses."""
    _php_page(lab, "")


@healthy()
def inner_block_tells_php_that_https_is_on(lab: Lab) -> None:
    _php_page(lab, "fastcgi_param HTTPS on;")


@scenario(outside="http.mixed-content", differs=MINE)
def inner_block_tells_a_page_http(lab: Lab) -> None:
    """The page names its script at http, because the second nginx says $scheme."""
    start_application(lab, "links")
    serve(lab, passed("$scheme"))


@healthy()
def inner_block_tells_a_page_https(lab: Lab) -> None:
    start_application(lab, "links")
    serve(lab, passed("$http_x_forwarded_proto"))


# Answers of the inner block


@scenario(outside=None, server="nginx.folder-missing", manual="the folder is on another disk")
def inner_block_has_no_folder(lab: Lab) -> None:
    """The `root` of the inner block is mistyped: 404 for every page."""
    serve(lab, "  root /var/www/shopp;\n")


@scenario(
    outside=None, server="nginx.target-not-found", differs=MINE, target=f"https://{site.NAME}/cart",
)  # fmt: skip
def inner_block_does_not_fall_back(lab: Lab) -> None:
    """An application in the browser, whose files the inner block serves: 404 at a reload."""
    _application(lab, "")


@healthy(target=f"https://{site.NAME}/cart")
def inner_block_falls_back(lab: Lab) -> None:
    _application(lab, " try_files $uri $uri/ /index.html; ")


def _application(lab: Lab, line: str) -> None:
    serve(lab, f"{ROOT}  location / {{{line}}}\n")
    page = '<!doctype html><title>Shop</title><div id="root"></div><script src="/app.js"></script>'
    lab.server.write(f"{FOLDER}/index.html", page)
    lab.server.write(f"{FOLDER}/app.js", "document.title = 'It works';\n")


@healthy()
def inner_block_denies_everybody(lab: Lab) -> None:
    """What is closed on purpose is no fault; a note names the line."""
    serve(lab, f"{ROOT}  location / {{\n    deny all;\n  }}\n")


# Forms and uploads through two blocks


def _form(lab: Lab, scheme: str, host: str = "$host") -> None:
    lab.spawn(lab.server, lab.server.application("guarded_server", "django-page", "3001"), 3001)
    serve(lab, passed(scheme, host))
    origin = f"Origin: https://{site.NAME}"
    visit(lab, "/login", "-H", origin, "-d", "user=a", referer=FORM)


@scenario(
    outside=None, server="upstream.origin-mismatch", differs=MINE, target=FORM,
)  # fmt: skip
def inner_block_tells_a_form_http(lab: Lab) -> None:
    """https://github.com/netbox-community/netbox-docker/pull/308: the second nginx says $scheme,
    and Django refuses every form."""
    _form(lab, "$scheme")


@scenario(
    outside=None, server="upstream.origin-mismatch", differs=MINE, target=FORM,
)  # fmt: skip
def inner_block_tells_a_form_its_own_port(lab: Lab) -> None:
    """https://newbe.dev/why-doesn-t-django-s-csrf-work-over-https: Host $host:$server_port."""
    _form(lab, "$http_x_forwarded_proto", "$host:$server_port")


@healthy(target=FORM)
def inner_block_tells_a_form_https(lab: Lab) -> None:
    _form(lab, "$http_x_forwarded_proto")


def _upload(lab: Lab, limit: str) -> None:
    """The visitors' block takes large uploads; one of two megabytes was sent to the inner block."""
    options = lab.server.python(str(HERE / "application.py"), "--port", "3001")
    lab.spawn(lab.server, options, 3001)
    front = OUTER.replace("  location / {\n", "  location / {\n    client_max_body_size 100m;\n")
    serve(lab, limit + passed("$http_x_forwarded_proto"), outer=front)
    lab.client.write("/run/photo", "x" * (2 << 20))
    visit(lab, "/upload", "--data-binary", "@/run/photo")


@scenario(
    outside=None, server="upstream.body-too-large", differs=MINE, args=(TOO_LARGE,),
)  # fmt: skip
def inner_block_refuses_an_upload(lab: Lab) -> None:
    """client_max_body_size is raised in front alone."""
    _upload(lab, "")


@healthy()
def inner_block_takes_an_upload(lab: Lab) -> None:
    _upload(lab, "  client_max_body_size 100m;\n")


def _two_names(lab: Lab, outer: str) -> None:
    """Two blocks on the inner port: the default one with the page of the package, and the site."""
    page = "<!DOCTYPE html>\n<title>Welcome to nginx!</title>\n<h1>Welcome to nginx!</h1>\n"
    lab.server.write("/var/www/html/index.html", page)
    default = (
        "server {\n  listen 127.0.0.1:8080 default_server;\n  server_name _;\n"
        "  root /var/www/html;\n}\n"
    )
    serve(lab, ROOT, outer=outer, more=default)


@scenario(outside="http.not-the-site", server="upstream.wrong-host-header", differs=MINE)
def inner_block_is_not_chosen(lab: Lab) -> None:
    """No Host is passed on, so the default block of the inner port answers."""
    _two_names(lab, OUTER.replace("    proxy_set_header Host $http_host;\n", ""))


@healthy()
def inner_block_is_chosen(lab: Lab) -> None:
    _two_names(lab, OUTER)


# The WebSocket behind two blocks

OUTER_SOCKET = (
    "  location / {\n    proxy_pass http://127.0.0.1:8080;\n    proxy_http_version 1.1;\n"
    "    proxy_set_header Host $http_host;\n    proxy_set_header Upgrade $http_upgrade;\n"
    "    proxy_set_header Connection $connection_upgrade;\n  }\n\n"
)
SOCKETS = site.HTTPS[site.HTTPS.index("  location /ws") : site.HTTPS.rindex("}")]


def _sockets(lab: Lab, lines: str) -> None:
    inner = SOCKETS.replace("location /ws", "location /").replace(UPGRADES, lines)
    block = f"server {{\n  listen 127.0.0.1:8080;\n  server_name {site.NAME};\n{inner}}}\n"
    text = site.configuration().replace(PAGES, OUTER_SOCKET).replace(SOCKETS, "")
    lab.server.write(site.CONF, text + block)
    lab.restart_nginx()


UPGRADES = (
    "    proxy_set_header Upgrade $http_upgrade;\n"
    "    proxy_set_header Connection $connection_upgrade;\n"
)


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing",
    args=("--ws", "/ws"), differs=MINE,
)  # fmt: skip
def inner_block_loses_the_upgrade(lab: Lab) -> None:
    _sockets(lab, "")


@healthy(args=("--ws", "/ws"))
def inner_block_passes_the_upgrade_on(lab: Lab) -> None:
    _sockets(lab, UPGRADES)

"""Scenarios of nginx.https-param-off. An inner block of nginx cannot play PHP: a small FastCGI
server does (applications/framework_server.py)."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]


PARAMS = "".join(
    f"    fastcgi_param {name} ${name.lower()};\n"
    for name in ("REQUEST_METHOD", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH")
)


def _php(lab: Lab, line: str, mode: str = "php") -> None:
    lab.spawn(lab.server, lab.server.application("framework_server", mode, "3001"), 3001)
    lab.server.write("/srv/www/index.php", "<?php\n")
    files = "  root /srv/www;\n  location / {\n    try_files /none /index.php$is_args$args;\n  }\n"
    php = (
        "  location ~ ^/index\\.php(/|$) {\n    fastcgi_pass 127.0.0.1:3001;\n"
        "    fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\n"
        f"{PARAMS}    {line}\n  }}\n\n"
    )
    lab.change(PAGES, files + php)


@scenario(outside="http.redirect-loop", server="nginx.https-param-off", differs=(site.CONF,))
def php_is_told_that_https_is_off(lab: Lab) -> None:
    """The example of a framework's documentation, after issue 5517 of symfony-docs."""
    _php(lab, "fastcgi_param HTTPS off;")


@healthy()
def php_is_told_what_visitors_use(lab: Lab) -> None:
    _php(lab, "fastcgi_param HTTPS $https if_not_empty;")


PASSED = "fastcgi_param HTTPS $https if_not_empty;"


@scenario(outside="http.redirect-loop", server="nginx.https-param-off", differs=(site.CONF,))
def php_forces_https_and_is_told_that_it_is_off(lab: Lab) -> None:
    """The parameters of the package say what visitors use, and a later line says off."""
    _php(lab, f"{PASSED}\n    fastcgi_param HTTPS off;", "php-forces-https")


@healthy()
def php_forces_https_and_is_told_last_what_visitors_use(lab: Lab) -> None:
    _php(lab, f"fastcgi_param HTTPS off;\n    {PASSED}", "php-forces-https")


@scenario(outside="http.redirect-loop", server="nginx.https-param-off", differs=(site.CONF,))
def php_is_told_a_field_that_visitors_do_not_send(lab: Lab) -> None:
    """A line for a site behind a balancer, on a server that visitors reach themselves."""
    told = "map $http_x_forwarded_proto $told_https {\n  default off;\n  https on;\n}\n"
    lab.server.write("/etc/nginx/conf.d/00-told.conf", told)
    _php(lab, f"{PASSED}\n    fastcgi_param HTTPS $told_https;", "php-forces-https")

"""Scenarios of nginx.cache-key-incomplete, after nginx's documentation of `fastcgi_cache_key` and
`slice`, and issue 86 of perusio/drupal-with-nginx (a key of the host and the address alone)."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import PAGE

CACHE = "proxy_cache_path /var/cache/pages levels=1:2 keys_zone=pages:1m;\n"
LINES = "    proxy_cache pages;\n    proxy_cache_valid 200 10m;\n"
PHP = "fastcgi_cache_path /var/cache/php levels=1:2 keys_zone=php:1m;\n"
LIST = f"https://{site.NAME}/list?page=2"


def _cached(lab: Lab, lines: str) -> None:
    lab.edit("map $http_upgrade", f"{CACHE}map $http_upgrade")
    lab.change(PAGE, PAGE.replace("    proxy_http", f"{LINES}{lines}    proxy_http"))


def _php(lab: Lab, lines: str) -> None:
    """A blog in PHP beside the shop."""
    lab.spawn(lab.server, lab.server.application("gateway_server", "php-files", "9000"), 9000)
    lab.server.write("/srv/blog/index.php", "<?php\n")
    lab.edit("map $http_upgrade", f"{PHP}map $http_upgrade")
    location = (
        "  location ~ \\.php$ {\n    root /srv;\n    include fastcgi.conf;\n"
        f"    fastcgi_cache php;\n    fastcgi_cache_valid 10m;\n{lines}"
        "    fastcgi_pass 127.0.0.1:9000;\n  }\n"
    )
    lab.change(PAGE, f"{location}{PAGE}")


@scenario(outside=None, server="nginx.cache-key-incomplete", differs=(site.CONF,))
def cache_without_the_path(lab: Lab) -> None:
    """`proxy_cache_key $scheme$host;`: every page is the first one."""
    _cached(lab, "    proxy_cache_key $scheme$host;\n")


@scenario(outside=None, server="nginx.cache-key-incomplete", target=LIST, differs=(site.CONF,))
def cache_without_the_query(lab: Lab) -> None:
    """`?page=2` is `?page=1`."""
    _cached(lab, "    proxy_cache_key $scheme$host$uri;\n")


@scenario(outside=None, server="nginx.cache-key-incomplete", differs=(site.CONF,))
def parts_of_files_under_one_key(lab: Lab) -> None:
    """`slice` without $slice_range: films and archives are broken."""
    _cached(lab, "    slice 1m;\n    proxy_set_header Range $slice_range;\n")


@scenario(outside=None, server="nginx.cache-key-incomplete", differs=(site.CONF,))
def answers_to_post_in_the_cache(lab: Lab) -> None:
    """GraphQL: everybody gets the answer to the first question."""
    _cached(lab, "    proxy_cache_methods GET HEAD POST;\n")


@scenario(outside=None, server="nginx.cache-key-incomplete", differs=(site.CONF,))
def cache_of_php_without_a_key(lab: Lab) -> None:
    """fastcgi_cache_key has no default; `nginx -t` only warns."""
    _php(lab, "")


@scenario(outside=None, server="nginx.cache-key-incomplete", differs=(site.CONF,))
def cache_of_php_without_the_method(lab: Lab) -> None:
    """A HEAD leaves an empty page: pull request 169 of perusio/drupal-with-nginx."""
    _php(lab, "    fastcgi_cache_key $scheme$host$request_uri;\n")


@healthy()
def cache_of_php_with_a_key(lab: Lab) -> None:
    _php(lab, '    fastcgi_cache_key "$scheme$request_method$host$request_uri";\n')


@healthy()
def cache_of_a_page_without_queries(lab: Lab) -> None:
    """Nothing of the page links to a query, so that leaving it out may be meant."""
    _cached(lab, "    proxy_cache_key $scheme$host$uri;\n")


@healthy(target=LIST)
def cache_with_the_key_of_nginx(lab: Lab) -> None:
    _cached(lab, "")


@healthy()
def parts_of_files_under_their_keys(lab: Lab) -> None:
    lines = "    slice 1m;\n    proxy_set_header Range $slice_range;\n"
    _cached(lab, f"{lines}    proxy_cache_key $request_uri$slice_range;\n")

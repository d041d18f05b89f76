"""Scenarios of nginx.query-lost."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import PAGE

MINE = (site.CONF,)
LIST = f"https://{site.NAME}/list?page=2"
PASS = "  location ~ ^/(list.*)$ {\n    proxy_pass http://127.0.0.1:3001/$1%s;\n  }\n"
PHP = (
    "  root /srv/php;\n  index index.php;\n"
    "  location / {\n    try_files $uri $uri/ /index.php%s;\n  }\n"
    "  location ~ \\.php$ {\n    include fastcgi.conf;\n    fastcgi_pass 127.0.0.1:3001;\n  }\n"
)


def _php(lab: Lab, tail: str) -> None:
    lab.spawn(lab.server, lab.server.application("framework_server", "php", "3001"), 3001)
    lab.server.write("/srv/php/index.php", "<?php echo 1;")
    lab.change(PAGE, PHP % tail)


def _proxied(lab: Lab, tail: str) -> None:
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", "/list"), 3001)
    lab.change(PAGE, PASS % tail + PAGE)


def _redirect(lab: Lab, rule: str) -> None:
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", "/list"), 3001)
    lab.change(PAGE, PASS % "$is_args$args" + PAGE)
    lab.change("return 301 https://$host$request_uri;", rule)


def _rewritten(lab: Lab, tail: str) -> None:
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", "/list"), 3001)
    rule = f"rewrite ^/(list.*)$ /$1{tail} break;"
    place = f"  location /list {{\n    {rule}\n    proxy_pass http://127.0.0.1:3001;\n  }}\n"
    lab.change(PAGE, place + PAGE)


@scenario(outside=None, server="nginx.query-lost", target=LIST, differs=MINE)
def try_files_without_the_query(lab: Lab) -> None:
    """After pull request 4388 of CakePHP's documentation and issue 17 of LEMPress."""
    _php(lab, "")


@scenario(outside=None, server="nginx.query-lost", target=LIST, differs=MINE)
def try_files_without_the_question_mark(lab: Lab) -> None:
    """After issue 2016 of laravel-datatables and issue 18 of BaunCMS."""
    _php(lab, "$query_string")


@scenario(outside=None, server="nginx.query-lost", target=LIST, differs=MINE)
def captured_path_without_the_query(lab: Lab) -> None:
    _proxied(lab, "")


@scenario(outside=None, server="nginx.query-lost", target=LIST, differs=MINE)
def redirect_to_https_without_the_query(lab: Lab) -> None:
    """After questions about `$uri` and `$request_uri` in a redirect (nginx.org, "Converting
    rewrite rules")."""
    _redirect(lab, "return 301 https://$host$uri;")


@scenario(outside=None, server="nginx.query-lost", target=LIST, differs=MINE)
def rewritten_path_without_the_query(lab: Lab) -> None:
    _rewritten(lab, "?")


@healthy(target=LIST)
def rewritten_path_with_the_query(lab: Lab) -> None:
    _rewritten(lab, "")


@healthy(target=LIST)
def redirect_to_https_with_the_query(lab: Lab) -> None:
    _redirect(lab, "return 301 https://$host$uri$is_args$args;")


@healthy(target=LIST)
def try_files_with_the_query(lab: Lab) -> None:
    _php(lab, "?$query_string")


@healthy(target=LIST)
def captured_path_with_the_query(lab: Lab) -> None:
    _proxied(lab, "$is_args$args")


@healthy(target=f"https://{site.NAME}/list")
def try_files_without_the_query_where_none_is_asked(lab: Lab) -> None:
    _php(lab, "")

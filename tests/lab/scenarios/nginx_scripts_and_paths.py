"""Scenarios of nginx with an application of PHP: rules that lead to its script, and come back."""

from .. import site
from ..lab import Lab
from ..scenario import UNLOGGED, healthy, scenario

PLACES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
PARAMS = "".join(
    f"    fastcgi_param {name} ${name.lower()};\n"
    for name in ("REQUEST_METHOD", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH")
)
PASSED = (
    "    fastcgi_pass 127.0.0.1:3001;\n"
    f"    fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\n{PARAMS}"
)
DEVICES = f"https://{site.NAME}/devices/type=server/"


def _php(lab: Lab, lines: str) -> None:
    lab.spawn(lab.server, lab.server.application("framework_server", "php", "3001"), 3001)
    lab.server.write("/srv/www/index.php", "<?php\n")
    lab.change(PLACES, f"  root /srv/www;\n  index index.php;\n{lines}")


def _librenms(lab: Lab, target: str) -> None:
    _php(
        lab,
        "  location / {\n    try_files $uri $uri/ @librenms;\n  }\n"
        f"  location ~ \\.php$ {{\n{PASSED}    fastcgi_split_path_info ^(.+\\.php)(/.+)$;\n  }}\n"
        f"  location @librenms {{\n    rewrite ^(.+)$ {target} last;\n  }}\n",
    )


@scenario(
    outside="http.server-error", server="nginx.redirect-cycle", target=DEVICES, not_on=UNLOGGED,
    differs=(site.CONF,),
)  # fmt: skip
def path_behind_the_script_comes_back_to_the_rule(lab: Lab) -> None:
    """https://github.com/librenms/librenms/issues/4883: `\\.php$` does not take the path."""
    _librenms(lab, "/index.php/$1")


@healthy(target=DEVICES)
def rule_leads_to_the_script_alone(lab: Lab) -> None:
    _librenms(lab, "/index.php?$1")


ESCAPED = (
    "  location / {\n    try_files $uri $uri/ /index.php?$query_string;\n  }\n"
    f"  location ~ \\.php$ {{\n    try_files $uri /index.php =404;\n{PASSED}  }}\n"
)


@scenario(
    outside="http.server-error", server="nginx.escaped-variable", not_on=UNLOGGED,
    differs=(site.CONF,),
)  # fmt: skip
def dollars_of_a_here_document(lab: Lab) -> None:
    """https://github.com/eveseat/seat/issues/638: the expression has its backslash too."""
    _php(lab, ESCAPED.replace("$", "\\$"))


@healthy()
def dollars_without_backslashes(lab: Lab) -> None:
    _php(lab, ESCAPED)


def _front(lab: Lab, name: str) -> None:
    """The lines name the script of a program; the folder has index.php."""
    lines = f"    try_files $uri /{name}$is_args$args;\n"
    _php(lab, f"  location / {{\n{lines}  }}\n  location ~ \\.php$ {{\n{lines}{PASSED}  }}\n")
    lab.change("  index index.php;", f"  index {name};")


@scenario(
    outside="http.server-error", server="nginx.redirect-cycle", not_on=UNLOGGED,
    differs=(site.CONF,),
)  # fmt: skip
def lines_name_the_script_of_another_program(lab: Lab) -> None:
    """After issue 2735 of puphpet/puphpet: `try_files` has Symfony's app.php, and the folder has
    index.php."""
    _front(lab, "app.php")


@healthy()
def lines_name_the_script_of_this_program(lab: Lab) -> None:
    _front(lab, "index.php")

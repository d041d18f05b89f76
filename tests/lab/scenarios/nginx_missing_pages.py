"""nginx answers 404 for the page to which an application's redirect leads."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import PAGES

ADMIN = f"https://{site.NAME}/admin.php"
START = f"https://{site.NAME}/index.php"
FILES = "  root /srv/php;\n  index index.php;\n  location / { try_files $uri $uri/ %s; }\n"


def _serve(lab: Lab, last: str, pattern: str) -> None:
    lab.spawn(lab.server, lab.server.application("framework_server", "php-leads-on", "3001"), 3001)
    for name in ("index", "admin"):
        lab.server.write(f"/srv/php/{name}.php", "<?php require 'start.php';\n")
    php = "    fastcgi_split_path_info ^(.+?\\.php)(/.*)$;\n    include fastcgi.conf;\n"
    php += "    fastcgi_param PATH_INFO $fastcgi_path_info;\n    fastcgi_pass 127.0.0.1:3001;\n"
    lab.change(PAGES, f"{FILES % last}  location ~ {pattern} {{\n{php}  }}\n")


@scenario(
    outside="http.redirect-to-error", server="nginx.path-info-missing", target=ADMIN,
    differs=(site.CONF,),
)  # fmt: skip
def script_leads_to_a_path_behind_it(lab: Lab) -> None:
    """After https://github.com/garylab/dnmp/issues/427: the login of an administration whose
    script has a name of its own."""
    _serve(lab, "=404", "\\.php$")


@healthy(target=ADMIN)
def script_leads_to_a_path_behind_it_that_the_location_takes(lab: Lab) -> None:
    _serve(lab, "=404", "[^/]\\.php(/|$)")


@scenario(
    outside="http.redirect-to-error", server="nginx.front-controller-missing", target=START,
    differs=(site.CONF,),
)  # fmt: skip
def start_page_leads_to_a_path_of_the_application(lab: Lab) -> None:
    """The same, where the application has no script's name in its addresses."""
    _serve(lab, "=404", "\\.php$")


@healthy(target=START)
def start_page_leads_to_a_path_that_falls_back_to_the_script(lab: Lab) -> None:
    _serve(lab, "/index.php?$args", "\\.php$")

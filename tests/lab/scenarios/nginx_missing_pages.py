"""nginx answers 404 for the page to which an application's redirect leads."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import PAGES
from .nginx_other_requests_failed import log_of_its_own, visit
from .php_folders import FOLDER, PHP, start_fpm, write_scripts

ADMIN = f"https://{site.NAME}/admin.php"
START = f"https://{site.NAME}/index.php"
TOPIC = f"https://{site.NAME}/t/1"
NOT_FOUND = "404 Not Found"
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


def _forum(lab: Lab, last: str) -> None:
    """A forum whose addresses are no files; a visitor asked for two of them."""
    log_of_its_own(lab)
    start_fpm(lab, "/", "/t/1", "/login")
    write_scripts(lab, FOLDER, "index.php")
    front = f"  location / {{ try_files $uri $uri/ {last}; }}\n"
    lab.change(PAGES, f"  root {FOLDER};\n  index index.php;\n{front}{PHP}")
    for path in ("/t/1", "/login"):
        visit(lab, path)


@scenario(
    outside=None, server="nginx.front-controller-missing", target=TOPIC, args=(NOT_FOUND,),
    differs=(site.CONF,), unsure=("client",),
)  # fmt: skip
def every_address_of_a_forum_but_the_front_page(lab: Lab) -> None:
    """https://github.com/lincanbin/Carbon-Forum/issues/321: one cause, not one for each address
    in the log."""
    _forum(lab, "=404")


@healthy(target=TOPIC, args=(NOT_FOUND,))
def every_address_of_a_forum(lab: Lab) -> None:
    _forum(lab, "/index.php?$args")


POST = f"https://{site.NAME}/blog/hello-world/"
BLOG = "  location /blog/ { try_files $uri $uri/ /blog/index.php?$args; }\n"


def _blog(lab: Lab, lines: str) -> None:
    """A program in PHP in a folder of a site of files."""
    start_fpm(lab, "/blog/", "/blog/hello-world/")
    write_scripts(lab, FOLDER, "blog/index.php")
    lab.server.write(f"{FOLDER}/index.html", "<!doctype html><title>Shop</title><p>Tea</p>\n")
    lab.change(PAGES, f"  root {FOLDER};\n  index index.php index.html;\n{lines}{PHP}")


@scenario(
    outside=None, server="nginx.front-controller-missing", target=POST, args=(NOT_FOUND,),
    differs=(site.CONF,), unsure=("client",),
)  # fmt: skip
def addresses_of_a_blog_in_a_folder(lab: Lab) -> None:
    """After issue 53 of x64architecture/wnmp: the folder has the program, and the site has none."""
    _blog(lab, "")


@scenario(
    outside=None, server="nginx.front-controller-missing", target=POST, args=(NOT_FOUND,),
    differs=(site.CONF,), unsure=("client",),
)  # fmt: skip
def addresses_of_a_blog_beside_a_location_of_files(lab: Lab) -> None:
    _blog(lab, "  location / { try_files $uri $uri/ =404; }\n")


@healthy(target=POST, args=(NOT_FOUND,))
def addresses_of_a_blog_that_lead_to_its_script(lab: Lab) -> None:
    _blog(lab, BLOG)

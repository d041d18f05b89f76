"""The script that answers all paths is not there. After questions on Stack Overflow and Drupal
Answers, "404 on every page after a deployment": the release was built without it."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

SCRIPTS = """\
  root /srv/shop;
  location / {
    try_files $uri /index.php?$query_string;
  }
  location ~ \\.php$ {
    try_files $fastcgi_script_name =404;
    include fastcgi_params;
    fastcgi_pass 127.0.0.1:3000;
  }
"""


@scenario(outside=None, server="nginx.fallback-file-missing", manual="the file has to be deployed")
def front_controller_was_not_deployed(lab: Lab) -> None:
    from .frameworks import PAGES

    lab.server.write("/srv/shop/style.css", "body { margin: 0 }\n")
    lab.change(PAGES, SCRIPTS)


BLOG = f"https://{site.NAME}/blog/2026/hello/"


def _blog(lab: Lab, lines: str) -> None:
    from .frameworks import PAGES

    lab.spawn(lab.server, lab.server.application("framework_server", "php", "3001"), 3001)
    lab.server.write("/srv/shop/blog/index.php", "<?php echo 1;")
    lab.server.write("/srv/shop/index.html", "<!doctype html><title>Shop</title><p>Tea.</p>\n")
    scripts = SCRIPTS.replace("127.0.0.1:3000", "127.0.0.1:3001")
    lab.change(PAGES, lines + scripts.replace("include fastcgi_params", "include fastcgi.conf"))


@scenario(
    outside=None, server="nginx.fallback-file-missing", target=BLOG,
    manual="a location of its own is to be written",
)  # fmt: skip
def blog_in_a_folder_with_the_fallback_of_the_root(lab: Lab) -> None:
    """After pull request 1319 of VersionPress: WordPress in a folder of the site."""
    _blog(lab, "")


@healthy(target=BLOG)
def blog_in_a_folder_with_a_fallback_of_its_own(lab: Lab) -> None:
    _blog(lab, "  location /blog/ { try_files $uri $uri/ /blog/index.php?$args; }\n")

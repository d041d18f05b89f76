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


CONDITION = "if (!-f $document_root$fastcgi_script_name) { return 404; }"


def _blog(lab: Lab, lines: str, scripts: str = SCRIPTS) -> None:
    from .frameworks import PAGES

    lab.spawn(lab.server, lab.server.application("framework_server", "php", "3001"), 3001)
    lab.server.write("/srv/shop/blog/index.php", "<?php echo 1;")
    lab.server.write("/srv/shop/index.html", "<!doctype html><title>Shop</title><p>Tea.</p>\n")
    scripts = scripts.replace("127.0.0.1:3000", "127.0.0.1:3001")
    scripts = scripts.replace("try_files $uri /index", "try_files $uri $uri/ /index")
    lab.change(PAGES, lines + scripts.replace("include fastcgi_params", "include fastcgi.conf"))


@scenario(
    outside=None, server="nginx.fallback-file-missing", target=BLOG,
    differs=(site.CONF,),
)  # fmt: skip
def blog_in_a_folder_with_the_fallback_of_the_root(lab: Lab) -> None:
    """After pull request 1319 of VersionPress: WordPress in a folder of the site."""
    _blog(lab, "")


@healthy(target=BLOG)
def blog_in_a_folder_with_a_fallback_of_its_own(lab: Lab) -> None:
    _blog(lab, "  location /blog/ { try_files $uri $uri/ /blog/index.php?$args; }\n")


def _with_a_condition(lab: Lab, lines: str) -> None:
    scripts = SCRIPTS.replace("try_files $fastcgi_script_name =404;", CONDITION)
    _blog(lab, lines, scripts)


@scenario(
    outside=None, server="nginx.fallback-file-missing", target=BLOG,
    differs=(site.CONF,),
)  # fmt: skip
def blog_in_a_folder_and_a_condition_that_looks_for_the_script(lab: Lab) -> None:
    """After https://github.com/danpros/htmly/issues/250: the condition closes nothing that is
    there."""
    _with_a_condition(lab, "")


@healthy(target=BLOG)
def blog_with_its_own_fallback_and_a_condition_that_looks_for_the_script(lab: Lab) -> None:
    _with_a_condition(lab, "  location /blog/ { try_files $uri $uri/ /blog/index.php?$args; }\n")


ORDERS = f"https://{site.NAME}/orders/17"
PAGE = "<!doctype html><title>Shop</title><script src=/assets/index.js></script><div id=app></div>"
SHOP = "  root /srv/shop;\n  location / { try_files $uri $uri/ /index.html =404; }\n"
NAMED = """\
  root /srv/shop;
  location / { try_files $uri $uri/ @index; }
  location @index { add_header Cache-Control no-store; try_files /index.html =404; }
"""


def _build(lab: Lab, lines: str, page: str) -> None:
    from .frameworks import PAGES

    lab.undo(lambda: lab.server.sh("rm -rf /srv/shop"))
    lab.server.write(f"{page.rpartition('/')[0]}/assets/index.js", "console.log(1)\n")
    lab.server.write(page, PAGE)
    lab.change(PAGES, lines)


@scenario(
    outside=None, server="nginx.fallback-file-missing", target=ORDERS,
    manual="the front end has to be built",
)  # fmt: skip
def build_lacks_its_page(lab: Lab) -> None:
    """nginx looks for the page before its 404."""
    _build(lab, NAMED, "/srv/shop/index.html.bak")


@healthy(target=ORDERS)
def build_has_its_page(lab: Lab) -> None:
    _build(lab, NAMED, "/srv/shop/index.html")


@healthy(target=f"https://{site.NAME}/assets/none.js")
def build_lacks_a_file_and_has_no_fallback(lab: Lab) -> None:
    """An address that nobody has."""
    lines = SHOP.replace("/index.html =404", "=404")
    _build(lab, lines, "/srv/shop/index.html")


@scenario(
    outside=None, server="nginx.fallback-file-missing", target=ORDERS, differs=(site.CONF,),
)  # fmt: skip
def page_is_in_the_folder_of_the_build(lab: Lab) -> None:
    _build(lab, SHOP, "/srv/shop/dist/index.html")

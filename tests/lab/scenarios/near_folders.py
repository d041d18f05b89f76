"""The page of a folder or prefix is near: where a line in a comment leads, in the folder beside
that of `root`, or where a name has another letter. After real configurations with one line changed.
"""

from .. import site
from ..lab import Lab
from ..scenario import UNLOGGED, healthy, scenario
from .frameworks import PAGES
from .page_assets import JS

MINE = (site.CONF,)
SHOP = f"https://{site.NAME}/cart/"
HOME = "<!doctype html><title>Home</title><p>Welcome.\n"
APP = (
    '<!doctype html>\n<title>Cart</title>\n<div id="app"></div>\n'
    '<script type="module" src="/cart/assets/index-4f2a.js"></script>\n<p>Cart.</p>\n'
)
TRIES = "try_files $uri $uri/ /cart/index.html;"
MAIN = "location / { try_files $uri $uri/ =404; }"


def _site(lab: Lab, *lines: str) -> None:
    lab.undo(lambda: lab.server.sh("rm -rf /srv/pages"))
    lab.server.write("/srv/pages/html/index.html", HOME)
    lab.server.write("/srv/pages/cart/index.html", APP)
    lab.server.write("/srv/pages/cart/assets/index-4f2a.js", JS)
    lab.change(PAGES, "".join(f"  {line}\n" for line in ("root /srv/pages/html;", *lines, MAIN)))


def _cart(line: str, tries: str = TRIES) -> str:
    return f"location /cart/ {{\n    {line}\n    {tries}\n  }}"


@scenario(
    outside="http.server-error", server="nginx.redirect-cycle", target=SHOP, differs=MINE,
    not_on=UNLOGGED,
)  # fmt: skip
def alias_of_a_prefix_in_a_comment(lab: Lab) -> None:
    _site(lab, _cart("# alias /srv/pages/cart/;"))


@scenario(
    outside="http.server-error", server="nginx.redirect-cycle", target=SHOP, differs=MINE,
    not_on=UNLOGGED,
)  # fmt: skip
def folder_beside_the_root_for_a_prefix(lab: Lab) -> None:
    """The line is gone: the page of `location /` is not meant, though `alias` would find it."""
    _site(lab, _cart("index index.html;"))


@scenario(
    outside="http.server-error", server="nginx.redirect-cycle", target=SHOP, differs=MINE,
    not_on=UNLOGGED,
)  # fmt: skip
def folder_with_a_letter_too_many_in_alias(lab: Lab) -> None:
    _site(lab, _cart("alias /srv/pages/caart/;"))


@scenario(outside=None, server="nginx.target-not-found", target=SHOP, differs=MINE)
def alias_in_a_comment_without_a_fallback(lab: Lab) -> None:
    _site(lab, _cart("#alias /srv/pages/cart/;", "try_files $uri $uri/index.html =404;"))


@scenario(outside=None, server="nginx.folder-missing", target=SHOP, differs=MINE)
def folder_with_two_letters_exchanged_in_alias(lab: Lab) -> None:
    _site(lab, _cart("alias /srv/pages/crat/;", "try_files $uri $uri/ =404;"))


@healthy(target=SHOP)
def old_alias_in_a_comment(lab: Lab) -> None:
    """The line that counts stands below it."""
    _site(lab, _cart("# alias /srv/pages/html/;\n    alias /srv/pages/cart/;"))


REWRITE = "location /cart/ {\n    rewrite ^/cart/(.*)$ /cart/v2/$1 last;\n  }"


def _versions(lab: Lab, *lines: str) -> None:
    _site(lab, *lines)
    lab.server.write("/srv/pages/html/cart/v2/index.html", HOME)


@scenario(
    outside="http.server-error", server="nginx.redirect-cycle", target=SHOP, differs=MINE,
    not_on=UNLOGGED,
)  # fmt: skip
def rewrite_into_a_folder_of_its_own_location(lab: Lab) -> None:
    """https://stackengine.dev/nginx-rewrite-internal-redirection-cycle: `last`, ten times."""
    _versions(lab, REWRITE)


@healthy(target=SHOP)
def rewrite_into_a_folder_with_a_location(lab: Lab) -> None:
    _versions(lab, "location /cart/v2/ { }", REWRITE)


BUILT = "location / { try_files $uri $uri/ /index.html; }"


def _built(lab: Lab, folder: str) -> None:
    lab.undo(lambda: lab.server.sh("rm -rf /srv/pages"))
    lab.server.write(f"/srv/pages/app/{folder}/index.html", APP)
    lab.server.write(f"/srv/pages/app/{folder}/cart/assets/index-4f2a.js", JS)
    lab.change(PAGES, f"  root /srv/pages/app/dist;\n  {BUILT}\n")


@scenario(
    outside="http.server-error", server="nginx.redirect-cycle", differs=MINE, not_on=UNLOGGED
)  # fmt: skip
def folder_of_a_build_by_another_name(lab: Lab) -> None:
    """https://rookee.ru/blog/kak-ispravit-oshibki-500-na-sayte-poshagovaya-instruktsiya/amp: the
    page to which `try_files` falls back is not in `root`."""
    _built(lab, "build")


@healthy()
def folder_of_a_build_by_its_name(lab: Lab) -> None:
    _built(lab, "dist")

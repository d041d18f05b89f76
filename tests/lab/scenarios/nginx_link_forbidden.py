"""Scenarios of nginx.link-forbidden.

After https://github.com/SolidInvoice/SolidInvoice/issues/269: `assets:install --symlink`, and
nginx of a panel.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import FOLDER, _serve

PAGE = (
    "<!doctype html>\n<meta charset=utf-8>\n<title>Shop</title>\n"
    "<p>Forty kinds of tea, and the pots that go with them.</p>\n"
    "<script src=/bundles/app.js></script>\n"
)
BUILT = "/srv/bundles"


def _linked(lab: Lab, owner: str) -> None:
    """The scripts of the page lie behind a link of root's, and belong to this user."""
    rule = "disable_symlinks if_not_owner from=$document_root;"
    _serve(lab, f"  root {FOLDER};\n  {rule}\n", **{"index.html": PAGE})
    lab.server.sh(f"mkdir -p {BUILT}")
    lab.server.write(f"{BUILT}/app.js", "let tea = 40;\n")
    lab.undo(lambda: lab.server.sh(f"rm -rf {BUILT}"))
    lab.server.sh(
        f"chmod -R a+rX {BUILT}; chown -R {owner} {BUILT}; ln -s {BUILT} {FOLDER}/bundles"
    )


@scenario(outside="http.page-file-missing", server="nginx.link-forbidden", differs=(site.CONF,))
def bundles_lie_behind_a_link_of_another_user(lab: Lab) -> None:
    _linked(lab, "nobody")


@healthy()
def bundles_lie_behind_a_link_of_the_same_user(lab: Lab) -> None:
    _linked(lab, "root")

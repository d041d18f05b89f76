"""Single-page applications below a prefix, and in the folder of a build: the page to which
`try_files` leads is not where nginx looks for it, and nginx answers 500.

After https://github.com/infiniflow/ragflow/pull/18890.
"""

from .. import site
from ..lab import Lab
from ..scenario import UNLOGGED, healthy, scenario
from .frameworks import PAGES
from .page_assets import JS

MINE = (site.CONF,)
DIST = "/srv/ragflow/web/dist"
RAGFLOW = f"https://{site.NAME}/ragflow/"
PAGE = (
    '<!doctype html>\n<title>Shop</title>\n<div id="app"></div>\n'
    '<script type="module" src="{base}assets/index-4f2a.js"></script>\n'
)


def _deploy(lab: Lab, base: str, *lines: str) -> None:
    """What a build leaves for this base path, and another site's page at the root."""
    lab.undo(lambda: lab.server.sh("rm -rf /srv/ragflow /srv/home"))
    lab.server.write(f"{DIST}/index.html", PAGE.format(base=base))
    lab.server.write(f"{DIST}/assets/index-4f2a.js", JS)
    lab.server.write("/srv/home/index.html", "<!doctype html><title>Home</title><p>Welcome.\n")
    lab.change(PAGES, "".join(f"  {line}\n" for line in lines))


HOME = "location = / { root /srv/home; index index.html; }"
TRIES = "try_files $uri $uri/ /ragflow/index.html;"


@scenario(
    outside="http.server-error", server="nginx.redirect-cycle", target=RAGFLOW, differs=MINE,
    not_on=UNLOGGED,
)  # fmt: skip
def application_below_a_prefix_that_is_no_folder(lab: Lab) -> None:
    """Only the location was renamed: `root` has no folder of this name."""
    _deploy(lab, "/ragflow/", f"root {DIST};", f"location /ragflow/ {{ {TRIES} }}")
    lab.server.write(f"{DIST}/index.html", PAGE.format(base="/ragflow/") + "<p>Welcome.</p>\n")


@scenario(
    outside="http.server-error", server="nginx.redirect-cycle", target=RAGFLOW, differs=MINE,
    not_on=UNLOGGED,
)  # fmt: skip
def root_of_an_application_below_a_prefix(lab: Lab) -> None:
    """`root` in the location itself."""
    home = "root /srv/home;"
    _deploy(lab, "/ragflow/", home, f"location /ragflow/ {{ root {DIST}; {TRIES} }}")


@scenario(
    outside="http.server-error", server="nginx.redirect-cycle", differs=MINE, not_on=UNLOGGED,
    target=f"https://{site.NAME}/dashboard",
)  # fmt: skip
def root_of_the_project_of_a_build(lab: Lab) -> None:
    """The build is in web/dist, and `root` names web."""
    tries = "location / { try_files $uri $uri/ /index.html; }"
    _deploy(lab, "/", "root /srv/ragflow/web;", tries)


@healthy(target=RAGFLOW)
def application_below_a_prefix_with_alias(lab: Lab) -> None:
    _deploy(lab, "/ragflow/", "root /srv/home;", f"location /ragflow/ {{ alias {DIST}/; {TRIES} }}")


CONSOLE = f"https://{site.NAME}/app/"


def _console(lab: Lab, uri: str, prefix: str = "/app/", rule: str = "") -> None:
    """An application that has one page for all paths, and its script at the root."""
    words = ("3001", "*:/app/app.js", "/app.js", "//")
    lab.spawn(lab.server, lab.server.application("paths_server", *words), 3001)
    location = f"  location {prefix} {{ {rule}proxy_pass http://127.0.0.1:3001{uri}; }}\n"
    lab.change(PAGES, f"{location}{PAGES}")


@scenario(
    outside="http.page-file-type", server="upstream.wrong-path", target=CONSOLE, differs=MINE,
)  # fmt: skip
def page_for_all_paths_comes_for_a_script_with_its_prefix(lab: Lab) -> None:
    """MinIO's console below a path, without the line that cuts the prefix off."""
    _console(lab, "")


@healthy(target=CONSOLE)
def script_of_a_page_for_all_paths_is_there_without_its_prefix(lab: Lab) -> None:
    _console(lab, "/")


@scenario(
    outside="http.page-file-type", server="upstream.path-respelled", target=CONSOLE, differs=MINE,
)  # fmt: skip
def page_for_all_paths_comes_for_a_script_with_two_slashes(lab: Lab) -> None:
    """The location has no slash at its end, and proxy_pass has one."""
    _console(lab, "/", prefix="/app")


REWRITE = "rewrite ^/app(.*) /$1 break; "


@scenario(
    outside="http.page-file-type", server="upstream.path-respelled", target=CONSOLE, differs=MINE,
)  # fmt: skip
def page_for_all_paths_comes_for_a_script_that_is_rewritten(lab: Lab) -> None:
    _console(lab, "", rule=REWRITE)


@healthy(target=CONSOLE)
def script_of_a_page_for_all_paths_is_rewritten_with_one_slash(lab: Lab) -> None:
    _console(lab, "", rule=REWRITE.replace("/app(", "/app/("))

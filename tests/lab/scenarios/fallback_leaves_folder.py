"""Two applications in the browser on one name, and a fallback of the inner one that leads to the
page of the outer: https://github.com/vitejs/vite/issues/19167."""

from .. import apache, caddy, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .frameworks import PAGES
from .server_pages import of_files

ROOT = "/srv/two"
INNER = f"https://{site.NAME}/app/dashboard"
NAME = "http.fallback-leaves-folder"
PAGE = (
    "<!doctype html><html><head><meta charset=utf-8><title>{0}</title>"
    "<script type=module src={1}assets/main.js></script></head>"
    "<body><div id=root></div></body></html>\n"
)
OUTER_FILES = {"index.html": PAGE.format("Main web", "/"), "assets/main.js": "var outer;\n"}
APP_FILES = {
    "app/index.html": PAGE.format("My app", "/app/"), "app/assets/main.js": "var inner;\n"
}  # fmt: skip
ONE_ROOT = f"""\
  root {ROOT};
  location / {{
    try_files $uri $uri/ /index.html;
  }}
"""
ALIAS = f"""\
  location {{}} {{{{
    alias {ROOT}/app{{}};
    index index.html;
    try_files $uri $uri/ {{}};
  }}}}
  location / {{{{
    root {ROOT};
    index index.html;
    try_files $uri $uri/ /index.html;
  }}}}
"""


def _files(lab: Lab, *groups: dict[str, str]) -> None:
    for name, text in {name: text for group in groups for name, text in group.items()}.items():
        lab.server.write(f"{ROOT}/{name}", text)
    lab.undo(lambda: lab.server.sh(f"rm -rf {ROOT}"))


def _nginx(lab: Lab, lines: str) -> None:
    _files(lab, OUTER_FILES, APP_FILES)
    lab.change(PAGES, lines)


@scenario(outside=None, server=NAME, target=INNER, differs=(site.CONF,))
def fallback_of_an_alias_leads_to_the_main_site(lab: Lab) -> None:
    _nginx(lab, ALIAS.format("/app", "", "/index.html"))


@scenario(outside=None, server=NAME, target=INNER, differs=(site.CONF,))
def fallback_of_an_alias_with_slashes_leads_to_the_main_site(lab: Lab) -> None:
    _nginx(lab, ALIAS.format("/app/", "/", "/index.html"))


@scenario(outside=None, server=NAME, target=INNER, differs=(site.CONF,))
def fallback_of_the_one_root_hides_an_inner_application(lab: Lab) -> None:
    _nginx(lab, ONE_ROOT)


@healthy(target=INNER)
def fallback_of_an_alias_stays_in_its_folder(lab: Lab) -> None:
    _nginx(lab, ALIAS.format("/app/", "/", "/app/index.html"))


@healthy(target=INNER)
def one_application_has_all_paths(lab: Lab) -> None:
    """Below /app lie its pictures alone."""
    _files(lab, OUTER_FILES, {"app/tea.svg": "<svg/>\n"})
    lab.change(PAGES, ONE_ROOT)


@healthy(target=f"https://{site.NAME}/de/kontakt")
def language_folders_of_one_application(lab: Lab) -> None:
    """Each language has a page, and one script makes all of them."""
    _files(lab, OUTER_FILES, {"de/index.html": PAGE.format("Start", "/")})
    lab.change(PAGES, ONE_ROOT)


def _apache(lab: Lab, *lines: str) -> None:
    _files(lab, OUTER_FILES, APP_FILES)
    text = of_files(ROOT).replace("    </Dir", "        FallbackResource /index.html\n    </Dir")
    rows = ("ProxyPass /ws ws://127.0.0.1:3000/ws", *lines)
    text = text.replace("</Virt", "".join(f"    {row}\n" for row in rows) + "</Virt")
    apache.serve(lab, f"{text}\n{apache.HTTP}")


@apache_scenario(outside=None, server=NAME, target=INNER, differs=(apache.SITE,))
def apache_falls_back_out_of_an_inner_application(lab: Lab) -> None:
    _apache(lab)


@healthy_apache(target=INNER)
def apache_falls_back_within_an_inner_application(lab: Lab) -> None:
    own = "FallbackResource /app/index.html"
    _apache(lab, f"<Directory {ROOT}/app>", f"    {own}", "</Directory>")


def _caddy(lab: Lab, *lines: str) -> None:
    _files(lab, OUTER_FILES, APP_FILES)
    rows = (
        *lines, "handle /ws {", "\treverse_proxy 127.0.0.1:3000", "}", "handle {",
        f"\troot * {ROOT}", "\ttry_files {path} {path}/ /index.html", "\tfile_server", "}",
    )  # fmt: skip
    text = "".join(f"\t{row}\n" for row in rows)
    caddy.serve(lab, f"{site.NAME} {{\n\ttls {caddy.PEM} {caddy.KEY}\n{text}}}\n")


@caddy_scenario(outside=None, server=NAME, target=INNER, differs=(caddy.CONFIG,))
def caddy_falls_back_out_of_an_inner_application(lab: Lab) -> None:
    _caddy(lab)


@healthy_caddy(target=INNER)
def caddy_falls_back_within_an_inner_application(lab: Lab) -> None:
    files = (f"\troot * {ROOT}", "\ttry_files {path} {path}/ /app/index.html", "\tfile_server")
    _caddy(lab, "handle /app/* {", *files, "}")

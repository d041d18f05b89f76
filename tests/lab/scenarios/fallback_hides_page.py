"""A site with a file for each page, and a `try_files` that is meant for an application."""

from .. import caddy, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .caddy import caddy_scenario, healthy_caddy

ROOT = "/srv/pages"
SKILLS = f"https://{site.NAME}/skills"
NGINX = "  root /srv/pages;\n  location / {{\n    try_files {} /index.html;\n  }}\n"


def _page(title: str, script: str = "") -> str:
    return (
        f"<!doctype html><head><meta charset=utf-8><title>{title}</title>{script}</head>"
        f"<body><nav><a href=/skills>Skills</a></nav><h1>{title}</h1><p>All of it.</p></body>\n"
    )


APPLICATION = (
    "<!doctype html><html><head><meta charset=utf-8><title>Shop</title>"
    "<script type=module src=/main.js></script></head>"
    "<body><div id=root><p>{}</p></div></body></html>\n"
)


def _files(lab: Lab, files: dict[str, str]) -> None:
    for name, text in files.items():
        lab.server.write(f"{ROOT}/{name}", text)
    lab.undo(lambda: lab.server.sh(f"rm -rf {ROOT}"))


def _caddy(lab: Lab, tried: str, **files: str) -> None:
    _files(lab, {"index.html": _page("Home"), **files})
    lines = (
        "handle {", f"\troot * {ROOT}", f"\ttry_files {tried} /index.html", "\tfile_server", "}"
    )  # fmt: skip
    text = "".join(
        f"\t{line}\n" for line in ("handle /ws {", "\treverse_proxy 127.0.0.1:3000", "}", *lines)
    )
    caddy.serve(lab, f"{site.NAME} {{\n\ttls {caddy.PEM} {caddy.KEY}\n{text}}}\n")


@caddy_scenario(
    outside=None, server="http.fallback-hides-page", target=SKILLS, differs=(caddy.CONFIG,)
)
def caddy_shows_the_start_page_for_a_folder_of_pages(lab: Lab) -> None:
    """/skills shows the start page, and has an index.html."""
    _caddy(lab, "{path}", **{"skills/index.html": _page("Skills")})


@caddy_scenario(
    outside=None, server="http.fallback-hides-page", target=SKILLS, differs=(caddy.CONFIG,)
)
def caddy_shows_the_start_page_for_a_page_without_its_ending(lab: Lab) -> None:
    _caddy(lab, "{path}", **{"skills.html": _page("Skills")})


@healthy_caddy(target=SKILLS)
def caddy_looks_for_the_page_first(lab: Lab) -> None:
    _caddy(lab, "{path} {path}.html {path}/", **{"skills.html": _page("Skills")})


@healthy_caddy(target=SKILLS)
def caddy_falls_back_to_an_application(lab: Lab) -> None:
    """Nothing lies beside: the address exists in the browser only."""
    _caddy(lab, "{path}", **{"skills-old.html": _page("Skills")})


@scenario(outside=None, server="http.fallback-hides-page", target=SKILLS, differs=(site.CONF,))
def nginx_shows_the_start_page_for_a_page_without_its_ending(lab: Lab) -> None:
    from .frameworks import PAGES

    _files(lab, {"index.html": _page("Home"), "skills.html": _page("Skills")})
    lab.change(PAGES, NGINX.format("$uri $uri/"))


@scenario(outside=None, server="http.fallback-hides-page", target=SKILLS, differs=(site.CONF,))
def nginx_shows_the_start_page_for_a_folder_of_pages(lab: Lab) -> None:
    from .frameworks import PAGES

    _files(lab, {"index.html": _page("Home"), "skills/index.html": _page("Skills")})
    lab.change(PAGES, NGINX.format("$uri"))


@healthy(target=SKILLS)
def nginx_falls_back_to_an_application_with_pages_rendered_before(lab: Lab) -> None:
    """One script makes both pages, and shows the one of the address."""
    from .frameworks import PAGES

    _files(
        lab,
        {
            "index.html": APPLICATION.format("Home"),
            "skills.html": APPLICATION.format("Skills"),
            "main.js": "var shop;\n",
        },
    )
    lab.change(PAGES, NGINX.format("$uri $uri/"))

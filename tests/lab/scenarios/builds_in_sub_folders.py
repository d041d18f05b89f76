"""Front ends that were built for the root of the site, and lie in a sub-folder."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

ROOT, BUILT = "/srv/home", "/srv/front"
FOLDER = f"https://{site.NAME}/dist/"
CHECK = "http.base-path-missing"


def _serve(lab: Lab, base: str, *files: str) -> None:
    """The site is files, and the front end with these files is below /dist/."""
    lab.undo(lambda: lab.server.sh(f"rm -rf {ROOT} {BUILT}"))
    lab.server.write(f"{ROOT}/index.html", "<!doctype html><title>Home</title><p>Tea.</p>\n")
    for name in files:
        lab.server.write(f"{BUILT}/{name}", "/**/\n")
    tags = "".join(
        f'<script type="module" crossorigin src="{base}{name}"></script>'
        if name.endswith(".js")
        else f'<link rel="stylesheet" href="{base}{name}">'
        for name in files
    )
    page = f'<!doctype html><title>App</title>{tags}<div id="app"></div>\n'
    lab.server.write(f"{BUILT}/index.html", page)
    lines = f"    alias {BUILT}/;\n    try_files $uri $uri/ /dist/index.html;\n"
    below = f"  location /dist/ {{\n{lines}  }}\n"
    passes = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws {")]
    lab.edit(passes, f"  root {ROOT};\n\n{below}\n")
    lab.restart_nginx()


VITE = ("assets/index-9f2cAb1d.js", "assets/index-77abCd2e.css")


@scenario(outside=CHECK, server=CHECK, target=FOLDER, manual="the source is not here")
def vite_built_for_the_root(lab: Lab) -> None:
    """After https://jishuzhan.net/article/2008345681661575170."""
    _serve(lab, "/", *VITE)


@scenario(outside=CHECK, server=CHECK, target=FOLDER, manual="the source is not here")
def create_react_app_built_for_the_root(lab: Lab) -> None:
    _serve(lab, "/", "static/js/main.8a1b2c3d.js", "static/css/main.1a2b3c4d.css")


@healthy(target=FOLDER)
def vite_built_for_its_folder(lab: Lab) -> None:
    _serve(lab, "/dist/", *VITE)

"""A page of a single-page application is loaded anew, and the server has no such path: it goes to
the program of the API, or the program that has the application's files has no fallback.

After https://cinigl.io/posts/nginx-fallback (React Router: /subscribe is asked of the API) and the
threads of Express about "Cannot GET /dashboard".
"""

from .. import site
from ..lab import HERE, Lab
from ..scenario import healthy, scenario

PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
SUBSCRIBE = f"https://{site.NAME}/subscribe"
FOLDER = "/srv/spa"
PAGE = '<!doctype html><title>Shop</title><div id="root"></div><script src="/bundle.js"></script>\n'
TABLE = 'r([{path:"/",element:a},{path:"/subscribe",element:b},{path:"/orders/:id",element:c}]);\n'
PASS = "    proxy_pass http://127.0.0.1:3001;\n    proxy_set_header Host $host;\n"
FALLBACK = "    try_files $uri $uri/ @api;\n"
MINE = (site.CONF,)


def _program(lab: Lab, *paths: str) -> None:
    argv = lab.server.python(str(HERE / "applications" / "paths_server.py"), "3001", *paths)
    lab.spawn(lab.server, argv, 3001)


def _files(lab: Lab, lines: str, script: str = TABLE) -> None:
    _program(lab, "/user/1:json")
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER}"))
    lab.server.write(f"{FOLDER}/index.html", PAGE)
    lab.server.write(f"{FOLDER}/bundle.js", script)
    lab.server.sh(f"chmod -R a+rX {FOLDER}")
    lab.change(PAGES, lines)


def _named(more: str = "") -> str:
    """The lines of a site that passes on what is no file."""
    return (
        f"  root {FOLDER};\n  location / {{\n{FALLBACK}  }}\n  location @api {{\n{PASS}{more}  }}\n"
    )


@scenario(
    outside="http.client-route-missing", server="nginx.client-route-passed-on", target=SUBSCRIBE,
    differs=MINE,
)  # fmt: skip
def page_of_an_application_goes_to_the_api(lab: Lab) -> None:
    """`try_files $uri $uri/ @api`."""
    _files(lab, _named())


@scenario(
    outside="http.client-route-missing", server="nginx.client-route-passed-on", target=SUBSCRIBE,
    differs=MINE,
)  # fmt: skip
def all_but_the_files_of_an_application_goes_to_the_api(lab: Lab) -> None:
    """A location for the first page, one for the files, and the rest is passed on."""
    files = f"    root {FOLDER};\n"
    _files(
        lab,
        f"  location = / {{\n{files}    try_files /index.html =404;\n  }}\n"
        f"  location ~ \\.(js|css)$ {{\n{files}  }}\n  location / {{\n{PASS}  }}\n",
    )


@healthy(target=SUBSCRIBE)
def page_of_an_application_comes_where_the_api_has_none(lab: Lab) -> None:
    more = "    proxy_intercept_errors on;\n    error_page 404 =200 /index.html;\n"
    _files(lab, _named(more))


@healthy(target=f"https://{site.NAME}/user/2")
def path_of_the_api_is_not_there_beside_an_application(lab: Lab) -> None:
    """The application has no such page: the API answers rightly."""
    _files(lab, _named(), f"createBrowserRouter();{TABLE}")


@healthy(target=f"https://{site.NAME}/pets")
def client_of_an_api_names_the_path(lab: Lab) -> None:
    """A generated client has the path beside its method: what it asks for is data."""
    client = 'class Api{pets=()=>this.request({path:`/pets`,method:"GET",format:"json"})}\n'
    _files(lab, _named(), f"{client}{TABLE}")


@scenario(
    outside="http.client-route-missing", server="http.client-route-missing", target=SUBSCRIBE,
    manual="the program has to answer with its page",
)  # fmt: skip
def program_answers_no_page_of_its_application(lab: Lab) -> None:
    """It serves the application's files itself: "Cannot GET /subscribe"."""
    _program(lab, "/:/bundle.js", f"/bundle.js:{TABLE}")
    lab.change(PAGES, f"  location / {{\n{PASS}  }}\n")


@healthy(target=SUBSCRIBE)
def program_answers_every_page_of_its_application(lab: Lab) -> None:
    _program(lab, "/:/bundle.js", f"/bundle.js:{TABLE}", "*:/bundle.js")
    lab.change(PAGES, f"  location / {{\n{PASS}  }}\n")

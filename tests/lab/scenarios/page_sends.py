"""The page answers, and what it sends fails: a form, an upload, the data of a script. A run sends
nothing of it; nginx's configuration and the server's files tell.

After threads on GitHub: ant-design-pro 10434 (every POST is 405), bookwyrm 344 (pictures above
1 MB), ZoeyVid/NPMplus 3369 (uploads above 32 KB are 500), node-static 116 (stale .gz).
"""

from .. import site
from ..lab import Lab
from ..scenario import BARE, healthy, scenario
from .page_assets import CSS, FOLDER, SHOP, _serve

MINE = (site.CONF,)
FORM = "<form method=post action=/login><input name=user><button>Go</button></form>\n"
UPLOAD = (
    "<form method=post action=/avatar enctype=multipart/form-data>"
    "<input type=file accept=image/* name=picture><button>Go</button></form>\n"
)
PASS = "proxy_pass http://127.0.0.1:3000; proxy_set_header Host $http_host;"


def _site(lab: Lab, body: str, lines: str, **files: str) -> None:
    _serve(
        lab, f"  root {FOLDER};\n  {lines}\n",
        **{"index.html": SHOP + body, "static/css/app.css": CSS, **files},
    )  # fmt: skip


@scenario(outside=None, server="nginx.method-not-allowed", differs=(site.CONF,))
def form_for_where_files_are(lab: Lab) -> None:
    _site(lab, FORM, "location / { try_files $uri /index.html; }")


@healthy()
def form_with_a_handler_of_its_own(lab: Lab) -> None:
    """A static page whose form a script sends to a service elsewhere."""
    handler = "<script>document.forms[0].addEventListener('submit', send);</script>\n"
    _site(lab, FORM + handler, "location / { try_files $uri /index.html; }")


@scenario(outside=None, server="nginx.method-not-allowed", differs=(site.CONF,))
def script_that_sends_to_where_files_are(lab: Lab) -> None:
    script = "fetch('/api/login', {method: 'POST', body: data});\n"
    lines = "location / { try_files $uri /index.html; }"
    _site(lab, "<script src=/app.js></script>\n", lines, **{"app.js": script})


@scenario(outside=None, server="nginx.method-denied", differs=MINE)
def form_for_where_nothing_may_be_sent(lab: Lab) -> None:
    _site(lab, FORM, f"location /login {{ {PASS} limit_except GET {{ deny all; }} }}")


@scenario(outside=None, server="nginx.rule-refuses", differs=(site.CONF,))
def form_and_a_list_of_methods(lab: Lab) -> None:
    rule = "if ($request_method !~ ^(GET|HEAD)$) { return 405; }"
    _site(lab, FORM, f"{rule}\n  location /login {{ {PASS} }}")


@healthy()
def form_for_pictures_and_no_limit(lab: Lab) -> None:
    _site(lab, UPLOAD, f"location /avatar {{ {PASS} }}")


@scenario(outside=None, server="nginx.temp-files-unwritable")
def uploads_below_a_closed_folder(lab: Lab) -> None:
    lab.server.sh("mkdir -p /srv/private/body && chmod 700 /srv/private")
    lines = f"client_body_temp_path /srv/private/body;\n  location /login {{ {PASS} }}"
    _site(lab, FORM, lines)


@scenario(outside=None, server="nginx.precompressed-outdated", not_on=BARE)
def old_copy_beside_a_new_style_sheet(lab: Lab) -> None:
    _site(lab, "", "gzip_static on;")
    folder = f"{FOLDER}/static/css"
    lab.server.sh(f"echo 'p {{}}' | gzip >{folder}/app.css.gz")
    lab.server.sh(f"touch -d '2 days ago' {folder}/app.css.gz; chmod a+r {folder}/app.css.gz")


@scenario(outside=None, server="http.page-kept-too-long", differs=MINE)
def data_that_a_line_for_files_lets_browsers_keep(lab: Lab) -> None:
    """After pull request 7 of jackmusick/bifrost: data of before the last change."""
    script = "fetch('/api/items').then(show);\n"
    lines = f"expires 30d;\n  location /api/ {{ {PASS} }}"
    _site(lab, "<script src=/app.js></script>\n", lines, **{"app.js": script})


# Odd, and well


@healthy()
def form_that_an_application_takes(lab: Lab) -> None:
    lines = (
        f"client_max_body_size 2m;\n  location /login {{ {PASS} }}\n  location /avatar {{ {PASS} }}"
    )
    _site(lab, FORM + UPLOAD, lines)


@healthy()
def form_that_comes_back_as_a_page(lab: Lab) -> None:
    """A POST to a file is answered with the file."""
    _site(lab, FORM, "error_page 405 =200 $uri;\n  location / { try_files $uri /index.html; }")


@healthy(not_on=BARE)
def copies_of_the_same_content(lab: Lab) -> None:
    _site(lab, "", "gzip_static on;")
    folder = f"{FOLDER}/static/css"
    lab.server.sh(f"gzip -k {folder}/app.css && touch -d '2 days ago' {folder}/app.css.gz")


@healthy()
def data_that_somebody_lets_browsers_keep(lab: Lab) -> None:
    script = "fetch('/api/items').then(show);\n"
    lines = f"location /api/ {{ expires 30d; {PASS} }}"
    _site(lab, "<script src=/app.js></script>\n", lines, **{"app.js": script})

"""A file of the page exists, in a folder that nginx does not serve there. After
https://stackoverflow.com/q/5517950 (Django's media in production) and questions about uploads of an
administration that the shop does not show."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import PAGE

CHOICE = "whether the whole folder may be public, a person knows"
SHOP = "<!doctype html><title>Shop</title><link rel=stylesheet href=/media/tea.css><p>Tea.</p>\n"
#: A framework that serves no files in production.
DJANGO = f"""
import http.server

class Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.path == "/"
        body = {SHOP.encode()!r} if known else b"Not Found"
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("127.0.0.1", 3009), Shop).serve_forever()
"""
CSS = "body { color: #222 }\n"


def _django(lab: Lab, lines: str = "", has_file: bool = True, program: str = DJANGO) -> None:
    """An application of /srv/django, which has the file in its folder."""
    lab.server.sh("mkdir -p /srv/django/media")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/django"))
    if has_file:
        lab.server.write("/srv/django/media/tea.css", CSS)
    start = ["env", "-C", "/srv/django", *lab.server.python("-c", program)]
    lab.spawn(lab.server, start, 3009)
    passed = "  location / {\n    proxy_pass http://127.0.0.1:3009;\n  }\n\n"
    lab.change(PAGE, lines + passed)


@scenario(outside="http.page-file-missing", server="nginx.file-elsewhere", differs=(site.CONF,))
def media_of_django_in_production(lab: Lab) -> None:
    _django(lab)


@scenario(outside="http.page-file-missing", server="nginx.file-elsewhere", manual=CHOICE)
def uploads_of_the_administration(lab: Lab) -> None:
    """The administration's block has an alias for /media/, the shop's has none."""
    lab.server.write("/srv/shop/index.html", SHOP)
    lab.server.write("/srv/uploads/tea.css", CSS)
    lab.undo(lambda: lab.server.sh("rm -rf /srv/shop /srv/uploads"))
    other = "server {\n  listen 127.0.0.1:8081;\n  server_name admin.example.com;\n"
    other += "  location /media/ { alias /srv/uploads/; }\n}\n"
    lab.edit(site.MAP, f"{site.MAP}\n{other}")
    lab.change(PAGE, "  location / {\n    root /srv/shop;\n  }\n\n")


def _below_web(lab: Lab, folder: str) -> None:
    """A built page below /web, whose files are named from this folder."""
    page = SHOP.replace("/media/", f"{folder}/media/")
    lab.server.write("/srv/subweb/dist/index.html", page)
    lab.server.write("/srv/subweb/dist/media/tea.css", CSS)
    lab.server.write("/srv/shop/index.html", "<!doctype html><title>Shop</title><p>Tea.</p>\n")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/shop /srv/subweb"))
    web = "  location /web {\n    alias /srv/subweb/dist;\n  }\n\n"
    lab.change(PAGE, f"{web}  location / {{\n    root /srv/shop;\n  }}\n\n")


@scenario(
    outside="http.base-path-missing", target=f"https://{site.NAME}/web/",
    manual="the page has to be built again",
)  # fmt: skip
def built_for_the_root_and_served_below_an_alias(lab: Lab) -> None:
    """https://github.com/CareyWang/sub-web/issues/15: the files are there, one folder below."""
    _below_web(lab, "")


@healthy(target=f"https://{site.NAME}/web/")
def built_for_the_folder_of_an_alias(lab: Lab) -> None:
    """Healed: the page is built for /web."""
    _below_web(lab, "/web")


def _built(lab: Lab, root: str) -> None:
    """The page of an application, whose scripts are a package's in a folder of its own."""
    lab.server.write("/var/cache/shop/war/media/tea.css", CSS)
    lab.undo(lambda: lab.server.sh("rm -rf /var/cache/shop"))
    _django(lab, f"{root}  location /media/ {{\n    expires 30d;\n  }}\n\n", has_file=False)


@scenario(
    outside="http.page-file-missing", server="nginx.file-elsewhere", differs=(site.CONF,),
)  # fmt: skip
def folder_of_the_files_is_misspelt(lab: Lab) -> None:
    """The file is nowhere near, and the only one of its path on the server."""
    _built(lab, "  root /var/run/shop/war;\n")


@scenario(
    outside="http.page-file-missing", server="nginx.file-elsewhere", differs=(site.CONF,),
)  # fmt: skip
def no_root_applies_to_the_files(lab: Lab) -> None:
    _built(lab, "")


@healthy()
def folder_of_the_files_is_right(lab: Lab) -> None:
    _built(lab, "  root /var/cache/shop/war;\n")


#: The same, and whoever has not signed in is sent to the login, whatever they ask for.
SENT = DJANGO.replace(
    'b"Not Found"', 'b"<!doctype html><title>Log in</title><p>Sign in, please.</p>"'
).replace(
    "self.send_response(200 if known else 404)",
    "is_login = self.path.startswith('/login/')\n"
    "        self.send_response(200 if known or is_login else 302)\n"
    "        known or is_login or self.send_header('Location', '/login/?next=' + self.path)",
)


@scenario(outside="http.page-file-type", server="nginx.file-elsewhere", differs=(site.CONF,))
def static_files_lead_to_the_login(lab: Lab) -> None:
    """https://github.com/welliamcao/OpsManage/issues/367: nginx has no location for them."""
    _django(lab, program=SENT)


@healthy()
def static_files_beside_an_application_with_a_login(lab: Lab) -> None:
    _django(lab, "  location /media/ { alias /srv/django/media/; }\n", program=SENT)


@scenario(outside="http.page-file-missing", manual="nobody has the file")
def media_that_nobody_has(lab: Lab) -> None:
    _django(lab, has_file=False)


@healthy()
def media_of_django_with_its_location(lab: Lab) -> None:
    _django(lab, "  location /media/ { alias /srv/django/media/; }\n")


@scenario(
    outside="http.page-file-missing", server="nginx.file-elsewhere", differs=(site.CONF,),
)  # fmt: skip
def location_for_endings_has_no_root(lab: Lab) -> None:
    """`root` in `location /` alone, beside a location that sets how long files are kept."""
    _files_by_their_endings(lab, "")


@healthy()
def location_for_endings_has_its_root(lab: Lab) -> None:
    _files_by_their_endings(lab, "    root /srv/endings;\n")


def _files_by_their_endings(lab: Lab, root: str) -> None:
    lab.server.write("/srv/endings/index.html", SHOP)
    lab.server.write("/srv/endings/media/tea.css", CSS)
    lab.undo(lambda: lab.server.sh("rm -rf /srv/endings"))
    own = "  location / {\n    root /srv/endings;\n  }\n\n"
    endings = f"  location ~* \\.(css|js|png)$ {{\n    expires 30d;\n{root}  }}\n\n"
    lab.change(PAGE, own + endings)


def _downloads(lab: Lab, folder: str) -> None:
    """The target is a file of this folder, beside that of the site."""
    lab.undo(lambda: lab.server.sh("rm -rf /srv/shop /srv/other"))
    lab.server.write("/srv/shop/public/index.html", "<!doctype html><title>Shop</title><p>Tea.</p>")
    lab.server.write(f"{folder}/downloads/tea.pdf", "tea\n")
    lab.change(PAGE, "  location / {\n    root /srv/shop/public;\n  }\n\n")


DOWNLOAD = f"https://{site.NAME}/downloads/tea.pdf"


@scenario(outside=None, server="nginx.asked-file-elsewhere", target=DOWNLOAD, differs=(site.CONF,))
def asked_file_beside_the_public_folder(lab: Lab) -> None:
    """https://github.com/kiwitcms/Kiwi/pull/3520"""
    _downloads(lab, "/srv/shop")


@healthy(target=DOWNLOAD)
def asked_file_of_another_project(lab: Lab) -> None:
    _downloads(lab, "/srv/other")

"""nginx was not reloaded: what visitors get comes from the configuration that it loaded before."""

from .. import site
from ..lab import HERE, Lab
from ..scenario import UNLOGGED, healthy, scenario
from .frameworks import start_application
from .nginx import later

PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
HOME = f"https://{site.NAME}"
INDEX = "<!doctype html><title>Shop</title><p>Welcome.</p>"
UPLOAD = f"head -c 3000000 /dev/zero | curl -s -A Mozilla/5.0 -o /dev/null --data-binary @- {HOME}/"
START = "the application has to be started"


def changed_later(lab: Lab, old: str, new: str) -> None:
    """nginx runs with `old` in place of the site's pages; `new` is written, and not loaded."""
    lab.change(PAGES, old)
    later(lab)
    lab.edit(old, new)


def paths_server(lab: Lab, *paths: str) -> None:
    argv = lab.server.python(str(HERE / "applications" / "paths_server.py"), "3001", *paths)
    lab.spawn(lab.server, argv, 3001)


def interface(end: str = "") -> str:
    """A location for /api/ with an application of its own."""
    return PAGES.replace("location /", "location /api/").replace("3000;", f"3001{end};")


@scenario(
    outside=None, server="nginx.reload-needed", args=("413 Request Entity Too Large",),
    target=f"{HOME}/upload", not_on=UNLOGGED,
)  # fmt: skip
def limit_of_uploads_raised_and_not_loaded(lab: Lab) -> None:
    """After issue 912 of nginx-proxy (https://github.com/nginx-proxy/nginx-proxy/issues/912):
    client_max_body_size seems to have no effect, until a restart."""
    changed_later(lab, PAGES, "  client_max_body_size 4096M;\n" + PAGES)
    later(lab)
    lab.client.sh(f"{UPLOAD}upload")


@healthy()
def limit_of_uploads_raised_and_loaded(lab: Lab) -> None:
    """The same, with a reload, after an upload that nginx refused before."""
    lab.client.sh(f"{UPLOAD}upload")
    changed_later(lab, PAGES, "  client_max_body_size 4096M;\n" + PAGES)
    lab.reload()


@scenario(outside=None, server="nginx.reload-needed")
def index_of_a_folder_added_and_not_loaded(lab: Lab) -> None:
    """After issue 130 of the documentation of the Raspberry Pi
    (https://github.com/raspberrypi/documentation/issues/130): a name was added to index, and
    visitors still get 403."""
    lab.server.write("/var/www/pi/start.html", INDEX)
    old = "  location / {\n    root /var/www/pi;\n    index index.html;\n  }\n\n"
    changed_later(lab, old, old.replace("index index.html", "index start.html index.html"))


STYLES = """\
  include /etc/nginx/shop-root.conf;

  location / {
    try_files $uri $uri/ =404;
  }

  location ~* \\.(css|js)$ {
    expires 30d;
  }

"""


def _folder_in_a_file(lab: Lab) -> None:
    lab.server.write("/var/www/new/index.html", INDEX)
    lab.server.write("/var/www/new/app.css", "p{}")
    lab.server.write("/var/www/old/index.html", INDEX)
    lab.server.write("/etc/nginx/shop-root.conf", "root /var/www/old;\n")
    lab.change(PAGES, STYLES)
    later(lab)
    lab.server.write("/etc/nginx/shop-root.conf", "root /var/www/new;\n")


@scenario(outside=None, server="nginx.reload-needed", target=f"{HOME}/app.css")
def folder_in_an_included_file_not_loaded(lab: Lab) -> None:
    """Two locations have the folder of the server block: none of them hides the file."""
    _folder_in_a_file(lab)


@healthy(target=f"{HOME}/app.css")
def folder_in_an_included_file_loaded(lab: Lab) -> None:
    _folder_in_a_file(lab)
    lab.reload()


@scenario(outside="http.server-error", server="nginx.reload-needed")
def port_of_the_application_corrected_and_not_loaded(lab: Lab) -> None:
    """3001 became 3000."""
    changed_later(lab, PAGES.replace("3000", "3001"), PAGES)


@scenario(outside="http.redirect-loop", server="nginx.reload-needed")
def redirect_removed_and_not_loaded(lab: Lab) -> None:
    """The block of HTTPS had a redirect to itself."""
    changed_later(lab, f"  location / {{\n    return 301 {HOME}$request_uri;\n  }}\n\n", PAGES)


@scenario(outside=None, server="nginx.reload-needed")
def root_corrected_and_not_loaded(lab: Lab) -> None:
    """404 of the old folder."""
    lab.server.write("/var/www/shop/index.html", INDEX)
    old = "  location / {\n    root /var/www/old;\n  }\n\n"
    changed_later(lab, old, old.replace("old", "shop"))


@scenario(outside=None, server="nginx.reload-needed")
def rule_removed_and_not_loaded(lab: Lab) -> None:
    """deny all; was for the days of the move."""
    changed_later(lab, PAGES.replace("location / {\n", "location / {\n    deny all;\n"), PAGES)


@scenario(outside=None, server="nginx.reload-needed", target=f"{HOME}/api/users")
def location_added_and_not_loaded(lab: Lab) -> None:
    """/api/ went to the folder of the pages before."""
    paths_server(lab, "/api/users")
    lab.server.write("/var/www/shop/index.html", INDEX)
    old = "  location / {\n    root /var/www/shop;\n  }\n\n"
    changed_later(lab, old, old + interface())


@scenario(outside=None, server="nginx.reload-needed", target=f"{HOME}/api/users")
def path_corrected_and_not_loaded(lab: Lab) -> None:
    """The slash of proxy_pass cut /api off."""
    paths_server(lab, "/api/users")
    changed_later(lab, interface("/") + PAGES, interface() + PAGES)


@scenario(outside="http.no-redirect", server="nginx.reload-needed")
def redirect_to_https_added_and_not_loaded(lab: Lab) -> None:
    """Port 80 served the pages themselves."""
    rule = "    return 301 https://$host$request_uri;\n"
    lab.server.write("/var/www/shop/index.html", INDEX)
    lab.change(rule, "    root /var/www/shop;\n")
    later(lab)
    lab.edit("    root /var/www/shop;\n", rule)


CORS = (
    f"Access to fetch at '{HOME}/api/users' from origin 'https://www.example.org' has been blocked "
    "by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource."
)


@scenario(
    outside="http.cors-refused", server="nginx.reload-needed", args=(CORS,),
    target=f"{HOME}/api/users",
)  # fmt: skip
def field_for_other_origins_added_and_not_loaded(lab: Lab) -> None:
    """add_header Access-Control-Allow-Origin, and the browser says that there is none."""
    paths_server(lab, "/api/users:json")
    field = "    add_header Access-Control-Allow-Origin https://www.example.org always;\n"
    allowed = interface().replace("{\n", "{\n" + field, 1)
    changed_later(lab, interface() + PAGES, allowed + PAGES)


@scenario(outside="http.server-error", server="upstream.refused", manual=START)
def application_is_down_and_a_comment_was_added(lab: Lab) -> None:
    """The change is not loaded, and heals nothing."""
    wrong = PAGES.replace("3000", "3001")
    changed_later(lab, wrong, f"  # the shop\n{wrong}")


@healthy()
def page_is_closed_and_a_comment_was_added(lab: Lab) -> None:
    """deny all; is in the file still."""
    closed = PAGES.replace("location / {\n", "location / {\n    deny all;\n")
    changed_later(lab, closed, f"  # closed until the opening\n{closed}")


@healthy(target=f"{HOME}/nothing")
def page_is_nowhere_and_a_comment_was_added(lab: Lab) -> None:
    """404, before the change and after it."""
    lab.server.write("/var/www/shop/index.html", INDEX)
    folder = "  location / {\n    root /var/www/shop;\n  }\n\n"
    changed_later(lab, folder, f"  # pages\n{folder}")


@healthy()
def port_of_the_application_changed_before_it_moves(lab: Lab) -> None:
    """The file is ahead of what runs: nothing listens on 3001 yet, and the site works."""
    changed_later(lab, PAGES, PAGES.replace("3000", "3001"))


PHP = """\
  root /var/www/{folder};
  index index.php;

  location / {{
    try_files $uri $uri/ /index.php?$args;
  }}

  location ~ \\.php$ {{
    try_files $uri =404;
    include fastcgi.conf;
    fastcgi_pass 127.0.0.1:3001;
  }}

"""


def _folder_of_php(lab: Lab) -> None:
    """WordPress's folder had a slip when nginx loaded it."""
    start_application(lab, "php")
    lab.undo(lambda: lab.server.sh("rm -rf /var/www/wordpress"))
    lab.server.write("/var/www/wordpress/index.php", "<?php echo 1;")
    changed_later(lab, PHP.format(folder="worrdpress"), PHP.format(folder="wordpress"))


@scenario(outside=None, server="nginx.reload-needed")
def folder_of_php_corrected_and_not_loaded(lab: Lab) -> None:
    _folder_of_php(lab)


@healthy()
def folder_of_php_corrected_and_loaded(lab: Lab) -> None:
    _folder_of_php(lab)
    lab.reload()

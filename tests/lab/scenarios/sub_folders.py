"""Applications in a sub-folder, and settings of nginx that stand beside one another.

After issues of webssh, ethercalc, enable-cors.org, nginx-proxy and others.
"""

from .. import site
from ..lab import Lab
from ..scenario import BARE, UNLOGGED, healthy, scenario

MINE = (site.CONF,)
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
#: Where nginx logs no error of a request, nothing tells of the failure.
PASS = "    proxy_pass http://127.0.0.1:3000;\n"
FILTER = "    sub_filter shop store;\n    sub_filter_once off;\n"
CHOICE = "which methods are wanted is a choice"


@scenario(
    outside="http.page-file-missing",
    server="http.base-path-missing",
    target=f"https://{site.NAME}/webssh", differs=MINE,
)  # fmt: skip
def folder_without_its_slash(lab: Lab) -> None:
    """`location /webssh` with relative files in the page, after an issue of webssh."""
    _folder(lab, "relative", "/webssh")


@scenario(
    outside="http.page-file-missing",
    server="http.base-path-missing",
    target=f"https://{site.NAME}/webssh", differs=MINE,
)  # fmt: skip
def folder_without_its_slash_beside_files(lab: Lab) -> None:
    """The same where nginx has files of its own for the other paths, and the application's own
    root has the file."""
    _folder(lab, "relative", "/webssh", front="root /srv/www;")


@healthy(target=f"https://{site.NAME}/webssh/")
def folder_with_its_slash_beside_files(lab: Lab) -> None:
    _folder(lab, "relative", "/webssh/", front="root /srv/www;")


@scenario(
    outside="http.base-path-missing", target=f"https://{site.NAME}/calc/", differs=MINE,
)  # fmt: skip
def application_does_not_know_its_folder(lab: Lab) -> None:
    """Files named from the root, after an issue of ethercalc."""
    _folder(lab, "absolute", "/calc/")


#: Grafana without root_url: each page leads to /login.
GRAFANA = """
import http.server

class Grafana(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/login" else 302)
        self.send_header("Location", "/login")
        self.send_header("Content-Length", "0")
        self.end_headers()

http.server.ThreadingHTTPServer(("127.0.0.1", 3001), Grafana).serve_forever()
"""


def _folder(lab: Lab, mode: str, location: str, rewrite: str = "", front: str = "") -> None:
    for kind, port in ((mode, 3001), ("root-only", 3002)):
        lab.spawn(lab.server, lab.server.application("guarded_server", kind, str(port)), port)
    lines = "    proxy_pass http://127.0.0.1:3001/;\n    proxy_set_header Host $http_host;\n"
    if rewrite:
        lines = f"    {rewrite}\n{lines.replace('3001/', '3001')}"
    block = f"  location {location} {{\n{lines}  }}\n"
    if front:
        lab.server.write("/srv/www/index.html", "<!doctype html><title>Home</title><p>Home.</p>\n")
    pages = f"  location / {{\n    {front}\n  }}\n" if front else PAGES.replace("3000", "3002")
    lab.change(PAGES, pages + block)


@scenario(
    outside="http.base-path-missing", target=f"https://{site.NAME}/api/docs",
    manual="the application has to know its folder",
)  # fmt: skip
def interface_whose_description_is_at_the_root(lab: Lab) -> None:
    """Swagger UI of FastAPI without root_path, after issues 1811 and 4582 of FastAPI: "Failed to
    load API definition"."""
    _folder(lab, "fastapi", "/api/")


@healthy(target=f"https://{site.NAME}/docs")
def interface_with_its_description(lab: Lab) -> None:
    lab.spawn(lab.server, lab.server.application("guarded_server", "fastapi", "3001"), 3001)
    lab.change(PAGES, PAGES.replace("3000", "3001"))


def _described(lab: Lab, pages: str) -> None:
    lab.spawn(lab.server, lab.server.application("guarded_server", "springdoc", "3001"), 3001)
    lab.change(PAGES, pages.replace("3000", "3001"))


@scenario(outside="http.mixed-content", target=f"https://{site.NAME}/docs", differs=MINE)
def interface_whose_description_names_http(lab: Lab) -> None:
    """Issue 171 of springdoc: "Try it out" sends its requests to http, which browsers block."""
    lines = PAGES.splitlines(keepends=True)
    _described(lab, "".join(line for line in lines if "X-Forwarded-Proto" not in line))


@healthy(target=f"https://{site.NAME}/docs")
def interface_whose_description_names_https(lab: Lab) -> None:
    _described(lab, PAGES)


@healthy(target=f"https://{site.NAME}/calc/")
def application_in_a_folder_with_relative_files(lab: Lab) -> None:
    _folder(lab, "relative", "/calc/")


# Beside one another in a location


@scenario(
    outside=None, server="nginx.if-disables-try-files", target=f"https://{site.NAME}/cart/",
    differs=MINE,
)  # fmt: skip
def variable_for_cors_beside_try_files(lab: Lab) -> None:
    """`if ($request_method = GET) { set … }`, after an issue of enable-cors.org."""
    _single_page(lab, "    if ($request_method = 'GET') {\n      set $cors get;\n    }\n")


@scenario(
    outside=None, server="nginx.if-disables-try-files", target=f"https://{site.NAME}/cart/",
    differs=MINE,
)  # fmt: skip
def header_for_cors_beside_try_files(lab: Lab) -> None:
    """The same with `add_header`, as guides for CORS write it."""
    cors = "add_header Access-Control-Allow-Origin *;"
    _single_page(lab, f"    if ($request_method = 'GET') {{\n      {cors}\n    }}\n")


@healthy(target=f"https://{site.NAME}/cart/")
def return_beside_try_files(lab: Lab) -> None:
    """An `if` that holds for others only, and one that answers itself."""
    lines = "    if ($request_method = POST) { set $cors post; }\n"
    _single_page(lab, f"{lines}    if ($http_user_agent ~ evil) {{ return 403; }}\n")


def _single_page(lab: Lab, lines: str) -> None:
    lab.server.write("/srv/cart/index.html", "<!doctype html><title>Cart</title><p>Here it is.")
    rest = "    try_files $uri $uri/ /index.html;\n  }\n"
    lab.change(PAGES, f"  location / {{\n    root /srv/cart;\n{lines}{rest}")


@scenario(
    outside=None, server="nginx.method-denied", target=f"https://{site.NAME}/login",
    args=("--method", "POST"), differs=MINE,
)  # fmt: skip
def login_beside_limit_except(lab: Lab) -> None:
    """`limit_except GET { deny all; }` prevents logins to Jenkins, after a pull request of
    ome/ansible-role-nginx-proxy."""
    lines = "    limit_except GET {\n      deny all;\n    }\n"
    lab.change(PAGES, PAGES.replace(PASS, PASS + lines))


@scenario(
    outside="http.cors-refused", server="nginx.method-denied",
    target=f"https://{site.NAME}/api/items",
    args=("--method", "OPTIONS", "--origin", "https://app.example.net"), manual=CHOICE,
)  # fmt: skip
def preflight_beside_auth_basic(lab: Lab) -> None:
    """ "blocked by CORS policy" for the right password, after issues of nginx-proxy."""
    lab.server.write("/etc/nginx/.htpasswd", "alice:$apr1$x$5uG8gWbGsqVQ3xkmyBYbZ/\n")
    lines = "    auth_basic Shop;\n    auth_basic_user_file /etc/nginx/.htpasswd;\n"
    lab.change(PAGES, PAGES.replace(PASS, PASS + lines))


@healthy(target=f"https://{site.NAME}/login", args=("--method", "POST"))
def login_is_named_in_limit_except(lab: Lab) -> None:
    lines = "    limit_except GET POST {\n      deny all;\n    }\n"
    lab.change(PAGES, PAGES.replace(PASS, PASS + lines))


# Redirects, scripts and error pages


@scenario(
    outside="http.redirect-to-error", server="http.redirect-leaves-folder", differs=MINE,
    target=f"https://{site.NAME}/subssb/convert",
)  # fmt: skip
def redirect_without_the_folder(lab: Lab) -> None:
    """`Location: /login` of an application below /subssb/, after an issue of sub2sing-box."""
    _folder(lab, "to-login", "/subssb/")


@scenario(
    outside="http.page-file-missing", server="nginx.page-file-not-found",
    target=f"https://{site.NAME}/mailwhale/", manual="the base path is the application's setting",
)  # fmt: skip
def page_of_one_script_below_a_folder(lab: Lab) -> None:
    """Issue 43 of muety/mailwhale: the folder stays in the path, every path below it is the page,
    and its script is asked for at the root, where nginx has files of its own."""
    lab.application("--mode", "one-page")
    lab.server.write("/srv/www/index.html", "<!doctype html><p>Another site.\n")
    folder = PAGES.replace("location / {", "location /mailwhale/ {")
    lab.change(PAGES, f"  location / {{\n    root /srv/www;\n  }}\n{folder}")


@scenario(
    outside="http.redirect-to-error", server="http.redirect-leaves-folder", differs=MINE,
    target=f"https://{site.NAME}/hassio/convert",
)  # fmt: skip
def redirect_without_the_folder_of_a_rewrite(lab: Lab) -> None:
    """Issue 17434 of home-assistant/core: `rewrite … break` cuts the prefix off."""
    _folder(lab, "to-login", "/hassio/", "rewrite /hassio/(.*) /$1 break;")


@scenario(
    outside="http.redirect-to-error", server="http.redirect-leaves-folder",
    target=f"https://{site.NAME}/grafana/convert", manual="root_url is the application's setting",
)  # fmt: skip
def redirect_without_the_folder_of_grafana(lab: Lab) -> None:
    """https://grafana.com/tutorials/run-grafana-behind-a-proxy/: its own setting comes first."""
    lab.server.write("/srv/grafana/bin/grafana-server", GRAFANA)
    lab.undo(lambda: lab.server.sh("rm -rf /srv/grafana"))
    lab.spawn(lab.server, lab.server.application("guarded_server", "root-only", "3002"), 3002)
    lab.spawn(lab.server, lab.server.python("/srv/grafana/bin/grafana-server"), 3001)
    block = "  location /grafana/ {\n    proxy_pass http://127.0.0.1:3001/;\n  }\n"
    lab.change(PAGES, PAGES.replace("3000", "3002") + block)


@scenario(
    outside="http.redirect-to-error", server="http.redirect-leaves-folder",
    target=f"https://{site.NAME}/grafana/convert", manual="root_url is the application's setting",
)  # fmt: skip
def redirect_without_the_folder_of_a_page_of_grafana(lab: Lab) -> None:
    """https://github.com/grafana-cold-storage/tutorials/issues/180: the process has no name of its
    own, and the page that no visitor gets to says whose it is."""
    page = "<!doctype html><title>Grafana</title>"
    text = GRAFANA.replace('"Content-Length", "0"', f'"Content-Length", "{len(page)}"')
    text = text.replace(
        "self.end_headers()", f"self.end_headers()\n        self.wfile.write({page.encode()!r})"
    )
    lab.spawn(lab.server, lab.server.application("guarded_server", "root-only", "3002"), 3002)
    lab.spawn(lab.server, lab.server.python("-c", text), 3001)
    block = "  location /grafana/ {\n    proxy_pass http://127.0.0.1:3001/;\n  }\n"
    lab.change(PAGES, PAGES.replace("3000", "3002") + block)


@scenario(
    outside=None, server="nginx.path-info-missing", target=f"https://{site.NAME}/api.php/records",
    differs=MINE,
)  # fmt: skip
def path_behind_a_script(lab: Lab) -> None:
    """404 for /api.php/records, after a pull request of php-crud-api."""
    lab.spawn(lab.server, lab.server.application("framework_server", "php", "3001"), 3001)
    lab.server.write("/srv/php/api.php", "<?php echo 1;")
    lab.server.write("/srv/php/index.html", "<!doctype html><title>Shop</title><p>Tea.</p>\n")
    files = "  root /srv/php;\n  location / { try_files $uri $uri/ =404; }\n"
    php = "    include fastcgi.conf;\n    fastcgi_pass 127.0.0.1:3001;\n"
    lab.change(PAGES, f"{files}  location ~ \\.php$ {{\n{php}  }}\n")


def _nextcloud(lab: Lab, tries: str) -> None:
    lab.spawn(lab.server, lab.server.application("framework_server", "php", "3001"), 3001)
    lab.server.write("/srv/php/index.php", "<?php echo 1;")
    php = f"    fastcgi_split_path_info ^(.+?\\.php)(/.*)$;\n    try_files {tries} =404;\n"
    php += "    include fastcgi.conf;\n    fastcgi_pass 127.0.0.1:3001;\n"
    files = "  root /srv/php;\n  index index.php;\n  location / { try_files $uri $uri/ =404; }\n"
    lab.change(PAGES, f"{files}  location ~ \\.php(/|$) {{\n{php}  }}\n")


@scenario(
    outside=None, server="nginx.path-info-missing", differs=MINE,
    target=f"https://{site.NAME}/index.php/apps/files",
)  # fmt: skip
def script_is_looked_for_with_its_path(lab: Lab) -> None:
    """Nextcloud: "try_files $uri =404" in the location of PHP, after threads of its forum."""
    _nextcloud(lab, "$uri")


@healthy(target=f"https://{site.NAME}/index.php/apps/files")
def script_is_looked_for_alone(lab: Lab) -> None:
    """As Nextcloud's own configuration has it."""
    _nextcloud(lab, "$fastcgi_script_name")


@scenario(
    outside="http.page-refused", server="nginx.error-page-hides",
    target=f"https://{site.NAME}/order", args=("--method", "POST"),
    manual="the application needs too long", not_on=UNLOGGED,
)  # fmt: skip
def slow_form_ends_as_405(lab: Lab) -> None:
    """A 504 for a POST leads to a file, and files are for GET only, after an article by
    engageSPARK."""
    lab.server.write("/srv/errors/sorry.html", "<p>Sorry")
    location = "  location @error {\n    root /srv/errors;\n    rewrite ^ /sorry.html break;\n  }\n"
    page = PAGES.replace(PASS, f"{PASS}    proxy_read_timeout 2s;\n")
    _guarded(lab, "slow-form", f"  error_page 502 504 = @error;\n{location}{page}")


@scenario(
    outside=None, server="nginx.error-page-hides", manual="the application fails"
)  # fmt: skip
def error_page_is_not_there(lab: Lab) -> None:
    """404 in the place of the application's 500: /50x.html does not exist, after a pull request of
    hypothesis/via."""
    location = "  location = /50x.html {\n    root /srv/nowhere;\n  }\n"
    page = PAGES.replace(PASS, f"{PASS}    proxy_intercept_errors on;\n")
    _guarded(lab, "fails", f"  error_page 500 /50x.html;\n{location}{page}")


@healthy(target=f"https://{site.NAME}/nothing")
def error_page_for_a_page_that_does_not_exist(lab: Lab) -> None:
    """An error page for 404 that is itself missing, and an application that has no such page."""
    page = PAGES.replace(PASS, f"{PASS}    proxy_intercept_errors on;\n")
    _guarded(lab, "root-only", f"  error_page 404 500 /404.html;\n{page}")


@scenario(
    outside="http.server-error", server="nginx.error-page-hides", manual="the application fails"
)  # fmt: skip
def answer_of_the_application_is_replaced(lab: Lab) -> None:
    """502 and 500 of the application end as 503, after pull request 1548 of FiestaBoard."""
    location = '  location @starting { return 503 "starting"; }\n'
    page = PAGES.replace(PASS, f"{PASS}    proxy_intercept_errors on;\n")
    _guarded(lab, "fails", f"  error_page 500 502 = @starting;\n{location}{page}")


def _guarded(lab: Lab, mode: str, page: str) -> None:
    lab.spawn(lab.server, lab.server.application("guarded_server", mode, "3001"), 3001)
    lab.change(PAGES, page.replace("127.0.0.1:3000", "127.0.0.1:3001"))


# Text that nginx replaces


@scenario(outside=None, server="nginx.sub-filter-compressed", differs=MINE, not_on=BARE)
def text_is_replaced_for_curl_only(lab: Lab) -> None:
    """sub_filter and an application that compresses, after a pull request of Grafana's jsonnet-libs
    and many questions."""
    _guarded(lab, "compressed", PAGES.replace(PASS, f"{PASS}{FILTER}"))


@healthy(not_on=BARE)
def text_is_replaced_and_compressed_by_nginx(lab: Lab) -> None:
    """The application is asked for no compression, and nginx compresses itself."""
    lines = '    proxy_set_header Accept-Encoding "";\n    gzip on;\n    gzip_min_length 1;\n'
    _guarded(lab, "compressed", PAGES.replace(PASS, f"{PASS}{FILTER}{lines}"))


# CORS


ALLOW = "add_header Access-Control-Allow-Origin https://app.example.net"
ASKED = ("--origin", "https://app.example.net")


@scenario(
    outside=None, server="nginx.cors-header-lost", target=f"https://{site.NAME}/api/items",
    args=ASKED, differs=MINE,
)  # fmt: skip
def header_for_cors_is_not_inherited(lab: Lab) -> None:
    """add_header in the server block, and another one in the location, after articles about lost
    security headers."""
    page = PAGES.replace(PASS, f"{PASS}    add_header Cache-Control no-store;\n")
    lab.change(PAGES, f"  {ALLOW};\n{page}")


@healthy(target=f"https://{site.NAME}/api/items", args=ASKED)
def header_for_cors_is_inherited(lab: Lab) -> None:
    lab.change(PAGES, f"  {ALLOW};\n{PAGES}")


# Scripts in the page


POLICY = "  add_header Content-Security-Policy"


@scenario(outside=None, server="http.scripts-blocked", differs=(site.CONF,))
def policy_of_nginx_blocks_scripts_in_the_page(lab: Lab) -> None:
    """default-src 'self' from a list of security headers, after issues of docker-swag and
    OxiCloud."""
    _guarded(lab, "inline", f"{POLICY} \"default-src 'self'\" always;\n{PAGES}")


@healthy()
def policy_of_nginx_allows_scripts_in_the_page(lab: Lab) -> None:
    sources = "default-src 'self'; script-src 'self' 'unsafe-inline'"
    _guarded(lab, "inline", f'{POLICY} "{sources}" always;\n{PAGES}')

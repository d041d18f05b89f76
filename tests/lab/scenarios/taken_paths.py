"""nginx answers a path itself that belongs to an application.

After threads on Stack Overflow and GitHub: "socket.io.js 404 behind nginx", "nginx serves static
files, API returns index.html, Unexpected token '<'", "405 Not Allowed nginx POST React", "nginx
X-Accel-Redirect 404", "rewrite or internal redirection cycle X-Accel-Redirect".
"""

import re

from .. import site
from ..lab import Lab
from ..scenario import BARE, UNLOGGED, healthy, scenario
from .nginx_other_requests_failed import LOG, visit
from .page_assets import FALLBACK, FOLDER, PROXY, _build, _serve

MINE = (site.CONF,)
TIMEOUT = "  ssl_session_timeout 5m;\n"
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
PASS = "    proxy_pass http://127.0.0.1:3000;\n"
HOME = "https://shop.example.com"
SCRIPT = f"{HOME}/socket.io/socket.io.js"
STATIC = "  location ~* \\.(js|css|png)$ {\n    root /var/www/html;\n    expires 30d;\n  }\n"
SOCKETS = f"  location /socket.io/ {{ {PROXY} }}\n"
PERSON = "a person decides which location the path belongs to"
ANOTHER_BLOCK = {"panel": "the second block would need a file of the panel"}


def _lines(lab: Lab, lines: str) -> None:
    """These lines at the beginning of the site's block."""
    lab.change(TIMEOUT, f"{TIMEOUT}{lines}")


@scenario(outside=None, server="nginx.path-taken", target=SCRIPT, differs=MINE)
def static_files_take_the_script_of_socket_io(lab: Lab) -> None:
    """The whole site is proxied, and a regular expression for static files comes before."""
    _lines(lab, STATIC)


@scenario(outside=None, server="nginx.path-taken", target=SCRIPT, differs=MINE)
def static_files_take_a_file_of_a_prefix(lab: Lab) -> None:
    """The prefix of the application lacks "^~"."""
    _lines(lab, STATIC + SOCKETS)


@healthy(target=SCRIPT)
def prefix_comes_before_static_files(lab: Lab) -> None:
    """The same with "^~"."""
    _lines(lab, STATIC + SOCKETS.replace("location", "location ^~"))


ONE_PATH = (
    "  location = /api/ {\n    proxy_pass http://127.0.0.1:3001;\n  }\n\n"
    "  location / {\n    root /var/www/page;\n    try_files $uri /index.html;\n  }\n\n"
)


def _interface(lab: Lab, location: str) -> None:
    """A page in the browser, and its interface at another port."""
    page = '<!doctype html><title>Shop</title><div id="app"></div><script src="/a.js"></script>\n'
    lab.server.write("/var/www/page/index.html", page)
    lab.server.write("/var/www/page/a.js", 'fetch("/api/users");\n')
    data = "  default_type application/json;\n  location / { return 404; }\n"
    data += "  location /api/users { return 200 '{}'; }\n"
    lab.edit(site.MAP, f"{site.MAP}\nserver {{\n  listen 127.0.0.1:3001;\n{data}}}\n")
    lab.change(PAGES, ONE_PATH.replace("location = /api/", location))


@scenario(
    outside="http.page-for-api", server="nginx.path-taken", target=f"{HOME}/api/users",
    differs=MINE, not_on=ANOTHER_BLOCK,
)  # fmt: skip
def interface_has_the_location_of_one_path(lab: Lab) -> None:
    """`location = /api/`: what is below it gets the page."""
    _interface(lab, "location = /api/")


@healthy(target=f"{HOME}/api/users", not_on=ANOTHER_BLOCK)
def interface_has_the_location_of_its_folder(lab: Lab) -> None:
    _interface(lab, "location /api/")


@scenario(
    outside="http.page-for-api", target=f"{HOME}/api/orders", differs=MINE, not_on=ANOTHER_BLOCK,
)  # fmt: skip
def page_in_the_place_of_an_interfaces_errors(lab: Lab) -> None:
    """`error_page 404 =200 /index.html` is meant for the page's own routes."""
    _interface(lab, "location /api/")
    errors = "  proxy_intercept_errors on;\n  error_page 404 =200 /index.html;\n"
    lab.change(TIMEOUT, TIMEOUT + errors)


@scenario(
    outside="http.page-for-api",
    server="nginx.path-taken",
    target=f"{HOME}/api/users",
    manual=PERSON,
)
def rewrite_leads_an_api_to_the_page(lab: Lab) -> None:
    """200 with HTML in the place of JSON."""
    api = "  location /api/ { proxy_pass http://127.0.0.1:3001; }\n"
    rewrite = "  rewrite ^/(?!assets/|ws|index\\.html).*$ /index.html last;\n"
    data = "  default_type application/json;\n  location / { return 200 '{}'; }\n"
    block = f"server {{\n  listen 127.0.0.1:3001;\n{data}}}\n"
    lab.edit(site.MAP, f"{site.MAP}\n{block}")
    _serve(lab, FALLBACK + api + rewrite, **_build())


@scenario(
    outside="http.page-refused", server="nginx.method-not-allowed", target=f"{HOME}/api/login",
    args=("--method", "POST"), differs=(site.CONF,),
)  # fmt: skip
def post_to_the_page_of_an_application(lab: Lab) -> None:
    """No location passes the API on, and every GET gets the page."""
    _serve(lab, FALLBACK, **_build())


def _page_for_every_path(lab: Lab, lines: str) -> None:
    lab.application("--mode", "one-page")
    _lines(lab, lines)


@healthy(target=f"{HOME}/docs/old.html")
def file_that_is_not_there_beside_a_page_for_every_path(lab: Lab) -> None:
    """A folder of files that has lost one: the application has a page for any name."""
    lab.server.write("/srv/manual/docs/new.html", "<!doctype html><p>How to make tea.\n")
    _page_for_every_path(lab, "  location /docs/ {\n    root /srv/manual;\n  }\n")


@healthy(target=f"{HOME}/nginx_status", not_on=BARE)
def status_of_nginx_beside_a_page_for_every_path(lab: Lab) -> None:
    """Monitoring asks from the machine itself; the application would answer any path."""
    _page_for_every_path(
        lab, "  location = /nginx_status { stub_status; allow 127.0.0.1; deny all; }\n"
    )


@healthy(target=f"{HOME}/sent/report.pdf")
def internal_location_beside_a_page_for_every_path(lab: Lab) -> None:
    """Files that the application sends by X-Accel-Redirect: nobody asks for them directly."""
    _page_for_every_path(lab, "  location /sent/ {\n    internal;\n    root /srv;\n  }\n")


@healthy(target=f"{HOME}/.env")
def hidden_files_are_closed_beside_a_page_for_every_path(lab: Lab) -> None:
    _page_for_every_path(lab, "  location ~ /\\.(?!well-known) { deny all; }\n")


EXACT = "  location = / {"


@scenario(outside="http.page-file-missing", server="nginx.path-taken", differs=MINE)
def location_is_for_the_root_alone(lab: Lab) -> None:
    """After questions on Stack Overflow about `location = /`: the page opens, and nginx looks for
    its style sheet among its own files."""
    lab.application("--mode", "absolute-links")
    lab.change("  location / {\n    proxy_pass", f"{EXACT}\n    proxy_pass")


@scenario(outside=None, server="nginx.path-taken", target=f"{HOME}/tea", differs=MINE)
def page_below_a_location_for_the_root_alone(lab: Lab) -> None:
    lab.change("  location / {\n    proxy_pass", f"{EXACT}\n    proxy_pass")


GROUP = ("proxy_pass http://127.0.0.1:3000;", "proxy_pass http://127.0.0.1:3000/$1;")


@scenario(outside="http.page-file-missing", server="nginx.path-taken", differs=MINE)
def location_is_for_the_root_alone_and_passes_a_group_on(lab: Lab) -> None:
    """After https://github.com/hyj1991/easy-monitor/issues/72: `$1` is empty there, and would be
    empty in `location /` too."""
    lab.application("--mode", "absolute-links")
    lab.change(PAGES, PAGES.replace("  location / {", EXACT).replace(*GROUP))


@healthy()
def root_of_an_application_and_a_group_beside_files(lab: Lab) -> None:
    lab.application("--mode", "one-page")
    lab.server.write(f"{FOLDER}/assets/app.js", "start();\n")
    page = PAGES.replace("  location / {", EXACT).replace(*GROUP)
    lab.change(PAGES, f"{page}  location /assets/ {{\n    root {FOLDER};\n  }}\n")


@healthy()
def root_of_an_application_beside_files(lab: Lab) -> None:
    """The application has the page, and nginx its files: that is meant."""
    lab.application("--mode", "one-page")
    lab.server.write(f"{FOLDER}/assets/app.js", "start();\n")
    page = PAGES.replace("  location / {", EXACT)
    lab.change(PAGES, f"{page}  location /assets/ {{\n    root {FOLDER};\n  }}\n")


FILES_FIRST = f"  root {FOLDER};\n  location / {{ try_files $uri $uri/ /index.html; }}\n"
CLOSED = "  location ~ \\.html$ { deny all; }\n"


def _closed(lab: Lab, lines: str) -> None:
    _serve(lab, lines, **{"index.html": "<!doctype html><title>Tea</title><p>Forty kinds.</p>\n"})


@scenario(
    outside=None, server="nginx.fallback-closed", target=f"{HOME}/tea",
    manual="a person knows what was to be closed",
)  # fmt: skip
def fallback_of_the_page_is_closed(lab: Lab) -> None:
    """After threads about WordPress and Vue: 403 for every path, from a rule for the script or the
    page to which try_files leads."""
    _closed(lab, FILES_FIRST + CLOSED)


@scenario(
    outside=None, server="nginx.fallback-closed", not_on=UNLOGGED,
    manual="a person knows what was to be closed",
)  # fmt: skip
def index_of_the_site_is_closed(lab: Lab) -> None:
    _closed(lab, f"  root {FOLDER};\n{CLOSED}")


@healthy(target=f"{HOME}/tea")
def fallback_is_for_internal_redirects_alone(lab: Lab) -> None:
    """The cure: the page is not opened by its own name."""
    _closed(lab, FILES_FIRST + CLOSED.replace("deny all", "internal"))


@healthy(target=f"{HOME}/private")
def path_is_closed_itself(lab: Lab) -> None:
    _closed(lab, f"{FILES_FIRST}  location /private {{ deny all; }}\n")


def _sends_files(lab: Lab, location: str) -> None:
    """The application answers with X-Accel-Redirect."""
    lab.server.sh("mkdir -p /var/www/media; echo report > /var/www/media/report.pdf")
    header = "add_header X-Accel-Redirect /protected/report.pdf;"
    inner = f"  location / {{ {header} return 200 report; }}\n"
    block = f"server {{\n  listen 127.0.0.1:3001;\n{inner}}}\n"
    lab.edit(PAGES, location + PAGES.replace("3000", "3001"))
    lab.change(site.MAP, f"{site.MAP}\n{block}")


@scenario(
    outside="http.server-error", server="upstream.internal-redirect-missing",
    target=f"{HOME}/report", manual="nobody knows the folder", not_on=ANOTHER_BLOCK,
)  # fmt: skip
def no_location_for_the_applications_files(lab: Lab) -> None:
    """The application is asked for the file again, until nginx gives up."""
    _sends_files(lab, "")


@scenario(
    outside=None, server="upstream.internal-redirect-missing", target=f"{HOME}/report",
    manual="nobody knows the folder", not_on=ANOTHER_BLOCK,
)  # fmt: skip
def root_in_the_place_of_alias_for_the_applications_files(lab: Lab) -> None:
    """The prefix of the location stands in the file's path."""
    _sends_files(lab, "  location /protected/ {\n    internal;\n    root /var/www/media;\n  }\n")


@healthy(target=f"{HOME}/report", not_on=ANOTHER_BLOCK)
def applications_files_are_there(lab: Lab) -> None:
    """The same with alias."""
    _sends_files(lab, "  location /protected/ {\n    internal;\n    alias /var/www/media/;\n  }\n")


def _application(lab: Lab, lines: str, pages: str, before: str = "") -> None:
    """One more block of this nginx plays the application, on port 3001."""
    block = f"server {{\n  listen 127.0.0.1:3001;\n{lines}}}\n"
    lab.edit(PAGES, pages)
    lab.change(site.MAP, f"{before}{site.MAP}\n{block}")


@scenario(
    outside="http.redirect-downgrade", server="upstream.path-respelled", differs=MINE,
    target=f"{HOME}/app/users", not_on=ANOTHER_BLOCK,
)  # fmt: skip
def location_without_the_slash_of_proxy_pass(lab: Lab) -> None:
    """Go's ServeMux redirects //users to /users, which is outside of the location."""
    lines = (
        "  merge_slashes off;\n  location ^~ // { return 301 http://$http_host/users; }\n"
        "  location /users { return 200 users; }\n  location / { return 404; }\n"
    )
    own = "proxy_pass http://127.0.0.1:3001/; proxy_set_header Host $http_host;"
    _application(lab, lines, f"  location /app {{ {own} }}\n{PAGES}")


@scenario(
    outside=None, server="upstream.path-respelled", differs=MINE,
    target=f"{HOME}/api/queues/%2F/mail", not_on=ANOTHER_BLOCK,
)  # fmt: skip
def encoded_slash_is_decoded(lab: Lab) -> None:
    """RabbitMQ's "Object Not Found" behind nginx: proxy_pass with a slash at its end."""
    lines = (
        '  location / { if ($request_uri ~ "%2F") { return 200 queue; } return 404 none; }\n'
        "  location = / { return 200 queues; }\n"
    )
    pages = PAGES.replace("http://127.0.0.1:3000;", "http://127.0.0.1:3001/;")
    _application(lab, lines, pages)


def _room(lab: Lab) -> None:
    """A program that has a WebSocket at "/", and its pages below."""
    fields = re.findall(r"    proxy_(?:http|set)[^\n]+\n", site.HTTPS)
    passed = "".join(dict.fromkeys(fields))
    lines = (
        "  merge_slashes off;\n  location / { return 404; }\n  location /users { return 200 u; }\n"
        f"  location = / {{\n    proxy_pass http://127.0.0.1:3000/ws;\n{passed}  }}\n"
    )
    own = f"  location /wt {{\n    proxy_pass http://127.0.0.1:3001/;\n{passed}  }}\n"
    _application(lab, lines, f"{own}{PAGES}")


@scenario(
    outside=None, server="upstream.path-respelled", differs=MINE, target=f"{HOME}/wt/users",
    args=("--ws", "/wt"), not_on=ANOTHER_BLOCK,
)  # fmt: skip
def websocket_at_the_prefix_alone_stays(lab: Lab) -> None:
    """The remedy for the pages below it closes no WebSocket: a slash at the end of the location
    would answer its handshake with a redirect."""
    _room(lab)


def _packages(lab: Lab, own: str) -> None:
    """A registry below a prefix: a package with a scope has "%2f" in its name, and the registry
    reads a query beside it."""
    lines = (
        '  location / { if ($request_uri ~ "^/@company%2fpackage(?:[?]v=1%2F2)?$") {\n'
        "    return 200 package; }\n    return 404 none; }\n"
    )
    pages = f"  location /registry/ {{\n    {own}\n    proxy_set_header Host $http_host;\n  }}\n"
    _application(lab, lines, f"{pages}{PAGES}")


PACKAGE = f"{HOME}/registry/@company%2fpackage?v=1%2F2"


@scenario(
    outside=None, server="upstream.path-respelled", differs=MINE, target=PACKAGE,
    not_on=ANOTHER_BLOCK,
)  # fmt: skip
def package_with_a_scope_below_a_prefix(lab: Lab) -> None:
    """After https://github.com/rlidwka/sinopia/issues/380."""
    _packages(lab, "proxy_pass http://127.0.0.1:3001/;")


@healthy(target=PACKAGE, not_on=ANOTHER_BLOCK)
def package_with_a_scope_below_a_prefix_is_kept(lab: Lab) -> None:
    group = 'if ($request_uri ~* "^/registry(.*)$") { proxy_pass http://127.0.0.1:3001$1; }'
    _packages(lab, f"{group}\n    proxy_pass http://127.0.0.1:3001/;")


def _queues_behind_a_login(lab: Lab, target: str) -> None:
    """A visitor with a password asks for a queue from the page of the queues."""
    lines = (
        "  location / {\n"
        '    if ($http_authorization = "") { return 401 login; }\n'
        '    if ($request_uri ~ "%2F") { return 200 queue; }\n    return 404 none;\n  }\n'
        "  location = / { return 200 queues; }\n"
    )
    lab.server.sh(f"rm -f {LOG}")
    lab.undo(lambda: lab.server.sh(f"rm -f {LOG}"))
    pages = PAGES.replace("http://127.0.0.1:3000;", f"{target};")
    _application(lab, lines, f"  access_log {LOG} combined;\n{pages}")
    visit(lab, "/api/queues/%2F/mail", "-u", "anna:secret")


@scenario(
    outside=None, server="upstream.path-respelled", args=("--method", "GET"), not_on=ANOTHER_BLOCK,
    manual="the access log keeps what failed",
)  # fmt: skip
def encoded_slash_behind_a_login(lab: Lab) -> None:
    """Issue 173 of docker-library/rabbitmq: this run is asked to log in for each spelling."""
    _queues_behind_a_login(lab, "http://127.0.0.1:3001/")


@healthy(not_on=ANOTHER_BLOCK)
def encoded_slash_behind_a_login_is_kept(lab: Lab) -> None:
    _queues_behind_a_login(lab, "http://127.0.0.1:3001")


CHUNK_FAILED = "ChunkLoadError: Loading chunk 319 failed."


def _next(lab: Lab, target: str) -> None:
    """Next.js has its scripts under the names of its folders, encoded: "[slug]" is "%5Bslug%5D"."""
    script = "/_next/static/chunks/app/%5Bslug%5D/page-2aa903.js"
    page = f"<script src={script} async></script><h1>Shop</h1><p>{'Forty kinds of tea. ' * 9}</p>"
    lines = (
        "  location /_next/ { default_type text/javascript;\n"
        '    if ($request_uri ~ "%5Bslug%5D/page-2aa903.js$") { return 200 1; } return 404; }\n'
        f"  location / {{ default_type text/html; return 200 '{page}'; }}\n"
    )
    _application(lab, lines, PAGES.replace("http://127.0.0.1:3000;", f"{target};"))


@scenario(
    outside="http.page-file-missing", server="upstream.path-respelled", args=(CHUNK_FAILED,),
    differs=MINE, not_on=ANOTHER_BLOCK,
)  # fmt: skip
def brackets_of_a_script_are_decoded(lab: Lab) -> None:
    """https://github.com/SecureAI-Tools/SecureAI-Tools/issues/17: a slash at the end of
    proxy_pass."""
    _next(lab, "http://127.0.0.1:3001/")


@healthy(args=(CHUNK_FAILED,), not_on=ANOTHER_BLOCK)
def brackets_of_a_script_are_kept(lab: Lab) -> None:
    _next(lab, "http://127.0.0.1:3001")


REMOTE = f"{HOME}/img/upload/https://cdn.example.org/b.jpg"


def _images(lab: Lab, line: str = "") -> None:
    """An image service reads the address of the picture from its path."""
    lines = (
        '  merge_slashes off;\n  location / { if ($request_uri ~ "https://") { return 200 jpg; }\n'
        '    return 500 "source not found"; }\n'
    )
    pages = "  location /img/ { proxy_pass http://127.0.0.1:3001/; }\n"
    _application(lab, lines, f"{line}{pages}{PAGES}")


@scenario(
    outside="http.server-error", server="upstream.path-respelled", differs=MINE, target=REMOTE,
    not_on=ANOTHER_BLOCK,
)  # fmt: skip
def slashes_of_an_address_in_the_path_are_merged(lab: Lab) -> None:
    """After https://github.com/flyimg/flyimg/issues/190."""
    _images(lab)


@healthy(target=REMOTE, not_on=ANOTHER_BLOCK)
def slashes_of_an_address_in_the_path_are_kept(lab: Lab) -> None:
    _images(lab, "  merge_slashes off;\n")


@scenario(
    outside="http.server-error", server="upstream.target-empty", manual="nobody knows the address",
    not_on=UNLOGGED,
)  # fmt: skip
def map_lacks_the_name(lab: Lab) -> None:
    """proxy_pass http://$backend, and the map is for the name with "www." alone."""
    table = "map $host $backend {\n  www.shop.example.com 127.0.0.1:3000;\n}\n"
    lab.edit(PAGES, PAGES.replace("http://127.0.0.1:3000", "http://$backend"))
    lab.change(site.MAP, table + site.MAP)


PARTS = (
    "    set $upstream_app 127.0.0.1;\n    set $upstream_proto http;\n"
    "    proxy_pass $upstream_proto://$upstream_app:3000;\n"
)


@scenario(
    outside="http.server-error", server="upstream.target-empty", differs=MINE, not_on=UNLOGGED
)
def one_part_of_the_address_is_not_set(lab: Lab) -> None:
    """As many sites have it that are written in parts: one location lost a line, and nginx takes
    the configuration, as another location sets the variable."""
    lab.edit(PASS, PARTS)
    lab.change("  location / {\n    set $upstream_app 127.0.0.1;\n    set $upstream_proto http;\n",
               "  location / {\n    set $upstream_app 127.0.0.1;\n")  # fmt: skip


@scenario(
    outside="http.server-error", server="upstream.target-empty", differs=MINE, not_on=UNLOGGED
)
def a_slip_in_the_name_of_a_variable(lab: Lab) -> None:
    lab.edit(PASS, PARTS)
    right = "  location / {\n    set $upstream_app 127.0.0.1;\n    set $upstream_p"
    lab.change(f"{right}roto", f"{right}orto")


@healthy()
def an_address_in_parts(lab: Lab) -> None:
    lab.change(PASS, PARTS)


@scenario(
    outside=None, server="nginx.front-controller-missing", target=f"{HOME}/hello-world/",
    differs=MINE,
)  # fmt: skip
def permalinks_of_wordpress(lab: Lab) -> None:
    """404 for every page but the first: try_files ends with =404."""
    lines = (
        f"  root {FOLDER};\n  index index.php;\n  location / {{ try_files $uri $uri/ =404; }}\n"
        f"  location ~ \\.php$ {{ {PROXY} }}\n"
    )
    _serve(lab, lines, **{"index.php": "<?php require 'wp-blog-header.php';\n"})


CORS = (
    "    if ($request_method = 'GET') {\n      add_header Access-Control-Allow-Origin *;\n    }\n"
)


def _beside_cors(lab: Lab, rest: str) -> None:
    lines = (
        f"  root {FOLDER};\n  index index.php;\n  location / {{\n{rest}{CORS}  }}\n"
        f"  location ~ \\.php$ {{ {PROXY} }}\n"
    )
    _serve(lab, lines, **{"index.php": "<?php require 'wp-blog-header.php';\n"})


@scenario(
    outside=None, server="nginx.front-controller-missing", target=f"{HOME}/hello-world/",
    differs=MINE,
)  # fmt: skip
def front_controller_is_missing_beside_lines_for_cors(lab: Lab) -> None:
    """Issue 318 of fruitcake/laravel-cors: nginx does not look at a `try_files` beside them."""
    _beside_cors(lab, "")


@healthy(target=f"{HOME}/hello-world/")
def rewrite_leads_to_index_php_beside_lines_for_cors(lab: Lab) -> None:
    rest = "    if (!-e $request_filename) {\n      rewrite ^ /index.php last;\n    }\n"
    _beside_cors(lab, rest)


@scenario(
    outside=None, server="nginx.front-controller-missing", target=f"{HOME}/auth/login",
    differs=MINE,
)  # fmt: skip
def front_controller_is_in_the_public_folder(lab: Lab) -> None:
    """Issue 108 of firefly-iii/firefly-iii: root names the project, and try_files ends with
    =404."""
    lines = (
        f"  root {FOLDER};\n  index index.php;\n  location / {{ try_files $uri $uri/ =404; }}\n"
        f"  location ~ \\.php$ {{ {PROXY} }}\n"
    )
    _serve(lab, lines, **{"public/index.php": "<?php require 'bootstrap/app.php';\n"})


@scenario(
    outside="http.server-error", server="nginx.cached-error", differs=(site.CONF,)
)  # fmt: skip
def error_is_in_the_cache(lab: Lab) -> None:
    """proxy_cache_valid any: the application failed once, and is well again."""
    cache = "proxy_cache_path /var/lib/nginx/shop keys_zone=shop:1m;\n"
    lab.edit(site.MAP, cache + site.MAP)
    lab.application("--mode", "error")
    keep = f"{PASS}    proxy_cache shop;\n    proxy_cache_valid any 1h;\n"
    lab.change(PAGES, PAGES.replace(PASS, keep))
    lab.client.run(["curl", "-s", f"{HOME}/"])
    lab.application()


@scenario(
    outside=None, server="nginx.body-limit", target=f"413 Request Entity Too Large {HOME}/upload",
    differs=(site.CONF,),
)  # fmt: skip
def upload_is_larger_than_the_default(lab: Lab) -> None:
    """Nothing sets client_max_body_size, and a visitor has pasted the message."""


@scenario(
    outside=None, server="upstream.header-name-dropped", args=("--header", "api_key: secret"),
    both=None, manual="the name is a choice of the application", not_on=ANOTHER_BLOCK,
)  # fmt: skip
def field_has_an_underscore(lab: Lab) -> None:
    """401 behind nginx, and 200 from the application itself: underscores_in_headers is off. From
    afar the user's fields are not sent to the application."""
    lines = (
        "  underscores_in_headers on;\n"
        '  location / { if ($http_api_key = "") { return 401 none; } return 200 shop; }\n'
    )
    _application(lab, lines, PAGES.replace("3000", "3001"))


#: It refuses a wrong key as well.
DEMANDS = (
    '  location / { if ($http_api_key = "") { return 401 "api_key is missing"; } '
    'return 401 "wrong key"; }\n'
)


@scenario(
    outside=None, server="upstream.header-name-dropped", not_on=ANOTHER_BLOCK,
    manual="the name is a choice of the application",
)  # fmt: skip
def refusal_demands_a_field_with_an_underscore(lab: Lab) -> None:
    """https://51cto.com/article/634245.html: "accept_token is missing" through nginx alone."""
    lines = f"  underscores_in_headers on;\n{DEMANDS}"
    _application(lab, lines, PAGES.replace("3000", "3001"))


@healthy(not_on=ANOTHER_BLOCK)
def refusal_demands_a_field_that_nginx_accepts(lab: Lab) -> None:
    lines = f"  underscores_in_headers on;\n{DEMANDS}"
    _application(lab, lines, PAGES.replace("3000", "3001"))
    lab.change(
        "  location / {\n    proxy_pass http://127.0.0.1:3001",
        "  underscores_in_headers on;\n  location / {\n    proxy_pass http://127.0.0.1:3001",
    )


LOST = "请求Header中自定义了x_user，Nginx的后端服务收不到x_user这个header"


@scenario(
    outside=None, server="upstream.header-name-dropped", args=(LOST,), not_on=ANOTHER_BLOCK,
    differs=(site.CONF,),
)  # fmt: skip
def message_names_a_field_with_an_underscore(lab: Lab) -> None:
    """After issue 52 of guanhui07/blog, and issue 1238 of ehang-io/nps."""


@healthy(args=(LOST,), not_on=ANOTHER_BLOCK)
def message_names_a_field_that_nginx_accepts(lab: Lab) -> None:
    lab.edit(PAGES, f"  underscores_in_headers on;\n{PAGES}")


UNDERSCORE = "Nginx 不支持“_”符号，导致Token 验证失效"
REGISTRY = f"{HOME}/xxl-job-admin/api/registry"
#: The interface refuses what has no XXL_RPC_ACCESS_TOKEN, with status 200.
INTERFACE = (
    "  underscores_in_headers on;\n  default_type application/json;\n"
    "  location / { if ($http_xxl_rpc_access_token = '') {\n"
    """    return 200 '{"code":500,"msg":"The access token is wrong."}'; }\n"""
    """    return 200 '{"code":200}'; }\n"""
)


@scenario(
    outside=None, server="upstream.header-name-dropped", target=REGISTRY, args=(UNDERSCORE,),
    not_on=ANOTHER_BLOCK, differs=(site.CONF,),
)  # fmt: skip
def message_names_the_underscore_of_an_interface(lab: Lab) -> None:
    """https://github.com/xuxueli/xxl-job/pull/1287: {"code":500} with status 200."""
    _application(lab, INTERFACE, PAGES.replace("3000", "3001"))


@healthy(target=REGISTRY, args=(UNDERSCORE,), not_on=ANOTHER_BLOCK)
def message_names_the_underscore_that_nginx_accepts(lab: Lab) -> None:
    _application(lab, INTERFACE, PAGES.replace("3000", "3001"))
    lab.change(
        "  location / {\n    proxy_pass http://127.0.0.1:3001",
        "  underscores_in_headers on;\n  location / {\n    proxy_pass http://127.0.0.1:3001",
    )


ROBOTS = f"{HOME}/robots.txt"
ROBOTS_OF_NGINX = "  location = /robots.txt { access_log off; log_not_found off; }\n"


@scenario(outside=None, server="nginx.path-taken", target=ROBOTS, differs=MINE)
def location_for_the_log_takes_robots_txt(lab: Lab) -> None:
    """After issue 114 of Nuxt's robots module and issue 19 of shopware-with-nginx."""
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", "/", "/robots.txt"), 3001)
    lab.edit(PAGES, PAGES.replace("127.0.0.1:3000", "127.0.0.1:3001"))
    _lines(lab, ROBOTS_OF_NGINX)


@healthy(target=ROBOTS)
def robots_txt_that_nobody_has(lab: Lab) -> None:
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", "/"), 3001)
    lab.edit(PAGES, PAGES.replace("127.0.0.1:3000", "127.0.0.1:3001"))
    _lines(lab, ROBOTS_OF_NGINX)


def _pass_with_a_slash(lab: Lab) -> None:
    pages = f"  location / {{\n{PASS}"
    lab.change(pages, pages.replace(":3000;", ":3000/;"))


@scenario(outside=None, server="nginx.path-taken", target=SCRIPT, differs=MINE)
def static_files_take_the_script_of_a_proxy_with_a_slash(lab: Lab) -> None:
    """`location /` has `proxy_pass http://…:3000/`: the line that is printed for a named location
    must not have that slash, which nginx refuses there."""
    _pass_with_a_slash(lab)
    _lines(lab, STATIC)


@healthy(target=SCRIPT)
def static_files_fall_back_to_a_named_location(lab: Lab) -> None:
    """The steps of the same, carried out."""
    _pass_with_a_slash(lab)
    named = f"  location @application {{\n{PASS}  }}\n"
    _lines(lab, STATIC.replace("expires", "try_files $uri @application;\n    expires") + named)

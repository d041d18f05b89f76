"""The page answers, and a browser does not use its style sheets or scripts.

After threads on Stack Overflow, GitHub and the forums of Vite, Vue, Angular, Django and WordPress:
"Failed to load module script: Expected a JavaScript module script but the server responded with a
MIME type of text/html", "Refused to apply style … MIME type ('text/plain')", "Mixed Content: …
requested an insecure stylesheet", "static files 404 behind nginx".
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

FOLDER = "/var/www/shop"
PAGE = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
MAIN = "/etc/nginx/nginx.conf"
DEPLOY = "the site's files have to be copied there"
REBUILT = "the page has to be built anew"
CSS, JS = "body { color: #222 }\n", "document.title += '!';\n"
APP = '<!doctype html>\n<title>Shop</title>\n<div id="app"></div>\n'
SHOP = (
    "<!doctype html>\n<title>Shop</title>\n<link rel=stylesheet href=/static/css/app.css>\n"
    "<p>Forty kinds of tea, and the pots that go with them.</p>\n<a href=/tea>Tea</a>\n"
)


def _serve(lab: Lab, lines: str, **files: str) -> None:
    """The site's page is served by these lines; `files` are its files by path, with dots and
    slashes as they are."""
    lab.server.sh(f"mkdir -p {FOLDER}")
    for path, text in files.items():
        lab.server.sh(f"mkdir -p {FOLDER}/{path.rpartition('/')[0]}")
        lab.server.write(f"{FOLDER}/{path}", text)
    lab.server.sh(f"chmod -R a+rX {FOLDER}")
    lab.change(PAGE, f"{lines}\n")


def _build(base: str = "/") -> dict[str, str]:
    """What a build of Vite leaves, for this base path."""
    head = (
        f'<script type="module" crossorigin src="{base}assets/index-4f2a.js"></script>\n'
        f'<link rel="stylesheet" crossorigin href="{base}assets/index-9c1b.css">\n'
    )
    return {
        "index.html": APP.replace("<div", f"{head}<div"),
        "assets/index-4f2a.js": JS,
        "assets/index-9c1b.css": CSS,
    }


FALLBACK = f"  root {FOLDER};\n  location / {{ try_files $uri $uri/ /index.html; }}\n"
PROXY = "proxy_pass http://127.0.0.1:3000; proxy_set_header Host $http_host;"


@scenario(outside="http.page-file-type", server="nginx.page-file-not-found", manual=REBUILT)
def build_for_another_base_path(lab: Lab) -> None:
    """After threads of Vite and Angular: built with base /app/, served at /. The fallback answers
    for every missing file."""
    _serve(lab, FALLBACK, **_build("/app/"))


@scenario(outside="http.page-file-type", server="nginx.page-file-not-found", manual=DEPLOY)
def page_of_an_older_build(lab: Lab) -> None:
    """After a thread of Vite: the page names files of the build before."""
    files = _build()
    files["index.html"] = files["index.html"].replace("4f2a", "0a0a").replace("9c1b", "0b0b")
    _serve(lab, FALLBACK, **files)


@scenario(outside="http.page-file-type", server="nginx.page-file-not-found", manual=DEPLOY)
def page_with_the_type_of_a_style_sheet(lab: Lab) -> None:
    """A missing style sheet is answered by the page, and its location sets the type."""
    css = "types { } default_type text/css; try_files $uri /static/index.html =404;"
    lines = f"{FALLBACK}  location /static/ {{ {css} }}\n"
    _serve(lab, lines, **{"index.html": SHOP, "static/index.html": SHOP})


WORKER = '<link rel=manifest href=/manifest.json><script>navigator.serviceWorker.register("/sw.js")'


@scenario(outside="http.app-file-refused", manual=DEPLOY)
def service_worker_that_was_not_deployed(lab: Lab) -> None:
    """After questions on Stack Overflow: "unsupported MIME type ('text/html')"."""
    page = SHOP.replace("<p>", f"{WORKER}</script><p>")
    _serve(lab, FALLBACK, **{"index.html": page, "static/css/app.css": CSS})


@healthy()
def service_worker_that_is_there(lab: Lab) -> None:
    page = SHOP.replace("<p>", f"{WORKER}</script><p>")
    app = {"manifest.json": "{}", "sw.js": JS}
    _serve(lab, FALLBACK, **{"index.html": page, "static/css/app.css": CSS, **app})


@scenario(outside="http.page-file-type", server="nginx.types-missing", differs=(MAIN,))
def configuration_without_the_list_of_types(lab: Lab) -> None:
    """After questions on Stack Overflow and Chinese blogs: an nginx.conf of one's own without
    `include mime.types`."""
    lab.server.sh(f"sed -i '/include.*mime.types;/d' {MAIN}")
    _serve(lab, FALLBACK, **_build())


@scenario(outside="http.page-file-type", server="nginx.types-missing",
          differs=("/etc/nginx/mime.types",))  # fmt: skip
def list_of_types_without_modules(lab: Lab) -> None:
    """After https://github.com/stephanrauh/ngx-extended-pdf-viewer/issues/3048."""
    page = SHOP.replace("<p>", "<script type=module src=/viewer.min.mjs></script><p>")
    files = {"index.html": page, "static/css/app.css": CSS, "viewer.min.mjs": JS}
    _serve(lab, FALLBACK, **files)


UNTYPED = (
    f"Refused to execute script from 'https://{site.NAME}/assets/index-4f2a.js' because its MIME "
    "type ('text/plain') is not executable, and strict MIME type checking is enabled."
)


@scenario(
    outside="http.page-file-type", server="nginx.types-missing", args=(UNTYPED,), differs=(MAIN,)
)
def message_about_a_script_without_a_type(lab: Lab) -> None:
    """After https://github.com/owncloud-archive/documentation/pull/2053: the page is asked, and not
    the script that the message names."""
    lab.server.sh(f"sed -i '/include.*mime.types;/d;/default_type/d' {MAIN}")
    _serve(lab, FALLBACK, **_build())


@healthy(args=(UNTYPED,))
def message_about_a_script_that_has_its_type(lab: Lab) -> None:
    _serve(lab, FALLBACK, **_build())


@scenario(outside="http.page-file-type", server="nginx.types-missing", differs=(site.CONF,))
def types_that_replace_the_list(lab: Lab) -> None:
    """After a thread about WebAssembly: `types` in a location was meant to add one type."""
    types = "types { application/wasm wasm; }"
    _serve(lab, f"{FALLBACK}  location /assets/ {{\n    {types}\n  }}\n", **_build())


@scenario(outside="http.page-file-missing", server="nginx.page-file-not-found",
          differs=(site.CONF,))  # fmt: skip
def alias_without_its_last_slash(lab: Lab) -> None:
    """After threads about Django: /static/css/app.css becomes /var/www/shop/staticcss/app.css."""
    lines = f"  location /static/ {{ alias {FOLDER}/static; }}\n  root {FOLDER};\n"
    _serve(lab, lines, **{"index.html": SHOP, "static/css/app.css": CSS})


@scenario(outside="http.page-file-missing", server="nginx.page-file-not-found",
          differs=(site.CONF,))  # fmt: skip
def root_where_alias_is_meant(lab: Lab) -> None:
    """After a question on Stack Overflow: the prefix is in the path twice."""
    lines = f"  location /static/ {{ root {FOLDER}/static; }}\n  root {FOLDER};\n"
    _serve(lab, lines, **{"index.html": SHOP, "static/css/app.css": CSS})


@scenario(outside="http.page-file-missing", server="nginx.page-file-not-found", manual=DEPLOY)
def static_files_that_were_not_collected(lab: Lab) -> None:
    """After threads about Django: `collectstatic` was never run."""
    lines = f"  location /static/ {{ alias {FOLDER}/collected/; }}\n  root {FOLDER};\n"
    _serve(lab, lines, **{"index.html": SHOP, "collected/.keep": ""})


@scenario(outside="http.page-file-missing", server="nginx.page-file-forbidden",
          differs=(f"{FOLDER}/static",))  # fmt: skip
def static_folder_that_only_its_owner_may_enter(lab: Lab) -> None:
    """After a thread about Django behind nginx: all style sheets answer 403."""
    _serve(lab, f"  root {FOLDER};\n", **{"index.html": SHOP, "static/css/app.css": CSS})
    lab.server.sh(f"chmod 700 {FOLDER}/static")


def _application(lab: Lab, folder: str) -> None:
    """The files of a folder are served by an application on port 9999."""
    serving = ["-m", "http.server", "9999", "--bind", "127.0.0.1", "--directory", folder]
    lab.spawn(lab.server, ["python3", *serving], 9999)


@scenario(outside="http.page-file-missing", manual="the application has to serve its files")
def application_that_does_not_serve_its_files(lab: Lab) -> None:
    """After threads about Django with DEBUG off: gunicorn answers 404 for /static/."""
    _serve(lab, "  location / { proxy_pass http://127.0.0.1:9999; }\n", **{"index.html": SHOP})
    _application(lab, FOLDER)


@scenario(outside="http.page-file-missing", server="nginx.path-taken", differs=(site.CONF,))
def files_taken_from_the_application(lab: Lab) -> None:
    """After threads on Stack Overflow: a `location ~*` with `expires` for static files, copied from
    elsewhere, takes them from the application, which would send them."""
    files = {"index.html": SHOP, "static/css/app.css": CSS}
    lines = "  location / { proxy_pass http://127.0.0.1:9999; }\n"
    _serve(lab, f"{lines}  location ~* \\.(css|js)$ {{ expires 30d; }}\n", **files)
    _application(lab, FOLDER)


@scenario(outside="http.page-file-missing", manual="the server of the files has to run")
def server_of_the_files_that_does_not_run(lab: Lab) -> None:
    """/static/ goes to a container of its own, which is down."""
    lines = f"  location /static/ {{ proxy_pass http://127.0.0.1:9; }}\n  root {FOLDER};\n"
    _serve(lab, lines, **{"index.html": SHOP})


@scenario(outside="http.mixed-content", manual="the addresses stand in the page")
def page_with_http_addresses(lab: Lab) -> None:
    """After threads about Contao and UserFrosting: the page writes its own name with http."""
    page = SHOP.replace("href=/static", f"href=http://{site.NAME}/static")
    _serve(lab, f"  root {FOLDER};\n", **{"index.html": page, "static/css/app.css": CSS})


@scenario(outside="http.mixed-content", manual="the base stands in the page")
def base_with_http(lab: Lab) -> None:
    """After a thread about MediaWiki: `<base href>` has the scheme that the application sees."""
    page = SHOP.replace("<link", f"<base href=http://{site.NAME}/>\n<link")
    _serve(lab, f"  root {FOLDER};\n", **{"index.html": page, "static/css/app.css": CSS})


@scenario(outside="http.mixed-content", manual="where the files are is a person's choice")
def files_that_redirect_to_http(lab: Lab) -> None:
    """/static/ was moved to another name, which has no certificate yet."""
    lines = (
        "  location /static/ { return 301 http://static.example.com$request_uri; }\n"
        f"  root {FOLDER};\n"
    )
    _serve(lab, lines, **{"index.html": SHOP})


SOCKET = f'const socket = new WebSocket("ws://{site.NAME}/ws");\n'


@scenario(outside="websocket.mixed-content", args=("--ws", "/ws"),
          manual="the address stands in the program")  # fmt: skip
def program_with_an_insecure_websocket(lab: Lab) -> None:
    """After questions on Stack Overflow: the bundle still has the ws: address of the time before
    https; the page itself names none."""
    files = _build()
    files["assets/index-4f2a.js"] = f"{JS}// wss://{site.NAME}/ws\n{SOCKET}"
    _serve(lab, FALLBACK, **files)


@scenario(outside="http.page-downloaded", manual="PHP has to be installed")
def source_of_a_php_page(lab: Lab) -> None:
    """After questions on Stack Overflow: nginx has no location for PHP, and sends the file."""
    lines = f"  root {FOLDER};\n  index index.php;\n"
    _serve(lab, lines, **{"index.php": "<?php\n$password = 'tea';\n"})


@scenario(outside="http.page-downloaded", manual="the list has to be completed")
def page_that_browsers_download(lab: Lab) -> None:
    """After questions on Server Fault: `types` in the server block has replaced the whole list."""
    _serve(lab, "  types { application/wasm wasm; }\n" + FALLBACK, **_build())


# Odd, and healthy


@healthy()
def single_page_application_with_all_its_files(lab: Lab) -> None:
    _serve(lab, FALLBACK, **_build())


@healthy()
def files_of_other_sites(lab: Lab) -> None:
    """Nobody asks them, nor the script of a third party that does not exist."""
    page = SHOP.replace(
        "<link",
        '<script async src="https://metrics.example.net/missing.js"></script>\n'
        '<link rel=stylesheet href="https://cdn.example.net/theme.css">\n'
        '<script src="//cdn.example.net/lib.js"></script>\n<link',
    )
    _serve(lab, f"  root {FOLDER};\n", **{"index.html": page, "static/css/app.css": CSS})


@healthy(args=("--ws", "/ws"))
def page_with_everything_in_it(lab: Lab) -> None:
    """Inline only, data: and blob: addresses, old addresses in comments."""
    page = (
        "<!doctype html>\n<title>Shop</title>\n<style>p { color: red }</style>\n"
        '<link rel=stylesheet href="data:text/css,p%7B%7D">\n'
        '<script src="data:text/javascript,0"></script><script src="blob:https://x/1"></script>\n'
        f"<!-- <script src=/gone.js></script> ws://{site.NAME}/ws -->\n"
        f"<script>// ws://{site.NAME}/ws\nconst dev = 'ws://localhost:3000/ws';</script>\n"
        "<noscript><link rel=stylesheet href=/gone.css></noscript>\n"
        "<template><script src=/gone.js></script></template>\n"
        "<script nomodule src=/gone.js></script><script type=text/x-template src=/gone></script>\n"
        "<link rel='alternate stylesheet' href=/gone.css title=dark>\n<p>Tea.</p>\n"
    )
    _serve(lab, f"  root {FOLDER};\n", **{"index.html": page})


@healthy()
def policy_that_upgrades_addresses(lab: Lab) -> None:
    """Addresses with http, which browsers request with https."""
    page = SHOP.replace("href=/static", f"href=http://{site.NAME}/static")
    policy = "add_header Content-Security-Policy \"default-src 'self'; upgrade-insecure-requests\";"
    lines = f"  root {FOLDER};\n  {policy}\n"
    _serve(lab, lines, **{"index.html": page, "static/css/app.css": CSS})


@healthy()
def strict_policy_that_allows_the_files(lab: Lab) -> None:
    policy = (
        "add_header Content-Security-Policy \"default-src 'none'; style-src 'self'; "
        "script-src 'self'; connect-src 'self'\" always;\n  "
        "add_header X-Content-Type-Options nosniff always;"
    )
    files = {"index.html": SHOP, "static/css/app.css": CSS}
    _serve(lab, f"  root {FOLDER};\n  {policy}\n", **files)


@healthy()
def page_of_five_mebibytes(lab: Lab) -> None:
    """Its beginning names a style sheet; what comes behind it is not read."""
    page = SHOP + "<p>Tea, tea, tea.</p>\n" * 240_000 + "<script src=/gone.js></script>\n"
    _serve(lab, f"  root {FOLDER};\n", **{"index.html": page, "static/css/app.css": CSS})


@healthy()
def old_page_in_quirks_mode(lab: Lab) -> None:
    """Without a document type browsers accept a style sheet of any type."""
    page = SHOP.removeprefix("<!doctype html>\n")
    lines = f"  root {FOLDER};\n  location /static/ {{ types {{ }} default_type text/plain; }}\n"
    _serve(lab, lines, **{"index.html": page, "static/css/app.css": CSS})


@healthy()
def classic_script_as_plain_text(lab: Lab) -> None:
    """Browsers run it: only modules, and nosniff, ask for the type."""
    page = SHOP.replace("<link", "<script src=/old/app.js></script>\n<link")
    lines = f"  root {FOLDER};\n  location /old/ {{ types {{ }} default_type text/plain; }}\n"
    files = {"index.html": page, "static/css/app.css": CSS, "old/app.js": JS}
    _serve(lab, lines, **files)


@healthy()
def images_that_only_the_own_pages_may_use(lab: Lab) -> None:
    """`valid_referers` refuses files without the page's Referer."""
    guard = "valid_referers server_names; if ($invalid_referer) { return 403; }"
    lines = f"  root {FOLDER};\n  location /static/ {{ {guard} }}\n"
    _serve(lab, lines, **{"index.html": SHOP, "static/css/app.css": CSS})


@healthy()
def files_for_those_with_the_cookie_of_the_page(lab: Lab) -> None:
    lines = (
        f'  root {FOLDER};\n  location = / {{ add_header Set-Cookie "seen=1; Secure"; '
        "try_files /index.html =404; }\n"
        "  location /static/ { if ($cookie_seen = '') { return 403; } }\n"
    )
    _serve(lab, lines, **{"index.html": SHOP, "static/css/app.css": CSS})


BELOW = f"https://{site.NAME}/wx/"


def _below(lab: Lab, line: str) -> None:
    """An application with a page for every path, in a folder of the site."""
    lab.application("--mode", "relative-links")
    lab.change(PAGE, f"{PAGE}  location /wx/ {{\n    {line}\n  }}\n")


@scenario(outside="http.page-file-missing", target=BELOW, manual="the application is to be asked")
def location_keeps_the_prefix_of_the_files(lab: Lab) -> None:
    """After https://github.com/xuexb/learn-nginx/issues/21: the application has its files at
    /static/."""
    _below(lab, "proxy_pass http://127.0.0.1:3000;")


@healthy(target=BELOW)
def location_cuts_the_prefix_of_the_files_off(lab: Lab) -> None:
    _below(lab, "proxy_pass http://127.0.0.1:3000/;")

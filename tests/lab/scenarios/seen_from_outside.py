"""What people ask of a site of which they see the outside only: pages with status 200 that are no
site, files that browsers refuse for their content, pages that are refused.

After questions about WordPress ("Error establishing a database connection"), issue 106 of
dwyl/learn-devops (an API at http://ADDRESS:8080), issue 164 of enisdenjo/graphql-ws and 7924 of
apollographql/apollo-server (4406), and what Cloudflare's documentation says of minified files.
"""

import base64
import hashlib

from .. import site
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from .pages import PAGE

OWN = "it is the application's own"
FOLDER = "/srv/outside"
APPLICATION = str(HERE / "applications" / "outside_server.py")
SCRIPT = "document.title = 'Shop';\n"
PASS = "    proxy_pass http://127.0.0.1:3001;\n    proxy_http_version 1.1;\n"
UPGRADE = (
    "    proxy_set_header Upgrade $http_upgrade;\n"
    "    proxy_set_header Connection $connection_upgrade;\n"
)


def _answers(lab: Lab, mode: str) -> None:
    """The page and what is below it come from this application."""
    lab.spawn(lab.server, lab.server.python(APPLICATION, mode, "3001"), 3001)
    socket = f"  location /graphql {{\n{PASS}{UPGRADE}  }}\n\n"
    lab.change(PAGE, f"  location / {{\n{PASS}  }}\n\n{socket if 'graphql' in mode else ''}")


def _files(lab: Lab, files: dict[str, str], lines: str = "") -> None:
    lab.server.sh(f"rm -rf {FOLDER}; mkdir -p {FOLDER} && chmod 755 {FOLDER}")
    for name, text in files.items():
        lab.server.write(f"{FOLDER}/{name}", text)
    lab.change(PAGE, f"  root {FOLDER};\n{lines}\n")


def _page(head: str) -> dict[str, str]:
    return {"index.html": f"<!doctype html><title>Shop</title>{head}<p>It works.</p>\n"}


# 200 OK, and no site


@scenario(outside="http.error-as-page", manual=OWN)
def database_is_away_and_the_status_is_200(lab: Lab) -> None:
    _answers(lab, "database")


@healthy()
def page_about_databases_that_are_away(lab: Lab) -> None:
    _answers(lab, "article")


@scenario(outside="http.error-as-page", manual=OWN)
def php_stops_in_the_middle_of_the_page(lab: Lab) -> None:
    _answers(lab, "fatal")


@scenario(outside="http.error-as-page", manual=OWN)
def maintenance_was_not_ended(lab: Lab) -> None:
    """An update of WordPress was interrupted, and a cache sends its page with 200."""
    _answers(lab, "maintenance")


@scenario(outside="http.blank-page", manual=OWN)
def php_writes_nothing(lab: Lab) -> None:
    _answers(lab, "blank")


@healthy()
def interface_with_an_empty_root(lab: Lab) -> None:
    _answers(lab, "empty")


@scenario(outside="http.directory-listing", manual="which folder is the site's")
def folder_above_the_site_is_listed(lab: Lab) -> None:
    files = {"public/index.php": "<?php\n", "artisan": "", "composer.json": "{}\n"}
    _files(lab, files, "  autoindex on;\n")


@healthy()
def folder_of_downloads_is_listed(lab: Lab) -> None:
    _files(lab, {"shop-1.2.tar.gz": "", "SHA256SUMS": ""}, "  autoindex on;\n")


# Files and requests that browsers refuse


def _with_integrity(content: str) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha384(content.encode()).digest()).decode()
    tag = f'<script src="/app.js" integrity="sha384-{digest}"></script>'
    return {**_page(tag), "app.js": SCRIPT}


@scenario(outside="http.file-integrity", manual="the file has to be deployed again")
def script_was_minified_on_the_way(lab: Lab) -> None:
    _files(lab, _with_integrity("document . title = 'Shop' ;\n"))


@healthy()
def script_has_the_hash_of_the_page(lab: Lab) -> None:
    _files(lab, _with_integrity(SCRIPT), "  gzip on;\n  gzip_types text/javascript;\n")


@scenario(outside="http.mixed-content", manual=OWN)
def interface_at_an_address_with_http(lab: Lab) -> None:
    head = '<script>window.env = {API_URL: "http://203.0.113.10:8080/api/v1"}</script>'
    _files(lab, _page(head))


@healthy()
def interface_at_an_address_of_the_site(lab: Lab) -> None:
    head = '<script>window.env = {API_URL: "/api/v1", DOCS_URL: "http://203.0.113.9/"}</script>'
    _files(lab, _page(head))


# A page that is refused


@scenario(outside="http.page-refused", server="http.no-redirect", manual="which folder is meant")
def site_is_served_over_http_only(lab: Lab) -> None:
    """The block for https has a page nowhere."""
    lab.server.write(f"{FOLDER}/index.html", "<!doctype html><title>Shop</title><p>Shop</p>\n")
    lab.server.sh("mkdir -p /srv/none && chmod 755 /srv/none /srv/outside")
    lab.change(PAGE, "  root /srv/none;\n  location / { try_files $uri $uri/index.html =404; }\n")
    lab.change("    return 301 https://$host$request_uri;", f"    root {FOLDER};")


@healthy()
def interface_that_answers_404_over_both(lab: Lab) -> None:
    lab.change(PAGE, "  location / { return 404; }\n")


# A subprotocol that is refused after the handshake


@scenario(
    outside="websocket.subprotocol", manual=OWN, target=f"wss://{site.NAME}/graphql",
    args=("--subprotocol", "graphql-ws"),
)  # fmt: skip
def library_of_graphql_is_newer_on_the_server(lab: Lab) -> None:
    _answers(lab, "graphql")


@healthy(target=f"wss://{site.NAME}/graphql", args=("--subprotocol", "graphql-transport-ws"))
def libraries_of_graphql_agree(lab: Lab) -> None:
    _answers(lab, "graphql")


@healthy(target=f"wss://{site.NAME}/graphql")
def nobody_says_which_subprotocol_the_page_offers(lab: Lab) -> None:
    _answers(lab, "graphql-old")


# What browsers do and programs do not


def _names(*names: str) -> str:
    return "".join(f'<script src="{name}"></script>' for name in names)


@scenario(outside="http.form-over-http", manual=OWN)
def login_is_sent_to_http(lab: Lab) -> None:
    """After questions about Keycloak behind a proxy."""
    form = f'<form method="post" action="http://{site.NAME}/login"><input name="user"></form>'
    _files(lab, _page(form))


@healthy()
def login_is_sent_to_a_path(lab: Lab) -> None:
    form = _page('<form method="post" action="/login"><input name="user"></form>')
    application = "proxy_pass http://127.0.0.1:3000; proxy_set_header Host $http_host;"
    _files(lab, form, f"  location /login {{ {application} }}")


@scenario(outside="http.page-reloads", manual=OWN)
def page_leads_to_itself_by_way_of_http(lab: Lab) -> None:
    _files(lab, _page(f'<meta http-equiv="refresh" content="0;url=http://{site.NAME}/">'))


@healthy()
def page_leads_to_another_page(lab: Lab) -> None:
    _files(lab, _page('<meta http-equiv="refresh" content="0;url=/start/">'))


POLICY = "  add_header Content-Security-Policy \"default-src 'self' {};\";\n"


@scenario(outside="http.file-blocked-by-policy", manual="which origins are allowed is a choice")
def policy_forbids_the_library_of_a_cdn(lab: Lab) -> None:
    files = {**_page(_names("https://cdn.example.net/vue.js", "/app.js")), "app.js": SCRIPT}
    _files(lab, files, POLICY.format(""))


@healthy()
def policy_allows_the_library_of_a_cdn(lab: Lab) -> None:
    files = {**_page(_names("https://cdn.example.net/vue.js", "/app.js")), "app.js": SCRIPT}
    _files(lab, files, POLICY.format("https://cdn.example.net"))


@scenario(outside="http.page-downloaded", manual=OWN)
def object_storage_sends_the_page_as_a_file(lab: Lab) -> None:
    """After Chinese questions about OSS: the page is downloaded under the bucket's own name."""
    fields = (
        "  add_header x-oss-force-download true;\n  add_header Content-Disposition attachment;\n"
    )
    _files(lab, _page(""), fields)


@scenario(outside="http.cookie-refused", manual=OWN)
def cookie_is_too_large(lab: Lab) -> None:
    """After issues of next-auth: the whole session is in the cookie."""
    _answers(lab, "large-cookie")
    lab.change(PASS, f"{PASS}    proxy_buffer_size 16k;\n    proxy_buffers 4 16k;\n")


@scenario(outside="http.unsafe-port", manual="another port", target=f"https://{site.NAME}:6666/")
def port_that_browsers_block(lab: Lab) -> None:
    lab.change("  listen 443 ssl;\n", "  listen 443 ssl;\n  listen 6666 ssl;\n")
    lab.server.sh("firewall-cmd -q --permanent --add-port=6666/tcp && firewall-cmd -q --reload")


@scenario(
    outside="websocket.addresses-differ", manual=OWN, args=("--ws", "/ws"), ipv6=True,
)  # fmt: skip
def websocket_is_missing_on_ipv6(lab: Lab) -> None:
    socket = site.HTTPS[site.HTTPS.index("  location /ws") : site.HTTPS.rindex("}")]
    gone = "  location /ws {\n    proxy_pass http://127.0.0.1:3000/gone/;\n  }\n"
    other = site.HTTPS.replace("listen 443 ssl", "listen [::]:443 ssl").replace(socket, gone)
    lab.edit("  listen [::]:443 ssl;\n", "")
    lab.server.write(site.CONF, lab.server.read(site.CONF) + other)
    lab.restart_nginx()


def _socket(address: str) -> dict[str, str]:
    script = f"const socket = new WebSocket({address} + location.host + '/ws');\n"
    return {**_page(_names("/app.js")), "app.js": script}


@scenario(outside="websocket.mixed-content", manual=OWN)
def page_puts_a_plain_socket_together(lab: Lab) -> None:
    _files(lab, _socket("'ws://'"))


@scenario(outside="websocket.mixed-content", manual=OWN)
def inline_module_imports_what_opens_a_plain_socket(lab: Lab) -> None:
    """https://github.com/vitejs/vite/pull/436: the page imports the client that opens it."""
    inline = '<script type="module">\nimport "/client.js"\n</script>\n'
    script = "const socket = new WebSocket(`ws://${location.host}/ws`)\n"
    _files(lab, {**_page(inline), "client.js": script})


@healthy()
def page_chooses_the_scheme_of_its_socket(lab: Lab) -> None:
    _files(lab, _socket("(location.protocol === 'https:' ? 'wss://' : 'ws://')"))


SHELL = {"index.html": "<!doctype html><title>Shop</title><div id=app></div>\n"}


@scenario(outside="http.page-for-api", manual=OWN, target=f"https://{site.NAME}/api/users")
def fallback_answers_for_the_interface(lab: Lab) -> None:
    """ "Unexpected token '<'", after questions on Stack Overflow."""
    page = {"index.html": SHELL["index.html"] + '<script src="/app.js"></script>\n'}
    lines = "  location / {\n    try_files $uri /index.html;\n  }\n"
    _files(lab, {**page, "app.js": SCRIPT}, lines)


@healthy(target=f"https://{site.NAME}/catalogue/users")
def fallback_answers_for_a_page(lab: Lab) -> None:
    page = {"index.html": SHELL["index.html"] + '<script src="/app.js"></script>\n'}
    lines = "  location / {\n    try_files $uri /index.html;\n  }\n"
    _files(lab, {**page, "app.js": SCRIPT}, lines)


def _login(lab: Lab, scheme: str) -> None:
    back = f"{scheme}%3A%2F%2F{site.NAME}%2Fcallback"
    login = f"https://{site.NAME}/login.html?client_id=shop&redirect_uri={back}"
    lines = f"  location = / {{\n    return 302 {login};\n  }}\n"
    _files(lab, {"login.html": "<!doctype html><title>Login</title>\n"}, lines)


@scenario(outside="http.login-return-address", manual=OWN)
def login_is_told_to_lead_back_to_http(lab: Lab) -> None:
    """After questions about oauth2-proxy and Keycloak: "Invalid parameter: redirect_uri"."""
    _login(lab, "http")


@healthy()
def login_leads_back_to_https(lab: Lab) -> None:
    _login(lab, "https")


@healthy(args=("--ws", "/mqtt"))
def broker_wants_its_subprotocol(lab: Lab) -> None:
    """A broker answers 400 and says nothing to a handshake without a subprotocol."""
    lab.spawn(lab.server, lab.server.python(APPLICATION, "mqtt", "3001"), 3001)
    socket = f"  location /mqtt {{\n{PASS}{UPGRADE}  }}\n\n"
    lab.change(PAGE, f"{PAGE}{socket}")


def _upgrades(lab: Lab) -> None:
    files = {**_page(_names("/app.js")), "app.js": SCRIPT}
    _files(lab, files)
    text = lab.server.read(site.CONF)
    plain = f"    root {FOLDER};\n    add_header Content-Security-Policy upgrade-insecure-requests;"
    lab.server.write(site.CONF, text.replace("    return 301 https://$host$request_uri;", plain))
    lab.restart_nginx()


@scenario(
    outside="http.upgrade-without-tls", manual="a certificate or another policy",
    target=f"http://{site.NAME}/",
)  # fmt: skip
def page_over_http_asks_for_https(lab: Lab) -> None:
    """Helmet's default headers on a server without TLS."""
    _upgrades(lab)
    text = lab.server.read(site.CONF)
    lab.server.write(site.CONF, text.replace("listen 443 ssl;", "listen 127.0.0.1:8443 ssl;"))
    lab.restart_nginx()


@scenario(outside="http.not-the-site", manual="a bill has to be paid")
def account_is_suspended(lab: Lab) -> None:
    """cPanel redirects every page to that of the suspension."""
    page = {"suspended.html": "<!doctype html><title>Account Suspended</title><p>Suspended.</p>\n"}
    _files(lab, page, "  location = / {\n    return 302 /suspended.html;\n  }\n")


@scenario(outside="http.part-of-page", manual=OWN)
def cache_has_kept_a_part(lab: Lab) -> None:
    _answers(lab, "part")

"""The page itself fails, and nginx's error log says why.

After threads on Stack Overflow, Server Fault and GitHub: "403 Forbidden (13: Permission denied)",
"directory index of … is forbidden", "rewrite or internal redirection cycle", "Primary script
unknown", "auth request unexpected status", "limiting requests".
"""

from pathlib import Path

from .. import site
from ..lab import Lab
from ..scenario import BARE, UNLOGGED, healthy, scenario

MINE = (site.CONF,)
DEPLOY = "the site's files have to be copied there"
LIMIT = "/etc/nginx/conf.d/00-limit.conf"
FOLDER = "/var/www/shop"
PAGE = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
GATEWAY = str(Path(__file__).parent.parent / "applications" / "gateway_server.py")


def _page(lab: Lab, lines: str) -> None:
    """The site's page is served by these lines, and its WebSocket as ever."""
    lab.change(PAGE, f"{lines}\n")


def _static(lab: Lab, folder: str = FOLDER, index: str = "<p>Shop</p>\n") -> None:
    lab.server.sh(f"mkdir -p {folder} && chmod 755 {folder}")
    if index:
        lab.server.write(f"{folder}/index.html", index)
    _page(lab, f"  root {folder};\n")


@scenario(
    outside="http.server-error", server="nginx.redirect-cycle", manual=DEPLOY, not_on=UNLOGGED
)
def single_page_application_without_its_index(lab: Lab) -> None:
    """It was never copied: even its folder is missing."""
    _page(lab, f"  root {FOLDER};\n  location / {{ try_files $uri $uri/ /index.html; }}\n")


@scenario(
    outside="http.server-error", server="nginx.redirect-cycle", manual=DEPLOY, not_on=UNLOGGED
)
def error_page_that_leads_to_itself(lab: Lab) -> None:
    """A rewrite that matches its own result."""
    _page(lab, f"  root {FOLDER};\n  location / {{ rewrite ^(.*)$ /app$1; }}\n")


@healthy(target=f"https://{site.NAME}/uploads/")
def folder_of_files_without_an_index(lab: Lab) -> None:
    """What visitors have sent: pages show the pictures, and nobody is to see a list."""
    lab.server.write(f"{FOLDER}/uploads/tea.png", "")
    _static(lab)


@scenario(outside=None, server="nginx.index-missing", manual=DEPLOY, not_on=UNLOGGED)
def folder_without_an_index(lab: Lab) -> None:
    _static(lab, index="")


@scenario(outside=None, server="nginx.index-missing", manual=DEPLOY, not_on=UNLOGGED)
def page_is_one_folder_below(lab: Lab) -> None:
    """The only page of the site is in a folder of its own."""
    _static(lab, index="")
    lab.server.write(f"{FOLDER}/demo/index.html", "<title>Demo</title>")


@scenario(
    outside=None, server="nginx.index-missing", manual="index.php has to be named", not_on=UNLOGGED
)
def index_of_another_name(lab: Lab) -> None:
    """index.php is there; nginx looks for index.html."""
    _static(lab, index="")
    lab.server.write(f"{FOLDER}/index.php", "<?php\n")


@scenario(outside=None, server="nginx.file-forbidden", differs=(FOLDER,), not_on=UNLOGGED)
def folder_that_only_root_may_enter(lab: Lab) -> None:
    """Copied by root, with umask 077."""
    _static(lab)
    lab.server.sh(f"chmod 700 {FOLDER}")


@scenario(
    outside=None, server="nginx.file-forbidden", differs=(f"{FOLDER}/index.html",), not_on=UNLOGGED
)
def index_that_only_root_may_read(lab: Lab) -> None:
    _static(lab)
    lab.server.sh(f"chmod 600 {FOLDER}/index.html")


@scenario(outside=None, server="nginx.file-forbidden", differs=(FOLDER,), not_on=UNLOGGED)
def folder_that_only_root_may_enter_and_try_files(lab: Lab) -> None:
    """The same: the last file of try_files may not be read either."""
    _static(lab)
    lab.edit(f"  root {FOLDER};\n", f"  root {FOLDER};\n  try_files $uri $uri/ /index.html;\n")
    lab.restart_nginx()
    lab.server.sh(f"chmod 700 {FOLDER}")


@scenario(
    outside="http.server-error",
    server="nginx.auth-request-failed",
    manual="a login service",
    not_on=BARE,
)
def login_service_that_is_not_there(lab: Lab) -> None:
    _page(
        lab,
        "  location / { auth_request /auth; proxy_pass http://127.0.0.1:3000; }\n"
        "  location = /auth { internal; return 404; }\n",
    )


@scenario(
    outside="http.server-error",
    server="nginx.auth-request-failed",
    manual="a login service",
    not_on=BARE,
)
def login_service_that_redirects(lab: Lab) -> None:
    _page(
        lab,
        "  location / { auth_request /auth; proxy_pass http://127.0.0.1:3000; }\n"
        "  location = /auth { internal; return 302 https://login.example.com/; }\n",
    )


@scenario(
    outside="http.server-error",
    server="nginx.request-limit",
    manual="what is right for it",
    not_on=UNLOGGED,
)
def limit_without_a_burst(lab: Lab) -> None:
    """One request a minute, of all visitors together."""
    zone = "limit_req_zone $server_name zone=web:1m rate=1r/m;\n"
    lab.server.write("/etc/nginx/conf.d/00-limit.conf", zone)
    lab.change(PAGE, PAGE.replace("location / {", "location / {\n    limit_req zone=web;"))
    lab.client.sh(f"curl -sk -o /dev/null https://{site.NAME}/")


@scenario(outside=None, server="nginx.request-limit", differs=(site.CONF, LIMIT), not_on=UNLOGGED)
def limit_without_a_burst_for_the_files(lab: Lab) -> None:
    """After questions on Server Fault: the page comes, and every second script is missing."""
    zone = "limit_req_zone $binary_remote_addr zone=web:1m rate=1r/s;\n"
    lab.server.write("/etc/nginx/conf.d/00-limit.conf", zone)
    files = [f"part{number}.js" for number in range(4)]
    tags = "".join(f'<script src="/{name}"></script>' for name in files)
    lab.server.write(f"{FOLDER}/index.html", f"<!doctype html><title>Shop</title>{tags}\n")
    for name in files:
        lab.server.write(f"{FOLDER}/{name}", "start();\n")
    limited = "  location ~ \\.js$ {\n    limit_req zone=web;\n  }\n"
    _page(lab, f"  root {FOLDER};\n{limited}")


@scenario(
    outside="http.answer-says-why",
    server="upstream.script-not-found",
    manual=DEPLOY,
    not_on=UNLOGGED,
)
def php_that_does_not_find_the_script(lab: Lab) -> None:
    """root stands in another location."""
    lab.spawn(lab.server, lab.server.python(GATEWAY, "php", "9999"), 9999)
    _page(lab, "  location / { include fastcgi_params; fastcgi_pass 127.0.0.1:9999; }\n")


@healthy()
def files_that_others_asked_for_in_vain(lab: Lab) -> None:
    """The log is full of what bots have looked for; the page is there."""
    _static(lab)
    for path in ("wp-login.php", "secret/", ".env"):
        lab.server.sh(f"mkdir -p {FOLDER}/secret && chmod 700 {FOLDER}/secret")
        lab.client.sh(f"curl -sk -o /dev/null https://{site.NAME}/{path}")


@healthy()
def forbidden_on_purpose(lab: Lab) -> None:
    """An interface: its root says 403, and means it."""
    _page(lab, "  location / { return 403; }\n")


@healthy()
def not_found_on_purpose(lab: Lab) -> None:
    """An interface whose root has no page."""
    lab.server.write(f"{FOLDER}/robots.txt", "")
    _page(lab, f"  root {FOLDER};\n  location / {{ try_files $uri =404; }}\n")


@healthy(not_on=BARE)
def login_that_answers_401(lab: Lab) -> None:
    _page(
        lab,
        "  location / { auth_request /auth; proxy_pass http://127.0.0.1:3000; }\n"
        "  location = /auth { internal; return 401; }\n",
    )


@healthy()
def limit_that_nobody_meets(lab: Lab) -> None:
    zone = "limit_req_zone $binary_remote_addr zone=web:1m rate=50r/s;\n"
    lab.server.write("/etc/nginx/conf.d/00-limit.conf", zone)
    burst = "location / {\n    limit_req zone=web burst=100 nodelay;"
    lab.change(PAGE, PAGE.replace("location / {", burst))


def _policy(lab: Lab, policy: str) -> None:
    header = f'location / {{\n    add_header Content-Security-Policy "{policy}";'
    lab.change(PAGE, PAGE.replace("location / {", header))


@scenario(
    outside="websocket.blocked-by-policy", args=("--ws", "/ws"),
    manual="what a page may contact is a matter of the application",
)  # fmt: skip
def policy_that_allows_https_alone(lab: Lab) -> None:
    """`https:` does not allow wss: (CSP 3, section 6.7.2.9)."""
    _policy(lab, "default-src https:")


REFUSED_SOCKET = (
    f"Refused to connect to 'wss://{site.NAME}/ws?token=x' because it violates the following"
    " Content Security Policy directive: \"connect-src 'self' wss://other.example\""
)


@scenario(
    outside="websocket.blocked-by-policy", args=(REFUSED_SOCKET,), target=f"https://{site.NAME}/",
    differs=(site.CONF,),
)  # fmt: skip
def policy_of_another_instance(lab: Lab) -> None:
    """https://github.com/mastodon/mastodon/issues/2390: `'self'` is not wss: in that browser."""
    _policy(lab, "connect-src 'self' wss://other.example")


@healthy(args=(REFUSED_SOCKET,), target=f"https://{site.NAME}/")
def policy_that_names_its_own_websocket(lab: Lab) -> None:
    _policy(lab, f"connect-src 'self' wss://{site.NAME}")


@healthy(args=("--ws", "/ws"))
def policy_that_is_strict_and_allows_it(lab: Lab) -> None:
    _policy(lab, "default-src 'none'; script-src 'self'; connect-src 'self'")


@scenario(outside=None, server="nginx.temp-files-unwritable")
def temporary_files_of_another_user(lab: Lab) -> None:
    """The large files of the site are cut off; its page is small."""
    lab.server.sh(f"mkdir -p {FOLDER} /srv/temporary && chmod 700 /srv/temporary")
    lab.server.sh(f"truncate -s 8M {FOLDER}/big.bin")
    serving = ["-m", "http.server", "9999", "--bind", "127.0.0.1", "--directory", FOLDER]
    lab.spawn(lab.server, ["python3", *serving], 9999)
    location = "proxy_temp_path /srv/temporary/proxy; proxy_pass http://127.0.0.1:9999;"
    lab.change(PAGE, f"{PAGE}\n  location /big.bin {{ {location} }}\n")
    lab.server.sh("chown root:root /srv/temporary/proxy && chmod 700 /srv/temporary/proxy")
    slowly = "curl -sk --limit-rate 400k --max-time 5 -o /dev/null"
    lab.client.sh(f"{slowly} https://{site.NAME}/big.bin || :")

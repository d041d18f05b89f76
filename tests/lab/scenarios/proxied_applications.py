"""Applications that people put behind nginx, after threads of their own issue trackers.

The applications are stand-ins that answer as the real ones do (applications/proxied_server.py).
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

MINE = (site.CONF,)
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
PORT = "127.0.0.1:3001"
UPGRADE = (
    "    proxy_set_header Upgrade $http_upgrade;\n"
    "    proxy_set_header Connection $connection_upgrade;\n"
)


def _spawn(lab: Lab, mode: str) -> None:
    lab.spawn(lab.server, lab.server.application("proxied_server", mode, "3001"), 3001)


def _application(lab: Lab, mode: str, pages: str = PAGES) -> None:
    """The site's pages come from this application."""
    _spawn(lab, mode)
    lab.change(PAGES, pages.replace("127.0.0.1:3000", PORT))


def _with_upgrade(pages: str) -> str:
    return pages.replace("    proxy_set_header X-", f"{UPGRADE}    proxy_set_header X-", 1)


# A WebSocket of the page, which the user does not name

#: The plain call. Without words, a scenario about WebSockets asks for /ws.
PLAIN = ("--method", "GET")


@scenario(outside=None, server="websocket.upgrade-headers-missing", args=PLAIN, differs=MINE)
def mattermost_without_upgrade(lab: Lab) -> None:
    """ "Please check connection", after issue 4232 of Mattermost: the page opens well."""
    _application(lab, "mattermost")


@scenario(outside=None, server="websocket.upgrade-headers-missing", args=PLAIN, differs=MINE)
def uptime_kuma_without_upgrade(lab: Lab) -> None:
    """ "Cannot connect to the socket server", after issues 865 and 1250 of Uptime Kuma: its program
    names no path but Socket.IO's default."""
    _application(lab, "socket-io")


@scenario(outside=None, server="websocket.upgrade-headers-missing", args=PLAIN, differs=MINE)
def minio_without_upgrade(lab: Lab) -> None:
    """The bucket loads for ever, after issue 16676 of MinIO: the script puts the address
    together."""
    _application(lab, "minio")


@scenario(
    outside=None, server="upstream.refused", args=PLAIN, both="upstream.refused",
    manual="the application of the WebSocket has to be started",
)  # fmt: skip
def websocket_of_the_page_has_no_application(lab: Lab) -> None:
    """Nothing listens for /socket.io, after issue 8704 of ERPNext: the page opens well."""
    block = PAGES.replace("/ {", "/socket.io/ {").replace("127.0.0.1:3000", "127.0.0.1:9000")
    _application(lab, "socket-io", _with_upgrade(PAGES) + _with_upgrade(block))


NOVNC = f"https://{site.NAME}/vnc/vnc.html"


def _novnc(lab: Lab, location: str) -> None:
    """A page of files; websockify is the laboratory's own application, whose path is /ws."""
    page = "<!doctype html><title>noVNC</title><p>Connect to the screen of a machine here.</p>\n"
    lab.server.write("/srv/vnc/vnc.html", page)
    files = "  location /vnc/ {\n    alias /srv/vnc/;\n  }\n"
    passed = f"  location {location} {{\n    proxy_pass http://127.0.0.1:3000/ws;\n{UPGRADE}  }}\n"
    lab.change(PAGES, PAGES + files + passed.replace("  }", "    proxy_http_version 1.1;\n  }"))


@scenario(
    outside=None, server="websocket.no-location", target=NOVNC, args=PLAIN, differs=MINE,
    manual="which application has the WebSocket is not known",
)  # fmt: skip
def novnc_asks_below_its_page(lab: Lab) -> None:
    """/vnc/websockify, and the location is /websockify, after issue 1976 of noVNC."""
    _novnc(lab, "/websockify")


@healthy(target=NOVNC, args=PLAIN)
def novnc_with_its_location(lab: Lab) -> None:
    _novnc(lab, "/vnc/websockify")


@healthy()
def minio_with_upgrade(lab: Lab) -> None:
    _application(lab, "minio", _with_upgrade(PAGES))


@healthy()
def mattermost_with_upgrade(lab: Lab) -> None:
    _application(lab, "mattermost", _with_upgrade(PAGES))


@scenario(
    outside=None, server="websocket.origin-refused", args=PLAIN, both=None,
    manual="the names that the application accepts are a setting of its own",
)  # fmt: skip
def phoenix_with_another_host(lab: Lab) -> None:
    """`url: [host: …]` of another name, after issue 99 of learn-phoenix: the page opens well."""
    _application(lab, "phoenix", _with_upgrade(PAGES))


@healthy(args=PLAIN)
def phoenix_whose_socket_needs_a_session(lab: Lab) -> None:
    """It answers 403 with and without an Origin."""
    _application(lab, "phoenix-session", _with_upgrade(PAGES))


@scenario(outside=None, server="websocket.upgrade-headers-missing", args=PLAIN, differs=MINE)
def websocket_of_the_page_needs_a_login(lab: Lab) -> None:
    """The application refuses a handshake without a session, with and without Upgrade: its page
    opens the WebSocket, and nginx does not pass the upgrade on."""
    _application(lab, "needs-login")


@healthy(args=PLAIN)
def websocket_of_the_page_needs_a_login_and_gets_the_upgrade(lab: Lab) -> None:
    """What it answers without a session says nothing about nginx."""
    _application(lab, "needs-login", _with_upgrade(PAGES))


# Files of the page that nginx answers without the application


@scenario(outside="http.page-file-missing", server="nginx.path-taken", differs=MINE)
def gitea_beside_try_files(lab: Lab) -> None:
    """`try_files $uri $uri/ =404` from Debian's default page beside proxy_pass, after issue 4046 of
    Gitea: the page at / comes, and none of its files."""
    lab.server.write("/var/www/html/.keep", "")
    tries = "    try_files $uri $uri/ =404;\n  }\n"
    pages = PAGES.replace("  location /", "  root /var/www/html;\n  location /", 1)
    _application(lab, "gitea", pages.replace("  }\n", tries, 1))


@scenario(
    outside="http.page-file-missing", server="nginx.path-taken",
    manual="whether nginx is to keep the files for a time is a choice",
)  # fmt: skip
def gitea_beside_a_location_for_files(lab: Lab) -> None:
    """`location ~* \\.(js|css)$ { expires 30d; }` within the application's, after issue 3595."""
    nested = "    location ~* \\.(js|css)$ {\n      expires 30d;\n    }\n  }\n"
    _application(lab, "gitea", PAGES.replace("  }\n", nested, 1))


@scenario(outside="http.page-file-missing", server="nginx.path-taken", differs=MINE)
def gitea_beside_files_of_a_folder(lab: Lab) -> None:
    """The same with a `root`, after issue 1329 of Wiki.js: the folder has none of the files."""
    lab.server.write("/var/www/html/.keep", "")
    files = "  root /var/www/html;\n  location ~* \\.(js|css)$ {\n    expires 7d;\n  }\n"
    _application(lab, "gitea", PAGES + files)


CACHED = (
    "  location ~* \\.(js|css)$ {\n    proxy_pass http://127.0.0.1:3042;\n    expires 7d;\n  }\n"
)
FOLDER = PAGES.replace("location / {", "location /assets/ {")


def _two_applications(lab: Lab, lines: str) -> None:
    """The site's pages come from Gitea; at port 3042 is a program without its files."""
    lab.spawn(lab.server, lab.server.application("proxied_server", "mastodon", "3042"), 3042)
    _spawn(lab, "gitea")
    lab.change(PAGES, lines + PAGES.replace("127.0.0.1:3000", PORT))


@scenario(outside="http.page-file-missing", server="nginx.path-taken", differs=MINE)
def gitea_beside_files_of_another_program(lab: Lab) -> None:
    """Pull request 5697 of nginx-proxy-manager: the files of the whole site are asked of another
    program, also those of a folder that has its own."""
    _two_applications(lab, CACHED + FOLDER.replace("127.0.0.1:3000", PORT))


@scenario(
    outside=None, server="nginx.path-taken", target=f"https://{site.NAME}/assets/app.js",
    differs=MINE,
)  # fmt: skip
def file_of_gitea_asked_of_another_program(lab: Lab) -> None:
    _two_applications(lab, CACHED + FOLDER.replace("127.0.0.1:3000", PORT))


@healthy()
def gitea_whose_files_have_a_regular_expression(lab: Lab) -> None:
    """The regular expression is meant: the folder's own program does not have them."""
    files = CACHED.replace("127.0.0.1:3042", PORT)
    _two_applications(lab, files + FOLDER.replace("127.0.0.1:3000", "127.0.0.1:3042"))


CLIENT = f"https://{site.NAME}/.well-known/matrix/client"
WELL_KNOWN = "  location /.well-known/ {\n    root /var/www/acme;\n  }\n"


@scenario(
    outside=None, server="nginx.path-taken", target=CLIENT,
    manual="which files the folder is for is a choice",
)  # fmt: skip
def synapse_beside_well_known(lab: Lab) -> None:
    """A location for the files of certbot takes the application's, after an issue of
    mijn-bureau-infra: clients of Matrix do not find their server."""
    _application(lab, "synapse", PAGES + WELL_KNOWN)


@healthy(target=CLIENT)
def synapse_beside_the_challenges_of_certbot(lab: Lab) -> None:
    _application(lab, "synapse", PAGES + WELL_KNOWN.replace("known/", "known/acme-challenge/"))


FILES_FIRST = PAGES.replace("  location / {", "  location @app {").rstrip() + (
    "\n  root /srv/home/live/public;\n  location / {\n    try_files $uri @app;\n  }\n"
)


@scenario(outside="http.page-file-missing", server="nginx.page-file-forbidden")
def mastodon_in_a_closed_home(lab: Lab) -> None:
    """A home folder of mode 750, after issue 20603 of Mastodon: the application, asked in the place
    of the file, answers 404."""
    _mastodon(lab, "750")


@healthy()
def mastodon_in_an_open_home(lab: Lab) -> None:
    _mastodon(lab, "755")


def _mastodon(lab: Lab, mode: str) -> None:
    for name in ("app.css", "app.js"):
        lab.server.write(f"/srv/home/live/public/assets/{name}", "/* */\n")
    lab.server.sh(f"chmod {mode} /srv/home")
    _application(lab, "mastodon", FILES_FIRST)


# A folder of the site


def _below(lab: Lab, mode: str, target: str, location: str = "/monitor/") -> None:
    """The application below a location; the rest of the site is as ever."""
    _spawn(lab, mode)
    block = f"  location {location} {{\n    proxy_pass http://{target};\n  }}\n"
    lab.change(PAGES, PAGES + block)


MONITOR = f"https://{site.NAME}/monitor/"


@scenario(
    outside=None, server="upstream.wrong-path", target=MONITOR, differs=MINE,
)  # fmt: skip
def grafana_keeps_the_prefix(lab: Lab) -> None:
    """Grafana with `root_url` answers 404 where nginx keeps the prefix, after issues 1998 and 12249
    of Grafana."""
    _below(lab, "grafana", PORT)


@scenario(
    outside=None, server="upstream.wrong-path", target=MONITOR[:-1],
    manual="the location needs a slash too",
)  # fmt: skip
def strapi_keeps_the_prefix(lab: Lab) -> None:
    """`location /strapi` and JSON that says 404, after issue 1088 of Strapi."""
    _below(lab, "strapi", PORT, "/monitor")


@scenario(outside="http.redirect-loop", server="upstream.wrong-path", target=MONITOR, differs=MINE)
def jellyfin_without_its_base_url(lab: Lab) -> None:
    """Only the page behind the target redirects to itself: the "Base URL" of Jellyfin is cut
    off."""
    _below(lab, "jellyfin", f"{PORT}/")


@healthy(target=MONITOR)
def jellyfin_with_its_base_url(lab: Lab) -> None:
    _below(lab, "jellyfin", PORT)


@healthy(target=MONITOR)
def grafana_without_the_prefix(lab: Lab) -> None:
    _below(lab, "grafana", f"{PORT}/")


@scenario(
    outside="http.base-path-missing", target=f"https://{site.NAME}/tools/live", differs=MINE,
)  # fmt: skip
def streamlit_without_its_slash(lab: Lab) -> None:
    """A folder within a folder, after issue 1139 of Streamlit: the page looks for its files beside
    its own folder."""
    _spawn(lab, "streamlit")
    rewrites = (
        "    rewrite /tools/live/(.*) /$1 break;\n    rewrite /tools/live / break;\n"
        f"    proxy_pass http://{PORT};\n"
    )
    lab.change(PAGES, f"{PAGES}  location /tools/live {{\n{rewrites}  }}\n")


@scenario(
    outside="http.redirect-wrong-host", target=f"https://{site.NAME}/manage", differs=MINE,
)  # fmt: skip
def jenkins_with_a_foreign_proxy_redirect(lab: Lab) -> None:
    """`proxy_redirect … http://localhost` of a template, after an issue of jenkins-nginx-docker."""
    rule = f"    proxy_redirect http://{PORT} http://localhost;\n"
    pages = PAGES.replace("    proxy_set_header Host $http_host;\n", rule)
    _application(lab, "jenkins", pages)


@healthy(target=f"https://{site.NAME}/login", args=("--method", "POST"))
def login_leads_back_to_its_form(lab: Lab) -> None:
    """An empty form is led to the front page, and from there to the form: by GET, so it ends."""
    _application(lab, "login")


# A WebSocket that opens and is closed for its origin


@scenario(
    outside=None, server="websocket.origin-refused", args=("--ws", "/push"), differs=MINE,
    both=None, unsure=("client", "both"),
)  # fmt: skip
def n8n_without_the_host(lab: Lab) -> None:
    """ "Connection lost", after issues 14653 and 19078 of n8n: closed with 1008 and no reason.

    Over SSH the server's curl sees no close frame."""
    pages = _with_upgrade(PAGES).replace("    proxy_set_header Host $http_host;\n", "")
    _application(lab, "n8n", pages)


@healthy(args=("--ws", "/push"))
def n8n_with_the_host(lab: Lab) -> None:
    _application(lab, "n8n", _with_upgrade(PAGES))


@scenario(
    outside="websocket.origin-refused", server="websocket.origin-refused",
    args=("--ws", "/push"), differs=MINE,
)  # fmt: skip
def n8n_says_it_in_a_message(lab: Lab) -> None:
    """After issue 14653 of n8n: a message "Invalid origin!", then 1008 and no reason."""
    pages = _with_upgrade(PAGES).replace("    proxy_set_header Host $http_host;\n", "")
    _application(lab, "n8n-message", pages)


@healthy(args=("--ws", "/push"))
def n8n_says_nothing_where_the_host_is_passed(lab: Lab) -> None:
    _application(lab, "n8n-message", _with_upgrade(PAGES))


# SignalR, whose clients have an id given out first

#: The address of a connection that has ended, as browsers write it into their console.
ENDED = ("--ws", "/hub?id=d0fc384a")


def _hubs(lab: Lab, method: str, ports: tuple[int, ...]) -> None:
    for port in ports:
        lab.spawn(lab.server, lab.server.application("proxied_server", "signalr", str(port)), port)
    servers = "".join(f"  server 127.0.0.1:{port};\n" for port in ports)
    lab.edit(PAGES, _with_upgrade(PAGES).replace("127.0.0.1:3000", "hub"))
    lab.change(site.MAP, f"{site.MAP}\nupstream hub {{\n{method}{servers}}}\n")


@scenario(outside="websocket.not-sticky", args=ENDED, differs=MINE)
def connections_of_signalr_are_lost_between_servers(lab: Lab) -> None:
    """After issues 984 and 2333 of aspnet/SignalR: another server does not know the id."""
    _hubs(lab, "  zone hub 64k;\n", (3001, 3002, 3003, 3004))


@healthy(args=ENDED)
def connections_of_signalr_are_kept_by_ip_hash(lab: Lab) -> None:
    _hubs(lab, "  ip_hash;\n", (3001, 3002, 3003, 3004))


@healthy(args=ENDED)
def connection_of_signalr_has_ended(lab: Lab) -> None:
    """One server, which says of an old id what another server says of a new one."""
    _hubs(lab, "", (3001,))


#: A site whose https is on a port of its own.
OWN_PORT = f"https://{site.NAME}:8443/"


def _n8n_on_its_own_port(lab: Lab, told: str) -> None:
    for words in ((), ("--permanent",)):
        lab.server.run(["firewall-cmd", *words, "--add-port=8443/tcp"], check=True)
    _spawn(lab, "n8n-1.88")
    listen = "listen 443 ssl;"
    line = f"    proxy_set_header X-Forwarded-Host {told};\n"
    host = "    proxy_set_header Host $host:8443;\n"
    pages = _with_upgrade(PAGES).replace("127.0.0.1:3000", PORT)
    pages = pages.replace("    proxy_set_header Host $http_host;\n", host + line)
    lab.change(PAGES, pages)
    lab.change(listen, f"{listen}\n  listen 8443 ssl;")


@scenario(
    outside="websocket.origin-refused", server="websocket.origin-refused", target=OWN_PORT,
    args=("--method", "GET"), differs=MINE,
)  # fmt: skip
def n8n_told_the_host_without_the_port(lab: Lab) -> None:
    """After issue 14653 of n8n: X-Forwarded-Host $host beside a Host with the port. The page, whose
    program is known, tells the path: it may be read before nginx's files or after them."""
    _n8n_on_its_own_port(lab, "$host")


@healthy(target=OWN_PORT, args=("--method", "GET"))
def n8n_told_the_host_with_the_port(lab: Lab) -> None:
    _n8n_on_its_own_port(lab, "$http_host")


def _told(name: str) -> str:
    line = f"    proxy_set_header X-Forwarded-Host {name};\n"
    return _with_upgrade(PAGES).replace(
        "    proxy_set_header X-", f"{line}    proxy_set_header X-", 1
    )


@scenario(
    outside="websocket.origin-refused", server="websocket.origin-refused",
    args=("--ws", "/stable"), manual="the WebSocket that is left wants a login",
)  # fmt: skip
def code_server_told_another_host(lab: Lab) -> None:
    """ "host does not match origin", after issue 6161 of code-server: the Origin is compared before
    the login, so that with another X-Forwarded-Host the handshake is asked to log in."""
    _application(lab, "code-server", _told("$host:$server_port"))


@healthy(args=("--ws", "/stable"), unsure=("client", "server", "both"))
def code_server_told_the_visitors_host(lab: Lab) -> None:
    """The handshake of a stranger is asked to log in, and a foreign Origin is forbidden."""
    _application(lab, "code-server", _told("$host"))


@scenario(
    outside="websocket.not-upgraded", server="websocket.ssi-on", both="websocket.not-upgraded",
    args=("--ws", "/websocket"), differs=MINE,
)  # fmt: skip
def odoo_beside_ssi(lab: Lab) -> None:
    """`ssi on` for the server, after issue 139566 of Odoo: its 101 has a Content-Type.

    Over SSH the fields of the application's answer are not read."""
    _application(lab, "odoo", f"  ssi on;\n{_with_upgrade(PAGES)}")


@healthy(args=("--ws", "/websocket"))
def odoo_without_ssi(lab: Lab) -> None:
    _application(lab, "odoo", _with_upgrade(PAGES))

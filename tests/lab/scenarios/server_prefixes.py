"""Applications and folders below a path, as people asked about them in threads: the path is passed
on whole or shortened, another line takes it, or nobody does. Each has its source."""

from .. import apache, caddy, haproxy
from ..apache import HTTP, HTTPS
from ..lab import HERE, SERVER, Lab
from ..site import NAME
from .apache import FILES as APACHE_FILES
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy
from .nginx_other_requests_failed import visit

URL = f"https://{NAME}"
ROUTE = "handle /api/* {\n\t\treverse_proxy localhost:3001\n\t}"
PERSON = "a person decides which of both paths is meant"
#: A folder below a path, and the same at the root.
FOLDER = (
    "handle /docs/* {\n\t\troot * /srv/docs\n\t\ttry_files {path} /index.html\n\t\tfile_server\n\t}"
)
FILES = "root * /srv/docs\n\ttry_files {path} /index.html\n\tfile_server\n"
SCRIPT = '<!doctype html><title>Docs</title><script type="module" src="/docs/app.js"></script>\n'


def application(lab: Lab, *paths: str) -> None:
    program = str(HERE / "applications" / "paths_server.py")
    lab.spawn(lab.server, lab.server.python(program, "3001", *paths), 3001)


def serve_caddy(lab: Lab, *lines: str) -> None:
    text = "".join(f"\t{line}\n" for line in lines)
    caddy.serve(lab, f"{NAME} {{\n\ttls {caddy.PEM} {caddy.KEY}\n{text}}}\n")


def docs(lab: Lab) -> None:
    lab.server.write("/srv/docs/index.html", SCRIPT)
    lab.server.write("/srv/docs/app.js", "1;\n")


@apache_scenario(
    outside=None, server="server.prefix-kept", target=f"{URL}/api/users", differs=APACHE_FILES
)
def apache_keeps_the_prefix(lab: Lab) -> None:
    """The path stands in the target too, and the application has no /api."""
    application(lab, "/", "/users")
    names = ("ProxyPass", "ProxyPassReverse")
    lines = "".join(f"    {name} /api/ http://127.0.0.1:3001/api/\n" for name in names)
    text = HTTPS.replace("    ProxyPass /ws", f"{lines}    ProxyPass /ws")
    apache.serve(lab, f"{text}\n{HTTP}")


def apache_site(lines: str) -> str:
    kept = "".join(line for line in HTTPS.splitlines(keepends=True) if "Proxy" not in line)
    return f"{kept.replace('</VirtualHost>', lines + '</VirtualHost>')}\n{HTTP}"


# Caddy


@caddy_scenario(
    outside=None,
    server="server.prefix-kept",
    target=f"{URL}/api/users",
    differs=(caddy.CONFIG,),
)
def caddy_keeps_the_prefix(lab: Lab) -> None:
    """Issue 5618 of caddyserver/caddy: `handle /auth/*`, and the application has no /auth."""
    application(lab, "/", "/users")
    serve_caddy(lab, ROUTE, "reverse_proxy localhost:3000")


@healthy_caddy(target=f"{URL}/api/users")
def caddy_takes_the_prefix_off(lab: Lab) -> None:
    """The same with handle_path."""
    application(lab, "/", "/users")
    serve_caddy(lab, ROUTE.replace("handle", "handle_path"), "reverse_proxy localhost:3000")


@healthy_caddy(target=f"{URL}/api/nothing")
def caddy_passes_on_what_is_nowhere(lab: Lab) -> None:
    """A path that the application has in neither way: 404 is its answer."""
    application(lab, "/", "/users")
    serve_caddy(lab, ROUTE, "reverse_proxy localhost:3000")


@caddy_scenario(
    outside="http.page-file-type",
    server="server.caddy-folder-prefix",
    target=f"{URL}/docs/",
    differs=(caddy.CONFIG,),
)
def caddy_folder_is_one_too_deep(lab: Lab) -> None:
    """Issue 5580 of caddyserver/caddy: every file of the sub-folder is its index.html."""
    docs(lab)
    serve_caddy(lab, FOLDER, "reverse_proxy localhost:3000")


@caddy_scenario(
    outside="http.page-file-missing",
    server="server.base-path-missing",
    target=f"{URL}/chat",
    manual="the application has to know its folder",
)
def caddy_takes_one_path_of_an_application(lab: Lab) -> None:
    """Issue 1620 of Chanzhaoyu/chatgpt-web: `handle_path /chatgpt`, and the page's files are at the
    root, where another site's files are."""
    application(lab, "/:/assets/app.js", "/assets/app.js")
    route = "handle_path /chat {\n\t\treverse_proxy localhost:3001\n\t}"
    serve_caddy(lab, "root * /srv/docs", "file_server", route)


@healthy_caddy(target=f"{URL}/docs/")
def caddy_folder_has_its_files(lab: Lab) -> None:
    """The same with handle_path."""
    docs(lab)
    serve_caddy(lab, FOLDER.replace("handle", "handle_path"), "reverse_proxy localhost:3000")


@caddy_scenario(
    outside=None,
    server="server.caddy-files-first",
    target=f"{URL}/api/users",
    manual="the laboratory's page and WebSocket are not there",
)
def caddy_tries_files_before_the_application(lab: Lab) -> None:
    """Issue 5503 of caddyserver/caddy: try_files for every path, and /api/* below it."""
    application(lab, "/api/users")
    lab.server.write("/srv/docs/index.html", "<!doctype html><p>It works.</p>\n")
    serve_caddy(lab, FILES, "reverse_proxy /api/* localhost:3001")


def _page_that_reads(lab: Lab, *lines: str) -> None:
    """A single-page application whose script reads /api/users."""
    application(lab, "/api/users")
    shell = "<!doctype html><title>Shop</title><div id=app></div><script src=/app.js></script>\n"
    lab.server.write("/srv/docs/index.html", shell)
    lab.server.write("/srv/docs/app.js", 'fetch("/api/users").then(r => r.json()).then(show)\n')
    serve_caddy(lab, *lines)


@caddy_scenario(
    outside="http.page-for-api",
    server="server.caddy-files-first",
    manual="the laboratory's page and WebSocket are not there",
)
def caddy_files_answer_what_the_page_reads(lab: Lab) -> None:
    """Issue 3912 of caddyserver/caddy, asked about the site: the script names the address."""
    _page_that_reads(lab, FILES, "reverse_proxy /api/* localhost:3001")


CALLS_LOG = "/var/log/caddy-calls.log"


def _page_with_a_log(lab: Lab, *lines: str) -> None:
    """A page with text, whose script makes the address of its data out of pieces; a browser was
    there."""
    application(lab, "/api/users")
    text = f"<p>{'Here is what we sell. ' * 9}</p>"
    page = f"<!doctype html><title>Shop</title><h1>Shop</h1>{text}<script src=/app.js></script>\n"
    lab.server.write("/srv/docs/index.html", page)
    lab.server.write("/srv/docs/app.js", 'fetch(base + "users").then(r => r.json()).then(show)\n')
    lab.server.sh(f"rm -f {CALLS_LOG}")
    lab.undo(lambda: lab.server.sh(f"rm -f {CALLS_LOG}"))
    serve_caddy(lab, *lines, f"log {{\n\t\toutput file {CALLS_LOG}\n\t}}")
    visit(lab, "/", "-H", "Accept: text/html", referer="")
    visit(lab, "/api/users", "-H", "Accept: application/json")


@caddy_scenario(
    outside=None,
    server="server.caddy-files-first",
    manual="the laboratory's page and WebSocket are not there",
)
def caddy_files_answer_the_calls_of_the_log(lab: Lab) -> None:
    """Issue 3912 of caddyserver/caddy, asked about the site: the access log has the request."""
    _page_with_a_log(lab, FILES, "reverse_proxy /api/* localhost:3001")


@healthy_caddy()
def caddy_application_answers_the_calls_of_the_log(lab: Lab) -> None:
    _page_with_a_log(lab, ROUTE, f"handle {{\n\t{FILES}\t}}")


@healthy_caddy()
def caddy_files_are_fragments_of_the_page(lab: Lab) -> None:
    """A script asks for a piece of a page, which is a file."""
    lab.server.write("/srv/docs/api/users/index.html", "<ul><li>Anna</ul>\n")
    _page_with_a_log(lab, f"handle {{\n\t{FILES}\t}}")
    visit(lab, "/api/users/", "-H", "Accept: */*")


@healthy_caddy()
def caddy_application_answers_what_the_page_reads(lab: Lab) -> None:
    _page_that_reads(
        lab, f"handle /api/* {{\n\t\treverse_proxy localhost:3001\n\t}}\n\thandle {{\n\t{FILES}\t}}"
    )


@healthy_caddy(target=f"{URL}/api/users")
def caddy_has_files_and_an_application(lab: Lab) -> None:
    """Each in its own block."""
    application(lab, "/api/users")
    docs(lab)
    serve_caddy(lab, ROUTE, f"handle {{\n\t\t{FILES}\t}}")


@caddy_scenario(
    outside=None,
    server="server.path-not-handled",
    manual="a person writes the matcher",
)
def caddy_matcher_is_the_root_alone(lab: Lab) -> None:
    """Issue 547 of songquanpeng/one-api: `reverse_proxy / localhost:3000`, and a blank page."""
    application(lab, "/:/static/app.js", "/static/app.js")
    serve_caddy(lab, "reverse_proxy / localhost:3001")


@caddy_scenario(
    outside=None,
    server="server.path-not-handled",
    target=f"{URL}/shop/",
    manual="a person writes the route",
)
def caddy_takes_the_page_and_not_its_files(lab: Lab) -> None:
    """The application names its files at the root, and has a route for its own folder alone."""
    application(lab, "/shop/:/static/app.js", "/static/app.js")
    serve_caddy(lab, "reverse_proxy /shop/* localhost:3001")


@healthy_caddy(target=f"{URL}/shop/")
def caddy_takes_the_page_and_its_files(lab: Lab) -> None:
    application(lab, "/shop/:/static/app.js", "/static/app.js")
    routes = (f"reverse_proxy {path} localhost:3001" for path in ("/shop/*", "/static/*"))
    serve_caddy(lab, *routes)


@caddy_scenario(
    outside="websocket.not-upgraded",
    server="server.path-not-handled",
    args=("--ws", "/socket"),
    manual="a person writes the route",
)
def caddy_has_no_route_for_the_websocket(lab: Lab) -> None:
    """The page is a file of Caddy's, and the WebSocket of the application gets an empty 200."""
    lab.server.write("/srv/docs/index.html", "<!doctype html><p>It works.</p>\n")
    serve_caddy(lab, "root * /srv/docs", "file_server /", "reverse_proxy /api/* localhost:3000")


@caddy_scenario(
    outside=None,
    server="server.path-not-handled",
    manual="the site has no WebSocket",
)
def caddy_serves_no_file_of_its_folder(lab: Lab) -> None:
    """Issue 10 of ToX82/logHappens: root, and neither file_server nor php_fastcgi."""
    docs(lab)
    serve_caddy(lab, "root * /srv/docs")


@caddy_scenario(
    outside="http.server-error",
    server="server.backend-not-reached",
    manual="a person chooses the address",
)
def application_is_at_another_address(lab: Lab) -> None:
    """Issue 394 of successible/cleanslate: the application listens on 127.0.0.1, and Caddy asks
    for it at the address of the machine."""
    serve_caddy(lab, f"reverse_proxy {SERVER}:3000")


# Apache

KEPT = "    ProxyPass /assets/ !\n"
ASSETS = (
    "    Alias /assets /srv/assets\n"
    "    <Directory /srv/assets>\n        Require all granted\n    </Directory>\n"
)
LINE = "    ProxyPass / http"


def assets(lab: Lab, text: str) -> None:
    """The page of the application loads a script that Apache has."""
    lab.application("--mode", "one-page")
    lab.server.write("/srv/assets/app.js", "1;\n")
    apache.serve(lab, f"{text.replace('</VirtualHost>', ASSETS + '</VirtualHost>')}\n{HTTP}")


@apache_scenario(
    outside="http.page-file-type",
    server="server.apache-proxy-shadowed",
    differs=(apache.SITE,),
)
def apache_excludes_too_late(lab: Lab) -> None:
    """Pull request 18769 of opf/openproject: "ProxyPass /assets/ !" comes after "ProxyPass /"."""
    assets(lab, HTTPS.replace("    ProxyPassReverse", f"{KEPT}    ProxyPassReverse"))


@healthy_apache()
def apache_excludes_first(lab: Lab) -> None:
    """The same in the right order."""
    assets(lab, HTTPS.replace(LINE, f"{KEPT}{LINE}"))


@apache_scenario(
    outside=None,
    server="server.page-missing",
    target=f"{URL}/about-us",
    manual="a person knows whether the file is meant",
)
def apache_htaccess_has_a_slip(lab: Lab) -> None:
    """Issue 13 of banago/simple-php-website: ".htacess"."""
    lab.server.write("/srv/simple/index.html", "<!doctype html><p>It works.</p>\n")
    rules = "RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^ index.html [L]\n"
    lab.server.write("/srv/simple/.htacess", rules)
    folder = "    <Directory /srv/simple>\n        AllowOverride All\n        Require all granted\n"
    lines = f"{folder}    </Directory>\n"
    apache.serve(lab, apache_site(lines).replace("/var/www/html", "/srv/simple"))


@apache_scenario(
    outside="http.redirect-to-error",
    server="server.base-path-missing",
    target=f"{URL}/app/",
    manual="the application has to know its folder",
)
def apache_application_leaves_its_folder(lab: Lab) -> None:
    """Issue 4071 of inception-project/inception: it redirects to /login.html."""
    application(lab, "/:302:/login.html", "/login.html")
    lines = "    ProxyPass /app/ http://127.0.0.1:3001/\n"
    apache.serve(lab, apache_site(lines))


@healthy_apache(target=f"{URL}/app/")
def apache_application_stays_in_its_folder(lab: Lab) -> None:
    """The same with ProxyPassReverse, which puts the folder before it."""
    application(lab, "/:302:/login.html", "/login.html")
    lines = "    ProxyPass /app/ http://127.0.0.1:3001/\n"
    lines += "    ProxyPassReverse /app/ /\n"
    apache.serve(lab, apache_site(lines))


AT_ROOT = "The site has no application at its root here."


def folder_of_an_application(lab: Lab, rules: str = "") -> None:
    """An application at /app, whose page names its files relatively."""
    lab.spawn(lab.server, lab.server.application("guarded_server", "relative", "3001"), 3001)
    lines = "    <Location /app>\n        ProxyPass http://127.0.0.1:3001\n    </Location>\n"
    apache.serve(
        lab,
        apache_site(f"{rules}{lines}").replace(
            "DocumentRoot /var/www/html", "DocumentRoot /var/www/none"
        ),
    )


@apache_scenario(
    outside="http.base-path-missing", target=f"{URL}/app", differs=APACHE_FILES, manual=AT_ROOT
)
def apache_folder_without_its_slash(lab: Lab) -> None:
    """Issue 639 of eggjs/egg: /app shows its page, whose files are looked for beside it."""
    folder_of_an_application(lab)


@healthy_apache(target=f"{URL}/app")
def apache_folder_with_its_slash(lab: Lab) -> None:
    """The twin of `apache_folder_without_its_slash`."""
    folder_of_an_application(lab, "    RewriteEngine On\n    RewriteRule ^/app$ /app/ [R=301,L]\n")


#: The site's own application beside it has these files nowhere.
CADDY_SHOP = "reverse_proxy /ws* localhost:3000\n\treverse_proxy localhost:3002"


def told_application(lab: Lab) -> None:
    """An application that knows its folder only by X-Forwarded-Prefix, beside the site's own."""
    lab.spawn(lab.server, lab.server.application("guarded_server", "root-only", "3002"), 3002)
    lab.spawn(lab.server, lab.server.application("addressed_server", "base-href", "3001"), 3001)


def apache_folder_of_a_told_application(lab: Lab, lines: str = "") -> None:
    told_application(lab)
    lines += "    ProxyPass /firefly/ http://127.0.0.1:3001/\n"
    text = HTTPS.replace("http://127.0.0.1:3000/", "http://127.0.0.1:3002/")
    own = text.replace("    ProxyPass /ws", f"{lines}    ProxyPass /ws")
    apache.serve(lab, f"{own}\n{HTTP}")


@apache_scenario(
    outside="http.base-path-missing",
    server="server.base-path-missing",
    target=f"{URL}/firefly/login",
    differs=APACHE_FILES,
)
def apache_does_not_tell_the_folder(lab: Lab) -> None:
    """Issue 4467 of firefly-iii/firefly-iii, behind Apache."""
    apache_folder_of_a_told_application(lab)


@healthy_apache(target=f"{URL}/firefly/login")
def apache_tells_the_folder(lab: Lab) -> None:
    apache_folder_of_a_told_application(lab, "    RequestHeader set X-Forwarded-Prefix /firefly\n")


@caddy_scenario(
    outside="http.base-path-missing",
    server="server.base-path-missing",
    target=f"{URL}/firefly/login",
    differs=(caddy.CONFIG,),
)
def caddy_does_not_tell_the_folder(lab: Lab) -> None:
    """The same behind Caddy."""
    told_application(lab)
    route = "handle_path /firefly/* {\n\t\treverse_proxy localhost:3001\n\t}"
    serve_caddy(lab, route, CADDY_SHOP)


@healthy_caddy(target=f"{URL}/firefly/login")
def caddy_tells_the_folder(lab: Lab) -> None:
    told_application(lab)
    proxy = "reverse_proxy localhost:3001 {\n\t\t\theader_up X-Forwarded-Prefix /firefly\n\t\t}"
    serve_caddy(lab, f"handle_path /firefly/* {{\n\t\t{proxy}\n\t}}", CADDY_SHOP)


# HAProxy


def haproxy_folder_of_a_told_application(lab: Lab, line: str = "") -> None:
    told_application(lab)
    chosen = "    use_backend desk if { path_beg /firefly/ }\n    default_backend app\n"
    text = haproxy.SITE.replace("    default_backend app\n", chosen)
    text = text.replace("app1 127.0.0.1:3000", "app1 127.0.0.1:3002")
    text = text.replace(chosen, f"    use_backend ws if {{ path_beg /ws }}\n{chosen}")
    desk = f"backend desk\n{line}    http-request replace-path ^/firefly/(.*) /\\1\n"
    members = "    server desk1 127.0.0.1:3001\n\nbackend ws\n    server ws1 127.0.0.1:3000\n"
    haproxy.serve(lab, f"{text}\n{desk}{members}")


@haproxy_scenario(
    outside="http.base-path-missing",
    server="server.base-path-missing",
    target=f"{URL}/firefly/login",
    differs=(haproxy.CONFIG,),
)
def haproxy_does_not_tell_the_folder(lab: Lab) -> None:
    """The same behind HAProxy."""
    haproxy_folder_of_a_told_application(lab)


@healthy_haproxy(target=f"{URL}/firefly/login")
def haproxy_tells_the_folder(lab: Lab) -> None:
    haproxy_folder_of_a_told_application(
        lab, "    http-request set-header X-Forwarded-Prefix /firefly\n"
    )


@haproxy_scenario(
    outside="tls.plain-http",
    server="server.haproxy-proxy-protocol",
    differs=(haproxy.CONFIG,),
)
def haproxy_sends_a_header_before_tls(lab: Lab) -> None:
    """Issue 3634 of bunkerity/bunkerweb: mode tcp and send-proxy-v2, and nginx answers the header
    in plain text."""
    haproxy.behind(lab, "listen 443 ssl;", "listen 127.0.0.1:8443 ssl;")
    text = f"{haproxy.GLOBAL}\n{haproxy.HTTP}\nfrontend https\n    bind :443\n    mode tcp\n"
    member = "    server s1 127.0.0.1:8443 send-proxy-v2\n"
    text += f"    default_backend inner\n\nbackend inner\n    mode tcp\n{member}"
    haproxy.serve(lab, text, keep_nginx=True)

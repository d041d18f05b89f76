"""The page needs a file or data from another name or another port of its own server: browsers ask
for it with CORS. The site is asked by its bare address, and nothing is told.

After https://stackoverflow.com/q/24508484 (fonts of the name without www), forum threads of Hugo
("baseURL" with another name), and questions about a page and its API on two ports.
"""

from .. import apache, certificates, site
from ..lab import SERVER, Lab
from ..scenario import healthy, scenario
from .apache import apache_scenario, healthy_apache

API = "api.example.com"
MINE = (site.CONF,)
ZONE = "/etc/firewalld/zones/public.xml"
PORTS = {"panel": "the panel's firewall is another"}
FOLDER = "/var/www/shop"
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
#: The other name's server block has the same certificate.
BLOCK = """
server {{
  listen {port} ssl;
  server_name {name};
  ssl_certificate /etc/nginx/ssl/shop.example.com.pem;
  ssl_certificate_key /etc/nginx/ssl/shop.example.com.key;
{lines}
}}
"""
ALLOW = f"add_header Access-Control-Allow-Origin https://{site.NAME} always;"
FONT = (
    "@font-face { font-family: Tea; src: url(../fonts/tea.woff2) format('woff2') }\n"
    "body { font-family: Tea, serif }\n"
)
OPTIONS = {
    "methods": 'add_header Access-Control-Allow-Methods "GET, POST";',
    "fields": 'add_header Access-Control-Allow-Headers "content-type, authorization";',
}
#: An application that permits nothing, and takes no OPTIONS.
SILENT = """
import http.server

class Items(http.server.BaseHTTPRequestHandler):
    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
    def do_GET(self):
        self.answer(401 if self.path == "/me" else 200)
    def do_OPTIONS(self):
        self.answer(405)

http.server.ThreadingHTTPServer(("127.0.0.1", 3010), Items).serve_forever()
"""


def _write_files(lab: Lab, page: str) -> None:
    files = {
        "index.html": f"<!doctype html>\n<title>Shop</title>\n{page}<p>Forty kinds of tea.</p>\n",
        "css/app.css": FONT,
        "fonts/tea.woff2": "wOF2",
        "app.js": "export const tea = 40;\n",
    }
    for path, text in files.items():
        lab.server.sh(f"mkdir -p {FOLDER}/{path.rpartition('/')[0]}")
        lab.server.write(f"{FOLDER}/{path}", text)
    lab.server.sh(f"chmod -R a+rX {FOLDER}")


def _site(lab: Lab, page: str, lines: str, *, port: int = 443, name: str = API) -> None:
    """The site's page is this one; the other name or port has these lines."""
    leaf = certificates.leaf(site.NAME, API)
    lab.install(leaf.chain, leaf.key_pem)
    lab.router.write("/run/names", f"{SERVER} {site.NAME}\n{SERVER} {API}\n")
    lab.names.restart()
    _write_files(lab, page)
    if port != 443:
        lab.server.sh("firewall-cmd -q --permanent --add-port=8443/tcp && firewall-cmd -q --reload")
    lab.edit(PAGES, f"  location / {{ root {FOLDER}; }}\n")
    text = lab.server.read(site.CONF)
    lab.configure(text + BLOCK.format(port=port, name=name, lines=lines))
    lab.reload()


FILES = f"  location / {{ root {FOLDER}; }}\n"
SHEET = f"<link rel=stylesheet href=https://{API}/css/app.css>\n"


@scenario(outside="http.cors-refused", differs=MINE)
def font_of_a_style_sheet_at_another_name(lab: Lab) -> None:
    _site(lab, SHEET, FILES)


@scenario(outside="http.cors-refused", differs=MINE)
def font_of_a_base_whose_name_alone_is_permitted(lab: Lab) -> None:
    """http://www.kouhan.cn/en/article/00033627: `<base href>` of the name with www."""
    line = f"add_header Access-Control-Allow-Origin https://{API} always;"
    page = f"<base href=https://{API}/>\n<link rel=stylesheet href=css/app.css>\n"
    _site(lab, page, f"  {line}\n{FILES}")


@healthy()
def font_at_another_name_is_permitted(lab: Lab) -> None:
    _site(lab, SHEET, f"  {ALLOW}\n{FILES}")


@healthy()
def style_sheet_and_pictures_at_another_name(lab: Lab) -> None:
    """They need no permission: the font lies on the page's own name."""
    page = f"{SHEET}<img src=https://{API}/tea.png alt=Tea>\n"
    _site(lab, page, FILES)
    own = f"@font-face {{ font-family: Tea; src: url(https://{site.NAME}/fonts/tea.woff2) }}\n"
    lab.server.write(f"{FOLDER}/css/app.css", own)


MODULE = f"<script type=module src=https://{API}/app.js></script>\n"


@scenario(outside="http.cors-refused", differs=MINE)
def module_at_another_name(lab: Lab) -> None:
    """The location has header fields of its own, and keeps them."""
    line = "add_header Cache-Control max-age=60;"
    _site(lab, MODULE, f"  location / {{ root {FOLDER}; {line} }}\n")


@healthy()
def module_at_another_name_is_permitted(lab: Lab) -> None:
    _site(lab, MODULE, f"  add_header Access-Control-Allow-Origin *;\n{FILES}")


@scenario(outside="http.cors-refused", server="nginx.cors-header-lost", differs=MINE)
def module_where_an_inner_line_takes_the_permission(lab: Lab) -> None:
    """A location with an add_header of its own inherits none."""
    line = "add_header Cache-Control max-age=60;"
    _site(lab, MODULE, f"  {ALLOW}\n  location / {{ root {FOLDER}; {line} }}\n")


def _script(port: int, path: str, more: str = "") -> str:
    return (
        f"<script>const apiUrl = 'https://{site.NAME}:{port}';\n"
        f"fetch(`${{apiUrl}}{path}`{more}).then((answer) => answer.json());</script>\n"
    )


PASS = "proxy_pass http://127.0.0.1:3010;"
TOKEN = ", {headers: {Authorization: token}}"


def _api(lab: Lab, lines: str, path: str = "/items", more: str = "") -> None:
    """The page's script reads data from an application on another port of the same name."""
    lab.spawn(lab.server, lab.server.python("-c", SILENT), 3010)
    block = f"  location / {{ {lines} {PASS} }}\n"
    _site(lab, _script(8443, path, more), block, port=8443, name=site.NAME)


@scenario(outside="http.cors-refused", differs=MINE, not_on=PORTS)
def data_on_another_port(lab: Lab) -> None:
    _api(lab, "")


@healthy(not_on=PORTS)
def data_on_another_port_is_permitted(lab: Lab) -> None:
    _api(lab, ALLOW)


@scenario(
    outside="http.cors-refused", manual="who answers OPTIONS is a person's choice", not_on=PORTS
)
def preflight_on_another_port(lab: Lab) -> None:
    """The script sends a token, and the application answers OPTIONS with 405."""
    _api(lab, "", more=TOKEN)


ANSWERED = f"if ($request_method = OPTIONS) {{ {ALLOW} {' '.join(OPTIONS.values())} return 204; }}"


@healthy(not_on=PORTS)
def preflight_on_another_port_is_answered(lab: Lab) -> None:
    _api(lab, f"{ALLOW} {ANSWERED}", path="/me", more=TOKEN)


@healthy(not_on=PORTS)
def data_for_those_who_have_logged_in(lab: Lab) -> None:
    """401 without a token, and permitted."""
    _api(lab, f"{ALLOW} {ANSWERED}", path="/me")


@scenario(outside="http.cors-refused", differs=MINE, not_on=PORTS)
def preflight_where_nginx_permits_the_page(lab: Lab) -> None:
    """The line does not help: the application refuses the preflight with 405."""
    _api(lab, ALLOW, more=TOKEN)


#: An application that permits the page itself, also where it refuses it.
PERMITTING = SILENT.replace(
    'self.send_header("Content-Type"',
    f'self.send_header("Access-Control-Allow-Origin", "https://{site.NAME}")\n'
    '        self.send_header("Access-Control-Allow-Credentials", "true")\n'
    '        self.send_header("Access-Control-Allow-Headers", "authorization")\n'
    '        self.send_header("Content-Type"',
).replace("answer(405)", "answer(204)")
COOKIES = ", {credentials: 'include'}"


def _permitting(lab: Lab, lines: str, path: str) -> None:
    lab.spawn(lab.server, lab.server.python("-c", PERMITTING), 3010)
    block = f"  location / {{ {lines} {PASS} }}\n"
    _site(lab, _script(8443, path, COOKIES), block, port=8443, name=site.NAME)


@scenario(outside="http.cors-twice", differs=MINE, not_on=PORTS)
def data_with_cookies_is_permitted_twice(lab: Lab) -> None:
    """nginx and the application send both fields, and the page's script alone names the path."""
    _permitting(lab, f"{ALLOW} add_header Access-Control-Allow-Credentials true always;", "/me")


LOGIN = (
    f"Access to XMLHttpRequest at 'https://{site.NAME}/auth/register' from origin "
    f"'https://{API}' has been blocked by CORS policy: The 'Access-Control-Allow-Origin' header "
    "contains multiple values, but only one is allowed."
)


@scenario(outside="http.cors-twice", args=(LOGIN,), target=f"https://{site.NAME}/auth/register",
          differs=MINE)  # fmt: skip
def path_that_takes_a_post_alone_is_permitted_twice(lab: Lab) -> None:
    """A GET gets the program's 404, to which nginx adds nothing."""
    program = PERMITTING.replace(site.NAME, API).replace("401 if self", "404 if self")
    program = program.replace('"/me"', '"/auth/register"').replace(
        'self.send_header("Access-Control-Allow-Origin"',
        'status == 204 and self.send_header("Access-Control-Allow-Origin"',
    )
    lab.spawn(lab.server, lab.server.python("-c", program), 3010)
    line = f"add_header Access-Control-Allow-Origin https://{API};"
    lab.change(PAGES, f"  location / {{ {line} {PASS} }}\n")


@healthy(not_on=PORTS)
def data_with_cookies_is_permitted(lab: Lab) -> None:
    _permitting(lab, "", "/me")


@scenario(outside=None, server="nginx.cors-header-lost", differs=MINE, not_on=PORTS)
def error_on_another_port_lacks_the_permission(lab: Lab) -> None:
    """`always` is missing: a script does not learn that it has to log in."""
    line = ALLOW.replace(" always", "")
    _api(lab, f"{line} {ANSWERED}", path="/me")


@scenario(
    outside="tcp.rejected-by-host",
    server="firewall.port-closed",
    differs=(ZONE, "rules"),
    not_on=PORTS,
)
def data_on_a_port_that_is_closed(lab: Lab) -> None:
    _api(lab, ALLOW)
    lab.server.sh("firewall-cmd -q --permanent --remove-port=8443/tcp && firewall-cmd -q --reload")


@scenario(
    outside="certificate.expired", server="certificate.renewed-elsewhere", differs=MINE,
    not_on=PORTS,
)  # fmt: skip
def certificate_of_another_port_has_expired(lab: Lab) -> None:
    """The page's own is renewed; the block of the other port still has a copy of the old one."""
    _api(lab, ALLOW)
    old = certificates.leaf(site.NAME, starts=-95, ends=-5)
    lab.server.write("/etc/nginx/ssl/old.pem", old.chain)
    lab.server.write("/etc/nginx/ssl/old.key", old.key_pem, 0o600)
    first, _, block = lab.server.read(site.CONF).rpartition("server {")
    for end in ("pem", "key"):
        block = block.replace(f"{site.NAME}.{end}", f"old.{end}")
    lab.configure(f"{first}server {{{block}")
    lab.reload()


@healthy()
def data_of_other_sites(lab: Lab) -> None:
    """Nobody asks them, neither by DNS nor by HTTP."""
    _site(
        lab,
        "<script>fetch('https://api.example.net/items', {headers: {'X-A': 'b'}})</script>\n",
        FILES,
    )


EXAMPLES = f"""\
<script>
const url = 'https://{API}';
const shown = "fetch('https://{API}/app.js')";
const quiet = {{mode: 'no-cors'}};
fetch(`${{url}}/app.js`, quiet);
if (location.hostname === 'localhost') {{ fetch('https://{API}/app.js') }}
if (DEBUG) {{ fetch('https://{API}/app.js', {{method: 'PUT'}}) }}
let base = '/api';
if (remote) {{ base = 'https://{API}' }}
fetch(base + '/app.js');
$.getJSON('https://{API}/app.js?callback=?', show);
</script>
"""


@healthy()
def data_that_no_visitor_asks_for(lab: Lab) -> None:
    """Examples, requests of developers, answers that nobody reads, and an address that is chosen;
    the font stands in a comment."""
    _site(lab, f"{SHEET}{EXAMPLES}", FILES)
    text = f"/* {FONT.splitlines()[0]} */\nbody {{ font-family: serif }}\n"
    lab.server.write(f"{FOLDER}/css/app.css", text)


def _apache(lab: Lab, line: str) -> None:
    """Both names are Apache's, from one folder."""
    _write_files(lab, MODULE)
    start = apache.HTTPS.index("    ProxyPreserveHost")
    files = f"    <Directory {FOLDER}>\n        Require all granted\n    </Directory>\n"
    shop = apache.HTTPS[:start].replace("/var/www/html", FOLDER)
    other = shop.replace(site.NAME, API)
    apache.install(
        lab, f"{shop}{files}</VirtualHost>\n{other}{files}{line}</VirtualHost>\n{apache.HTTP}"
    )
    leaf = certificates.leaf(site.NAME, API)
    lab.server.write(apache.PEM, leaf.chain)
    lab.server.write(apache.KEY, leaf.key_pem, 0o600)
    lab.router.write("/run/names", f"{SERVER} {site.NAME}\n{SERVER} {API}\n")
    lab.names.restart()
    apache.start(lab)


@apache_scenario(outside="http.cors-refused", manual="the line is to be written by a person")
def module_at_another_name_of_apache(lab: Lab) -> None:
    _apache(lab, "")


@healthy_apache()
def module_at_another_name_of_apache_is_permitted(lab: Lab) -> None:
    """The step's line."""
    _apache(lab, f'    Header always set Access-Control-Allow-Origin "https://{site.NAME}"\n')

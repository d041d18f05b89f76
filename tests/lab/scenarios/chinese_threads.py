"""What administrators asked in Chinese, on sites of developers and in issue trackers: a message of
the browser beside the address of the site, and a file of settings from a blog.

Each has the thread that it is made after, and a healthy twin where it is not obvious.
"""

from .. import site
from ..lab import HERE, Lab
from ..scenario import healthy, scenario

MINE = (site.CONF,)
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
UPGRADE = (
    "    proxy_set_header Upgrade $http_upgrade;\n"
    "    proxy_set_header Connection $connection_upgrade;\n"
)
TIMEOUT = "    proxy_read_timeout 3600s;\n"
HANDSHAKE = (
    f"WebSocket connection to 'wss://{site.NAME}/ws' failed: Error during WebSocket handshake: "
    "Unexpected response code: 426"
)
FIREFOX = f"Firefox 无法建立到 wss://{site.NAME}/ws 服务器的连接。"
CLOSED = "WebSocket closed: { code: 1006, reason: , wasClean: false }"
#: What Red Hat's nginx.conf has for all names, an error page of its own that is not there, and the
#: redirect of the first page.
PACKAGED = """\
server {
  listen 80;
  server_name _;
  root /usr/share/nginx/html;
  error_page 404 /404.html;
  location = /404.html {
  }
  location = / {
    return 301 https://$host$request_uri;
  }
}
"""


def _application(lab: Lab, program: str, *words: str) -> None:
    argv = lab.server.python(str(HERE / "applications" / program), *words)
    lab.spawn(lab.server, argv, 3001)


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing",
    args=(HANDSHAKE,), differs=MINE,
)  # fmt: skip
def message_names_the_websocket(lab: Lab) -> None:
    """The site and Chrome's message are given, after jkyo.org: only the message names the path."""
    lab.change(UPGRADE, "")


@scenario(
    outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing",
    args=(FIREFOX,), differs=MINE,
)  # fmt: skip
def firefox_names_the_websocket(lab: Lab) -> None:
    """The same with Firefox's message in Chinese, after article 310243 of dtcms."""
    lab.change(UPGRADE, "")


@healthy(args=(HANDSHAKE,))
def message_names_a_websocket_that_opens(lab: Lab) -> None:
    """It was repaired since."""


@scenario(
    outside=None, server="websocket.idle-default", args=("--ws", "/ws", CLOSED),
    differs=(site.CONF,),
)  # fmt: skip
def closed_after_a_minute(lab: Lab) -> None:
    """Code 1006 after 60 seconds of silence, after article 713907 of lpnh."""
    lab.change(TIMEOUT, "")


@scenario(
    outside=None,
    server="upstream.wrong-path",
    target=f"https://{site.NAME}/api/users",
    differs=MINE,
)
def prefix_beside_a_packaged_error_page(lab: Lab) -> None:
    """`proxy_pass` without the slash, after article 1958352492495941633 of jishuzhan: the packaged
    block of port 80 logs an error page that is missing, for the same path."""
    _application(lab, "paths_server.py", "3001", "/users")
    lab.server.write("/etc/nginx/conf.d/00-default.conf", PACKAGED)
    lab.edit(site.HTTP, "")
    passed = "  location /api/ {\n    proxy_pass http://127.0.0.1:3001;\n  }\n\n"
    lab.change(PAGES, passed + PAGES)


@scenario(
    outside="websocket.mixed-content", args=("--method", "GET"),
    manual="the program of the page is the application's own",
)  # fmt: skip
def plain_websocket_to_a_name_for_the_host(lab: Lab) -> None:
    """`'ws://' + domain + …` in a page over https, after pull request 474 of YApi."""
    lab.spawn(lab.server, lab.server.application("proxied_server", "yapi", "3001"), 3001)
    lab.change(PAGES, PAGES.replace("127.0.0.1:3000", "127.0.0.1:3001"))


@scenario(
    outside="tcp.refused", server="http.redirect-wrong-host",
    target=f"http://{site.NAME}/",
    manual="on which port visitors shall use https is a choice",
)  # fmt: skip
def redirect_without_the_port_of_https(lab: Lab) -> None:
    """https is on port 1443, and http leads to 443, after issue 17191 of JumpServer."""
    lab.change("listen 443 ssl;", "listen 1443 ssl;")


@healthy(target=f"http://{site.NAME}/")
def redirect_to_https(lab: Lab) -> None:
    """http was asked for, and its redirect leads to https that works."""


def _converter(lab: Lab, location: str, uri: str = "") -> None:
    """An application with its pages at "/", below a path of the site."""
    _application(lab, "paths_server.py", "3001", "/version", "/sub:json", "!File not found.")
    passed = f"  location {location} {{\n    proxy_pass http://127.0.0.1:3001{uri};\n  }}\n\n"
    lab.change(PAGES, passed + PAGES)


@scenario(
    outside=None, server="upstream.wrong-path", differs=MINE,
    target=f"https://{site.NAME}/web/sub?target=clash",
    args=(f"访问 https://{site.NAME}/web/sub?target=clash，则返回 file not found",),
)  # fmt: skip
def prefix_without_slashes(lab: Lab) -> None:
    """`location /web` and a `proxy_pass` without a path, after issue 159 of
    https://github.com/tindy2013/subconverter: "File not found." is the application's, not PHP's."""
    _converter(lab, "/web")


@scenario(
    outside=None, server="upstream.wrong-path", differs=MINE, target=f"https://{site.NAME}/api/me",
)  # fmt: skip
def slash_of_the_target_doubles_a_path_that_is_whole(lab: Lab) -> None:
    """The application has /api/me and is asked for //me: the slash at the location's end would make
    that /me. After issue 23 of hncboy/ai-beehive."""
    _application(lab, "paths_server.py", "3001", "/api/me", "/api/session", "!Not found")
    passed = "  location /api {\n    proxy_pass http://127.0.0.1:3001/;\n  }\n\n"
    lab.change(PAGES, passed + PAGES)


@healthy(target=f"https://{site.NAME}/web/sub?target=clash")
def prefix_with_both_slashes(lab: Lab) -> None:
    """The thread's answer."""
    _converter(lab, "^~ /web/", "/")


#: A page of Flutter: nothing but a script, which browsers look for below `<base>`.
FLUTTER = """
import http.server, sys

FILES = {
    "/": f'<!doctype html><html><head><base href="{sys.argv[1]}"><title>Gopeed</title>'
    '<link rel="manifest" href="manifest.json"></head>'
    '<body><script src="flutter_bootstrap.js" async></script></body></html>',
    "/flutter_bootstrap.js": "window._flutter = {};",
    "/manifest.json": "{}",
}
TYPES = {"js": "text/javascript", "json": "application/json", "/": "text/html"}

class Files(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = FILES.get(self.path, "404 page not found").encode()
        self.send_response(200 if self.path in FILES else 404)
        self.send_header("Content-Type", TYPES.get(self.path.rpartition(".")[2], "text/plain"))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("127.0.0.1", 3001), Files).serve_forever()
"""
BELOW = f"https://{site.NAME}/gopeed/"


def _flutter(lab: Lab, base: str) -> None:
    lab.spawn(lab.server, lab.server.python("-c", FLUTTER, base), 3001)
    passed = "  location /gopeed/ {\n    proxy_pass http://127.0.0.1:3001/;\n  }\n\n"
    home = "  location / {\n    root /var/www/home;\n  }\n\n"
    lab.server.write("/var/www/home/index.html", "<!doctype html><title>Home</title><p>Welcome.")
    lab.undo(lambda: lab.server.sh("rm -rf /var/www/home"))
    lab.change(PAGES, passed + home)


@scenario(
    outside="http.base-path-missing", target=BELOW,
    manual="the base path is a setting of the application's build",
)  # fmt: skip
def base_of_an_empty_page_is_the_root(lab: Lab) -> None:
    """`<base href="/">` below /gopeed/, after https://github.com/GopeedLab/gopeed/issues/1000. A
    location for /flutter_bootstrap.js would take that path from the site."""
    _flutter(lab, "/")


@scenario(
    outside="http.base-path-missing", target=BELOW,
    args=(
        "访问并不会出现Gopeed的界面，F12有两个资源文件报错：404 /flutter_bootstrap.js",
    ),
    manual="the base path is a setting of the application's build",
)  # fmt: skip
def base_of_an_empty_page_is_the_root_by_a_message(lab: Lab) -> None:
    _flutter(lab, "/")


@healthy(target=BELOW)
def base_of_an_empty_page_is_its_folder(lab: Lab) -> None:
    _flutter(lab, "/gopeed/")


HOST = "    proxy_set_header Host $http_host;\n"
SCHEME = "    proxy_set_header X-Forwarded-Proto https;\n"


@scenario(
    outside="http.plain-to-tls-port", target=f"https://{site.NAME}/manage", differs=MINE,
    args=(f"访问 https://{site.NAME} 自动给我跳转到了http://{site.NAME}:443/manage/1",),
)  # fmt: skip
def port_of_https_in_the_host_field(lab: Lab) -> None:
    """`proxy_set_header Host $host:$server_port`, and no scheme, after issue 1068 of
    https://github.com/xuxueli/xxl-job: the application leads to http:// with port 443."""
    lab.application("--mode", "scheme-in-redirect")
    lines = "    proxy_set_header Host $host:$server_port;\n"
    lab.change(PAGES, PAGES.replace(HOST, lines).replace(SCHEME, ""))


@healthy(target=f"https://{site.NAME}/manage")
def port_of_https_in_the_host_field_with_the_scheme(lab: Lab) -> None:
    """With X-Forwarded-Proto the same port does no harm."""
    lab.application("--mode", "scheme-in-redirect")
    lab.change(PAGES, PAGES.replace(HOST, "    proxy_set_header Host $host:$server_port;\n"))


def _second_port(lab: Lab, host: str = "$http_host") -> None:
    """The site at port 81 too, in plain HTTP: port 80 has another site."""
    block = site.HTTP.replace("listen 80;", "listen 81;")
    program = (str(HERE / "application.py"), "--port", "3001", "--mode", "ignores-the-scheme")
    lab.spawn(lab.server, lab.server.python(*program), 3001)
    passed = f"proxy_pass http://127.0.0.1:3001;\n    proxy_set_header Host {host};"
    redirect = "return 301 https://$host$request_uri;"
    port = "--add-port=81/tcp"
    lab.server.sh(f"firewall-cmd -q {port}; firewall-cmd -q --permanent {port}")
    first = f"  location = / {{\n    {redirect}\n  }}\n\n  location / {{"
    other = site.HTTP.replace(redirect, "return 404;").replace("  location / {", first)
    lab.change(site.HTTP, f"{other}\n{block.replace(redirect, passed)}")


@scenario(
    outside="tls.plain-http", target=f"{site.NAME}:81",
    manual="the address is what the visitor writes",
)  # fmt: skip
def port_of_plain_http_without_a_scheme(lab: Lab) -> None:
    """The site's name with port 81, after
    https://blog.csdn.net/huchunlinnk/article/details/25001067: https is only assumed, and no `ssl`
    is missing in `listen 81`."""
    _second_port(lab)


@healthy(target=f"http://{site.NAME}:81/")
def port_of_plain_http_with_its_scheme(lab: Lab) -> None:
    _second_port(lab)


LOST_PORT = f"浏览器实际出现的地址 http://{site.NAME}/login，81端口没了，跑80端口去了，自然就404了"


@scenario(
    outside="http.redirect-wrong-host", target=f"http://{site.NAME}:81/login", args=(LOST_PORT,),
    differs=MINE,
)  # fmt: skip
def port_lost_in_a_redirect_by_its_message(lab: Lab) -> None:
    """`Host $host` at port 81, after the same article: the 404 of the message is that of the site
    at port 80."""
    _second_port(lab, "$host")


@healthy(target=f"http://{site.NAME}:81/login", args=(LOST_PORT,))
def port_kept_in_a_redirect(lab: Lab) -> None:
    _second_port(lab)


#: A cookie for the name in the Host field, as a session of Gin's with that setting.
COOKIE = """
import http.server

class Login(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.headers.get("Host", "").partition(":")[0]
        body = b"<!doctype html><title>Login</title><p>Please log in to the shop.</p>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Set-Cookie", f"sid=1; Path=/; Domain={name}; HttpOnly")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("127.0.0.1", 3001), Login).serve_forever()
"""


def _login(lab: Lab, lines: str) -> None:
    lab.spawn(lab.server, lab.server.python("-c", COOKIE), 3001)
    passed = f"  location /login {{\n    proxy_pass http://127.0.0.1:3001;\n{lines}  }}\n\n"
    lab.change(PAGES, passed + PAGES)


@scenario(outside="http.cookie-refused", target=f"https://{site.NAME}/login", differs=MINE)
def cookie_for_the_name_in_proxy_pass(lab: Lab) -> None:
    """No `proxy_set_header Host`: Domain=127.0.0.1, and the login does not last, after issue 35 of
    https://github.com/snail007/proxy_admin_free."""
    _login(lab, "")


@healthy(target=f"https://{site.NAME}/login")
def cookie_for_the_visitors_name(lab: Lab) -> None:
    _login(lab, HOST)

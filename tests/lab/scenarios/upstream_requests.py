"""The application is up, and what nginx makes of requests and answers is the trouble."""

from .. import site
from ..lab import HERE, Lab
from ..scenario import UNLOGGED, healthy, scenario
from .nginx_other_requests_failed import log_of_its_own, visit
from .php_folders import FOLDER, PHP, start_fpm, write_scripts

MINE = (site.CONF,)
WS = ("--ws", "/ws")
HOST = "    proxy_set_header Host $http_host;\n"
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
SOCKET = site.HTTPS[site.HTTPS.index("  location /ws") : site.HTTPS.rindex("}")]
PASS = "    proxy_pass http://127.0.0.1:3000;\n"
APPLICATION = "the application has to be mended"


# The head of the answer


@scenario(outside="http.server-error", server="upstream.header-too-big", differs=MINE)
def head_too_big(lab: Lab) -> None:
    """9 kB of cookies, and the buffer is a page."""
    lab.application("--mode", "large-head")


@scenario(outside="http.server-error", server="upstream.header-too-big", differs=MINE)
def head_too_big_for_a_buffer_that_was_set(lab: Lab) -> None:
    """proxy_buffer_size 8k in the location, and a proxy_busy_buffers_size beside it."""
    lab.application("--mode", "large-head")
    lines = "    proxy_buffer_size 8k;\n    proxy_buffers 4 8k;\n    proxy_busy_buffers_size 8k;\n"
    lab.change(PAGES, PAGES.replace(PASS, PASS + lines))


@scenario(outside="http.server-error", server="upstream.header-too-big", differs=MINE)
def head_too_big_for_the_whole_site(lab: Lab) -> None:
    """proxy_buffer_size 4k in the server block."""
    lab.application("--mode", "large-head")
    lab.change("  ssl_session_timeout", "  proxy_buffer_size 4k;\n  ssl_session_timeout")


def _on_a_socket(lab: Lab, mode: str, page: str) -> None:
    program, path = str(HERE / "application.py"), "/run/shop.sock"
    argv = lab.server.python(program, "--unix", path, "--mode", mode)
    lab.spawn(lab.server, argv, lambda: lab.server.path(path).exists())
    lab.change(PAGES, page.replace("http://127.0.0.1:3000", f"http://unix:{path}"))


@scenario(outside="http.server-error", server="upstream.header-too-big", differs=MINE)
def head_too_big_on_a_unix_socket(lab: Lab) -> None:
    """proxy_pass http://unix:/run/shop.sock."""
    _on_a_socket(lab, "large-head", PAGES)


@healthy()
def application_that_thinks(lab: Lab) -> None:
    """The page comes after four seconds. That is a note."""
    lab.application("--mode", "thinks")


@healthy()
def large_head_in_a_large_buffer(lab: Lab) -> None:
    """proxy_buffer_size 16k: all is well."""
    lab.application("--mode", "large-head")
    lines = "    proxy_buffer_size 16k;\n    proxy_buffers 8 16k;\n"
    lab.change(PAGES, PAGES.replace(PASS, PASS + lines))


# The Host field


@scenario(outside="http.host-refused", server="upstream.wrong-host-header", differs=MINE)
def host_is_the_applications_address(lab: Lab) -> None:
    """No proxy_set_header Host: the application answers 400 to 127.0.0.1:3000."""
    lab.application("--mode", "site-host")
    lab.change(PAGES, PAGES.replace(HOST, ""))


@scenario(outside="http.host-refused", server="upstream.wrong-host-header", differs=MINE)
def host_is_localhost_on_a_unix_socket(lab: Lab) -> None:
    """Without proxy_set_header Host nginx sends "localhost" there."""
    _on_a_socket(lab, "site-host", PAGES.replace(HOST, ""))


@scenario(outside="http.host-refused", server="upstream.wrong-host-header", differs=MINE)
def host_is_the_groups_name(lab: Lab) -> None:
    """proxy_set_header Host $proxy_host, which is the name of an upstream group."""
    lab.application("--mode", "site-host")
    group = "upstream shop_application {\n  server 127.0.0.1:3000;\n}\n"
    page = PAGES.replace("127.0.0.1:3000", "shop_application").replace("$http_host", "$proxy_host")
    lab.edit(PAGES, page)
    lab.change(site.MAP, f"{site.MAP}\n{group}")


@scenario(outside="http.host-refused", server="upstream.wrong-host-header", differs=MINE)
def host_is_inherited_wrong(lab: Lab) -> None:
    """Set once above, to another site's name; the location sets none of its own."""
    lab.application("--mode", "site-host")
    own = "".join(line for line in PAGES.splitlines(keepends=True) if "proxy_set_header" in line)
    lab.edit(PAGES, PAGES.replace(own, ""))
    above = (
        "  proxy_set_header Host www.example.org;\n  proxy_set_header X-Forwarded-Proto https;\n"
    )
    lab.change("  ssl_session_timeout", f"{above}  ssl_session_timeout")


@scenario(outside="http.server-error", server="upstream.wrong-host-header", differs=MINE)
def host_unknown_and_closed(lab: Lab) -> None:
    """An inner server that closes on names it does not know (return 444): 502."""
    lab.application("--mode", "site-host-or-nothing")
    lab.change(PAGES, PAGES.replace(HOST, ""))


@scenario(outside=None, server="upstream.wrong-host-header", differs=MINE)
def host_is_the_visitors_and_the_application_has_another(lab: Lab) -> None:
    """proxy_pass http://app.internal:3000, and Host is the visitor's."""
    lab.application("--mode", "own-host")
    hosts = lab.server.read("/etc/hosts")
    lab.server.write("/etc/hosts", f"{hosts}127.0.0.1 app.internal\n")
    lab.change(PAGES, PAGES.replace("http://127.0.0.1:3000", "http://app.internal:3000"))


@scenario(
    outside="websocket.not-upgraded", server="upstream.wrong-host-header", args=WS, differs=MINE
)
def host_wrong_for_the_websocket(lab: Lab) -> None:
    """The page's location sends Host, the WebSocket's does not."""
    lab.application("--mode", "site-host")
    lab.change(SOCKET, SOCKET.replace(HOST, ""))


@scenario(
    outside="websocket.not-upgraded",
    server="upstream.wrong-host-header",
    also=("websocket.upgrade-headers-missing",),
    args=WS,
    differs=MINE,
)
def host_wrong_and_headers_missing(lab: Lab) -> None:
    """Two faults in the WebSocket's location."""
    lab.application("--mode", "site-host")
    lines = "".join(line for line in SOCKET.splitlines(True) if "proxy_set_header" in line)
    lab.change(SOCKET, SOCKET.replace(lines, ""))


@healthy()
def page_is_not_found(lab: Lab) -> None:
    """An interface for programs that has nothing at /, whatever the Host."""
    lab.application("--path", "/", "--without-upgrade", "404 Not Found")
    lab.change(PAGES, PAGES.replace(HOST, ""))


@healthy()
def host_is_not_passed_and_nobody_minds(lab: Lab) -> None:
    """No proxy_set_header Host, and an application that does not look at it."""
    lab.change(PAGES, PAGES.replace(HOST, ""))


@healthy()
def page_is_forbidden_by_nginx(lab: Lab) -> None:
    """deny all for the page: nginx's own 403, and the application has no say in it."""
    lab.application("--mode", "own-host")
    lab.change("  location / {", "  location / {\n    deny all;")


# A group of servers


def _group(lab: Lab, *options: str) -> None:
    servers = "".join(f"  server 127.0.0.1:{port} {' '.join(options)};\n" for port in (3001, 3002))
    lab.edit(PAGES, PAGES.replace("127.0.0.1:3000", "shop_application"))
    lab.change(
        site.MAP, f"{site.MAP}\nupstream shop_application {{\n  zone shop 64k;\n{servers}}}\n"
    )


def _serve(lab: Lab, *ports: int) -> None:
    for port in ports:
        argv = lab.server.python(str(HERE / "application.py"), "--port", str(port))
        lab.spawn(lab.server, argv, port)


@scenario(outside="http.server-error", server="upstream.none-live", not_on=UNLOGGED)
def no_server_of_the_group_is_asked(lab: Lab) -> None:
    """Both were down for a moment, and nginx leaves them alone for ten minutes."""
    _group(lab, "fail_timeout=600s")
    lab.client.run(["curl", "-sk", f"https://{site.NAME}/"])
    _serve(lab, 3001, 3002)


@scenario(outside="http.server-error", server="upstream.refused", manual="they have to be started")
def every_server_of_the_group_is_down(lab: Lab) -> None:
    """no live upstreams, and that is not the cause."""
    _group(lab, "fail_timeout=600s")
    lab.client.run(["curl", "-sk", f"https://{site.NAME}/"])


@healthy()
def one_server_of_the_group_is_down(lab: Lab) -> None:
    """The other answers."""
    _group(lab)
    _serve(lab, 3001)


@scenario(
    outside=None, server="upstream.member-down",
    args=("sometimes the site answers 502 Bad Gateway",),
    manual="whether it is to be started, its owner knows",
)  # fmt: skip
def one_server_of_the_group_is_down_and_the_site_fails_at_times(lab: Lab) -> None:
    """Nobody marked the server that was stopped."""
    _group(lab)
    _serve(lab, 3001)


@healthy()
def a_server_of_the_group_is_marked_as_down(lab: Lab) -> None:
    _group(lab)
    _serve(lab, 3001)
    lab.change("  server 127.0.0.1:3002 ;", "  server 127.0.0.1:3002 down;")


# Requests that are too large: notes


#: The page that sends uploads.
PAGE = f"https://{site.NAME}/"


@healthy()
def upload_was_refused(lab: Lab) -> None:
    """Two megabytes, and client_max_body_size is 1m."""
    upload = "head -c 2000000 /dev/zero | curl -sk -o /dev/null --data-binary @-"
    lab.client.sh(f"{upload} https://{site.NAME}/upload", check=False)


def _upload(
    lab: Lab, limit: str = "", is_php: bool = False, times: int = 1, by: str = PAGE
) -> None:
    """A page of the site, or a program without one (`by` is ""), sends two megabytes."""
    log_of_its_own(lab)
    if is_php:
        _serve_php(lab)
    if limit:
        lab.change("  ssl_session_timeout", f"  {limit}\n  ssl_session_timeout")
    lab.client.sh("head -c 2000000 /dev/zero > /run/upload")
    for _ in range(times):
        words = ("-H", "Expect:", "--data-binary", "@/run/upload")
        visit(lab, "/api/v3/file/upload", *words, referer=by)


@scenario(outside=None, server="upstream.body-too-large", differs=MINE)
def upload_of_a_page_was_refused(lab: Lab) -> None:
    """https://github.com/cloudreve/cloudreve/issues/1089: nobody has set a limit, and nginx's own
    is 1m."""
    _upload(lab)


@scenario(outside=None, server="upstream.body-too-large", differs=MINE)
def upload_of_a_page_meets_a_limit_again(lab: Lab) -> None:
    """https://github.com/gomvn/gomvn/issues/2: somebody has set a limit, and pages meet it."""
    _upload(lab, "client_max_body_size 1m;", times=2)


@healthy()
def upload_of_a_script_meets_a_limit_again(lab: Lab) -> None:
    """A program without a page sends the same."""
    _upload(lab, "client_max_body_size 1m;", times=2, by="")


def _serve_php(lab: Lab) -> None:
    """The site is a program in PHP, to which `try_files` leads."""
    start_fpm(lab)
    write_scripts(lab, FOLDER, "index.php")
    front = "  location / { try_files $uri $uri/ /index.php?$query_string; }\n"
    lab.change(PAGES, f"  root {FOLDER};\n  index index.php;\n{front}{PHP}")


@scenario(outside=None, server="upstream.body-too-large", differs=MINE)
def upload_of_a_php_page_was_refused(lab: Lab) -> None:
    """https://github.com/jguyomard/docker-laravel/issues/6: three megabytes, nobody set a limit."""
    _upload(lab, is_php=True)


@healthy()
def upload_of_a_php_page_was_refused_on_purpose(lab: Lab) -> None:
    """The same limit, and somebody has set it: a note."""
    _upload(lab, "client_max_body_size 1m;", is_php=True)


@healthy()
def upload_of_a_page_was_refused_on_purpose(lab: Lab) -> None:
    """The same limit, and somebody has set it: a note."""
    _upload(lab, "client_max_body_size 1m;")


@healthy()
def upload_of_a_page_was_taken(lab: Lab) -> None:
    """The limit is large enough."""
    _upload(lab, "client_max_body_size 50m;")


@healthy()
def large_cookies_were_refused(lab: Lab) -> None:
    """12 kB in one field, and the log is at info."""
    lab.edit(
        "  ssl_session_timeout", "  error_log /var/log/nginx/shop.log info;\n  ssl_session_timeout"
    )
    lab.restart_nginx()
    lab.client.run(["curl", "-sk", "-H", f"Cookie: a={'x' * 12000}", f"https://{site.NAME}/"])


@scenario(outside=None, server="upstream.request-header-too-large", differs=MINE)
def large_cookies_meet_small_buffers(lab: Lab) -> None:
    """Two buffers of 1k, as a hardening guide has it, and 3 kB of cookies."""
    small = "client_header_buffer_size 1k;\n  large_client_header_buffers 2 1k;"
    log = "error_log /var/log/nginx/shop.log info;"
    lab.edit("  ssl_session_timeout", f"  {small}\n  {log}\n  ssl_session_timeout")
    lab.restart_nginx()
    lab.client.run(["curl", "-sk", "-H", f"Cookie: a={'x' * 3000}", f"https://{site.NAME}/"])


def _many_cookies(lab: Lab) -> None:
    for cookie in ("a=1", f"a={'x' * 12000}", f"a={'y' * 13000}", "a=2"):
        lab.client.run(["curl", "-sk", "-H", f"Cookie: {cookie}", f"https://{site.NAME}/"])


@scenario(outside=None, server="upstream.request-header-too-large", differs=MINE)
def large_cookies_are_in_the_log(lab: Lab) -> None:
    """After https://github.com/phpmyadmin/phpmyadmin/issues/12527: the log has 400 alone, and the
    page for everybody else."""
    _many_cookies(lab)


@healthy()
def large_cookies_are_taken(lab: Lab) -> None:
    lab.edit("  ssl_session_timeout", "  large_client_header_buffers 4 32k;\n  ssl_session_timeout")
    lab.restart_nginx()
    _many_cookies(lab)


TOO_LARGE = "400 Bad Request Request Header Or Cookie Too Large nginx"


def _with_inner_block(lab: Lab, lines: str) -> None:
    """The site's block takes 32 kB in one field, and passes on to another block."""
    inner = "/etc/nginx/conf.d/inner.conf"
    block = f"server {{\n  listen 127.0.0.1:6565;\n{lines}  location / {{\n{HOST}{PASS}  }}\n}}\n"
    lab.server.write(inner, block)
    passed = PAGES.replace(PASS, PASS.replace("3000", "6565"))
    lab.change(PAGES, f"  large_client_header_buffers 4 32k;\n{passed}")


@scenario(outside=None, server="upstream.request-header-too-large", args=(TOO_LARGE,))
def large_cookies_pass_the_first_block_alone(lab: Lab) -> None:
    """After https://github.com/sirjmann92/nicotineplus-proper/issues/41."""
    _with_inner_block(lab, "")


@healthy(args=(TOO_LARGE,))
def large_cookies_pass_both_blocks(lab: Lab) -> None:
    _with_inner_block(lab, "  large_client_header_buffers 4 32k;\n")


# Gateways that are no proxies


def _gateway(lab: Lab, lines: str) -> None:
    lab.change(SOCKET, f"  location /ws {{\n{lines}  }}\n")


@scenario(
    outside="websocket.not-upgraded", server="websocket.unsupported-gateway", manual=APPLICATION
)
def websocket_by_uwsgi(lab: Lab) -> None:
    """uwsgi_pass, and a WSGI application that knows nothing of upgrades."""
    program = str(HERE / "applications" / "gateway_server.py")
    lab.spawn(lab.server, lab.server.python(program, "uwsgi", "9999"), 9999)
    _gateway(lab, "    include uwsgi_params;\n    uwsgi_pass 127.0.0.1:9999;\n")


@scenario(
    outside="websocket.not-upgraded", server="websocket.unsupported-gateway", manual=APPLICATION
)
def websocket_by_uwsgi_and_nothing_there(lab: Lab) -> None:
    """uwsgi_pass to where nothing listens."""
    _gateway(lab, "    include uwsgi_params;\n    uwsgi_pass 127.0.0.1:9999;\n")


@scenario(
    outside="websocket.not-upgraded", server="websocket.unsupported-gateway", manual=APPLICATION
)
def websocket_by_fastcgi(lab: Lab) -> None:
    """fastcgi_pass, as to PHP."""
    program = str(HERE / "applications" / "gateway_server.py")
    lab.spawn(lab.server, lab.server.python(program, "fastcgi", "9999"), 9999)
    _gateway(lab, "    include fastcgi_params;\n    fastcgi_pass 127.0.0.1:9999;\n")


@healthy(args=WS)
def websocket_by_uwsgi_that_can(lab: Lab) -> None:
    """A program that takes the connection over, as uWSGI's own WebSocket functions do."""
    program = str(HERE / "applications" / "gateway_server.py")
    lab.spawn(lab.server, lab.server.python(program, "uwsgi", "9999", "--upgrade"), 9999)
    _gateway(lab, "    include uwsgi_params;\n    uwsgi_pass 127.0.0.1:9999;\n")

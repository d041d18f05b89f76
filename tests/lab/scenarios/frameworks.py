"""Frameworks behind nginx, after questions on Stack Overflow, Server Fault, GitHub and in Chinese
blogs.

The applications are stand-ins that answer as the real ones do (applications/framework_server.py).
"""

from .. import certificates, site
from ..lab import HERE, SERVER, Lab
from ..scenario import healthy, scenario
from .nginx_files import LIVE, of_certbot

MINE = (site.CONF,)
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
PORT = "127.0.0.1:3001"


def start_application(lab: Lab, mode: str, port: int = 3001) -> None:
    lab.spawn(lab.server, lab.server.application("framework_server", mode, str(port)), port)


def _pages_by(lab: Lab, mode: str, page: str = PAGES) -> None:
    """The site's pages come from this application; its WebSocket as ever."""
    start_application(lab, mode)
    lab.change(PAGES, page.replace("127.0.0.1:3000", PORT))


def _php(lab: Lab, parameters: str) -> None:
    start_application(lab, "php")
    lab.server.write("/srv/php/index.php", "<?php echo 1;")
    php = f"  location ~ \\.php$ {{\n    {parameters}\n    fastcgi_pass {PORT};\n  }}\n"
    files = (
        "  root /srv/php;\n  index index.php;\n  location / { try_files $uri $uri/ /index.php; }\n"
    )
    lab.change(PAGES, files + php)


@scenario(outside=None, server="nginx.script-name-missing", differs=MINE)
def php_without_the_scripts_name(lab: Lab) -> None:
    """A white page: `include fastcgi_params` alone, after many threads about PHP-FPM."""
    _php(lab, "include fastcgi_params;")


@healthy()
def php_with_the_scripts_name(lab: Lab) -> None:
    """fastcgi.conf has it."""
    _php(lab, "include fastcgi.conf;")


@scenario(
    outside=None, server="nginx.grpc-without-http2", differs=MINE,
    target=f"https://{site.NAME}/helloworld.Greeter/SayHello",
)  # fmt: skip
def grpc_without_http2(lab: Lab) -> None:
    """`grpc_pass` in a block without `http2 on`."""
    _grpc(lab)


@healthy(target=f"https://{site.NAME}/helloworld.Greeter/SayHello")
def grpc_with_http2(lab: Lab) -> None:
    lab.edit("  ssl_session_timeout", "  http2 on;\n  ssl_session_timeout")
    _grpc(lab)


@scenario(outside="http.server-error", server="upstream.tls-to-plain", differs=MINE)
def scheme_of_the_target_is_set(lab: Lab) -> None:
    """The lines of Nginx Proxy Manager, with https for an application without TLS."""
    values = "    set $forward_scheme https;\n    set $server 127.0.0.1;\n    set $port 3000;\n"
    target = "$forward_scheme://$server:$port$request_uri"
    old = "    proxy_pass http://127.0.0.1:3000;\n"
    lab.change(PAGES, PAGES.replace(old, f"{values}    proxy_pass {target};\n"))


def _grpc(lab: Lab, scheme: str = "grpc") -> None:
    program = str(HERE / "applications" / "h2c_server.js")
    lab.spawn(lab.server, ["node", program, "50051"], 50051)
    target = f"{scheme}://127.0.0.1:50051"
    block = f"  location /helloworld.Greeter/ {{\n    grpc_pass {target};\n  }}\n"
    lab.change(PAGES, PAGES + block)


@scenario(
    outside="http.server-error", server="upstream.tls-to-plain", differs=MINE,
    target=f"https://{site.NAME}/helloworld.Greeter/SayHello",
)  # fmt: skip
def grpc_with_tls_to_a_service_without(lab: Lab) -> None:
    """`grpcs://` of a guide, and a service that speaks HTTP/2 without TLS."""
    lab.edit("  ssl_session_timeout", "  http2 on;\n  ssl_session_timeout")
    _grpc(lab, "grpcs")


@scenario(outside="http.cors-twice", differs=MINE)
def nginx_and_the_application_allow_the_origin(lab: Lab) -> None:
    """Access-Control-Allow-Origin from both, after a question on Server Fault."""
    add = "    add_header Access-Control-Allow-Origin * always;\n"
    _pages_by(lab, "cors", PAGES.replace("    proxy_pass", add + "    proxy_pass"))


@healthy()
def application_allows_every_origin(lab: Lab) -> None:
    _pages_by(lab, "cors")


ADDS = "    add_header Access-Control-Allow-Origin * always;\n"
MULTIPLE = "The 'Access-Control-Allow-Origin' header contains multiple values"


@scenario(outside="http.cors-twice", differs=MINE, args=(MULTIPLE,))
def application_allows_the_origin_that_asks(lab: Lab) -> None:
    """Spring's CorsFilter sends the field only when it is asked with an Origin."""
    _pages_by(lab, "cors-asked", PAGES.replace("    proxy_pass", ADDS + "    proxy_pass"))


@scenario(outside="http.cors-twice", differs=MINE)
def application_allows_the_origin_that_asks_and_nobody_complains(lab: Lab) -> None:
    """https://github.com/aspnet/CORS/issues/129: the lines of nginx stand in an `if`."""
    line = "add_header Access-Control-Allow-Origin *;"
    block = f"    if ($request_method = GET) {{\n      {line}\n    }}\n"
    _pages_by(lab, "cors-asked", PAGES.replace("    proxy_pass", block + "    proxy_pass"))


@healthy()
def application_refuses_an_unknown_origin_and_nobody_complains(lab: Lab) -> None:
    _pages_by(lab, "cors-listed", PAGES.replace("    proxy_pass", ADDS + "    proxy_pass"))


@scenario(outside="http.cors-twice", server="http.cors-twice", differs=MINE)
def two_lines_allow_the_origin(lab: Lab) -> None:
    """https://github.com/Draymonders/Code-Life/issues/36: the second line counts where an Origin
    is sent."""
    asking = "    add_header Access-Control-Allow-Origin $http_origin;\n"
    _pages_by(lab, "plain", PAGES.replace("    proxy_pass", ADDS + asking + "    proxy_pass"))


@healthy(args=(MULTIPLE,))
def application_refuses_an_unknown_origin(lab: Lab) -> None:
    """It allows its own sites alone, and nginx adds the field: nothing is sent twice."""
    _pages_by(lab, "cors-listed", PAGES.replace("    proxy_pass", ADDS + "    proxy_pass"))


# Protocols


@scenario(outside=None, server="upstream.speaks-http", differs=MINE)
def gunicorn_behind_uwsgi_pass(lab: Lab) -> None:
    """Gunicorn speaks HTTP, and answers uwsgi's bytes with 400."""
    lines = f"  location / {{\n    include uwsgi_params;\n    uwsgi_pass {PORT};\n  }}\n"
    _pages_by(lab, "gunicorn", lines)


@scenario(outside="http.server-error", server="upstream.speaks-http", differs=MINE)
def node_behind_grpc_pass(lab: Lab) -> None:
    """After an issue of grpc about "upstream rejected request": the port is not the gRPC one."""
    _pages_by(lab, "node", f"  location / {{\n    grpc_pass grpc://{PORT};\n  }}\n")


@scenario(
    outside="http.server-error", server="upstream.wrong-protocol",
    manual="whether it is gRPC the application's author knows",
)  # fmt: skip
def grpc_behind_proxy_pass(lab: Lab) -> None:
    """A service of HTTP/2 alone, as of .NET."""
    program = str(HERE / "applications" / "h2c_server.js")
    lab.spawn(lab.server, ["node", program, "3001"], 3001)
    lab.change(PAGES, PAGES.replace("127.0.0.1:3000", PORT))


@healthy()
def uwsgi_application_answers_400(lab: Lab) -> None:
    """A real uwsgi socket, whose application has no page there."""
    program = str(HERE / "applications" / "gateway_server.py")
    lab.spawn(lab.server, lab.server.python(program, "uwsgi", "3001"), 3001)
    lines = f"  location / {{\n    include uwsgi_params;\n    uwsgi_pass {PORT};\n  }}\n"
    lab.change(PAGES, lines)


# Paths


@scenario(outside="websocket.not-upgraded", server="websocket.path-stripped", differs=MINE)
def variable_and_a_slash(lab: Lab) -> None:
    """`set $backend …; proxy_pass http://$backend/;`: every request becomes /."""
    start_application(lab, "root-is-a-page")
    begin = site.HTTPS.index("  location /ws")
    block = site.HTTPS[begin : site.HTTPS.index("  }\n", begin)]
    lines = f"set $backend {PORT};\n    proxy_pass http://$backend/;"
    lab.change(block, block.replace("proxy_pass http://127.0.0.1:3000;", lines))


CHAT = "/ws/chat?token=abc"


@scenario(
    outside=None, server="websocket.path-stripped", args=("--ws", CHAT), unsure=("client",),
    differs=MINE,
)  # fmt: skip
def regular_expression_without_the_query(lab: Lab) -> None:
    """`proxy_pass http://…/ws/$1` drops the token, after an issue of Laravel Reverb about a missing
    $is_args$args."""
    start_application(lab, "token")
    begin = site.HTTPS.index("  location /ws")
    block = site.HTTPS[begin : site.HTTPS.index("  }\n", begin) + len("  }\n")]
    proxied = block.replace("location /ws", "location ~ ^/ws/(.*)$")
    proxied = proxied.replace("http://127.0.0.1:3000", f"http://{PORT}/ws/$1")
    lab.change(block, block + proxied)


@healthy(args=("--ws", CHAT))
def regular_expression_with_the_query(lab: Lab) -> None:
    start_application(lab, "token")
    begin = site.HTTPS.index("  location /ws")
    block = site.HTTPS[begin : site.HTTPS.index("  }\n", begin) + len("  }\n")]
    proxied = block.replace("location /ws", "location ~ ^/ws/(.*)$")
    proxied = proxied.replace("http://127.0.0.1:3000", f"http://{PORT}/ws/$1$is_args$args")
    lab.change(block, block + proxied)


# Names


@scenario(outside="http.redirect-wrong-host", differs=MINE)
def forwarded_host_of_the_application_itself(lab: Lab) -> None:
    """Next.js redirects to https://localhost:3000/login, after an issue of Next.js."""
    line = "    proxy_set_header X-Forwarded-Host localhost:3000;\n"
    _pages_by(
        lab,
        "nextjs",
        PAGES.replace("    proxy_set_header Host", line + "    proxy_set_header Host"),
    )


@scenario(
    outside="http.redirect-wrong-host", target=f"https://{site.NAME}:7443/",
    manual="the laboratory's own page is on 443",
)  # fmt: skip
def port_lost_in_a_redirect(lab: Lab) -> None:
    """`Host $host` on port 7443, after an issue of Keycloak; nothing listens on 443."""
    open_port = ["firewall-cmd", "--add-port=7443/tcp"]
    lab.server.run(open_port, check=True)
    lab.server.run([*open_port, "--permanent"], check=True)
    lab.edit("listen 443 ssl", "listen 7443 ssl")
    lab.edit(site.HTTP, "")
    _pages_by(lab, "spring", PAGES.replace("$http_host", "$host"))


@scenario(outside="websocket.origin-refused", args=("--ws", "/ws"), differs=MINE)
def origin_compared_with_the_forwarded_host(lab: Lab) -> None:
    """code-server closes with 1006: it compares Origin with X-Forwarded-Host, which is the
    upstream's name, after an issue of code-server."""
    start_application(lab, "code-server")
    begin = site.HTTPS.index("  location /ws")
    block = site.HTTPS[begin : site.HTTPS.index("  }\n", begin)]
    line = "    proxy_set_header X-Forwarded-Host $proxy_host;\n"
    lab.change(block, block.replace("127.0.0.1:3000", PORT) + line)


@scenario(
    outside="http.server-error", server="upstream.closed-early",
    manual="the program in the container has to listen on another address",
)  # fmt: skip
def container_that_listens_on_its_own_loopback(lab: Lab) -> None:
    """Docker's proxy accepts the connection and resets it."""
    _pages_by(lab, "docker-proxy")


@scenario(outside="http.redirect-downgrade", differs=MINE)
def application_is_not_told_https(lab: Lab) -> None:
    """Spring Boot redirects to http://…/login, after a question on Stack Overflow."""
    _pages_by(
        lab, "spring-http", PAGES.replace("    proxy_set_header X-Forwarded-Proto https;\n", "")
    )


@scenario(outside="http.redirect-downgrade", differs=MINE)
def application_is_told_a_scheme_that_no_visitor_sends(lab: Lab) -> None:
    """nginx passes on a field that only another proxy in front would send, after issue 115 of
    ueberauth/ueberauth."""
    line = "X-Forwarded-Proto $http_x_forwarded_proto;"
    _pages_by(lab, "spring-http", PAGES.replace("X-Forwarded-Proto https;", line))


# Two server blocks, one behind the other


def _inner(lab: Lab, mode: str, lines: str, scheme: str) -> None:
    """The pages pass a second block, in plain HTTP."""
    start_application(lab, mode)
    inner = PAGES.replace("127.0.0.1:3000", PORT).replace("Proto https", f"Proto {scheme}")
    block = "server {\n  listen 127.0.0.1:8080;\n  server_name shop.example.com;\n"
    lab.edit(site.HTTP, f"{site.HTTP}{block}{lines}{inner}}}\n")
    lab.change(PAGES, PAGES.replace("127.0.0.1:3000", "127.0.0.1:8080"))


@scenario(outside="http.redirect-loop", differs=MINE)
def inner_block_redirects_by_its_own_scheme(lab: Lab) -> None:
    """`if ($scheme = http)` behind a proxy that ends TLS, after several threads about
    ERR_TOO_MANY_REDIRECTS."""
    line = "  if ($scheme = http) {\n    return 301 https://$host$request_uri;\n  }\n"
    _inner(lab, "page", line, "$http_x_forwarded_proto")


@scenario(outside="http.redirect-loop", differs=MINE)
def inner_block_overwrites_the_scheme(lab: Lab) -> None:
    """WordPress behind two: the inner one sends its own $scheme."""
    _inner(lab, "wordpress", "", "$scheme")


@healthy()
def inner_block_passes_the_scheme_on(lab: Lab) -> None:
    _inner(lab, "wordpress", "", "$http_x_forwarded_proto")


@scenario(outside="http.redirect-loop", manual="one of the two names has to be chosen")
def nginx_and_the_application_want_different_names(lab: Lab) -> None:
    """nginx redirects www to the bare name, and the application back."""
    leaf = certificates.leaf(site.NAME, f"www.{site.NAME}")
    lab.zone({name: {"A": [SERVER]} for name in (site.NAME, f"www.{site.NAME}")})
    lab.server.write(site.PEM, leaf.chain)
    lab.server.write(site.KEY, leaf.key_pem, 0o600)
    block = site.HTTPS[: site.HTTPS.index("  location /")].replace("_name shop", "_name www.shop")
    redirect = f"{block}  return 301 https://{site.NAME}$request_uri;\n}}\n"
    lab.edit(site.HTTP, site.HTTP + redirect)
    _pages_by(lab, "www")


# Files


SHELL = """\
<!doctype html><html><head><title>Shop</title>
<script type="module" src="/assets/index.js"></script></head>
<body><div id="root"></div></body></html>
"""
FILES = "  root /srv/spa;\n  location / {\n    try_files $uri $uri/ =404;\n  }\n"


def serve_files(lab: Lab, page: str) -> None:
    lab.server.write("/srv/spa/index.html", page)
    lab.server.write("/srv/spa/assets/index.js", "console.log(1);\n")
    lab.change(PAGES, FILES)


@scenario(
    outside=None, server="nginx.target-not-found", target=f"https://{site.NAME}/dashboard",
    differs=MINE,
)  # fmt: skip
def reload_in_a_single_page_application(lab: Lab) -> None:
    """React Router: 404 at a reload, after a question on Stack Overflow."""
    serve_files(lab, SHELL)


@scenario(
    outside=None, server="nginx.file-forbidden", target=f"https://{site.NAME}/dashboard",
)  # fmt: skip
def folder_of_a_single_page_application_is_closed(lab: Lab) -> None:
    """Deployed with umask 077: nginx finds neither the address nor the page to fall back to."""
    serve_files(lab, SHELL)
    lab.change(
        "$uri $uri/ =404",
        "$uri $uri/ @page;\n  }\n  location @page {\n    try_files /index.html =404",
    )
    lab.server.sh("chmod 0700 /srv/spa")


@healthy(target=f"https://{site.NAME}/dashboard")
def page_that_is_nowhere(lab: Lab) -> None:
    """A site of files, whose page shows its text without a script."""
    serve_files(lab, f"{SHELL}<h1>Shop</h1><p>{'Here is what we sell. ' * 5}</p>")


@healthy(target=f"https://{site.NAME}/logo.png")
def file_that_is_nowhere(lab: Lab) -> None:
    serve_files(lab, SHELL)


@scenario(
    outside=None, server="nginx.target-not-found", target=f"https://{site.NAME}/20002/",
    differs=MINE,
)  # fmt: skip
def root_for_alias_below_a_prefix(lab: Lab) -> None:
    """A Vue application below /20002, after a Chinese blog."""
    lab.server.write("/srv/20002/dist/index.html", SHELL.replace("/assets", "/20002/assets"))
    lab.server.write("/srv/20002/dist/assets/index.js", "console.log(1);\n")
    lab.change(PAGES, PAGES + "  location /20002 {\n    root /srv/20002/dist;\n  }\n")


@scenario(outside=None, server="nginx.target-not-found", differs=MINE)
def folders_are_not_tried(lab: Lab) -> None:
    """404 at /, and the other pages open: try_files has $uri without $uri/."""
    serve_files(lab, f"<h1>Shop</h1><p>{'What we sell. ' * 9}</p>")
    lab.change("$uri $uri/ =404", "$uri $uri.html =404")


@healthy(target=f"https://{site.NAME}/docs/")
def folder_that_was_not_deployed(lab: Lab) -> None:
    """`root` is right; the index.html above is the site's own."""
    lab.server.write("/srv/spa/index.html", f"<h1>Shop</h1><p>{'What we sell. ' * 9}</p>")
    lab.change(PAGES, FILES + "  location /docs/ {\n    root /srv/spa;\n  }\n")


# Streams


EVENTS = f"https://{site.NAME}/events"


def _events(lab: Lab, line: str, mode: str = "events") -> None:
    start_application(lab, mode)
    block = f"  location /events {{\n    proxy_pass http://{PORT};\n{line}  }}\n"
    lab.change(PAGES, PAGES + block)


@scenario(
    outside="http.server-error", server="upstream.stream-buffered", target=EVENTS, differs=MINE
)
def events_are_held_back(lab: Lab) -> None:
    """EventSource gets nothing, after a question on Stack Overflow."""
    _events(lab, "")


@scenario(
    outside="http.server-error", server="upstream.stream-buffered", target=EVENTS, differs=MINE
)
def lines_of_a_log_are_held_back(lab: Lab) -> None:
    """text/plain, a line a second."""
    _events(lab, "", "log")


@scenario(
    outside="http.server-error", server="upstream.stream-buffered", target=EVENTS, differs=MINE
)
def tunnel_of_a_remote_desktop_is_held_back(lab: Lab) -> None:
    """application/octet-stream, after pull request 214 of MysticRyuujin/guac-install."""
    _events(lab, "", "tunnel")


@scenario(
    outside="http.server-error", server="upstream.stream-buffered", target=EVENTS, differs=MINE
)
def pictures_of_a_camera_are_held_back(lab: Lab) -> None:
    """multipart/x-mixed-replace."""
    _events(lab, "", "camera")


@healthy(target=EVENTS)
def tunnel_of_a_remote_desktop_is_not_buffered(lab: Lab) -> None:
    _events(lab, "    proxy_buffering off;\n", "tunnel")


@healthy(target=EVENTS)
def lines_of_a_log_are_not_buffered(lab: Lab) -> None:
    _events(lab, "    proxy_buffering off;\n", "log")


@healthy(target=EVENTS)
def events_are_not_buffered(lab: Lab) -> None:
    _events(lab, "    proxy_buffering off;\n")


@scenario(outside="http.slow", server="upstream.stream-buffered", target=EVENTS, differs=MINE)
def answer_of_a_chat_comes_at_once(lab: Lab) -> None:
    """Four events in four seconds arrive together, after issue 1712 of Langchain-Chatchat."""
    _events(lab, "", "chat")


@healthy(target=EVENTS)
def answer_of_a_chat_comes_word_by_word(lab: Lab) -> None:
    _events(lab, "    proxy_buffering off;\n", "chat")


AT_ONCE = "the chat's streaming answers come all at once, the UI freezes on processing"


@scenario(outside=None, server="upstream.stream-buffered", args=(AT_ONCE,), differs=MINE)
def message_says_that_the_answer_comes_at_once(lab: Lab) -> None:
    """The answer to a POST is no address to ask: after pull request 20872 of llama.cpp and issue
    128 of GeminiProChat."""


@healthy(args=(AT_ONCE,))
def message_about_a_stream_that_is_not_buffered(lab: Lab) -> None:
    lab.change(PAGES, PAGES.replace("    proxy_pass", "    proxy_buffering off;\n    proxy_pass"))


@scenario(outside="http.page-file-broken", manual="the application has to compress")
def script_is_not_gzip(lab: Lab) -> None:
    """ERR_CONTENT_DECODING_FAILED for a script alone."""
    _pages_by(lab, "bad-gzip")


@healthy()
def script_is_large(lab: Lab) -> None:
    _pages_by(lab, "big-script")


# Renewals


RENEWAL = """\
[renewalparams]
authenticator = webroot
webroot_path = {folder},
[[webroot_map]]
shop.example.com = {folder}
"""


def _expiring(lab: Lab, folder: str) -> None:
    leaf = certificates.leaf(starts=-85, ends=5)
    of_certbot(lab, leaf)
    lab.server.write(site.PEM, leaf.chain)
    lab.server.sh("touch -d '85 days ago' /etc/letsencrypt/archive/*/*")
    lab.server.write(f"/etc/letsencrypt/renewal/{site.NAME}.conf", RENEWAL.format(folder=folder))
    lab.edit(site.PEM, f"{LIVE}/fullchain.pem")
    lab.change(site.KEY, f"{LIVE}/privkey.pem")


@scenario(
    outside="certificate.expires-soon", server="nginx.challenge-folder",
    manual="the authority has to reach it",
)  # fmt: skip
def challenges_in_another_folder(lab: Lab) -> None:
    """certbot's webroot is not nginx's, after an issue of certbot about "unauthorized"."""
    _expiring(lab, "/var/www/html")


@scenario(
    outside="certificate.expires-soon", server="nginx.challenge-folder",
    manual="the authority has to reach it",
)  # fmt: skip
def challenges_redirected_to_the_servers_name(lab: Lab) -> None:
    """After https://github.com/jvvan/reverseproxy/issues/10: the whole block of port 80 redirects
    to $server_name, and the application gets the challenges."""
    _expiring(lab, "/var/www/html")
    folder = "  location /.well-known/acme-challenge/ {\n    root /var/www/acme;\n  }\n\n"
    lab.edit(folder, "")
    lab.change("https://$host$request_uri", "https://$server_name$request_uri")


@scenario(outside="certificate.expires-soon", manual="the authority has to reach it")
def challenges_in_the_right_folder(lab: Lab) -> None:
    """Only the renewal is late."""
    _expiring(lab, "/var/www/acme")


@scenario(outside="certificate.expires-soon", manual="the authority has to reach it")
def challenges_in_a_folder_behind_a_link(lab: Lab) -> None:
    """certbot's webroot is a link to nginx's folder, as deployments with releases have it."""
    _expiring(lab, "/srv/shop/current")
    lab.server.sh("mkdir -p /srv/shop; ln -s /var/www/acme /srv/shop/current")


@scenario(
    outside="http.acme-challenge-blocked", also=("certificate.expires-soon",),
    manual="the authority has to be asked again",
)  # fmt: skip
def challenges_go_to_https_where_dots_are_denied(lab: Lab) -> None:
    """Everything is redirected, and a rule for hidden files answers 403, after an issue of
    docker-nginx-certbot about renewals."""
    _expiring(lab, "/var/www/acme")
    folder = "  location /.well-known/acme-challenge/ {\n    root /var/www/acme;\n  }\n\n"
    lab.edit(folder, "")
    lab.change("  location /ws", "  location ~ /\\. {\n    deny all;\n  }\n\n  location /ws")


# Addresses in the page


BUILD = "the front end has to be built again"


@scenario(outside="http.localhost-in-page", manual=BUILD)
def page_opens_a_websocket_at_localhost(lab: Lab) -> None:
    """Vite's or Nuxt's client behind a proxy that ends TLS, after several issues of Vite."""
    _pages_by(lab, "nuxt")


@scenario(outside="http.localhost-in-page", manual=BUILD)
def page_requests_localhost(lab: Lab) -> None:
    """A front end built with the settings of development, after many threads."""
    _pages_by(lab, "built-for-localhost")


@healthy()
def page_opens_localhost_on_the_developers_machine_only(lab: Lab) -> None:
    """One file for both: it asks `location.hostname` first."""
    script = (
        "let live = null;\nif (location.hostname === 'localhost') {\n"
        "  live = new WebSocket('ws://localhost:3000/live');\n}\n"
    )
    page = "<!doctype html><title>Tea</title><script src=/app.js></script><p>Forty kinds of tea.\n"
    lab.server.write("/srv/tea/index.html", page)
    lab.server.write("/srv/tea/app.js", script)
    lab.change(PAGES, "  location / {\n    root /srv/tea;\n  }\n\n")


@healthy()
def page_speaks_with_a_printer(lab: Lab) -> None:
    """QZ Tray, a program on the visitor's machine."""
    _pages_by(lab, "printer")


@scenario(outside="websocket.page-port", manual=BUILD)
def page_opens_a_websocket_on_a_closed_port(lab: Lab) -> None:
    """Laravel Reverb: REVERB_PORT is 8080, which the firewall closes, after issues of Reverb."""
    _pages_by(lab, "reverb")


@scenario(outside="websocket.page-port", manual=BUILD)
def page_puts_together_a_websocket_on_a_closed_port(lab: Lab) -> None:
    """https://github.com/top-think/think-swoole/issues/49: wss at the program's own port."""
    _pages_by(lab, "workerman")


@healthy()
def page_opens_a_websocket_on_another_port(lab: Lab) -> None:
    """nginx serves it there too, with TLS."""
    open_port = ["firewall-cmd", "--add-port=8080/tcp"]
    lab.server.run(open_port, check=True)
    lab.server.run([*open_port, "--permanent"], check=True)
    lab.edit("  listen 443 ssl;", "  listen 443 ssl;\n  listen 8080 ssl;")
    _pages_by(lab, "reverb")

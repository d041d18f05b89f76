"""What people ask about a site that opens and does not work: cookies, CORS, frames, forms, the
application's own errors, and servers that somebody stopped. Each has the question it is made after.
"""

import shlex

from .. import certificates, site
from ..hosts import until
from ..lab import HERE, Lab
from ..machines import Machine
from ..scenario import UNLOGGED, healthy, scenario
from .nginx_threads import ANOTHER_BLOCK, MINE, PAGES, PASS, TIMEOUT
from .services import ONE_LAYOUT

URL = f"https://{site.NAME}"
OTHER = "https://app.example.net"
PORT = "127.0.0.1:3001"
APPLICATIONS_OWN = "it is the application's own"


def _run(lab: Lab, mode: str, log: str = "") -> None:
    program = str(HERE / "applications" / "asked_server.py")
    argv = lab.server.python(program, mode, "3001")
    if log:
        argv = ["sh", "-c", f"exec {shlex.join(argv)} 2>>{log}"]
    lab.spawn(lab.server, argv, 3001)


def _answers(lab: Lab, mode: str, page: str = PAGES, log: str = "") -> None:
    """The page comes from this application."""
    _run(lab, mode, log)
    lab.change(PAGES, page.replace("127.0.0.1:3000", PORT))


# Cookies


def _below(lab: Lab, mode: str, lines: str = "") -> None:
    location = f"  location /health-dev/ {{\n    proxy_pass http://{PORT}/health/;\n{lines}  }}\n\n"
    _run(lab, mode)
    lab.change(PAGES, location + PAGES)


@scenario(outside=None, server="nginx.cookie-path", target=f"{URL}/health-dev/", differs=MINE)
def cookie_is_for_the_applications_path(lab: Lab) -> None:
    """A login that leads back to the login: JSESSIONID; Path=/health behind /health-dev/, after a
    Chinese blog about a session that nginx loses."""
    _below(lab, "inner-path")


@healthy(target=f"{URL}/health-dev/")
def path_of_the_cookie_is_translated(lab: Lab) -> None:
    _below(lab, "inner-path", "    proxy_cookie_path /health /health-dev;\n")


def _session_below(lab: Lab, lines: str = "") -> None:
    lab.spawn(
        lab.server, lab.server.application("addressed_server", "session=/health", "3001"), 3001
    )
    location = f"  location /health-dev/ {{\n    proxy_pass http://{PORT}/health/;\n{lines}  }}\n\n"
    lab.change(PAGES, location + PAGES)


@scenario(outside=None, server="nginx.cookie-path", target=f"{URL}/health-dev/", differs=MINE)
def cookie_of_the_login_is_for_the_applications_path(lab: Lab) -> None:
    """The same where the page redirects to the login, which begins the session."""
    _session_below(lab)


@healthy(target=f"{URL}/health-dev/")
def path_of_the_logins_cookie_is_translated(lab: Lab) -> None:
    _session_below(lab, "    proxy_cookie_path /health /health-dev;\n")


@scenario(outside="http.cookie-refused", differs=(site.CONF,))
def cookie_for_all_sites_without_secure(lab: Lab) -> None:
    """SameSite=None without Secure, after questions about "This Set-Cookie was blocked"."""
    _answers(lab, "not-secure")


@healthy()
def cookie_for_all_sites(lab: Lab) -> None:
    _answers(lab, "secure")


SAME_SITE = (
    "I followed the guide for nginx and locally all works, but behind the proxy nobody stays "
    "signed in. The tools of Chrome say: Cookies marked with SameSite=None must also be marked "
    "with Secure to allow setting them in cross-site contexts."
)


@scenario(outside="http.cookie-refused", manual=APPLICATIONS_OWN, args=(SAME_SITE,))
def browser_says_which_cookie_it_refuses(lab: Lab) -> None:
    """The answer to the login sets the cookie, and no run sends it: the browser's sentence is what
    there is."""


@healthy(args=(SAME_SITE,))
def cookie_that_a_message_names_is_taken_today(lab: Lab) -> None:
    _answers(lab, "secure")


# Frames, CORS, forms


@scenario(
    outside="http.framing-refused", manual="which site may show it is a person's choice",
    args=(f"Refused to display '{URL}/' in a frame because it set 'X-Frame-Options' to 'deny'.",),
)  # fmt: skip
def page_is_shown_in_a_frame(lab: Lab) -> None:
    """nginx adds SAMEORIGIN to the application's DENY, after issue 470 of wetty."""
    _answers(
        lab, "frames", PAGES.replace(PASS, f"{PASS}    add_header X-Frame-Options SAMEORIGIN;\n")
    )


NAMED = "add_header Content-Security-Policy \"frame-ancestors 'self' https://portal.example.org\";"


@scenario(
    outside="http.framing-refused", manual="which site may show it is a person's choice",
    differs=MINE, args=("Our page in an iframe of https://other.example.net stays empty.",),
)  # fmt: skip
def policy_names_another_page_than_the_frames(lab: Lab) -> None:
    lab.change(PAGES, PAGES.replace(PASS, f"{PASS}    {NAMED}\n"))


@healthy(args=("Our page in an iframe of https://portal.example.org stays empty.",))
def policy_names_the_page_of_the_frame(lab: Lab) -> None:
    """The policy lets that site show the page: the frame is not what is refused."""
    lab.change(PAGES, PAGES.replace(PASS, f"{PASS}    {NAMED}\n"))


@healthy()
def page_forbids_frames(lab: Lab) -> None:
    """Nobody asks about frames."""
    _answers(lab, "frames")


@scenario(
    outside="http.cors-refused", manual=APPLICATIONS_OWN, target=f"{URL}/api/auth/login",
    args=("--method", "OPTIONS", "--origin", OTHER),
)  # fmt: skip
def preflight_is_redirected(lab: Lab) -> None:
    """A slash is missing, after a question on Stack Overflow: "Redirect is not allowed for a
    preflight request"."""
    _answers(lab, "slash")


@healthy(
    target=f"{URL}/api/auth/login/", args=("--method", "OPTIONS", "--origin", OTHER),
)  # fmt: skip
def preflight_is_answered(lab: Lab) -> None:
    _answers(lab, "slash")


@scenario(
    outside="http.cors-refused", manual=APPLICATIONS_OWN, target=f"{URL}/api/me",
    args=("--origin", OTHER),
)  # fmt: skip
def every_origin_and_cookies(lab: Lab) -> None:
    """`*` with Access-Control-Allow-Credentials, after issue 101 of enable-cors.org."""
    _answers(lab, "wildcard")


@scenario(
    outside="http.method-lost", target=f"http://{site.NAME}/login", args=("--method", "POST"),
    differs=MINE,
)  # fmt: skip
def form_is_sent_to_http(lab: Lab) -> None:
    """301 turns POST into GET, after a Chinese blog about an API that got no values."""


@healthy(target=f"http://{site.NAME}/login", args=("--method", "POST"))
def form_is_sent_to_http_and_stays_a_form(lab: Lab) -> None:
    lab.change("return 301", "return 308")


# A page in place of data


def _interface(lab: Lab, flag: str) -> None:
    lab.server.write("/srv/shop/index.html", "<!doctype html><title>Shop</title><p>The page.</p>")
    rewrite = f"    rewrite ^/api/(.*)$ /$1 {flag};\n"
    api = f"  location /api/ {{\n{rewrite}    proxy_pass http://{PORT};\n  }}\n\n"
    files = "  location / {\n    root /srv/shop;\n    try_files $uri /index.html;\n  }\n\n"
    _run(lab, "data")
    lab.change(PAGES, api + files)


@scenario(outside=None, server="nginx.path-taken", target=f"{URL}/api/users", differs=MINE)
def rewrite_leaves_the_location_of_the_interface(lab: Lab) -> None:
    """`last` where `break` is meant, after questions on Stack Overflow about "Unexpected token <
    in JSON"."""
    _interface(lab, "last")


@healthy(target=f"{URL}/api/users")
def rewrite_stays_in_the_location_of_the_interface(lab: Lab) -> None:
    _interface(lab, "break")


def _chinese(lab: Lab, charset: str) -> None:
    text = "欢迎来到我们的商店，请登录。"
    page = f'<!doctype html><meta charset="gbk"><title>商店</title><p>{text}</p>\n'
    lab.server.write("/srv/shop/index.html", "")
    lab.server.path("/srv/shop/index.html").write_bytes(page.encode("gbk"))
    files = f"  location / {{\n    root /srv/shop;\n    charset {charset};\n  }}\n\n"
    lab.change(PAGES, files)


@scenario(outside="http.charset-wrong", differs=(site.CONF,))
def page_in_gbk_is_called_utf_8(lab: Lab) -> None:
    """After many Chinese questions about garbled pages behind nginx."""
    _chinese(lab, "utf-8")


@scenario(outside="http.charset-wrong", differs=(site.CONF,))
def page_in_utf_8_that_nothing_names(lab: Lab) -> None:
    """Neither a `<meta>` nor a header: browsers take GBK or windows-1252."""
    page = "<!doctype html><title>商店</title><p>欢迎来到我们的商店，请登录。</p>\n"
    lab.server.write("/srv/shop/index.html", page)
    lab.change(PAGES, "  location / {\n    root /srv/shop;\n  }\n\n")


@healthy()
def page_in_utf_8_that_nginx_names(lab: Lab) -> None:
    page = "<!doctype html><title>商店</title><p>欢迎来到我们的商店，请登录。</p>\n"
    lab.server.write("/srv/shop/index.html", page)
    lab.change(PAGES, "  location / {\n    root /srv/shop;\n    charset utf-8;\n  }\n\n")


@healthy()
def page_in_gbk_says_so(lab: Lab) -> None:
    _chinese(lab, "gbk")


# Certificates


@scenario(
    outside="certificate.lifetime-too-long", args=("NET::ERR_CERT_VALIDITY_TOO_LONG",),
    manual="a certificate has to be issued",
)  # fmt: skip
def certificate_for_three_years(lab: Lab) -> None:
    """NET::ERR_CERT_VALIDITY_TOO_LONG, after issues of mkcert and questions about Safari."""
    issued = certificates.leaf(site.NAME, ends=900)
    lab.install(issued.chain, issued.key_pem)


@healthy()
def certificate_for_two_years(lab: Lab) -> None:
    """From an authority of one's own; Apple's systems take 825 days."""
    issued = certificates.leaf(site.NAME, ends=800)
    lab.install(issued.chain, issued.key_pem)


# The application's own errors


@scenario(
    outside="http.host-refused", server="upstream.host-not-allowed", manual=APPLICATIONS_OWN,
)  # fmt: skip
def nextcloud_does_not_know_the_name(lab: Lab) -> None:
    """ "Access through untrusted domain", after questions on Nextcloud's forum."""
    _answers(lab, "nextcloud")


@scenario(
    outside="http.host-refused", server="upstream.host-not-allowed", manual=APPLICATIONS_OWN,
)  # fmt: skip
def drupal_does_not_know_the_name(lab: Lab) -> None:
    """trusted_host_patterns, after issue 2410395 of Drupal."""
    _answers(lab, "drupal")


@scenario(outside="http.server-error", server="upstream.application-log", manual=APPLICATIONS_OWN)
def reason_is_in_gunicorns_log(lab: Lab) -> None:
    """ "Server Error (500)" with DEBUG=False, after questions about Django on Stack Overflow."""
    _answers(lab, "trace", log="/var/log/gunicorn.log")


@scenario(outside="http.server-error", server="upstream.application-log", manual=APPLICATIONS_OWN)
def uwsgi_has_no_application(lab: Lab) -> None:
    """ "no python application found", after many questions about uWSGI."""
    _answers(lab, "no-module", log="/var/log/uwsgi.log")


@scenario(outside="http.server-error", manual=APPLICATIONS_OWN)
def application_says_that_it_is_not_ready(lab: Lab) -> None:
    """ "Kibana server is not ready yet", after questions on Elastic's forum."""
    _answers(lab, "not-ready")


def _php(lab: Lab, mode: str, script: str) -> None:
    lab.server.write(f"/srv/php/{script}", "<?php\n")
    _run(lab, mode)
    lines = f"    root /srv/php;\n    index {script};\n    fastcgi_pass {PORT};\n"
    lab.change(PAGES, f"  location / {{\n{lines}    include fastcgi.conf;\n  }}\n\n")


@scenario(outside="http.server-error", manual=APPLICATIONS_OWN)
def laravel_cannot_write_its_log(lab: Lab) -> None:
    """A white page: "laravel.log could not be opened", after questions on Stack Overflow."""
    _php(lab, "php-fails", "index.php")


@scenario(
    outside=None, server="upstream.script-not-found", manual=APPLICATIONS_OWN, not_on=UNLOGGED
)
def php_runs_only_scripts_of_php(lab: Lab) -> None:
    """ "Access denied.": security.limit_extensions, after a Chinese blog."""
    _php(lab, "php-denied", "index.html")


@scenario(
    outside="http.server-error",
    server="upstream.queue-full",
    manual="how many processes there may be is a choice",
    not_on=UNLOGGED,
)
def queue_of_php_is_full(lab: Lab) -> None:
    """ "connect() to unix: failed (11: Resource temporarily unavailable)", after question 641357 on
    Server Fault."""
    program, path = str(HERE / "applications" / "asked_server.py"), "/run/php.sock"
    argv = lab.server.python(program, "full-queue", path)
    lab.undo(lambda: lab.server.path(path).unlink(missing_ok=True))
    lab.spawn(lab.server, argv, lab.server.path(path).exists)
    lines = f"    root /srv/php;\n    fastcgi_pass unix:{path};\n    include fastcgi.conf;\n"
    lab.change(PAGES, f"  location / {{\n{lines}  }}\n\n")


@scenario(outside="http.server-error", server="upstream.closed-early", manual=APPLICATIONS_OWN)
def worker_of_gunicorn_times_out(lab: Lab) -> None:
    """ "WORKER TIMEOUT" in gunicorn's log and 502 in nginx, after issue 1497 of gunicorn."""
    _answers(lab, "gives-up", log="/var/log/gunicorn.log")


@scenario(outside="http.answer-says-why", manual="which folder PHP sees is a person's knowledge")
def php_does_not_see_the_script(lab: Lab) -> None:
    """ "No input file specified.", after questions about panels and open_basedir."""
    _php(lab, "php-blind", "index.php")


@scenario(outside="http.answer-says-why", manual=APPLICATIONS_OWN)
def tomcat_refuses_braces(lab: Lab) -> None:
    """ "Invalid character found in the request target", after Chinese questions about Tomcat."""
    _answers(lab, "tomcat")


@scenario(outside="http.answer-says-why", manual=APPLICATIONS_OWN)
def application_refuses_the_address_of_nginx(lab: Lab) -> None:
    """The list of allowed addresses sees 127.0.0.1, after questions about X-Forwarded-For."""
    _answers(lab, "proxy-address")


@scenario(outside="http.cookie-refused", differs=(site.CONF,))
def cookie_is_for_localhost(lab: Lab) -> None:
    """Domain=localhost came along from development, after questions about rejected cookies."""
    _answers(lab, "for-localhost")


@scenario(outside="http.cookie-refused", differs=(site.CONF,))
def cookie_of_an_inside_address_is_removed(lab: Lab) -> None:
    """The login page removes the cookie that the login sets with the same Domain, after
    https://developer.aliyun.com/article/1690278."""
    _answers(lab, "removes-inside")


@healthy()
def cookie_of_an_old_site_is_removed(lab: Lab) -> None:
    _answers(lab, "removes-elsewhere")


@scenario(outside="http.redirect-loop", differs=MINE, manual="the application has no page")
def nginx_hides_the_cookie_of_the_login(lab: Lab) -> None:
    """proxy_hide_header Set-Cookie was left over from a cache, after questions about caching."""
    hides = f"{PASS}    proxy_hide_header Set-Cookie;\n"
    _answers(lab, "login", PAGES.replace(PASS, hides))


# nginx's own answers


@scenario(
    outside=None, server="nginx.folder-missing", target=f"{URL}/about",
    manual="nobody knows where the release is",
)  # fmt: skip
def release_was_deleted(lab: Lab) -> None:
    """404 for every page: the link leads to an old release, after questions about deployments."""
    lab.server.sh("mkdir -p /srv; ln -sfn /srv/releases/1 /srv/current")
    files = "    root /srv/current/public;\n    try_files $uri /index.html =404;\n"
    lab.change(PAGES, f"  location / {{\n{files}  }}\n\n")


@healthy(target=f"{URL}/about")
def release_is_behind_a_link(lab: Lab) -> None:
    """404 for a page that the release does not have."""
    lab.server.write("/srv/releases/2/public/robots.txt", "")
    lab.server.sh("ln -sfn /srv/releases/2 /srv/current")
    files = "    root /srv/current/public;\n    try_files $uri =404;\n"
    lab.change(PAGES, f"  location / {{\n{files}  }}\n\n")


@scenario(
    outside=None, server="nginx.own-answer", manual="nobody knows the passwords",
    args=("--header", "Authorization: Basic YWxpY2U6c2VjcmV0"),
)  # fmt: skip
def user_is_not_in_the_file_of_passwords(lab: Lab) -> None:
    """ "user was not found in", after questions about htpasswd on Server Fault."""
    lab.server.write("/etc/nginx/.htpasswd", "bob:{PLAIN}secret\n")
    guard = "    auth_basic Shop;\n    auth_basic_user_file /etc/nginx/.htpasswd;\n"
    lab.change(PAGES, PAGES.replace(PASS, PASS + guard))


@scenario(
    outside=None, server="nginx.own-answer", manual="who asks for what is a choice",
    args=("--header", "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9"),
)  # fmt: skip
def token_meets_the_password_of_nginx(lab: Lab) -> None:
    """auth_basic in front of an application with tokens: its token is "wrong" there."""
    lab.server.write("/etc/nginx/.htpasswd", "bob:{PLAIN}secret\n")
    guard = "    auth_basic Shop;\n    auth_basic_user_file /etc/nginx/.htpasswd;\n"
    lab.change(PAGES, PAGES.replace(PASS, PASS + guard))


@scenario(
    outside=None, server="nginx.own-answer", target=f"http://{site.NAME}/", differs=(site.CONF,),
    not_on=ANOTHER_BLOCK,
)  # fmt: skip
def http_ends_with_certbots_404(lab: Lab) -> None:
    """`return 404; # managed by Certbot` for a name without a rule of its own, after questions on
    the forum of Let's Encrypt."""
    rule = "  if ($host = www.shop.example.com) { return 301 https://$host$request_uri; }\n"
    listen = "  listen 80;\n  server_name www.shop.example.com shop.example.com;\n"
    lab.change(site.HTTP, f"server {{\n{rule}{listen}  return 404; # managed by Certbot\n}}\n")


@scenario(
    outside="http.server-error",
    server="nginx.rule-refuses",
    differs=("/srv/shop/maintenance.on.off",),
)
def maintenance_was_left_on(lab: Lab) -> None:
    """`if (-f maintenance.on) { return 503; }`, after questions on Server Fault."""
    lab.server.write("/srv/shop/maintenance.on", "")
    rule = "  if (-f /srv/shop/maintenance.on) {\n    return 503;\n  }\n"
    lab.change(TIMEOUT, TIMEOUT + rule)


# Services


@scenario(
    outside="http.server-error", server="upstream.service-failed", manual="its folder has gone",
    not_on=ONE_LAYOUT,
)  # fmt: skip
def service_of_the_application_has_no_folder(lab: Lab) -> None:
    """status=200/CHDIR after a folder was renamed, after questions about gunicorn.service."""
    server = lab.server
    assert isinstance(server, Machine)
    unit = "[Service]\nWorkingDirectory=/srv/renamed\nExecStart=/usr/bin/sleep 1000\n"
    server.write("/etc/systemd/system/gunicorn.service", unit)
    server.systemctl("daemon-reload")
    lab.undo(lambda: server.systemctl("reset-failed", "gunicorn", check=False))
    server.systemctl("start", "gunicorn", check=False)
    ask = ["systemctl", "is-failed", "gunicorn"]
    until(lambda: server.run(ask).returncode == 0, "the unit fails")
    lab.change(PAGES, PAGES.replace("127.0.0.1:3000", PORT))


@scenario(
    outside="tcp.refused", server="nginx.not-running", not_on=ONE_LAYOUT,
    differs=("/etc/systemd/system/nginx.service",),
)  # fmt: skip
def service_of_nginx_is_masked(lab: Lab) -> None:
    """ "Unit nginx.service is masked", after a question on Ask Ubuntu."""
    server = lab.server
    assert isinstance(server, Machine)
    lab.stop_nginx()
    server.systemctl("mask", "nginx")
    lab.undo(lambda: server.systemctl("unmask", "nginx", check=False))

"""The page is answered, and other requests of visitors fail: only nginx's access log has them.

After https://github.com/faloker/purify/issues/10 (the page comes, /api/auth gets 502) and
https://github.com/absmach/magistrala/issues/505 (405 for the login).
"""

from .. import site
from ..lab import HERE, Lab
from ..scenario import UNLOGGED, healthy, scenario

PAGES = "  location / {\n    proxy_pass http://127.0.0.1:3000;"
LOG = "/var/log/nginx/shop-access.log"
TEST = "a POST that fails in the application is what its developers mend"


def visit(lab: Lab, path: str, *options: str, referer: str = f"https://{site.NAME}/") -> None:
    """A visitor's request, from a page of the site."""
    words = ["curl", "-sk", "-o", "/dev/null", "-A", "Mozilla/5.0", *options]
    lab.client.run([*words, "-e", referer, f"https://{site.NAME}{path}"])


def log_of_its_own(lab: Lab, location: str = "") -> None:
    """The site's own access log, which is empty; and a location before the pages."""
    lab.server.sh(f"rm -f {LOG}")
    lab.undo(lambda: lab.server.sh(f"rm -f {LOG}"))
    lab.change(PAGES, f"  access_log {LOG} combined;\n{location}\n{PAGES}")


@scenario(outside=None, server="upstream.refused", manual="the application is started by hand")
def interface_of_a_dead_application(lab: Lab) -> None:
    """The page comes, and its scripts get 502 from /api/."""
    log_of_its_own(lab, "  location /api/ { proxy_pass http://127.0.0.1:3009; }\n")
    visit(lab, "/api/items?page=2")


@scenario(outside=None, server="nginx.method-not-allowed", manual="which application is a choice")
def form_is_sent_to_files(lab: Lab) -> None:
    """A login by POST gets 405: nginx serves the page of the application there."""
    lab.server.write("/var/www/spa/index.html", "<p>shop</p>")
    lab.undo(lambda: lab.server.sh("rm -rf /var/www/spa"))
    files = "    root /var/www/spa;\n    try_files /index.html =404;\n"
    log_of_its_own(lab, f"  location /login {{\n{files}  }}\n")
    visit(lab, "/login", "-d", "user=anna")


def files_before_the_application(lab: Lab, lines: str) -> None:
    """The server block falls back to the application, and a location for files has these lines."""
    lab.server.write("/var/www/spa/images/1.png", "image")
    lab.undo(lambda: lab.server.sh("rm -rf /var/www/spa"))
    files = f"  root /var/www/spa;\n  location ~ ^/(assets|images)/ {{\n{lines}  }}\n"
    log_of_its_own(lab, f"{files}  try_files $uri/index.html $uri @application;\n")
    lab.change(PAGES, PAGES.replace("location / {", "location @application {"))
    visit(lab, "/images/5", "-X", "DELETE")


@scenario(outside=None, server="nginx.method-not-allowed", differs=(site.CONF,))
def image_of_the_application_is_deleted(lab: Lab) -> None:
    """Issue 15 of kalys/capistrano-nginx-unicorn: the `try_files` of the server block does not
    count in the location for files, so that nginx answers DELETE /images/5 with 405."""
    files_before_the_application(lab, "    expires max;\n")


@healthy()
def image_of_the_application_is_passed_on(lab: Lab) -> None:
    """The location has a `try_files` of its own."""
    files_before_the_application(lab, "    try_files $uri @application;\n    expires max;\n")


@scenario(outside=None, server="nginx.other-requests-failed", manual=TEST)
def form_fails_in_the_application(lab: Lab) -> None:
    """Three visitors got 500 for a form."""
    argv = lab.server.python(str(HERE / "application.py"), "--port", "3009", "--mode", "error")
    lab.spawn(lab.server, argv, 3009)
    log_of_its_own(lab, "  location /order { proxy_pass http://127.0.0.1:3009; }\n")
    for _ in range(3):
        visit(lab, "/order", "-d", "item=7", referer="")


@scenario(outside=None, server="upstream.header-too-big", differs=(site.CONF,), not_on=UNLOGGED)
def interface_answers_with_a_large_header(lab: Lab) -> None:
    """The page's script asks for what comes with many cookies, after
    https://errornotes.dev/en/errors/networking/fix-nginx-upstream-sent-too-big-header-502-bad-gateway-error."""
    argv = lab.server.python(str(HERE / "application.py"), "--port", "3009", "--mode", "large-head")
    lab.spawn(lab.server, argv, 3009)
    log_of_its_own(lab, "  location /api/ { proxy_pass http://127.0.0.1:3009; }\n")
    visit(lab, "/api/dashboard")


@healthy()
def visitors_that_look_for_weak_sites(lab: Lab) -> None:
    """404, 403 and 405 for what no page of the site asks for."""
    refused = "  location /.git { return 403; }\n  location /files/ { root /var/www; }\n"
    log_of_its_own(lab, refused)
    for path in ("/.git/config", "/files/.env"):
        visit(lab, path, referer="")
    visit(lab, "/files/", "-d", "a=b", referer="")


@healthy()
def robots_get_the_status_that_nginx_is_told(lab: Lab) -> None:
    """`return 503` for a path, as an answer to those that look for weak sites."""
    log_of_its_own(lab, "  location /xmlrpc.php { return 503; }\n")
    for _ in range(4):
        visit(lab, "/xmlrpc.php", "-d", "a=b", referer="")


@healthy()
def interface_that_is_well_again(lab: Lab) -> None:
    """A visitor got 502 before the application was started."""
    log_of_its_own(lab, "  location /api/ { proxy_pass http://127.0.0.1:3009/; }\n")
    visit(lab, "/api/")
    argv = lab.server.python(str(HERE / "application.py"), "--port", "3009")
    lab.spawn(lab.server, argv, 3009)


@healthy()
def another_site_in_the_same_log_fails(lab: Lab) -> None:
    """Two sites write one log, whose lines name no site."""
    log_of_its_own(lab)
    other = site.HTTPS.replace("shop.example.com;", "blog.example.com;", 1)
    text = lab.server.read(site.CONF)
    broken = f"  access_log {LOG} combined;\n  location /api {{ return 500; }}\n\n"
    lab.configure(text + other.replace("  ssl_session_timeout", f"{broken}  ssl_session_timeout"))
    visit_blog = "https://blog.example.com/api"
    for _ in range(3):
        lab.client.run(
            ["curl", "-sk", "-o", "/dev/null", "--connect-to", f"::{site.NAME}:", visit_blog]
        )


@scenario(outside=None, server="nginx.rule-refuses", manual="which methods is a choice")
def forms_are_refused_by_a_rule(lab: Lab) -> None:
    """`if ($request_method !~ ^(GET|HEAD)$) { return 405; }` of a hardening guide."""
    log_of_its_own(lab)
    lab.change(
        "  ssl_session_timeout 5m;", "  if ($request_method !~ ^(GET|HEAD)$) { return 405; }"
    )
    visit(lab, "/order", "-d", "item=7")

"""The site's own page works, and visitors met a fault at another path: the access log or the error
log has the request. A healthy twin has the same requests, and gets none more."""

from .. import site
from ..lab import Lab
from ..scenario import UNLOGGED, healthy, scenario
from .frameworks import MINE, SHELL, serve_files
from .nginx_other_requests_failed import LOG, log_of_its_own, visit
from .taken_paths import ANOTHER_BLOCK

#: What only nginx's error log tells, of an application that is another block.
ERRORS_AND_BLOCKS = {**UNLOGGED, **ANOTHER_BLOCK}
HOME = f"https://{site.NAME}"


def _base_path(lab: Lab, uri: str) -> None:
    """An application whose settings have the base path /bot, on port 3010."""
    page = "<link rel=stylesheet href=/bot/_next/app.css><h1>Bot</h1>"
    block = (
        "server {\n  listen 127.0.0.1:3010;\n  default_type text/html;\n"
        f"  location = /bot/ {{ return 200 '{page}'; }}\n"
        "  location = /bot/_next/app.css { default_type text/css; return 200 'p{}'; }\n"
        "  location / { return 404; }\n}\n"
    )
    log_of_its_own(lab, f"  location /bot/ {{ proxy_pass http://127.0.0.1:3010{uri}; }}\n")
    lab.change(site.MAP, f"{site.MAP}\n{block}")
    visit(lab, "/bot/", referer="")
    visit(lab, "/bot/_next/app.css", referer=f"{HOME}/bot/")


@scenario(outside=None, server="upstream.wrong-path", differs=MINE, not_on=ANOTHER_BLOCK)
def base_path_of_an_application_is_cut_off(lab: Lab) -> None:
    """https://github.com/sourcebot-dev/sourcebot/issues/61: DOMAIN_SUB_PATH, and a slash at the end
    of proxy_pass."""
    _base_path(lab, "/")


@healthy(not_on=ANOTHER_BLOCK)
def base_path_of_an_application_is_kept(lab: Lab) -> None:
    _base_path(lab, "")


def _form(lab: Lab, fields: str) -> None:
    """A form of Django is sent to its own page; the site's first page has none."""
    lab.spawn(lab.server, lab.server.application("guarded_server", "django-page", "3012"), 3012)
    passed = (
        f"    proxy_pass http://127.0.0.1:3012;\n    proxy_set_header Host $http_host;\n{fields}"
    )
    log_of_its_own(lab, f"  location /login {{\n{passed}  }}\n")
    visit(lab, "/login")
    sent = ("-d", "user=anna", "-H", f"Origin: {HOME}")
    visit(lab, "/login", *sent, referer=f"{HOME}/login")


@scenario(outside=None, server="upstream.origin-mismatch", differs=MINE)
def form_of_another_page_is_sent_to_that_page(lab: Lab) -> None:
    """After https://newbe.dev/why-doesn-t-django-s-csrf-work-over-https: "CSRF verification
    failed", and the run is for the first page."""
    _form(lab, "")


@healthy()
def form_of_another_page_is_refused_for_its_token(lab: Lab) -> None:
    _form(lab, "    proxy_set_header X-Forwarded-Proto $scheme;\n")


def _any_path(lab: Lab, uri: str) -> None:
    """An application that shows its page at every path, and has its files at one."""
    page = "<link rel=stylesheet href=static/app.css><script src=static/app.js></script><h1>Wx</h1>"
    block = (
        "server {\n  listen 127.0.0.1:3011;\n  default_type text/html;\n"
        "  location = /static/app.css { default_type text/css; return 200 'p{}'; }\n"
        "  location = /static/app.js { default_type text/javascript; return 200 '1;'; }\n"
        "  location ~ \\. { return 404; }\n"
        f"  location / {{ return 200 '{page}'; }}\n}}\n"
    )
    log_of_its_own(lab, f"  location /wx/ {{\n    proxy_pass http://127.0.0.1:3011{uri};\n  }}\n")
    lab.change(site.MAP, f"{site.MAP}\n{block}")
    visit(lab, "/wx/")
    visit(lab, "/wx/static/app.js", referer=f"{HOME}/wx/")


@scenario(outside=None, server="upstream.wrong-path", differs=MINE, not_on=ANOTHER_BLOCK)
def files_of_an_application_are_not_below_the_prefix(lab: Lab) -> None:
    """https://github.com/xuexb/learn-nginx/issues/21: proxy_pass without a slash at its end."""
    _any_path(lab, "")


@scenario(
    outside="http.page-file-missing", server="upstream.wrong-path", differs=MINE,
    target=f"{HOME}/wx/", not_on=ANOTHER_BLOCK,
)  # fmt: skip
def files_of_the_page_are_not_below_the_prefix(lab: Lab) -> None:
    _any_path(lab, "")


@healthy(target=f"{HOME}/wx/", not_on=ANOTHER_BLOCK)
def files_of_an_application_without_the_prefix(lab: Lab) -> None:
    _any_path(lab, "/")


def _files(lab: Lab, location: str) -> None:
    """Pictures that visitors sent lie outside of the pages' folder, and a page shows one."""
    lab.server.write("/srv/uploads/avatar.png", "picture")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/uploads"))
    log_of_its_own(lab, f"  location /media/ {{\n    {location}\n  }}\n")
    for _ in range(2):
        visit(lab, "/media/avatar.png")


@scenario(outside=None, server="nginx.target-not-found", differs=MINE)
def picture_below_an_alias_without_its_slash(lab: Lab) -> None:
    """https://github.com/fastapi-practices/fastapi-best-architecture-ui/issues/106"""
    _files(lab, "alias /srv/uploads;")


@healthy()
def picture_below_an_alias(lab: Lab) -> None:
    _files(lab, "alias /srv/uploads/;")


@healthy()
def picture_that_a_page_names_is_nowhere(lab: Lab) -> None:
    """It was deleted: 404 is right."""
    _files(lab, "alias /srv/uploads/;")
    lab.server.sh("rm /srv/uploads/avatar.png")
    visit(lab, "/media/avatar.png")
    visit(lab, "/favicon.ico")


def _moved(lab: Lab, source: str) -> None:
    """A page was moved; its new address has a folder of its own."""
    lab.server.write("/srv/guide/docs/go/index.html", f"<h1>Go</h1><p>{'How to go. ' * 9}</p>")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/guide"))
    rule = f"  location ~ ^/docs/{source}/?$ {{ return 301 /docs/go/; }}\n"
    log_of_its_own(lab, f"{rule}  location /docs/ {{ root /srv/guide; }}\n")
    visit(lab, "/docs/golang/", "-L", referer="")
    visit(lab, "/docs/go/", "-L")


@scenario(outside=None, server="http.redirect-loop", differs=MINE)
def moved_page_leads_to_itself(lab: Lab) -> None:
    """https://github.com/liara-cloud/docs/issues/524: a pattern that its own target meets."""
    _moved(lab, "go(lang)?")


@healthy()
def moved_page_has_another_pattern(lab: Lab) -> None:
    """A program asks for the old address again and again."""
    _moved(lab, "golang")
    for _ in range(8):
        visit(lab, "/docs/golang/", referer="")


def _static_files(lab: Lab, first: str) -> None:
    """An application below /panel/; static files elsewhere are in no access log."""
    page = "<link rel=stylesheet href=/panel/app.css><h1>Panel</h1>"
    block = (
        "server {\n  listen 127.0.0.1:3002;\n  default_type text/html;\n"
        f"  location = / {{ return 200 '{page}'; }}\n"
        "  location = /app.css { default_type text/css; return 200 'p{}'; }\n"
        "  location / { return 404; }\n}\n"
    )
    static = "location ~ \\.(js|css)$ {\n    root /var/www/html;\n    access_log off;\n  }\n"
    panel = f"  location {first}/panel/ {{ proxy_pass http://127.0.0.1:3002/; }}\n"
    log_of_its_own(lab, f"{panel}  {static}")
    lab.change(site.MAP, f"{site.MAP}\n{block}")
    visit(lab, "/panel/", referer="")
    visit(lab, "/panel/app.css", referer=f"{HOME}/panel/")


@scenario(outside=None, server="nginx.path-taken", differs=MINE, not_on=ERRORS_AND_BLOCKS)
def static_files_that_are_not_logged_take_those_of_an_application(lab: Lab) -> None:
    """https://github.com/hslr-s/sun-panel/issues/17: only the error log has the requests."""
    _static_files(lab, "")


@healthy(not_on=ANOTHER_BLOCK)
def application_comes_before_static_files_that_are_not_logged(lab: Lab) -> None:
    _static_files(lab, "^~ ")


def _guide(lab: Lab, mode: str) -> None:
    """A location of its own for a folder that other users own."""
    lab.server.write("/srv/home/guide/index.html", f"<h1>Guide</h1><p>{'How to go. ' * 9}</p>")
    lab.server.sh(f"chmod {mode} /srv/home")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/home"))
    log_of_its_own(lab, "  location /guide { alias /srv/home/guide; }\n")
    visit(lab, "/guide/", referer="")


@scenario(outside=None, server="nginx.file-forbidden", differs=MINE, not_on=UNLOGGED)
def folder_that_a_location_names_may_not_be_read(lab: Lab) -> None:
    """https://github.com/openresty/openresty/issues/109: chmod 744. Nobody else asked for it."""
    _guide(lab, "744")


@healthy()
def folder_that_a_location_names_may_be_read(lab: Lab) -> None:
    _guide(lab, "755")


@healthy()
def folders_that_are_closed_are_guessed(lab: Lab) -> None:
    """Programs that look for weak sites ask for what nginx may not read."""
    for path in ("backup/index.html", "private/dump.sql"):
        lab.server.write(f"/srv/shop/{path}", "not for visitors")
    lab.server.sh("chmod 700 /srv/shop/backup /srv/shop/private")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/shop"))
    log_of_its_own(lab, "  location ~ ^/(backup|private|files)/ { root /srv/shop; }\n")
    for path in ("/backup/", "/private/dump.sql", "/files/wp-login.php"):
        visit(lab, path, referer="")


def _port_of_its_own(lab: Lab) -> None:
    lab.edit("https://$host$request_uri", "https://$host:8443$request_uri")
    lab.change("  listen 443 ssl;", "  listen 8443 ssl;")
    for words in ((), ("--permanent",)):
        lab.server.run(["firewall-cmd", *words, "--add-port=8443/tcp"], check=True)


@scenario(
    outside="tcp.refused", server="listener.missing", manual="which port is a choice",
    not_on={"panel": "the panel's firewall is another"},
)  # fmt: skip
def site_is_on_a_port_of_its_own(lab: Lab) -> None:
    """Asked without the port; the report names the address with it."""
    _port_of_its_own(lab)


@healthy(target=f"{HOME}:8443/", not_on={"panel": "the panel's firewall is another"})
def site_is_asked_on_a_port_of_its_own(lab: Lab) -> None:
    _port_of_its_own(lab)


def _history(lab: Lab, *pages: str) -> None:
    """A single-page application: a script shows these pages, which ask for data; then a browser
    loads one of them again."""
    serve_files(lab, SHELL)
    api = "  location /api/ { proxy_pass http://127.0.0.1:3000; }\n"
    lab.change("  root /srv/spa;", f"  access_log {LOG} combined;\n{api}  root /srv/spa;")
    lab.undo(lambda: lab.server.sh(f"rm -f {LOG}"))
    visit(lab, "/", referer="")
    visit(lab, "/assets/index.js")
    for page in pages:
        visit(lab, "/api/orders", referer=f"{HOME}{page}")
    visit(lab, "/orders/7", referer="")


@scenario(outside=None, server="nginx.target-not-found", differs=MINE)
def page_that_a_script_has_shown_is_loaded_again(lab: Lab) -> None:
    """https://github.com/yonyouyc/blog/issues/64: history mode, and no fallback in nginx."""
    _history(lab, "/orders/7")


@healthy()
def page_that_no_script_has_shown_is_asked_for(lab: Lab) -> None:
    """Its address may be mistyped: a note says so."""
    _history(lab, "/", "/orders")


ROUTES = "r({routes:[{path:'/login'},{path:'/orders/:id',props:!0}]});"


@scenario(outside=None, server="nginx.target-not-found", differs=MINE)
def page_that_a_script_names_is_asked_for(lab: Lab) -> None:
    """https://github.com/go-admin-team/go-admin/issues/571: nobody used it before, but the router's
    table in the script has it."""
    _history(lab, "/")
    lab.server.write("/srv/spa/assets/index.js", ROUTES)


@healthy()
def page_that_the_table_of_a_script_lacks_is_asked_for(lab: Lab) -> None:
    """Its address may be mistyped: the table has other pages."""
    _history(lab, "/")
    lab.server.write("/srv/spa/assets/index.js", ROUTES.replace("orders", "users"))


@healthy()
def application_that_is_not_logged_refuses_a_handshake(lab: Lab) -> None:
    """It wants a login. Nobody sees who was refused: the report says what was not looked at."""
    log_of_its_own(
        lab,
        "  location /panel/ {\n    proxy_pass http://127.0.0.1:3000;\n    access_log off;\n  }\n",
    )
    visit(lab, "/panel/")


def _uploads(lab: Lab, location: str) -> None:
    """An application has what visitors sent; nginx has static files. The page names none of it."""
    block = (
        "server {\n  listen 127.0.0.1:3003;\n  default_type image/png;\n"
        "  location /uploads/ { return 200 picture; }\n  location / { return 404; }\n}\n"
    )
    static = "  location ~* \\.(png|jpg|css|js)$ {\n    root /var/www/html;\n  }\n"
    log_of_its_own(lab, f"  location {location} {{ proxy_pass http://127.0.0.1:3003; }}\n{static}")
    lab.change(site.MAP, f"{site.MAP}\n{block}")
    visit(lab, "/uploads/7.png")


@scenario(outside=None, server="nginx.path-taken", differs=MINE, not_on=ANOTHER_BLOCK)
def static_files_take_pictures_that_visitors_sent(lab: Lab) -> None:
    """The regular expression comes before the prefix of the application."""
    _uploads(lab, "/uploads/")


@healthy(not_on=ANOTHER_BLOCK)
def pictures_that_visitors_sent_come_first(lab: Lab) -> None:
    _uploads(lab, "^~ /uploads/")


def _manual(lab: Lab, mode: str) -> None:
    """A page leads to a file that a deployment has written."""
    lab.server.write("/srv/manual/shop.pdf", "%PDF-1.4")
    lab.server.sh(f"chmod {mode} /srv/manual/shop.pdf")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/manual"))
    log_of_its_own(lab, "  location /manual/ { root /srv; }\n")
    visit(lab, "/manual/shop.pdf")


@scenario(outside=None, server="nginx.file-forbidden", differs=MINE, not_on=UNLOGGED)
def file_that_a_page_leads_to_may_not_be_read(lab: Lab) -> None:
    """umask 077 of the one who copied it."""
    _manual(lab, "600")


@healthy()
def file_that_a_page_leads_to_may_be_read(lab: Lab) -> None:
    _manual(lab, "644")


@healthy()
def pictures_that_other_sites_may_not_show(lab: Lab) -> None:
    """`valid_referers`: pages of the site get them, other sites and a request without one do
    not."""
    lab.server.write("/srv/pictures/tea.png", "picture")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/pictures"))
    rule = f"valid_referers {site.NAME};\n    if ($invalid_referer) {{ return 403; }}"
    log_of_its_own(lab, f"  location /pictures/ {{\n    root /srv;\n    {rule}\n  }}\n")
    visit(lab, "/pictures/tea.png", referer="https://other.example/")
    visit(lab, "/pictures/tea.png")


@healthy()
def page_names_what_a_rule_closes(lab: Lab) -> None:
    """Staff see more of the page than visitors: `deny all` for everybody else."""
    lab.server.write("/srv/internal/chart.png", "picture")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/internal"))
    rule = "root /srv;\n    allow 10.9.8.0/24;\n    deny all;"
    log_of_its_own(lab, f"  location /internal/ {{\n    {rule}\n  }}\n")
    visit(lab, "/internal/chart.png")

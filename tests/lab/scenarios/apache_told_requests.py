"""Apache refuses a request that a message is about, of a program or with a method."""

from ..apache import SITE
from ..lab import Lab
from ..site import NAME
from .apache import apache_scenario, healthy_apache
from .server_pages import PAGE, ROOT, of_files, on_apache

BOTS = """\
RewriteEngine On
RewriteCond %{HTTP_USER_AGENT} ^masscan [OR]
RewriteCond %{HTTP_USER_AGENT} (libwww-perl|python-requests|wget) [NC]
RewriteRule .* - [F,L]
"""
PROGRAM = (f"403 Forbidden with python-requests on https://{NAME}/, it works in the browser",)
DELETED = (f"DELETE https://{NAME}/ 403 (Forbidden)",)
LIMIT = """\
        <Limit GET POST OPTIONS>
            Require all granted
        </Limit>
        <LimitExcept GET POST OPTIONS>
            Require all denied
        </LimitExcept>
"""
HTACCESS = f"{ROOT}/.htaccess"
SOCKET = "    ProxyPass /ws ws://127.0.0.1:3000/ws\n    <Directory"


def site(overrides: str = "None") -> str:
    """A virtual host that serves files, and the WebSocket of the application."""
    return of_files(overrides=overrides).replace("    <Directory", SOCKET, 1)


@apache_scenario(
    outside="http.request-part-refused",
    server="server.agent-refused",
    args=PROGRAM,
    differs=(HTACCESS,),
)
def htaccess_refuses_a_program_by_its_name(lab: Lab) -> None:
    """https://github.com/snarfed/bridgy/issues/358: python-requests gets 403."""
    on_apache(lab, site("All"), **{".htaccess": BOTS, "index.html": PAGE})


@healthy_apache(args=PROGRAM)
def htaccess_refuses_other_programs(lab: Lab) -> None:
    """The same list without the program of the message."""
    rules = BOTS.replace("python-requests|", "")
    on_apache(lab, site("All"), **{".htaccess": rules, "index.html": PAGE})


@apache_scenario(
    outside="http.request-part-refused",
    server="server.agent-refused",
    args=PROGRAM,
    differs=(SITE,),
)
def apache_marks_a_program_and_refuses_the_mark(lab: Lab) -> None:
    """SetEnvIfNoCase and `Require not env`, as lists against robots have it."""
    mark = '    SetEnvIfNoCase User-Agent "python-requests|wget" bad_bot\n    <Directory'
    inner = "        Require all granted\n        Require not env bad_bot\n"
    rule = f"<RequireAll>\n{inner}        </RequireAll>"
    text = site().replace("    <Directory", mark, 1).replace("Require all granted", rule)
    on_apache(lab, text, **{"index.html": PAGE})


@apache_scenario(outside=None, server="server.method-refused", args=DELETED, differs=(SITE,))
def apache_lets_in_some_methods_alone(lab: Lab) -> None:
    """https://github.com/slimphp/Slim/issues/149: PUT and DELETE get 403."""
    text = site().replace("        Require all granted\n", LIMIT)
    on_apache(lab, text, **{"index.html": PAGE})


@healthy_apache(args=DELETED)
def apache_lets_in_all_methods(lab: Lab) -> None:
    """No list of methods: who refuses DELETE is another one."""
    on_apache(lab, site(), **{"index.html": PAGE})

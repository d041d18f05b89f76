"""Apache does not run a CGI script, after threads about the log's "exec of … failed"."""

from .. import apache
from ..apache import HTTP, HTTPS
from ..lab import Lab
from .apache import FILES, apache_scenario, healthy_apache

ROOT = "/var/www/shop"
SCRIPT = '#!/usr/bin/perl\nprint "Content-Type: text/html\\n\\n<title>Stock</title>Tea";\n'
ALIAS = f"ScriptAlias /tools/ {ROOT}/tools/"
URL = "https://shop.example.com/tools/stock.pl"
FAILED = "http.server-error"
CHECK = "server.cgi-script-fails"
BEFORE = "    ProxyPass /ws"
OWN = f"""\
    ProxyPass /tools !
    ProxyPass /cgi-bin !
    <Directory {ROOT}>
        Require all granted
    </Directory>
"""
TOOL = f"{ROOT}/tools/stock.pl"


def _serve(
    lab: Lab, text: str = SCRIPT, mode: int = 0o755, line: str = ALIAS, path: str = TOOL
) -> None:
    lab.undo(lambda: lab.server.sh(f"rm -rf {ROOT}"))
    own = HTTPS.replace("/var/www/html", ROOT).replace(BEFORE, f"{OWN}    {line}\n{BEFORE}")
    apache.install(lab, f"{own}\n{HTTP}")
    apache.enable(lab, "cgid")
    lab.server.write(path, text, mode)
    apache.start(lab)


@apache_scenario(outside=FAILED, server=CHECK, target=URL, differs=(TOOL,))
def apache_may_not_start_a_script(lab: Lab) -> None:
    _serve(lab, mode=0o644)


@apache_scenario(outside=FAILED, server=CHECK, target=URL, differs=(TOOL,))
def apache_has_a_script_from_windows(lab: Lab) -> None:
    _serve(lab, SCRIPT.replace("\n", "\r\n"))


@apache_scenario(outside=FAILED, server=CHECK, target=URL, differs=(TOOL,))
def apache_has_a_script_of_another_system(lab: Lab) -> None:
    _serve(lab, SCRIPT.replace("/usr/bin/perl", "/usr/local/bin/perl5"))


@apache_scenario(outside=FAILED, server=CHECK, target=URL, differs=(TOOL,))
def apache_has_a_script_without_its_first_line(lab: Lab) -> None:
    _serve(lab, SCRIPT.partition("\n")[2])


@apache_scenario(outside=None, server=CHECK, target=URL, differs=FILES)
def apache_has_a_handler_and_no_execcgi(lab: Lab) -> None:
    _serve(lab, line="AddHandler cgi-script .pl")


@apache_scenario(
    outside=None,
    server=CHECK,
    target="https://shop.example.com/cgi-bin/stock.pl",
    differs=FILES,
)
def apache_looks_for_a_script_in_the_folder_of_the_system(lab: Lab) -> None:
    """Debian's serve-cgi-bin.conf, and the script lies in the site's folder."""
    _serve(lab, line="Timeout 60", path=f"{ROOT}/cgi-bin/stock.pl")


@healthy_apache(target=URL)
def apache_runs_a_script(lab: Lab) -> None:
    _serve(lab)

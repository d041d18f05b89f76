"""PHP behind Apache, and who may see a folder, after threads whose cause was not named at first
sight."""

from .. import apache
from ..apache import HTTP, HTTPS
from ..lab import Lab
from .apache import FILES, apache_scenario, healthy_apache
from .refused_responses import GATEWAY

HTML, FCGI = "/var/www/html", "/etc/apache2/mods-enabled/proxy_fcgi.load"
#: The site without the line that passes all on; the one for the WebSocket stays.
START, END = HTTPS.index("    ProxyPass / "), HTTPS.index("    RequestHeader")


def php_site(lab: Lab, lines: str, *modules: str) -> None:
    """Apache with index.php in /var/www/html, PHP-FPM at 127.0.0.1:9999, and these lines."""
    lab.server.write(f"{HTML}/index.php", "<?php echo 'It works.';\n")
    lab.undo(lambda: lab.server.sh(f"rm -f {HTML}/index.php"))
    lab.server.sh(f"rm -f {HTML}/index.html")
    lab.spawn(lab.server, lab.server.python(GATEWAY, "php-files", "9999"), 9999)
    indented = "".join(f"    {line}\n" for line in lines.strip().split("\n"))
    text = f"{HTTPS[:START]}    DirectoryIndex index.php\n{indented}{HTTPS[END:]}"
    apache.install(lab, f"{text}\n{HTTP}")
    if modules:
        apache.enable(lab, *modules)
    apache.start(lab)


PASSED = "ProxyPassMatch ^/(.*\\.php(/.*)?)$ fcgi://127.0.0.1:9999/var/www/html/$1"
SHORT = PASSED.replace("/html/$1", "//$1")


@apache_scenario(outside="http.answer-says-why", server="server.script-not-found", differs=FILES)
def apache_sends_php_a_folder_with_two_slashes(lab: Lab) -> None:
    """https://github.com/facebook/hhvm/issues/3472: fcgi://127.0.0.1:9000/var/www//$1, and the
    DocumentRoot is /var/www/html."""
    php_site(lab, SHORT, "proxy_fcgi")


@healthy_apache()
def apache_sends_php_its_own_folder_with_two_slashes(lab: Lab) -> None:
    php_site(lab, PASSED.replace("/html/$1", "/html//$1"), "proxy_fcgi")


@apache_scenario(
    outside="http.server-error", server="server.request-failed", differs=(*FILES, FCGI)
)
def apache_lacks_the_module_for_its_index(lab: Lab) -> None:
    """https://github.com/webmin/webmin/issues/495: AH01144 names /index.php, the page is /."""
    php_site(lab, PASSED)

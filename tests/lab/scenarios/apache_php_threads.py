"""Applications behind Apache, and who may see a folder, after threads whose cause was not named at
first sight."""

from .. import apache, site
from ..apache import HTTP, HTTPS
from ..lab import Lab
from .apache import FILES, apache_scenario, healthy_apache
from .apache_log import FILES_ONLY, NO_APPLICATION
from .refused_responses import GATEWAY
from .upstream_scheme_in_answers import APPLICATION

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


HANDLER = """\
<FilesMatch "\\.php$">
    SetHandler "proxy:fcgi://127.0.0.1:9999"
</FilesMatch>
"""


@apache_scenario(
    outside="http.answer-says-why", server=None, both=None, heals="client",
    target=f"https://{site.NAME}/example.php", manual="the address leads to no file",
)  # fmt: skip
def apache_passes_an_address_without_a_file_to_php(lab: Lab) -> None:
    """https://github.com/docker-library/php/issues/1576: "File not found." of a script that nobody
    has."""
    php_site(lab, HANDLER, "proxy_fcgi")


@apache_scenario(outside="http.page-downloaded", differs=(*FILES, FCGI))
def apache_sends_the_source_of_php(lab: Lab) -> None:
    """https://github.com/webmin/webmin/issues/495: mod_proxy_fcgi is not loaded."""
    php_site(lab, HANDLER)


@healthy_apache()
def apache_handles_php(lab: Lab) -> None:
    php_site(lab, HANDLER, "proxy_fcgi")


# Who may see the folder

DISTRIBUTION = "/var/www/distribution"
OLD_WORDS = "Order Allow,Deny", "Allow from All"


def below_a_denied_folder(lab: Lab, *lines: str) -> None:
    """A site in DISTRIBUTION/web with these lines in its section; the .htaccess above it denies."""
    text = FILES_ONLY.replace("/var/www/html", f"{DISTRIBUTION}/web")
    section = "\n    ".join((f"<Directory {DISTRIBUTION}/web>", "AllowOverride All", *lines))
    above = "<Directory /var/www>\n    AllowOverride All\n</Directory>\n"
    apache.install(lab, f"{text}\n{HTTP}\n{above}{section}\n</Directory>\n")
    lab.server.write(f"{DISTRIBUTION}/web/index.html", "<p>It works.</p>\n")
    lab.server.write(f"{DISTRIBUTION}/.htaccess", "Require all denied\n")
    lab.undo(lambda: lab.server.sh(f"rm -rf {DISTRIBUTION}"))
    apache.start(lab)


@apache_scenario(outside=None, server="server.access-not-granted", manual=NO_APPLICATION)
def apache_folder_above_denies_a_site_with_old_words(lab: Lab) -> None:
    """https://github.com/phpList/base-distribution/issues/46: AH01630, and `Allow from All`."""
    below_a_denied_folder(lab, *OLD_WORDS)


@healthy_apache()
def apache_grants_a_site_below_a_denied_folder(lab: Lab) -> None:
    below_a_denied_folder(lab, "Require all granted", *OLD_WORDS)


@healthy_apache()
def apache_site_closed_by_its_own_htaccess(lab: Lab) -> None:
    """The site's own .htaccess closes it, beside a section in old words."""
    below_a_denied_folder(lab, *OLD_WORDS)
    lab.server.write(f"{DISTRIBUTION}/web/.htaccess", "Require all denied\n")


# The scheme of the visitor

TELLS = "    RequestHeader set X-Forwarded-Proto https\n"
BLOCKED = (
    f"Mixed Content: The page at 'https://{site.NAME}/desk/app' was loaded over HTTPS, but "
    f"requested an insecure EventSource endpoint 'http://{site.NAME}/rest/events/b4e94801?map=home"
    "&page=home'. This content should also be requested over HTTPS."
)


def scheme_is_told(lab: Lab, text: str, *command: str) -> None:
    """An application at port 3019, which makes its own addresses of the scheme that it is told."""
    lab.spawn(lab.server, command, 3019)
    page = "    ProxyPass / http://127.0.0.1:3000/"
    assert page in text
    apache.serve(lab, f"{text.replace(page, page.replace('3000', '3019'))}\n{HTTP}")


@apache_scenario(
    outside="http.mixed-content",
    server="server.scheme-not-passed",
    differs=FILES,
)
def apache_keeps_the_scheme_from_the_page(lab: Lab) -> None:
    """The application writes its style sheet's address with http."""
    scheme_is_told(lab, HTTPS.replace(TELLS, ""), *lab.server.python("-c", APPLICATION, "style"))


@healthy_apache()
def apache_tells_the_scheme_to_the_page(lab: Lab) -> None:
    scheme_is_told(lab, HTTPS, *lab.server.python("-c", APPLICATION, "style"))


def keeps_the_scheme_from_a_stream(lab: Lab) -> None:
    links = lab.server.application("addressed_server", f"links=https://{site.NAME}", "3019")
    scheme_is_told(lab, HTTPS.replace(TELLS, ""), *links)


@apache_scenario(
    outside="http.mixed-content", args=(BLOCKED,), differs=FILES,
    manual="from outside, the message alone says whether it is healed",
)  # fmt: skip
def apache_keeps_the_scheme_from_a_stream(lab: Lab) -> None:
    """https://github.com/openhab/openhab-distro/issues/483: a script gets the address of its event
    stream from the application."""
    keeps_the_scheme_from_a_stream(lab)


@apache_scenario(
    outside="http.mixed-content",
    args=(BLOCKED.replace(f"http://{site.NAME}", "http://domain"),), differs=FILES,
    manual="from outside, the message alone says whether it is healed",
)  # fmt: skip
def apache_keeps_the_scheme_and_the_message_has_no_name(lab: Lab) -> None:
    """https://github.com/gravitee-io/issues/issues/9097: "http://domain/portal/environments/"."""
    keeps_the_scheme_from_a_stream(lab)


# What is wrong in an .htaccess

HTACCESS = f"{HTML}/.htaccess"


def with_htaccess(lab: Lab, *lines: str) -> None:
    """A site of files, with these lines in its .htaccess."""
    section = f"<Directory {HTML}>\n    AllowOverride All\n</Directory>\n"
    apache.install(lab, f"{HTTPS[:START]}{HTTPS[END:]}\n{HTTP}\n{section}")
    lab.server.write(f"{HTML}/index.html", "<p>It works.</p>\n")
    lab.server.write(HTACCESS, "".join(f"{line}\n" for line in ("RewriteEngine On", *lines)))
    lab.undo(lambda: lab.server.sh(f"rm -f {HTACCESS}"))
    apache.start(lab)


@apache_scenario(
    outside="http.server-error", server="server.request-failed", differs=(*FILES, HTACCESS)
)
def apache_htaccess_has_flags_with_a_blank(lab: Lab) -> None:
    """https://github.com/opengeek/statcache/issues/22: RewriteRule: bad flag delimiters."""
    with_htaccess(lab, "RewriteRule .* - [E=CACHE_PREFIX:no cache]")


@healthy_apache()
def apache_htaccess_has_quoted_flags(lab: Lab) -> None:
    with_htaccess(lab, 'RewriteRule .* - "[E=CACHE_PREFIX:no cache]"')


@apache_scenario(
    outside="http.server-error", server="server.request-failed", differs=(*FILES, HTACCESS)
)
def apache_htaccess_has_settings_of_php(lab: Lab) -> None:
    """https://github.com/rothkj1022/phppickem/issues/15: Invalid command 'php_flag'."""
    with_htaccess(lab, "php_flag display_errors off", "php_value memory_limit 64M")


@healthy_apache()
def apache_htaccess_has_settings_of_php_in_a_section(lab: Lab) -> None:
    with_htaccess(lab, "<IfModule mod_php.c>", "php_flag display_errors off", "</IfModule>")


@apache_scenario(
    outside="http.server-error", server="server.apache-rewrite-recursion",
    differs=(*FILES, HTACCESS),
)  # fmt: skip
def apache_htaccess_leads_its_page_to_itself(lab: Lab) -> None:
    """https://github.com/fedecarg/apify-library/issues/2: /index.php, and not index.php."""
    with_htaccess(lab, "RewriteRule !.(js|ico|gif|jpg|png|css)$ /index.html")


@healthy_apache()
def apache_htaccess_leads_all_to_a_page(lab: Lab) -> None:
    with_htaccess(lab, "RewriteRule !.(js|ico|gif|jpg|png|css)$ index.html")

"""Apache refuses requests by a section about names of files or proxied addresses, by a rule of an
.htaccess, or because a folder may not be written: its error log says so."""

from .. import apache, site
from ..apache import HTTP, HTTPS
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .apache_folder_rules import HANDLER
from .apache_log import NO_APPLICATION, serve_folder
from .logged_websockets import _browser
from .server_pages import of_files

CLOSED = "a person says for whom the rule is meant"
ROOT = "/var/www/shop"


def _serve_proxied(lab: Lab, access: str) -> None:
    section = f"    <Proxy *>\n        {access}\n    </Proxy>\n    ProxyPreserveHost"
    apache.serve(lab, f"{HTTPS.replace('    ProxyPreserveHost', section)}\n{HTTP}")


@apache_scenario(outside=None, server="server.rule-refuses", manual=CLOSED)
def apache_refuses_all_that_it_passes_on(lab: Lab) -> None:
    """`<Proxy *>` of a guide for a forward proxy, with `Require all denied`."""
    _serve_proxied(lab, "Require all denied")


@healthy_apache()
def apache_grants_all_that_it_passes_on(lab: Lab) -> None:
    _serve_proxied(lab, "Require all granted")


def _serve_php(lab: Lab, htaccess: str) -> None:
    server = lab.server
    text = of_files(ROOT, "All").replace("    <Directory", HANDLER)
    lab.spawn(server, server.application("fpm_server", "127.0.0.1:9000"), 9000)
    apache.install(lab, f"{text}\n{HTTP}")
    apache.enable(lab, "proxy_fcgi")
    lab.undo(lambda: server.sh(f"rm -rf {ROOT}"))
    server.write(f"{ROOT}/index.php", "<?php require 'wp-blog-header.php';\n")
    server.write(f"{ROOT}/wp-config.php", "<?php\n")
    server.write(f"{ROOT}/.htaccess", htaccess)
    apache.start(lab)


FILES_SECTION = '<FilesMatch "{}">\n    Require all denied\n</FilesMatch>\n'


@apache_scenario(outside=None, server="server.rule-refuses", manual=NO_APPLICATION)
def apache_refuses_php_by_its_name(lab: Lab) -> None:
    """The section that belongs into the folder of uploads stands in the .htaccess of the site."""
    _serve_php(lab, FILES_SECTION.format("\\.php$"))


@healthy_apache()
def apache_refuses_a_file_of_php_by_its_name(lab: Lab) -> None:
    _serve_php(lab, FILES_SECTION.format("^wp-config\\.php$"))


@apache_scenario(
    outside=None,
    server="server.rule-refuses",
    target=f"https://{site.NAME}/wp-json/posts",
    manual=NO_APPLICATION,
)
def apache_refuses_by_a_rule_for_a_loaded_module(lab: Lab) -> None:
    """[F] of a plugin, in <IfModule mod_rewrite.c>."""
    rules = "<IfModule mod_rewrite.c>\nRewriteEngine On\nRewriteRule ^wp-json - [F]\n</IfModule>\n"
    serve_folder(lab, ROOT, "Require all granted", rules)


@apache_scenario(
    outside="http.server-error",
    server="server.apache-rewrite-recursion",
    target=f"https://{site.NAME}/orders/12",
    manual=NO_APPLICATION,
)
def apache_falls_back_to_a_page_that_is_not_there(lab: Lab) -> None:
    """FallbackResource with the path of the disk: AH00125."""
    line = "FallbackResource /public/index.html"
    text = of_files(ROOT, "None").replace("    </Directory>", f"        {line}\n    </Directory>")
    apache.install(lab, f"{text}\n{HTTP}")
    lab.undo(lambda: lab.server.sh(f"rm -rf {ROOT}"))
    lab.server.write(f"{ROOT}/index.html", "<title>Shop</title><p>It works.</p>\n")
    apache.start(lab)


def _serve_webdav(lab: Lab, owner: str) -> None:
    """Files for programs, and one of them sends a file."""
    lines = (
        "    DavLockDB /run/shop-dav/locks\n"
        "    <Directory /srv/dav>\n        Dav On\n        Require all granted\n    </Directory>\n"
        "    Alias /dav /srv/dav\n    ProxyPass /dav !\n    ProxyPreserveHost"
    )
    apache.install(lab, f"{HTTPS.replace('    ProxyPreserveHost', lines)}\n{HTTP}")
    apache.enable(lab, "dav", "dav_fs")
    lab.undo(lambda: apache.disable(lab, "dav_fs", "dav"))
    lab.undo(lambda: lab.server.sh("rm -rf /srv/dav /run/shop-dav"))
    lab.server.sh("mkdir -p /srv/dav /run/shop-dav; rm -f /var/log/apache2/*.log")
    lab.server.sh(f"chown www-data: /run/shop-dav; chown {owner}: /srv/dav")
    apache.start(lab)
    lab.client.write("/run/upload", "tea\n")
    _browser(lab, "/dav/notes.txt", "-T", "/run/upload")


@apache_scenario(outside=None, server="server.other-requests-failed", manual=CLOSED)
def apache_may_not_write_the_files_of_webdav(lab: Lab) -> None:
    """500 for PUT, and the error log has the file: Permission denied."""
    _serve_webdav(lab, "root")


@healthy_apache()
def apache_writes_the_files_of_webdav(lab: Lab) -> None:
    _serve_webdav(lab, "www-data")


CONF = "/etc/apache2/conf-available/shop-about.conf"
ABOUT = f"https://{site.NAME}/about/"


def _serve_about(lab: Lab, enable: bool) -> None:
    """A folder of a package, as phpMyAdmin's: its configuration lies beside the sites."""
    apache.install(lab, f"{of_files(ROOT)}\n{HTTP}")
    server = lab.server
    lab.undo(lambda: server.sh(f"a2disconf -q shop-about; rm -rf {CONF} {ROOT} /srv/about"))
    section = "<Directory /srv/about>\n    Require all granted\n</Directory>\n"
    server.write(CONF, f"Alias /about /srv/about\n{section}")
    server.write("/srv/about/index.html", "<title>About</title><p>Who we are.</p>\n")
    server.write(f"{ROOT}/index.html", "<title>Shop</title><p>It works.</p>\n")
    if enable:
        server.sh("a2enconf -q shop-about")
    apache.start(lab)


@apache_scenario(outside=None, server="server.page-missing", target=ABOUT, manual=NO_APPLICATION)
def apache_conf_of_a_package_is_not_enabled(lab: Lab) -> None:
    """a2enconf was left out."""
    _serve_about(lab, enable=False)


@healthy_apache(target=ABOUT)
def apache_conf_of_a_package_is_enabled(lab: Lab) -> None:
    _serve_about(lab, enable=True)


@apache_scenario(outside=None, server="server.access-not-granted", manual=NO_APPLICATION)
def apache_grants_the_folder_from_which_the_site_was_moved(lab: Lab) -> None:
    """DocumentRoot was changed, and its <Directory> was not."""
    text = of_files("/srv/old").replace("DocumentRoot /srv/old", "DocumentRoot /srv/shop")
    apache.install(lab, f"{text}\n{HTTP}")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/shop"))
    lab.server.write("/srv/shop/index.html", "<title>Shop</title><p>It works.</p>\n")
    apache.start(lab)


OLD = f"https://{site.NAME}/old"
REDIRECT = "RewriteEngine On\nRewriteRule ^old$ {}new/ [R=301,L]\n"


def _serve_redirect(lab: Lab, slash: str) -> None:
    serve_folder(lab, ROOT, "Require all granted", REDIRECT.format(slash))
    lab.undo(lambda: lab.server.sh(f"rm -rf {ROOT}"))
    lab.server.write(f"{ROOT}/new/index.html", "<title>New</title><p>It moved here.</p>\n")


@apache_scenario(
    outside="http.redirect-to-error",
    server="server.apache-redirect-shows-folder",
    target=OLD,
    manual=NO_APPLICATION,
)
def apache_redirects_to_a_path_of_the_disk(lab: Lab) -> None:
    """The target of a rule with R has no slash before it, and there is no RewriteBase."""
    _serve_redirect(lab, "")


@healthy_apache(target=OLD)
def apache_redirects_to_a_path_of_the_site(lab: Lab) -> None:
    _serve_redirect(lab, "/")

"""Apache does not answer the page, and only its error log says why."""

import re

from .. import apache, certificates
from ..apache import HTTP, HTTPS
from ..lab import Lab
from .apache import FILES, MODULES, apache_scenario, healthy_apache

PEM, KEY = "/etc/ssl/lab/app.pem", "/etc/ssl/lab/app.key"
FILES_ONLY = re.sub(r"    (?:Proxy|RequestHeader).*\n", "", HTTPS)
NO_APPLICATION = "The site has no application here, and so no WebSocket."


def serve_folder(lab: Lab, folder: str, access: str, htaccess: str = "") -> None:
    """A site of files in that folder, for which `access` is written."""
    site = FILES_ONLY.replace("/var/www/html", folder)
    section = f"<Directory {folder}>\n    AllowOverride All\n    {access}\n</Directory>\n"
    apache.install(lab, f"{site}\n{HTTP}\n{section}")
    lab.server.write(f"{folder}/index.html", "<p>It works.</p>\n")
    if htaccess:
        lab.server.write(f"{folder}/.htaccess", htaccess)
    apache.start(lab)


@apache_scenario(
    outside="http.server-error",
    server="server.request-failed",
    differs=(*FILES, *MODULES),
)
def apache_without_proxy_http(lab: Lab) -> None:
    """After a pull request of audiobookshelf: a2enmod proxy alone; AH01144, No protocol handler was
    valid for the URL / (scheme 'http')."""
    apache.install(lab)
    apache.disable(lab, "proxy_http", "proxy_wstunnel")
    apache.start(lab)


@apache_scenario(
    outside="http.server-error",
    server="server.request-failed",
    differs=FILES,
)
def apache_without_sslproxyengine(lab: Lab) -> None:
    """After threads on Server Fault: ProxyPass to https://, and SSLProxyEngine is missing."""
    issued = certificates.good()
    lab.server.write(PEM, issued.chain)
    lab.server.write(KEY, issued.key_pem, 0o600)
    lab.application("--certificate", PEM, "--key", KEY)
    secure = HTTPS.replace("http://127", "https://127").replace("ws://127", "wss://127")
    apache.serve(lab, f"{secure}\n{HTTP}")


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.request-failed",
    args=("--ws", "/ws"),
    differs=FILES,
)
def apache_without_sslproxyengine_for_a_websocket(lab: Lab) -> None:
    """Issue 2102 of websockets/ws: the page is Apache's own, and ProxyPass has wss:// for /ws."""
    issued = certificates.good()
    lab.server.write(PEM, issued.chain)
    lab.server.write(KEY, issued.key_pem, 0o600)
    lab.application("--certificate", PEM, "--key", KEY)
    lab.server.write("/var/www/html/index.html", "<!doctype html><title>Shop</title><p>Shop\n")
    pages = (
        "    ProxyPass / http://127.0.0.1:3000/\n    ProxyPassReverse / http://127.0.0.1:3000/\n"
    )
    own = HTTPS.replace(pages, "").replace("ws://127", "wss://127")
    apache.serve(lab, f"{own}\n{HTTP}")


@apache_scenario(
    outside="http.server-error",
    server="server.request-failed",
    manual=NO_APPLICATION,
)
def apache_htaccess_without_its_module(lab: Lab) -> None:
    """After threads on Stack Overflow: .htaccess: Invalid command 'ExpiresActive'."""
    serve_folder(lab, "/var/www/html", "Require all granted", "ExpiresActive On\n")


@apache_scenario(
    outside=None,
    server="server.request-failed",
    manual="Only its owner knows whether the folder may be opened.",
)
def apache_site_in_a_closed_home(lab: Lab) -> None:
    """After threads on Ask Ubuntu: home folders are 0750 since 21.04; AH00035, search permissions
    are missing on a component of the path."""
    lab.server.sh("mkdir -p /var/home/joe && chmod 750 /var/home/joe")
    serve_folder(lab, "/var/home/joe/site", "Require all granted")


def serve_closed_folder(lab: Lab, mode: str) -> None:
    """A folder of the site that is root's, with this mode."""
    serve_folder(lab, "/var/www/html", "Require all granted")
    lab.server.write("/var/www/html/wiki/index.html", "<!doctype html><title>Wiki</title>Wiki\n")
    lab.server.sh(f"chown root:root /var/www/html/wiki && chmod {mode} /var/www/html/wiki")


@apache_scenario(
    outside=None,
    server="server.request-failed",
    target="https://shop.example.com/wiki/",
    manual=NO_APPLICATION,
)
def apache_may_not_enter_a_folder(lab: Lab) -> None:
    """Issue 338 of digininja/DVWA: the log names the index files of the folder (AH00035), and
    never the folder itself."""
    serve_closed_folder(lab, "700")


@healthy_apache(target="https://shop.example.com/wiki/")
def apache_may_enter_a_folder(lab: Lab) -> None:
    """The twin of `apache_may_not_enter_a_folder`."""
    serve_closed_folder(lab, "755")


@apache_scenario(
    outside=None,
    server="server.request-failed",
    manual="its page is the site's own, not the shop's",
)
def apache_may_not_read_an_htaccess(lab: Lab) -> None:
    """Issue 423 of laradock: 403, AH00529."""
    serve_folder(lab, "/var/www/html", "Require all granted", "DirectoryIndex index.html\n")
    lab.server.sh("chown root:root /var/www/html/.htaccess && chmod 600 /var/www/html/.htaccess")


@healthy_apache(target="https://shop.example.com/wiki/")
def apache_reads_an_htaccess_by_its_group(lab: Lab) -> None:
    serve_closed_folder(lab, "755")
    path = "/var/www/html/.htaccess"
    lab.server.write(path, "DirectoryIndex index.html\n")
    lab.server.sh(f"chown root:www-data {path} && chmod 640 {path}")


def serve_linked_folder(lab: Lab, options: str) -> None:
    """A folder of the site that is a symbolic link."""
    serve_folder(lab, "/var/www/html", f"Options {options}\n    Require all granted")
    section = "<Directory /srv/media>\n    Require all granted\n</Directory>\n"
    apache.edit(lab, "<Directory /var/www/html>", f"{section}<Directory /var/www/html>")
    lab.server.write("/srv/media/logo.html", "<!doctype html><title>Logo</title><p>Logo\n")
    lab.server.sh("ln -sfn /srv/media /var/www/html/media && apachectl graceful")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/media /var/www/html/media"))


@apache_scenario(
    outside=None,
    server="server.request-logged",
    target="https://shop.example.com/media/logo.html",
    manual=NO_APPLICATION,
)
def apache_may_not_follow_a_link_to_a_folder(lab: Lab) -> None:
    """AH00037 names the link, and the requested file is below it."""
    serve_linked_folder(lab, "-FollowSymLinks")


@healthy_apache(target="https://shop.example.com/media/logo.html")
def apache_may_follow_a_link_to_a_folder(lab: Lab) -> None:
    """The twin of `apache_may_not_follow_a_link_to_a_folder`."""
    serve_linked_folder(lab, "+FollowSymLinks")


def serve_link_into_a_folder(lab: Lab, mode: str) -> None:
    """A folder of the site that is a symbolic link into a folder of root's, with this mode."""
    serve_linked_folder(lab, "+FollowSymLinks")
    lab.server.write("/srv/owner/media/logo.html", "<!doctype html><title>Logo</title><p>Logo\n")
    section = "<Directory /srv/owner>\n    Require all granted\n</Directory>\n"
    apache.edit(lab, "<Directory /srv/media>", f"{section}<Directory /srv/media>")
    lab.server.sh(
        "chmod -R a+rX /srv/owner && ln -sfn /srv/owner/media /var/www/html/media"
        f" && chmod {mode} /srv/owner && apachectl graceful"
    )
    lab.undo(lambda: lab.server.sh("rm -rf /srv/owner"))


@apache_scenario(
    outside=None,
    server="server.request-failed",
    target="https://shop.example.com/media/logo.html",
    manual=NO_APPLICATION,
)
def apache_may_not_enter_the_folder_of_a_link(lab: Lab) -> None:
    """After a thread on Stack Overflow: AH00037, FollowSymLinks is on, and a folder on the way to
    the link's target is 0700."""
    serve_link_into_a_folder(lab, "700")


@healthy_apache(target="https://shop.example.com/media/logo.html")
def apache_may_enter_the_folder_of_a_link(lab: Lab) -> None:
    """The twin of `apache_may_not_enter_the_folder_of_a_link`."""
    serve_link_into_a_folder(lab, "711")


@healthy_apache()
def apache_refuses_the_root_on_purpose(lab: Lab) -> None:
    """Require all denied: its log names the page as well (AH01630), and that is no fault."""
    lab.server.sh("rm -f /var/log/apache2/error.log")
    serve_folder(lab, "/var/www/html", "Require all denied")


@apache_scenario(
    outside="certificate.apache-placeholder",
    manual="No authority is here.",
)
def apache_waits_for_a_managed_certificate(lab: Lab) -> None:
    """After an issue of mod_md: this host is part of a Managed Domain, but no SSL certificate is
    available (yet); 503."""
    site = re.sub(r"    SSLCertificate.*\n", "", HTTPS)
    managed = (
        "MDomain shop.example.com\nMDCertificateAgreement accepted\n"
        "MDContactEmail admin@example.com\n"
        "MDCertificateAuthority http://127.0.0.1:4001/directory\n"
    )
    apache.install(lab, f"{managed}{site}\n{HTTP}")
    apache.enable(lab, "md")
    apache.start(lab)

"""The file of an ACME challenge, and where the web server looks for it."""

from .. import apache, certificates, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import apache_scenario

TOKEN = "oZK3axC2Xw2CoAdlQFjl6mF1JNhJCIIfJivOaiY3is8"
PATH = f"/.well-known/acme-challenge/{TOKEN}"
URL = f"http://{site.NAME}{PATH}"
CLIENT = "which folder the client gets, a person decides"


@scenario(outside=None, server="http.acme-challenge-missing", target=URL, manual=CLIENT)
def challenge_is_written_to_another_folder(lab: Lab) -> None:
    """The client's folder is one too deep."""
    lab.server.write(f"/var/www/acme/shop{PATH}", TOKEN)


@healthy(target=URL)
def challenge_is_written_to_the_sites_folder(lab: Lab) -> None:
    lab.server.write(f"/var/www/acme{PATH}", TOKEN)


@healthy(target=URL)
def token_of_then_where_the_client_writes(lab: Lab) -> None:
    """https://github.com/acmesh-official/acme.sh/issues/132, mended: the client's folder is where
    nginx looks, and the file of the last attempt is removed."""
    text = (
        f"[renewalparams]\nauthenticator = webroot\n[[webroot_map]]\n{site.NAME} = /var/www/acme\n"
    )
    lab.server.write(f"/etc/letsencrypt/renewal/{site.NAME}.conf", text)


@apache_scenario(outside=None, server="http.acme-challenge-missing", target=URL, manual=CLIENT)
def challenge_is_written_to_another_folder_than_apaches(lab: Lab) -> None:
    """https://github.com/do-know/Crypt-LE/issues/37: htdocs/mydomain, and the site is htdocs."""
    text = "<VirtualHost *:80>\n  ServerName shop.example.com\n  DocumentRoot /var/www/html\n"
    lab.server.write(f"/var/www/html/shop{PATH}", TOKEN)
    apache.serve(lab, f"{text}</VirtualHost>\n{apache.HTTPS}")


def _due_behind_an_htaccess(lab: Lab, rule: str, *more: str) -> None:
    """The certificate should have been renewed, and the .htaccess has a rule about dots; the
    virtual hosts may have `more` lines."""
    folder, leaf = "/var/www/shop", certificates.leaf(starts=-75, ends=15)
    lab.server.write(f"{folder}/index.html", "<p>It works.</p>\n")
    lab.server.write(f"{folder}/.htaccess", f"# no .git, no .env\n{rule}\n")
    lab.undo(lambda: lab.server.sh(f"rm -rf {folder}"))
    body = (
        f"    DocumentRoot {folder}\n    <Directory {folder}>\n        AllowOverride All\n"
        "        Require all granted\n    </Directory>\n"
        "    RewriteEngine On\n    RewriteCond %{HTTPS} off\n"
        "    RewriteCond %{REQUEST_URI} !^/\\.well-known/\n"
        "    RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]\n"
        + "".join(f"    {line}\n" for line in more)
    )
    plain = f"<VirtualHost *:80>\n    ServerName {site.NAME}\n{body}</VirtualHost>\n"
    tls = (
        "    SSLEngine on\n"
        f"    SSLCertificateFile {apache.PEM}\n    SSLCertificateKeyFile {apache.KEY}\n"
    )
    secure = f"<VirtualHost *:443>\n    ServerName {site.NAME}\n{tls}{body}</VirtualHost>\n"
    apache.install(lab, f"{secure}\n{plain}")
    lab.server.write(apache.PEM, leaf.chain)
    lab.server.write(apache.KEY, leaf.key_pem, 0o600)
    apache.start(lab)


@apache_scenario(
    outside="certificate.expires-soon", server="http.acme-challenge-blocked",
    manual="the authority renews the certificate",
)  # fmt: skip
def apache_hides_challenges_with_other_dots(lab: Lab) -> None:
    """After https://github.com/statamic/v2-hub/issues/1251, by the name of the site alone."""
    _due_behind_an_htaccess(lab, r"RedirectMatch 404 /\.")


@apache_scenario(
    outside="certificate.expires-soon", server="certificate.expires-soon",
    manual="the authority renews the certificate",
)  # fmt: skip
def apache_shows_challenges_among_dots(lab: Lab) -> None:
    """Its twin: the rule leaves them out."""
    _due_behind_an_htaccess(lab, r"RedirectMatch 404 /\.(?!well-known)")


HIDING = "\n".join(
    (
        "<IfModule mod_rewrite.c>", "    RewriteEngine On",
        "    RewriteCond %{SCRIPT_FILENAME} -d [OR]", "    RewriteCond %{SCRIPT_FILENAME} -f",
        '    RewriteRule "(^|/)\\." - [F]', "</IfModule>",
    )
)  # fmt: skip
RENEWED = "the authority renews the certificate"


@apache_scenario(
    outside="certificate.expires-soon", server="http.acme-challenge-blocked", manual=RENEWED
)
def apache_forbids_files_with_dots_that_are_there(lab: Lab) -> None:
    """After https://github.com/emoncms/emoncms/issues/1684: a file that is missing is 404."""
    _due_behind_an_htaccess(lab, HIDING)


@apache_scenario(
    outside="certificate.expires-soon", server="certificate.expires-soon", manual=RENEWED
)
def apache_forbids_files_with_dots_but_those(lab: Lab) -> None:
    """Its twin: a rule before it ends the rules for what is well known."""
    spared = "    RewriteRule ^\\.well-known/ - [L]\n    RewriteCond"
    _due_behind_an_htaccess(lab, HIDING.replace("    RewriteCond", spared, 1))


FALLBACK = "\n".join(
    (
        "RewriteCond %{REQUEST_FILENAME} !-d", "RewriteCond %{REQUEST_FILENAME} !-f",
        "RewriteRule ^ index.html [L]",
    )
)  # fmt: skip
REFUSED = (
    "Attempting to renew cert (shop.example.com) produced an unexpected error: Failed authorization"
    " procedure. shop.example.com (http-01): urn:ietf:params:acme:error:unauthorized :: The client"
    f" lacks sufficient authorization :: Invalid response from {URL} : 403 Forbidden"
)


@apache_scenario(
    outside="certificate.expires-soon", server="http.acme-challenge-blocked", manual=RENEWED,
    args=(REFUSED,),
)  # fmt: skip
def apache_forbids_files_with_dots_and_has_a_page_for_others(lab: Lab) -> None:
    """After https://github.com/emoncms/emoncms/issues/952: a made-up challenge gets the site's own
    page, and the file of a challenge gets 403."""
    _due_behind_an_htaccess(lab, f"{HIDING}\n{FALLBACK}")
    _renewed_from(lab, "/var/www/shop")


@apache_scenario(
    outside="certificate.expires-soon", server="certificate.expires-soon", manual=RENEWED
)
def apache_has_a_page_for_missing_files_and_spares_challenges(lab: Lab) -> None:
    """Its twin, as the thread mends it: the first condition leaves out what is well known."""
    first = "    RewriteCond %{REQUEST_URI} !^/?\\.well-known/\n    RewriteCond"
    rules = HIDING.replace("    RewriteCond", first, 1)
    _due_behind_an_htaccess(lab, f"{rules}\n{FALLBACK}")
    _renewed_from(lab, "/var/www/shop")


@apache_scenario(
    outside="http.acme-challenge-blocked",
    server="http.acme-challenge-blocked",
    also=("certificate.expires-soon",),
    manual=RENEWED,
)
def apache_closes_folders_with_dots(lab: Lab) -> None:
    dots = ('<DirectoryMatch "/\\.">', "    Require all denied", "</DirectoryMatch>")
    _due_behind_an_htaccess(lab, "", *dots)


@apache_scenario(
    outside="certificate.expires-soon", server="certificate.expires-soon", manual=RENEWED
)
def apache_closes_folders_with_dots_but_an_alias_leads_elsewhere(lab: Lab) -> None:
    """Its twin: the packaged configuration for challenges. The file's own name has no dot."""
    lab.server.sh("mkdir -p /var/www/le/.well-known")
    lab.undo(lambda: lab.server.sh("rm -rf /var/www/le"))
    _due_behind_an_htaccess(
        lab, HIDING, "Alias /.well-known/acme-challenge/ /var/www/le/",
        '<FilesMatch "^\\.">', "    Require all denied", "</FilesMatch>",
        "<Directory /var/www/le>", "    Require all granted", "</Directory>",
    )  # fmt: skip


@apache_scenario(
    outside="certificate.expires-soon", server="http.acme-challenge-blocked", manual=RENEWED
)
def apache_asks_for_a_password_everywhere(lab: Lab) -> None:
    """certbot writes to the folder of the site, and an authority has no password."""
    words = 'AuthType Basic\nAuthName "Staff"\nAuthUserFile /etc/apache2/pw\nRequire valid-user'
    _due_behind_an_htaccess(lab, words)
    _renewed_from(lab, "/var/www/shop")


@scenario(outside="certificate.expires-soon", server="nginx.challenge-folder", manual=RENEWED)
def challenges_have_a_location_without_a_root(lab: Lab) -> None:
    """After https://somedoc.net/2017/04/13/nginx-%e9%85%8d%e7%bd%ae%e4%b8%80%e4%be%8b: the root was
    moved to the block of https."""
    leaf = certificates.leaf(starts=-75, ends=15)
    lab.server.write(site.PEM, leaf.chain)
    lab.server.write(site.KEY, leaf.key_pem, 0o600)
    lab.change("root /var/www/acme;", "")
    lab.restart_nginx()
    _renewed_from(lab, "/var/www/acme")


def _renewed_from(lab: Lab, folder: str) -> None:
    text = f"[renewalparams]\nauthenticator = webroot\n[[webroot_map]]\n{site.NAME} = {folder}\n"
    lab.server.write(f"/etc/letsencrypt/renewal/{site.NAME}.conf", text)


ASKS = '  auth_basic "Authentication";\n  auth_basic_user_file /etc/nginx/htpasswd;\n'
GOT_401 = (
    "acme: error: 403 :: urn:ietf:params:acme:error:unauthorized :: 203.0.113.10: Invalid response "
    f"from http://{site.NAME}/.well-known/acme-challenge/urreuyuhyt: 401"
)


def _password_on_all(lab: Lab, more: str = "") -> None:
    """One block for http and https, with a password, as panels write it."""
    lab.server.write("/etc/nginx/htpasswd", "admin:{PLAIN}secret\n")
    lab.undo(lambda: lab.server.sh("rm -f /etc/nginx/htpasswd"))
    lab.server.write("/srv/closed/index.html", "<title>Shop</title>\n")
    head = site.HTTPS[: site.HTTPS.index("  location / {")]
    head = head.replace("  listen 443 ssl;\n", "  listen 80;\n  listen 443 ssl;\n")
    lab.server.write(site.CONF, f"{head}  root /srv/closed;\n{more}{ASKS}}}\n")
    lab.restart_nginx()


@scenario(
    outside="http.acme-challenge-blocked", args=(GOT_401,),
    manual="the site stays closed, so that the laboratory cannot open it",
)  # fmt: skip
def authority_gets_401_by_the_password_of_the_site(lab: Lab) -> None:
    """https://github.com/1Panel-dev/1Panel/issues/10421"""
    _password_on_all(lab)


@healthy(args=(GOT_401,))
def challenges_need_no_password(lab: Lab) -> None:
    opened = "  location ^~ /.well-known/acme-challenge/ {\n    auth_basic off;\n  }\n"
    _password_on_all(lab, opened)


@healthy()
def site_with_a_password_of_which_no_authority_tells(lab: Lab) -> None:
    _password_on_all(lab)

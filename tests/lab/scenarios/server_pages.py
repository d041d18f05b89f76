"""Apache and Caddy serve a site of files, and have none for the page."""

from .. import apache, caddy, site
from ..apache import HTTP
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy

ROOT = "/var/www/shop"
ABOUT = "https://shop.example.com/about"
LOGIN = "https://shop.example.com/admin/auth/login"
DEPLOY = "the site has to be deployed"
RULE = "a person reads the rules first"
PAGE = "<!doctype html><title>Shop</title><h1>Shop</h1>\n"
APPLICATION = '<!doctype html><title>Shop</title><div id="root"></div>\n'
REWRITES = """\
RewriteEngine On
RewriteCond %{REQUEST_FILENAME} !-f
RewriteRule . /index.html [L]
"""


def of_files(root: str = ROOT, overrides: str = "None") -> str:
    """A virtual host that serves files."""
    return f"""\
<VirtualHost *:443>
    ServerName shop.example.com
    DocumentRoot {root}
    SSLEngine on
    SSLCertificateFile {apache.PEM}
    SSLCertificateKeyFile {apache.KEY}
    <Directory {root}>
        AllowOverride {overrides}
        Options -Indexes
        Require all granted
    </Directory>
</VirtualHost>
"""


def on_apache(lab: Lab, text: str, **files: str) -> None:
    """Apache with this virtual host and these files in its folder."""
    apache.install(lab, f"{text}\n{HTTP}")
    for name, content in files.items():
        lab.server.write(f"{ROOT}/{name}", content)
    apache.start(lab)


def on_caddy(lab: Lab, root: str, text: str) -> None:
    """Caddy with a file server of this folder."""
    lab.server.write(f"{ROOT}/index.html", text)
    tls = f"\ttls {caddy.PEM} {caddy.KEY}\n"
    caddy.serve(lab, f"shop.example.com {{\n{tls}\troot * {root}\n\tfile_server\n}}\n")


@healthy_apache()
def apache_serves_files(lab: Lab) -> None:
    """An index file, and no application."""
    on_apache(lab, of_files(), **{"index.html": PAGE})


@healthy_apache(target=ABOUT)
def apache_reads_its_htaccess(lab: Lab) -> None:
    """AllowOverride All: the rules answer what is no file."""
    on_apache(lab, of_files(overrides="All"), **{"index.html": PAGE, ".htaccess": REWRITES})


@healthy_apache(target=ABOUT)
def apache_has_no_such_page(lab: Lab) -> None:
    """404 for a page that is nowhere."""
    on_apache(lab, of_files(), **{"index.html": PAGE})


@apache_scenario(outside=None, server="server.page-missing", target=ABOUT, manual=RULE)
def apache_ignores_its_htaccess(lab: Lab) -> None:
    """After many questions on Stack Overflow about WordPress and Laravel ("only the home page
    works"): AllowOverride is None, the default."""
    on_apache(lab, of_files(), **{"index.html": PAGE, ".htaccess": REWRITES})


@apache_scenario(outside=None, server="server.page-missing", target=f"{ABOUT}/", manual=RULE)
def apache_ignores_the_permalinks_of_its_htaccess(lab: Lab) -> None:
    """The same with an address that ends with a slash, as WordPress makes them."""
    on_apache(lab, of_files(), **{"index.html": PAGE, ".htaccess": REWRITES})


def beside_scripts(lab: Lab, overrides: str) -> None:
    """The scripts of the site are passed on, as with PHP-FPM."""
    scripts = '    ProxyPassMatch "^/(.*\\.php)$" "http://127.0.0.1:3000/$1"\n'
    text = of_files(overrides=overrides).replace("    SSLEngine", f"{scripts}    SSLEngine")
    on_apache(lab, text, **{"index.html": PAGE, ".htaccess": REWRITES})


@apache_scenario(outside=None, server="server.page-missing", target=ABOUT, manual=RULE)
def apache_ignores_its_htaccess_beside_scripts(lab: Lab) -> None:
    """Issue 11633 of grokability/snipe-it: only the home page works."""
    beside_scripts(lab, "None")


@healthy_apache(target=ABOUT)
def apache_reads_its_htaccess_beside_scripts(lab: Lab) -> None:
    """The twin of `apache_ignores_its_htaccess_beside_scripts`."""
    beside_scripts(lab, "All")


def single_page(lab: Lab, file: str) -> None:
    """An application in the browser, whose rules in the virtual host ask for this file."""
    rules = f"    RewriteEngine On\n    RewriteCond {file} !-f\n    RewriteRule ^ /index.html [L]\n"
    page = PAGE.replace("</title>", "</title><script src=/app.js></script><div id=app></div>")
    text = of_files().replace("    SSLEngine", f"{rules}    SSLEngine")
    on_apache(lab, text, **{"index.html": page, "app.js": "var a = 1;\n"})


@apache_scenario(
    outside="http.page-file-type",
    server="server.apache-filename-too-early",
    manual="The site has no application here, and so no WebSocket.",
)
def apache_asks_for_files_too_early(lab: Lab) -> None:
    """After many questions on Stack Overflow: the lines of an .htaccess in a virtual host."""
    single_page(lab, "%{REQUEST_FILENAME}")


@healthy_apache()
def apache_asks_for_files_by_their_whole_path(lab: Lab) -> None:
    """The twin of `apache_asks_for_files_too_early`."""
    single_page(lab, "%{DOCUMENT_ROOT}%{REQUEST_URI}")


def below_an_alias(lab: Lab, overrides: str) -> None:
    """An application in another folder, at /admin."""
    root = "/usr/local/admin/public"
    section = of_files(root, overrides).partition("    <Directory")[2].partition("</Virt")[0]
    alias = f"    Alias /admin {root}\n    <Directory{section}</VirtualHost>"
    rules = REWRITES.replace("/index.html", "/admin/index.html")
    lab.server.write(f"{root}/index.html", PAGE)
    lab.server.write(f"{root}/.htaccess", rules)
    on_apache(lab, of_files().replace("</VirtualHost>", alias), **{"index.html": PAGE})


@apache_scenario(outside=None, server="server.page-missing", target=LOGIN, manual=RULE)
def apache_ignores_the_htaccess_of_an_alias(lab: Lab) -> None:
    """https://github.com/opensolutions/ViMbAdmin/issues/141"""
    below_an_alias(lab, "None")


@healthy_apache(target=LOGIN)
def apache_reads_the_htaccess_of_an_alias(lab: Lab) -> None:
    below_an_alias(lab, "All")


@apache_scenario(outside=None, server="server.page-missing", manual=DEPLOY)
def apache_finds_no_index(lab: Lab) -> None:
    """After questions about AH01276, "No matching DirectoryIndex found": 403 at /."""
    on_apache(lab, of_files(), **{"shop.html": PAGE})


@apache_scenario(outside=None, server="server.page-missing", manual=DEPLOY)
def apache_folder_is_not_there(lab: Lab) -> None:
    """AH00112, "DocumentRoot does not exist": a typing error, and 404 for everything."""
    on_apache(lab, of_files("/var/www/shopp"), **{"index.html": PAGE})


@apache_scenario(outside=None, server="server.wrong-site", manual="a person adds the name")
def apache_has_the_name_with_www_alone(lab: Lab) -> None:
    """After questions about ServerAlias: the certificate is for both names, the site has one, and
    the first site of the server answers 403."""
    own = of_files().replace("ServerName shop", "ServerName www.shop")
    first = of_files("/var/www/empty").replace("shop.example.com", "aaa.example.org")
    lab.server.write("/var/www/empty/robots.txt", "")
    on_apache(lab, f"{first}\n{own}", **{"index.html": PAGE})


@apache_scenario(outside=None, server="server.wrong-site", manual="a person corrects the name")
def apache_has_the_name_with_letters_exchanged(lab: Lab) -> None:
    """shpo.example.com: the first site of the server denies everything."""
    own = of_files().replace("ServerName shop", "ServerName shpo")
    first = of_files("/var/www/empty").replace("shop.example.com", "aaa.example.org")
    first = first.replace("Require all granted", "Require all denied")
    lab.server.write("/var/www/empty/robots.txt", "")
    on_apache(lab, f"{first}\n{own}", **{"index.html": PAGE})


def default_on_port_80(lab: Lab, names: str) -> None:
    """The first site on port 80 is of another name, and has a page of its own."""
    first = (
        "<VirtualHost *:80>\n    ServerName aaa.example.org\n    DocumentRoot /var/www/first\n"
        "</VirtualHost>\n"
    )
    own = f"<VirtualHost *:80>\n    ServerName {names}\n    DocumentRoot {ROOT}\n</VirtualHost>\n"
    lab.server.write("/var/www/first/index.html", PAGE.replace("Shop", "First"))
    apache.install(lab, f"{first}\n{own if names else ''}\n{of_files()}")
    lab.server.write(f"{ROOT}/index.html", PAGE)
    apache.start(lab)


@apache_scenario(
    outside=None,
    server="server.wrong-site",
    target="http://shop.example.com/",
    manual="a person adds the name",
)
def apache_has_the_name_for_https_alone(lab: Lab) -> None:
    """Over http the first site on port 80 answers, since none there has the name."""
    default_on_port_80(lab, "")


@healthy_apache(target="http://shop.example.com/")
def apache_has_the_name_for_http_too(lab: Lab) -> None:
    """The twin of `apache_has_the_name_for_https_alone`."""
    default_on_port_80(lab, "shop.example.com")


@apache_scenario(
    outside="http.redirect-loop",
    server="server.redirect-behind-terminator",
    differs=(f"{ROOT}/.htaccess",),
)
def apache_htaccess_redirects_behind_nginx(lab: Lab) -> None:
    """After many questions about WordPress behind a proxy ("too many redirects"): nginx ends TLS,
    and the .htaccess redirects all that has HTTPS off."""
    text = of_files(overrides="All").replace("*:443", "*:8080")
    apache.install(lab, "\n".join(x for x in text.split("\n") if "SSL" not in x), keep_nginx=True)
    lab.server.write(apache.PORTS, "Listen 127.0.0.1:8080\n")
    rule = "RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [L,R=301]\n"
    lab.server.write(f"{ROOT}/.htaccess", f"RewriteEngine On\nRewriteCond %{{HTTPS}} off\n{rule}")
    lab.server.write(f"{ROOT}/index.html", PAGE)
    lab.start_nginx()
    apache.start(lab, 8080)
    page = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
    lab.change(page, page.replace("127.0.0.1:3000", "127.0.0.1:8080"))


WORDPRESS = """\
RewriteEngine On
RewriteBase /
RewriteRule ^index\\.php$ - [L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule . /index.php [L]
"""


@apache_scenario(outside=None, server="server.page-missing", target=ABOUT, manual=DEPLOY)
def apache_lost_the_script_of_its_rules(lab: Lab) -> None:
    """WordPress without its index.php: every address is 404, after threads about a lost update."""
    files = {"wp-config.php": "<?php", ".htaccess": WORDPRESS}
    on_apache(lab, of_files(overrides="All"), **files)


@apache_scenario(outside=None, server="server.page-missing", manual=RULE)
def apache_has_an_index_with_another_name(lab: Lab) -> None:
    """AH01276 beside an index.php: DirectoryIndex has index.html alone."""
    text = of_files().replace("    SSLEngine", "    DirectoryIndex index.html\n    SSLEngine")
    on_apache(lab, text, **{"index.php": "<?php echo 1;"})


@apache_scenario(outside=None, server="server.page-missing", manual=RULE)
def htaccess_lists_no_index_of_the_folder(lab: Lab) -> None:
    """https://github.com/aslushnikov/ftree/issues/23: DirectoryIndex of the .htaccess."""
    files = {".htaccess": "DirectoryIndex index.php\n", "index.html": PAGE}
    on_apache(lab, of_files(overrides="All"), **files)


@healthy_apache()
def htaccess_lists_the_index_of_the_folder(lab: Lab) -> None:
    """The line as the step has it."""
    files = {".htaccess": "DirectoryIndex index.php index.html\n", "index.html": PAGE}
    on_apache(lab, of_files(overrides="All"), **files)


@caddy_scenario(outside=None, server="server.page-missing", manual=DEPLOY)
def caddy_names_no_folder(lab: Lab) -> None:
    """After threads of Caddy's forum: file_server without root serves the working folder."""
    tls = f"\ttls {caddy.PEM} {caddy.KEY}\n"
    caddy.serve(lab, f"shop.example.com {{\n{tls}\tfile_server\n}}\n")


@healthy_caddy()
def caddy_names_no_folder_for_an_interface(lab: Lab) -> None:
    """file_server without root for one path, and the application answers the others."""
    tls = f"\ttls {caddy.PEM} {caddy.KEY}\n"
    rest = "\tfile_server /files/*\n\treverse_proxy 127.0.0.1:3000\n"
    caddy.serve(lab, f"shop.example.com {{\n{tls}{rest}}}\n")


@caddy_scenario(outside=None, server="server.page-missing", manual=DEPLOY)
def caddy_folder_is_not_there(lab: Lab) -> None:
    """After threads of Caddy's forum about "root" and 404: the folder has another name."""
    on_caddy(lab, "/var/www/html/shop", PAGE)


@apache_scenario(outside=None, server="server.page-missing", target=ABOUT, manual=RULE)
def apache_does_not_fall_back(lab: Lab) -> None:
    """A single-page application without FallbackResource."""
    on_apache(lab, of_files(), **{"index.html": APPLICATION})


@healthy_apache(target=ABOUT)
def apache_falls_back_by_a_section(lab: Lab) -> None:
    """The file as the remedy writes it."""
    section = f'    <Directory "{ROOT}">\n        FallbackResource /index.html\n    </Directory>\n'
    text = of_files().replace("</VirtualHost>", f"{section}</VirtualHost>", 1)
    on_apache(lab, text, **{"index.html": APPLICATION})


@caddy_scenario(outside=None, server="server.page-missing", target=ABOUT, manual=RULE)
def caddy_does_not_fall_back_beside_an_application(lab: Lab) -> None:
    """`try_files` alone would take the paths of the application: it comes before reverse_proxy."""
    on_caddy(lab, f"{ROOT}\n\treverse_proxy /api/* 127.0.0.1:3000", APPLICATION)


@healthy_caddy(target=ABOUT)
def caddy_falls_back_beside_an_application(lab: Lab) -> None:
    """The file as the remedy writes it."""
    tls = f"\ttls {caddy.PEM} {caddy.KEY}\n\troot * {ROOT}\n"
    api = "\thandle /api/* {\n\t\treverse_proxy 127.0.0.1:3000\n\t}\n"
    files = "\thandle {\n\t\ttry_files {path} /index.html\n\t\tfile_server\n\t}\n"
    lab.server.write(f"{ROOT}/index.html", APPLICATION)
    caddy.serve(lab, f"shop.example.com {{\n{tls}{api}{files}}}\n")


@caddy_scenario(outside=None, server="server.page-missing", target=ABOUT, manual=RULE)
def caddy_does_not_fall_back(lab: Lab) -> None:
    """After threads of Caddy's forum about single-page applications: no try_files, and a reload of
    /about is 404."""
    on_caddy(lab, ROOT, APPLICATION)


@caddy_scenario(outside=None, server="server.page-missing", target=ABOUT, manual=RULE)
def caddy_falls_back_on_what_is_not_there(lab: Lab) -> None:
    """`try_files` names index.htm."""
    on_caddy(lab, f"{ROOT}\n\ttry_files {{path}} /index.htm", APPLICATION)


@healthy_caddy(target=ABOUT)
def caddy_falls_back_on_the_application(lab: Lab) -> None:
    on_caddy(lab, f"{ROOT}\n\ttry_files {{path}} /index.html", APPLICATION)


@apache_scenario(
    outside="http.server-error", server="server.request-failed", manual="it is a site of files"
)
def apache_does_not_permit_a_line_of_the_htaccess(lab: Lab) -> None:
    """https://github.com/grokability/snipe-it/issues/10137: "Options not allowed here"."""
    overrides = of_files(overrides="AuthConfig Limit")
    on_apache(lab, overrides, **{"index.html": PAGE, ".htaccess": f"Options -Indexes\n{REWRITES}"})


@healthy_apache()
def apache_permits_the_lines_of_the_htaccess(lab: Lab) -> None:
    overrides = of_files(overrides="Options FileInfo")
    on_apache(lab, overrides, **{"index.html": PAGE, ".htaccess": f"Options -Indexes\n{REWRITES}"})

"""Applications in PHP below folders of an Apache site, and the .htaccess of each folder.

PHP-FPM is a stand-in that runs every script that is a file, and answers 404 "File not found." for
others, as the real one does.
"""

from .. import apache
from ..apache import HTTP
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .server_pages import of_files

ROOT = "/var/www/shop"
PAGE = "<!doctype html><title>Shop</title><h1>Shop</h1>\n"
POST = "https://shop.example.com/blog/hello-world/"
WORDPRESS = """\
# BEGIN WordPress
<IfModule mod_rewrite.c>
RewriteEngine On
RewriteBase {0}/
RewriteRule ^index\\.php$ - [L]
RewriteCond %{{REQUEST_FILENAME}} !-f
RewriteCond %{{REQUEST_FILENAME}} !-d
RewriteRule . {0}/index.php [L]
</IfModule>
# END WordPress
"""
HANDLER = """\
    DirectoryIndex index.php index.html
    <FilesMatch "\\.php$">
        SetHandler "proxy:fcgi://127.0.0.1:9000"
    </FilesMatch>
    <Directory"""
NOT_FRONT = "the front page is another application's"


def serve(lab: Lab, htaccess: str, **files: str) -> None:
    """A site whose folder /blog has an index.php and this .htaccess."""
    server = lab.server
    text = of_files(ROOT, "All").replace("    <Directory", HANDLER)
    lab.spawn(server, server.application("fpm_server", "127.0.0.1:9000"), 9000)
    apache.install(lab, f"{text}\n{HTTP}")
    apache.enable(lab, "proxy_fcgi")
    for name, content in {"index.html": PAGE, **files}.items():
        server.write(f"{ROOT}/{name}", content)
    server.write(f"{ROOT}/blog/index.php", "<?php require 'wp-blog-header.php';\n")
    server.write(f"{ROOT}/blog/.htaccess", htaccess)
    apache.start(lab)


@apache_scenario(
    outside="http.answer-says-why",
    server="server.apache-rules-of-other-folder",
    target=POST,
    manual=NOT_FRONT,
)
def rules_of_wordpress_name_the_main_folder(lab: Lab) -> None:
    """https://github.com/roots/wp-h5bp-htaccess/issues/17: WordPress in /blog, and the rules of its
    .htaccess lead to /index.php."""
    serve(lab, WORDPRESS.format(""))


@healthy_apache(target=POST)
def rules_of_wordpress_name_its_folder(lab: Lab) -> None:
    serve(lab, WORDPRESS.format("/blog"))


@apache_scenario(
    outside=None,
    server="server.apache-rules-of-other-folder",
    target=POST,
    manual=NOT_FRONT,
)
def rules_name_the_folder_where_the_application_was(lab: Lab) -> None:
    """Only RewriteBase has the old folder: the script is written without a slash."""
    text = WORDPRESS.format("/old").replace("/old/index.php", "index.php")
    serve(lab, text)


@healthy_apache(target=POST)
def rules_without_a_base_lead_to_their_own_folder(lab: Lab) -> None:
    serve(
        lab, "RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^ index.php [L]\n"
    )


@healthy_apache(target="https://shop.example.com/blog/hello-world/")
def rules_lead_to_the_main_application_on_purpose(lab: Lab) -> None:
    """The script of the main folder answers the pages of /blog."""
    serve(lab, WORDPRESS.format(""), **{"index.php": "<?php echo 1;\n"})

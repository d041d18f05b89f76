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


# The field Authorization

API = "https://shop.example.com/api/v1/info"
FRONT = "RewriteEngine On\n{}RewriteCond %{{REQUEST_FILENAME}} !-f\nRewriteRule ^ index.php [L]\n"
NO_TOKEN = "nobody here has a token"


def interface(
    lab: Lab, htaccess: str = "", lines: str = "", wants: str = "token", path: str = "/api/v1/info"
) -> None:
    """A program in PHP whose interface wants a token, or asks for a user and a password."""
    server = lab.server
    text = of_files(ROOT, "All").replace("    <Directory", f"{lines}{HANDLER}")
    program = server.application("fpm_server", "127.0.0.1:9000", "/", f"{path}:{wants}")
    lab.spawn(server, program, 9000)
    apache.install(lab, f"{text}\n{HTTP}")
    apache.enable(lab, "proxy_fcgi")
    server.write(f"{ROOT}/index.php", "<?php require 'vendor/autoload.php';\n")
    server.write(f"{ROOT}/.htaccess", FRONT.format(htaccess))
    apache.start(lab)


@apache_scenario(
    outside=None, server="server.authorization-not-passed", target=API, manual=NO_TOKEN
)
def apache_keeps_the_token_from_php(lab: Lab) -> None:
    """https://github.com/shaarli/Shaarli/pull/1107: "JWT token not provided" behind PHP-FPM."""
    interface(lab)


@apache_scenario(
    outside=None, server="server.authorization-not-passed", target=API, manual=NO_TOKEN
)
def apache_takes_the_token_away(lab: Lab) -> None:
    """A line of the site removes the field."""
    interface(lab, lines="    RequestHeader unset Authorization\n")


@healthy_apache(target=API)
def apache_passes_the_token_on_by_its_htaccess(lab: Lab) -> None:
    """401 for whoever has no valid token."""
    interface(lab, "RewriteRule .* - [e=HTTP_AUTHORIZATION:%{HTTP:Authorization}]\n")


@healthy_apache(target=API)
def apache_passes_the_token_on_by_a_section(lab: Lab) -> None:
    interface(lab, lines='    <Location "/">\n        CGIPassAuth On\n    </Location>\n')


SENT = ("401 although the header api_key is sent, it works on localhost",)
PASSED = '    <Location "/">\n        CGIPassAuth On\n    </Location>\n'
VARIABLE = '    SetEnvIf api_key "^(.*)$" HTTP_API_KEY=$1\n'


@apache_scenario(
    outside=None, server="server.underscored-field-dropped", target=API, args=SENT,
    manual=NO_TOKEN, unsure=("client",),
)  # fmt: skip
def apache_drops_a_header_with_an_underscore(lab: Lab) -> None:
    """https://github.com/CakeDC/auth/pull/32: PHP-FPM gets no HTTP_API_KEY."""
    interface(lab, lines=PASSED)


@healthy_apache(target=API)
def apache_gives_php_the_header_with_an_underscore(lab: Lab) -> None:
    """With the message, the 401 that this run gets as well would have no known cause."""
    interface(lab, lines=f"{PASSED}{VARIABLE}")


VALID = ("401 Unauthorized, even when the login has returned a valid token",)
RULE = "RewriteCond %{HTTP:Authorization} ^(.*)\nRewriteRule .* - [e=HTTP_AUTHORIZATION:%1]\n"


def cake(lab: Lab, own: str = "", upper: str = RULE) -> None:
    """CakePHP's two folders. The rule of the first one is behind its last one."""
    interface(lab)
    into = "RewriteEngine On\nRewriteRule ^$ webroot/ [L]\nRewriteRule (.*) webroot/$1 [L]\n"
    lab.server.write(f"{ROOT}/.htaccess", f"{into}{upper}")
    lab.server.write(f"{ROOT}/webroot/.htaccess", FRONT.format(own))
    lab.server.write(f"{ROOT}/webroot/index.php", "<?php require '../vendor/autoload.php';\n")


@apache_scenario(
    outside=None, server="server.authorization-not-passed", target=API, args=VALID,
    manual=NO_TOKEN, unsure=("client",),
)  # fmt: skip
def apache_rule_for_the_token_in_the_upper_folder(lab: Lab) -> None:
    """https://github.com/ADmad/cakephp-jwt-auth/issues/73."""
    cake(lab)


@healthy_apache(target=API)
def apache_rule_for_the_token_in_the_lower_folder(lab: Lab) -> None:
    cake(lab, RULE)


@healthy_apache(target=API)
def apache_rule_for_the_token_in_the_lower_folder_alone(lab: Lab) -> None:
    cake(lab, RULE, "")


AUTOLOADED = "<?php require __DIR__.'/../vendor/autoload.php';\n"


def _serve_front(lab: Lab, root: str, folder: str = "/public", address: str = "/users") -> None:
    """An application whose script answers an address, and no .htaccess leads to it."""
    server = lab.server
    text = of_files(root, "All").replace("    <Directory", HANDLER)
    words = ("127.0.0.1:9000", "/", address)
    lab.spawn(server, server.application("fpm_server", *words), 9000)
    apache.install(lab, f"{text}\n{HTTP}")
    apache.enable(lab, "proxy_fcgi")
    server.write(f"{ROOT}{folder}/index.php", AUTOLOADED)


@apache_scenario(
    outside=None, server="server.page-missing", manual=NOT_FRONT,
    target="https://shop.example.com/users",
)  # fmt: skip
def nothing_leads_to_the_script_of_an_application(lab: Lab) -> None:
    """The .htaccess was not copied to the new server: its name begins with a dot."""
    _serve_front(lab, f"{ROOT}/public")
    apache.start(lab)


@apache_scenario(
    outside=None, server="server.page-missing", manual=NOT_FRONT,
    target="https://shop.example.com/users",
)  # fmt: skip
def document_root_is_the_folder_above_that_for_visitors(lab: Lab) -> None:
    """DocumentRoot /var/www/shop in place of /var/www/shop/public."""
    _serve_front(lab, ROOT)
    apache.start(lab)


@healthy_apache(target="https://shop.example.com/users")
def a_fallback_leads_to_the_script_of_an_application(lab: Lab) -> None:
    _serve_front(lab, f"{ROOT}/public")
    apache.edit(lab, "        Require", "        FallbackResource /index.php\n        Require")
    apache.start(lab)


BLOG = "https://shop.example.com/blog/hello-world/"


@apache_scenario(
    outside=None, server="server.page-missing", manual=NOT_FRONT, target=BLOG,
)  # fmt: skip
def nothing_leads_to_the_script_of_an_application_in_a_folder(lab: Lab) -> None:
    _serve_front(lab, ROOT, "/blog", "/blog/hello-world/")
    apache.start(lab)


@healthy_apache(target=BLOG)
def a_fallback_leads_to_the_script_of_an_application_in_a_folder(lab: Lab) -> None:
    _serve_front(lab, ROOT, "/blog", "/blog/hello-world/")
    line = "        FallbackResource /blog/index.php\n        Require"
    apache.edit(lab, "        Require", line)
    apache.start(lab)


@apache_scenario(outside=None, server="server.request-logged", manual="a line of the .htaccess")
def apache_follows_no_links_below_an_htaccess(lab: Lab) -> None:
    """AH00670: without FollowSymLinks a RewriteRule of an .htaccess is forbidden."""
    interface(lab, "Options -FollowSymLinks -SymLinksIfOwnerMatch\n")


PERMALINK = "https://shop.example.com/2026/hello-world/"
WEBSOCKET = "    ProxyPass /ws ws://127.0.0.1:3000/ws\n"


def permalinks(lab: Lab, options: str, overrides: str = "All", before: str = "") -> None:
    """WordPress at the root of a site, with these options; `before` stands before its rules."""
    text = of_files(ROOT, overrides).replace("Options -Indexes", options)
    lab.spawn(lab.server, lab.server.application("fpm_server", "127.0.0.1:9000"), 9000)
    apache.install(lab, f"{text.replace('    <Directory', f'{WEBSOCKET}{HANDLER}', 1)}\n{HTTP}")
    apache.enable(lab, "proxy_fcgi")
    lab.server.write(f"{ROOT}/index.php", "<?php require 'wp-blog-header.php';\n")
    lab.server.write(f"{ROOT}/.htaccess", f"{before}{WORDPRESS.format('')}")
    apache.start(lab)


@apache_scenario(
    outside=None, server="server.request-logged", target=PERMALINK, differs=(apache.SITE,)
)
def apache_follows_no_links_where_wordpress_has_its_rules(lab: Lab) -> None:
    """https://github.com/Automattic/wpscan-vulnerability-test-bench/pull/16: Options Indexes, and
    only the permalinks get 403. The log names the path as far as there are folders."""
    permalinks(lab, "Options Indexes")


@healthy_apache(target=PERMALINK)
def apache_follows_links_where_wordpress_has_its_rules(lab: Lab) -> None:
    permalinks(lab, "Options Indexes SymLinksIfOwnerMatch")


OWN_LINKS = "All Options=Indexes,MultiViews,SymLinksIfOwnerMatch"


@apache_scenario(
    outside="http.server-error", server="server.request-failed", differs=(f"{ROOT}/.htaccess",)
)
def an_htaccess_adds_an_option_that_is_not_permitted(lab: Lab) -> None:
    """https://github.com/akaunting/akaunting/issues/396: SymLinksIfOwnerMatch is."""
    permalinks(lab, "Options +SymLinksIfOwnerMatch", OWN_LINKS, "Options +FollowSymLinks\n")


@healthy_apache()
def an_htaccess_adds_an_option_that_is_permitted(lab: Lab) -> None:
    permalinks(lab, "Options +SymLinksIfOwnerMatch", OWN_LINKS, "Options +SymLinksIfOwnerMatch\n")


AGAIN = ("the login window of the browser keeps coming back",)
NO_PASSWORD = "nobody here has a password"


@apache_scenario(
    outside=None, server="server.authorization-not-passed", target=API, args=AGAIN,
    manual=NO_PASSWORD, unsure=("client",),
)  # fmt: skip
def apache_keeps_the_password_from_php(lab: Lab) -> None:
    """The program's own Basic challenge, as WebDAV has it: no login succeeds."""
    interface(lab, wants="basic")


@apache_scenario(outside=None, server="server.authorization-not-passed", manual=NO_PASSWORD)
def page_of_php_opens_for_nobody(lab: Lab) -> None:
    """https://github.com/christophlehmann/httpbasicauth/issues/6: TYPO3 asks for a password."""
    interface(lab, wants="page", path="/")


@healthy_apache()
def page_of_php_opens_with_a_password(lab: Lab) -> None:
    line = "SetEnvIf Authorization .+ HTTP_AUTHORIZATION=$0\n"
    interface(lab, line, wants="page", path="/")


@healthy_apache(target=API)
def password_that_nobody_misses(lab: Lab) -> None:
    """A note: this run sends no password."""
    interface(lab, wants="basic")


@apache_scenario(outside=None, target=API, args=AGAIN, unsure=("client", "server"))
def apache_passes_the_password_on(lab: Lab) -> None:
    """What is wrong then, the program alone knows: the password, perhaps."""
    interface(lab, "RewriteRule .* - [e=HTTP_AUTHORIZATION:%{HTTP:Authorization}]\n", wants="basic")

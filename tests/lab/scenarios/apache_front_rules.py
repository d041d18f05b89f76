"""The rules of an .htaccess that lead what is no file to one script, and the tests for files."""

from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .apache_folder_rules import NOT_FRONT, PAGE, WORDPRESS, serve
from .server_pages import of_files, on_apache

ABOUT = "https://shop.example.com/blog/about/"
RULES = WORDPRESS.format("/blog")
NO_SOCKET = "The site has no application here, and so no WebSocket."


@apache_scenario(
    outside=None, server="server.apache-rules-miss-files", target=ABOUT, manual=NOT_FRONT
)
def rules_of_wordpress_are_switched_off(lab: Lab) -> None:
    serve(lab, RULES.replace("Engine On", "Engine Off"))


@apache_scenario(
    outside=None, server="server.apache-rules-miss-files", target=ABOUT, manual=NOT_FRONT
)
def rules_of_wordpress_ask_for_a_file(lab: Lab) -> None:
    """The "!" before -f went when the lines were typed."""
    serve(lab, RULES.replace("!-f", "-f"))


@healthy_apache(target=ABOUT)
def rules_of_wordpress_ask_for_no_file(lab: Lab) -> None:
    serve(lab, RULES)


SINGLE = """\
RewriteEngine On
RewriteBase /
RewriteRule ^index\\.html$ - [L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule . /index.html [L]
"""


def single_page(lab: Lab, rules: str) -> None:
    """An application in the browser with these rules in its folder."""
    page = PAGE.replace("</title>", "</title><script src=/app.js></script><div id=app></div>")
    files = {"index.html": page, "app.js": "var a = 1;\n", ".htaccess": rules}
    on_apache(lab, of_files(overrides="All"), **files)


@apache_scenario(
    outside="http.page-file-type", server="server.apache-rules-miss-files", manual=NO_SOCKET
)
def apache_tests_for_files_are_alternatives(lab: Lab) -> None:
    single_page(lab, SINGLE.replace("!-f", "!-f [OR]"))


@apache_scenario(
    outside="http.page-file-type", server="server.apache-rules-miss-files", manual=NO_SOCKET
)
def apache_rule_for_a_single_page_has_no_test(lab: Lab) -> None:
    bare = "\n".join(line for line in SINGLE.split("\n") if "RewriteCond" not in line)
    single_page(lab, bare)


@healthy_apache()
def apache_tests_for_files_are_both_true(lab: Lab) -> None:
    single_page(lab, SINGLE)

"""PHP's own warnings above a page that comes with status 200. The page is recorded."""

from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import PAGES

PERSON = "the program's own file is for a person"
PAGE = "<!doctype html><title>Shop</title><p>It works, and has some words more.</p>"
HEADERS = (
    "<br />\n<b>Warning</b>:  Cannot modify header information - headers already sent by (output "
    "started at /srv/shop/config.php:1) in <b>/srv/shop/login.php</b> on line <b>12</b><br />\n"
)
BASEDIR = (
    "<br />\n<b>Warning</b>:  require(): open_basedir restriction in effect. File(/www/wwwroot/shop"
    "/vendor/autoload.php) is not within the allowed path(s): (/www/wwwroot/shop/public/:/tmp/) in "
    "<b>/www/wwwroot/shop/public/index.php</b> on line <b>34</b><br />\n<br />\n"
    "<b>Fatal error</b>:  require(): Failed opening required '/www/wwwroot/shop/vendor/autoload"
    ".php' (include_path='.:/usr/share/php') in <b>/www/wwwroot/shop/public/index.php</b> on line "
    "<b>34</b><br />\n"
)


def answers(lab: Lab, text: str) -> None:
    """The site's page is this text, with status 200."""
    lab.server.write("/srv/php/index.html", text)
    lab.undo(lambda: lab.server.sh("rm -rf /srv/php"))
    lab.server.sh("chmod -R a+rX /srv/php")
    lab.change(PAGES, "  location / {\n    root /srv/php;\n  }\n\n")


@scenario(outside="http.php-warning", manual=PERSON)
def php_sends_output_before_the_cookies(lab: Lab) -> None:
    answers(lab, HEADERS + PAGE)


@scenario(outside="http.php-warning", manual=PERSON)
def php_may_not_open_the_programs_files(lab: Lab) -> None:
    answers(lab, BASEDIR)


@healthy()
def page_about_warnings_of_php(lab: Lab) -> None:
    shown = HEADERS.replace("<", "&lt;")
    answers(lab, f"{PAGE}<pre>{shown}</pre>")

"""PHP stops at the page. The messages are those of php-fpm 8.4; its extensions and its memory were
tried there."""

from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import PAGES
from .php_sockets import PHP

FOLDER = "/srv/polr/public"
AT = (
    f" in {FOLDER}/index.php:3\nStack trace:\n#0 {{main}}\n  thrown in {FOLDER}/index.php on line 3"
)
PERSON = "what is installed, and how much memory a page may use, is a person's choice"


def _stops(lab: Lab, words: str) -> None:
    lab.server.write(f"{FOLDER}/index.php", "<?php\n")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/polr"))
    lab.spawn(lab.server, lab.server.application("stopped_server", "127.0.0.1:9000", words), 9000)
    lab.change(PAGES, PHP.format("127.0.0.1:9000"))


@scenario(outside="http.server-error", server="http.php-stopped", manual=PERSON)
def php_lacks_an_extension(lab: Lab) -> None:
    _stops(lab, f"Fatal error:  Uncaught Error: Call to undefined function mysqli_connect(){AT}")


@scenario(outside="http.server-error", server="http.php-stopped", manual=PERSON)
def php_stops_at_its_limit_of_memory(lab: Lab) -> None:
    words = "Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes)"
    _stops(lab, f"Fatal error:  {words} in {FOLDER}/index.php on line 3")


@healthy()
def php_writes_a_notice_and_answers(lab: Lab) -> None:
    _stops(lab, f"Notice:  Undefined index: a in {FOLDER}/index.php on line 3")

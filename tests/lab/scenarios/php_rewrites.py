"""PHP's front controllers as panels and guides write them: `rewrite … last` leads to the program,
and a form of the page posts to an address that is no file.

After the rules that panels have ready made for ThinkPHP and others, and
https://github.com/zhongxia245/blog/issues/33, where PHP refuses OPTIONS.
"""

from ..lab import Lab
from ..scenario import healthy
from .frameworks import PAGES, PORT, start_application
from .nginx_other_requests_failed import LOG, visit

FILES = "  root /srv/php;\n  index index.php;\n"
PHP = (
    "  location ~ \\.php(/|$) {\n    include fastcgi_params;\n"
    f"    fastcgi_param SCRIPT_FILENAME /srv/php/index.php;\n    fastcgi_pass {PORT};\n  }}\n"
)
MISSING = "if (!-e $request_filename)"


def _program(lab: Lab, rules: str) -> None:
    """The page has a form for /index/save. A browser's OPTIONS is refused by the program."""
    start_application(lab, "php-form")
    lab.server.write("/srv/php/index.php", "<?php echo 1;")
    lab.undo(lambda: lab.server.sh(f"rm -rf /srv/php {LOG}"))
    lab.change(PAGES, f"  access_log {LOG} combined;\n{FILES}{rules}{PHP}")
    visit(lab, "/index/save", "-X", "OPTIONS")


@healthy()
def rule_of_the_server_leads_to_the_program(lab: Lab) -> None:
    _program(lab, f"  {MISSING} {{ rewrite ^/(index/.*)$ /index.php?id=$1 last; }}\n")


@healthy()
def rule_of_thinkphp_leads_to_the_program(lab: Lab) -> None:
    rule = "rewrite ^(.*)$ /index.php?s=$1 last; break;"
    _program(lab, f"  location / {{ {MISSING} {{ {rule} }} }}\n")


@healthy()
def named_location_leads_to_the_program(lab: Lab) -> None:
    named = "location @app { rewrite ^(.*)$ /index.php/$1 last; }"
    _program(lab, f"  location / {{ try_files $uri @app; }}\n  {named}\n")

"""PHP's front controllers as panels and guides write them: `rewrite … last` leads to the program,
and a form of the page posts to an address that is no file.

After the rules that panels have ready made for ThinkPHP and others, and
https://github.com/zhongxia245/blog/issues/33, where PHP refuses OPTIONS. nginx reads the settings
of each location to which it redirects such a request internally.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import MINE, PAGES, PORT, start_application
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


# Settings of the location that answers in the end

UPLOAD = f"https://{site.NAME}/api/upload"
FRONT = "  location / { try_files $uri $uri/ /index.php?$query_string; }\n"


def _upload(lab: Lab, rules: str) -> None:
    start_application(lab, "php")
    lab.server.write("/srv/php/index.php", "<?php echo 1;")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/php"))
    lab.change(PAGES, f"{FILES}{rules}{PHP}")
    send = f"head -c 2000000 /dev/zero | curl -sk -o /dev/null --data-binary @- {UPLOAD}"
    lab.client.sh(send, check=False)


@healthy()
def upload_to_a_front_controller(lab: Lab) -> None:
    """https://github.com/pixelfed/docs/pull/64: the limit of `location /` alone changes nothing."""
    _upload(lab, FRONT)


@healthy()
def upload_limit_in_one_location_of_two(lab: Lab) -> None:
    """`location /` takes 20m, the location of PHP the default."""
    _upload(lab, FRONT.replace("{ ", "{ client_max_body_size 20m; "))


@healthy()
def upload_limit_of_the_whole_server(lab: Lab) -> None:
    _upload(lab, f"  client_max_body_size 20m;\n{FRONT}")


def _large_head(lab: Lab, setting: str) -> None:
    start_application(lab, "php-large-head")
    for folder in ("", "admin/"):
        lab.server.write(f"/srv/php/{folder}index.php", "<?php echo 1;")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/php"))
    lab.change(PAGES, f"{FILES}{FRONT}{PHP.replace('include', f'{setting}include', 1)}")


@scenario(
    outside="http.server-error", server="upstream.header-too-big",
    target=f"https://{site.NAME}/admin/", differs=(site.CONF,),
)  # fmt: skip
def head_too_big_for_the_index_of_a_folder(lab: Lab) -> None:
    """https://github.com/ewanleith/Wordpress-Server-Configuration-Files/pull/2: nginx goes to
    /admin/index.php, and so to the location of PHP."""
    _large_head(lab, "")


@healthy()
def large_head_of_the_index_of_a_folder(lab: Lab) -> None:
    _large_head(lab, "fastcgi_buffers 16 16k; fastcgi_buffer_size 32k; ")


# A location for PHP that does not get the program


def _source(lab: Lab, rules: str) -> None:
    start_application(lab, "php")
    lab.server.write("/srv/php/index.php", "<?php\necho 1;\n")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/php"))
    expression = PHP.replace("/srv/php/index.php", "$document_root$fastcgi_script_name")
    lab.change(PAGES, f"{FILES}{rules}{expression}")


@scenario(outside="http.page-downloaded", differs=MINE)
def prefix_turns_off_the_location_of_php(lab: Lab) -> None:
    """`location ^~ /`: no regular expression decides any more, and the source is sent."""
    _source(lab, FRONT.replace("location /", "location ^~ /"))


@scenario(outside="http.page-downloaded", target=f"https://{site.NAME}/login", differs=MINE)
def rewrite_stays_in_its_location(lab: Lab) -> None:
    """`break` in the place of `last`: the program is sent as a file."""
    _source(
        lab, f"  location / {{\n    {MISSING} {{\n      rewrite ^ /index.php break;\n    }}\n  }}\n"
    )


@scenario(outside="http.page-downloaded", differs=MINE)
def location_of_php_is_gone(lab: Lab) -> None:
    """PHP-FPM listens at its socket, and no line of nginx leads there."""
    server, socket = lab.server, "/run/php/php8.2-fpm.sock"
    server.sh("mkdir -p /run/php")
    lab.undo(lambda: server.sh("rm -rf /run/php /srv/php"))
    lab.spawn(server, server.application("fpm_server", socket), server.path(socket).exists)
    server.sh(f"chmod 666 {socket}")
    server.write("/srv/php/index.php", "<?php\necho 1;\n")
    lab.change(PAGES, f"{FILES}{FRONT}  location ~ ^/uploads/.*\\.php$ {{ deny all; }}\n")


@healthy(target=f"https://{site.NAME}/login")
def rewrite_leaves_its_location(lab: Lab) -> None:
    _source(
        lab, f"  location / {{\n    {MISSING} {{\n      rewrite ^ /index.php last;\n    }}\n  }}\n"
    )

"""Applications in PHP: the folder that nginx serves, the names of its index, and the path of a
script below a prefix.

After issues of polr, laravel-admin and deb.sury.org, and articles about ThinkPHP and `alias`.
"""

from .. import site
from ..lab import Lab
from ..scenario import UNLOGGED, healthy, scenario
from .frameworks import PAGES

MINE = (site.CONF,)
SCRIPT = "<?php echo 1;\n"
FOLDER = "/srv/polr/public"
PHP = """\
  location ~ \\.php$ {
    include fastcgi_params;
    fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
    fastcgi_pass 127.0.0.1:9000;
  }
"""


def start_fpm(lab: Lab, *paths: str) -> None:
    """PHP-FPM with a program that answers these paths, all of them without any."""
    lab.spawn(lab.server, lab.server.application("fpm_server", "127.0.0.1:9000", *paths), 9000)


def write_scripts(lab: Lab, folder: str, *names: str) -> None:
    top = "/".join(folder.split("/")[:3])
    lab.undo(lambda: lab.server.sh(f"rm -rf {top}"))
    for name in names:
        lab.server.write(f"{folder}/{name}", SCRIPT)


# The names of the index


def _front(lab: Lab, lines: str, php: str = PHP) -> None:
    start_fpm(lab, "/", "/admin")
    write_scripts(lab, FOLDER, "index.php")
    front = "  location / { try_files $uri $uri/ /index.php?$query_string; }\n"
    lab.change(PAGES, f"  root {FOLDER};\n{lines}{front}{php}")


@scenario(outside=None, server="nginx.index-missing", differs=MINE, not_on=UNLOGGED)
def front_page_whose_script_is_not_named(lab: Lab) -> None:
    """https://github.com/cydrobolt/polr/issues/273: /admin works, and / is 403."""
    _front(lab, "")


@scenario(outside=None, server="nginx.index-missing", differs=MINE, not_on=UNLOGGED)
def front_page_whose_script_is_not_among_the_names(lab: Lab) -> None:
    _front(lab, "  index index.html index.htm;\n")


@scenario(
    outside=None, server="nginx.index-missing", target=f"https://{site.NAME}/test-release/",
    differs=MINE, not_on=UNLOGGED,
)  # fmt: skip
def folder_of_scripts_whose_index_is_not_named(lab: Lab) -> None:
    """https://github.com/oerdnj/deb.sury.org/issues/676: only /test-release/index.php opens."""
    _front(lab, "")
    write_scripts(lab, f"{FOLDER}/test-release", "index.php")


@scenario(outside=None, server="nginx.index-missing", differs=MINE, not_on=UNLOGGED)
def root_is_an_empty_folder_beside_the_site(lab: Lab) -> None:
    """https://github.com/BookStackApp/BookStack/issues/393: root has "html"."""
    _front(lab, "  index index.php;\n")
    lab.server.sh("mkdir -p /srv/polr/html")
    write_scripts(lab, "/srv/polr/BookStack/public", "index.php")
    lab.server.sh(f"rm -r {FOLDER}")
    lab.change(f"root {FOLDER};", "root /srv/polr/html;")


@healthy()
def front_page_whose_script_is_named(lab: Lab) -> None:
    _front(lab, "  index index.html index.php;\n")


# An address of a program that ends with .php

SHOWN = "/git/blob/master/index.php"
_FROM_PROGRAM = "  location /git/ { try_files $uri $uri/ /git/index.php$is_args$args; }\n"


def _program(lab: Lab, php: str) -> None:
    start_fpm(lab, "/", "/git/", SHOWN)
    write_scripts(lab, "/srv/gitlist", "index.php", "git/index.php")
    lab.change(PAGES, f"  root /srv/gitlist;\n  index index.php;\n{_FROM_PROGRAM}{php}")


@scenario(
    outside="http.answer-says-why", server="upstream.script-not-found", target=f"https://{site.NAME}{SHOWN}",
    differs=MINE, not_on=UNLOGGED,
)  # fmt: skip
def address_of_a_program_ends_with_php(lab: Lab) -> None:
    """https://github.com/klaussilveira/gitlist/issues/754: it shows files of others."""
    _program(lab, PHP)


@healthy(target=f"https://{site.NAME}{SHOWN}")
def address_of_a_program_that_ends_with_php_goes_to_its_script(lab: Lab) -> None:
    _program(lab, PHP.replace(r"\.php$", r"^(/git)?/index\.php$"))


# The path of the script

BLOG = "/srv/blog"


def _script(lab: Lab, *lines: str) -> None:
    """The pages are those of /srv/blog; PHP finds the script only by its right path."""
    start_fpm(lab)
    write_scripts(lab, BLOG, "index.php", "api.php")
    lab.change(PAGES, "".join(f"  {line}\n" for line in lines))


def _php(*settings: str, name: str = "$document_root$fastcgi_script_name") -> str:
    named = f"fastcgi_param SCRIPT_FILENAME {name};"
    lines = ("fastcgi_pass 127.0.0.1:9000;", *settings, named, "include fastcgi_params;")
    return "location ~ \\.php$ {\n    " + "\n    ".join(lines) + "\n  }"


FRONT = "location / { root /srv/blog; index index.php; }"


@scenario(
    outside="http.answer-says-why", server="upstream.script-not-found", differs=MINE,
    not_on=UNLOGGED,
)  # fmt: skip
def root_of_the_pages_alone(lab: Lab) -> None:
    """`root` in `location /`, and the example of nginx.conf for PHP without it."""
    _script(lab, FRONT, _php())


@scenario(
    outside="http.answer-says-why", server="upstream.script-not-found", differs=MINE,
    not_on=UNLOGGED,
)  # fmt: skip
def example_of_nginx_with_its_own_folder(lab: Lab) -> None:
    """`root html` and `/scripts$fastcgi_script_name`, as nginx.conf comes."""
    _script(lab, FRONT, _php("root html;", name="/scripts$fastcgi_script_name"))


@scenario(
    outside="http.answer-says-why", server="upstream.script-not-found", differs=MINE,
    not_on=UNLOGGED, target=f"https://{site.NAME}/index.php",
)  # fmt: skip
def example_of_nginx_is_asked_for_the_script(lab: Lab) -> None:
    """The script lies in the folder of `location /`, which must not send it as a file.
    http://www.kouhan.cn/en/article/00024250"""
    _script(lab, FRONT, _php("root html;", name="/scripts$fastcgi_script_name"))


@scenario(
    outside="http.answer-says-why", server="upstream.script-not-found", differs=MINE,
    not_on=UNLOGGED,
)  # fmt: skip
def fixed_folder_of_scripts(lab: Lab) -> None:
    _script(lab, "root /srv/blog; index index.php;", _php(name="/scripts$fastcgi_script_name"))


@scenario(
    outside="http.answer-says-why", server="upstream.script-not-found", differs=MINE,
    not_on=UNLOGGED, target=f"https://{site.NAME}/login",
)  # fmt: skip
def root_is_the_project_behind_the_rule_of_a_panel(lab: Lab) -> None:
    """ThinkPHP: the rule of the panel leads every path to /index.php, which is in public."""
    start_fpm(lab, "/", "/login")
    write_scripts(lab, "/srv/think", "public/index.php", "app/controller.php")
    rule = (
        "location / { if (!-e $request_filename) { rewrite ^(.*)$ /index.php?s=$1 last; break; } }"
    )
    lab.change(PAGES, f"  root /srv/think;\n  index index.php;\n  {rule}\n{PHP}")


GOD = f"https://{site.NAME}/god/api.php"


def _alias(lab: Lab, name: str, include: str = "fastcgi_params") -> None:
    """https://zyh.cool/posts/58a1c0c7: a folder of scripts below a prefix."""
    start_fpm(lab)
    write_scripts(lab, BLOG, "index.php", "api.php")
    php = f"      fastcgi_pass 127.0.0.1:9000;\n      include {include};\n"
    php += f"      fastcgi_param SCRIPT_FILENAME {name};\n" if name else ""
    inner = f"    location ~* \\.php$ {{\n{php}    }}\n"
    alias = f"    alias {BLOG}/;\n    index index.php index.html;\n"
    lab.change(PAGES, f"{PAGES}  location ^~ /god/ {{\n{alias}{inner}  }}\n")


@scenario(
    outside="http.answer-says-why", server="upstream.script-not-found", target=GOD, differs=MINE,
    not_on=UNLOGGED,
)  # fmt: skip
def script_below_an_alias(lab: Lab) -> None:
    """The prefix is in the path twice: /srv/blog/god/api.php."""
    _alias(lab, "$document_root$fastcgi_script_name")


@scenario(
    outside="http.answer-says-why", server="upstream.script-not-found", target=GOD, differs=MINE,
    not_on=UNLOGGED,
)  # fmt: skip
def script_below_an_alias_by_the_file_of_parameters(lab: Lab) -> None:
    """The same from fastcgi.conf."""
    _alias(lab, "", "fastcgi.conf")


@healthy(target=GOD)
def script_below_an_alias_by_its_file(lab: Lab) -> None:
    _alias(lab, "$request_filename")


@scenario(
    outside="http.answer-says-why", server="upstream.script-not-found", differs=MINE,
    not_on=UNLOGGED, target=f"https://{site.NAME}/blog/",
)  # fmt: skip
def folder_of_a_prefix_without_a_location_for_php(lab: Lab) -> None:
    """The site's own location for PHP gets the scripts of the blog, with the folder of the site."""
    start_fpm(lab)
    write_scripts(lab, BLOG, "index.php")
    write_scripts(lab, FOLDER, "index.php")
    lines = f"  root {FOLDER};\n  index index.php;\n"
    front = "  location / { try_files $uri $uri/ /index.php; }\n"
    lab.change(PAGES, f"{lines}{front}  location /blog/ {{\n    alias {BLOG}/;\n  }}\n{PHP}")


# The folder of the site, and methods


def _rule(lab: Lab, test: str) -> None:
    start_fpm(lab, "/")
    write_scripts(lab, FOLDER, "index.php")
    lines = "      rewrite ^(.*)$ /index.php?s=$1 last;\n      break;\n"
    rule = f"    if ({test} $request_filename) {{\n{lines}    }}\n"
    front = f"  index index.php;\n  location / {{\n{rule}  }}\n"
    lab.change(PAGES, f"  root {FOLDER};\n{front}{PHP}")


@scenario(
    outside=None, server="nginx.method-not-allowed", differs=MINE, args=("--method", "OPTIONS"),
)  # fmt: skip
def rule_leaves_the_folder_of_the_site_to_files(lab: Lab) -> None:
    """https://github.com/top-think/framework/issues/2708: PUT and OPTIONS of / get 405, every other
    path comes to the application."""
    _rule(lab, "!-e")


@scenario(
    outside=None, server="nginx.method-not-allowed", differs=MINE,
    args=("PUT of / answers 405 Not Allowed",),
)  # fmt: skip
def message_about_the_folder_of_the_site(lab: Lab) -> None:
    """The same, told in a message: the page itself comes."""
    _rule(lab, "!-e")


@scenario(
    outside="http.cors-refused", server="nginx.method-not-allowed", differs=MINE,
    args=("OPTIONS / 405 Not Allowed",),
)  # fmt: skip
def preflight_of_the_folder_of_the_site(lab: Lab) -> None:
    _rule(lab, "!-e")


@healthy(args=("--method", "OPTIONS"))
def rule_leads_the_folder_of_the_site_on(lab: Lab) -> None:
    _rule(lab, "!-f")


FORM = ("405 Method not allowed each time the form is sent, it works on localhost",)
CONTACT = f"https://{site.NAME}/contact"


def _static_copy(lab: Lab, first: str = "") -> None:
    write_scripts(lab, "/srv/october", "index.php")
    lab.server.write("/srv/october/static/contact.html", '<form method="post"><input name="a">')
    start_fpm(lab, "/", "/contact")
    copies = f"{first}try_files /static$uri.html $uri $uri/ /index.php?$query_string;"
    lab.change(
        PAGES, f"  root /srv/october;\n  index index.php;\n  location / {{ {copies} }}\n{PHP}"
    )


@scenario(
    outside=None, server="nginx.method-not-allowed", target=CONTACT, args=FORM,
    differs=MINE,
)  # fmt: skip
def static_copy_of_a_page_refuses_its_form(lab: Lab) -> None:
    """https://github.com/skydiver/october-plugin-forms/issues/220."""
    _static_copy(lab)


@healthy(target=CONTACT)
def static_copy_of_a_page_that_nobody_complains_about(lab: Lab) -> None:
    _static_copy(lab)


@healthy(target=CONTACT, args=FORM)
def static_copy_of_a_page_whose_form_is_led_on(lab: Lab) -> None:
    _static_copy(lab, "if ($request_method = POST) { rewrite ^ /index.php last; } ")

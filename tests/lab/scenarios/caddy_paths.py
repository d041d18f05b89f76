"""The path of a request behind Caddy: what `rewrite` and `uri` make of it, and matchers that miss
it."""

from .. import caddy
from ..caddy import KEY, PEM
from ..lab import Lab
from .caddy import WS, caddy_scenario, healthy_caddy

USERS = "https://shop.example.com/api/users"


def serve(lab: Lab, text: str, *paths: str) -> None:
    """A site with these directives; its application at port 3001 has the paths."""
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", *paths), 3001)
    caddy.serve(lab, f"shop.example.com {{\n\ttls {PEM} {KEY}\n{text}}}\n")


def api(*lines: str, head: str = "handle /api/*", port: int = 3001) -> str:
    inner = "".join(f"\t\t{line}\n" for line in (*lines, f"reverse_proxy 127.0.0.1:{port}"))
    return f"\t{head} {{\n{inner}\t}}\n"


PAGES = "\thandle {\n\t\treverse_proxy 127.0.0.1:3000\n\t}\n"


@caddy_scenario(outside=None, server="server.path-changed", target=USERS, differs=(caddy.CONFIG,))
def caddy_writes_a_prefix_twice(lab: Lab) -> None:
    """`rewrite * /api{uri}` in the block of /api/*: the application gets /api/api/users."""
    serve(lab, api("rewrite * /api{uri}") + PAGES, "/api/users:json")


@caddy_scenario(outside=None, server="server.path-changed", target=USERS, differs=(caddy.CONFIG,))
def caddy_takes_a_needed_prefix_off(lab: Lab) -> None:
    serve(lab, api("uri strip_prefix /api") + PAGES, "/api/users:json")


@caddy_scenario(
    outside=None, server="server.caddy-stripped-first", target=USERS, differs=(caddy.CONFIG,)
)
def caddy_takes_the_prefix_off_before_the_route(lab: Lab) -> None:
    """After threads about `uri strip_prefix`: it comes before the route of /api/*."""
    proxy = "\turi strip_prefix /api\n\treverse_proxy /api/* 127.0.0.1:3001\n"
    start = "\thandle / {\n\t\treverse_proxy 127.0.0.1:3000\n\t}\n"
    files = "\troot * /srv/none\n\tfile_server\n"
    serve(lab, f"{proxy}{start}{SOCKET}{files}", "/users:json")


@healthy_caddy(target=USERS)
def caddy_takes_the_prefix_off_for_all(lab: Lab) -> None:
    """The route takes what is left."""
    serve(lab, "\turi strip_prefix /api\n\treverse_proxy 127.0.0.1:3001\n", "/users:json")


@caddy_scenario(
    outside="http.redirect-loop",
    server="server.path-changed",
    target="https://shop.example.com/grafana/",
    differs=(caddy.CONFIG,),
)
def caddy_takes_the_folder_of_an_application_off(lab: Lab) -> None:
    """The application knows its folder and redirects to it; `handle_path` takes it off."""
    paths = ("/grafana/", "/:302:/grafana/")
    serve(lab, api(head="handle_path /grafana/*") + PAGES, *paths)


@caddy_scenario(
    outside="http.redirect-loop",
    server="server.redirect-loop",
    target="https://shop.example.com/grafana/",
    differs=(caddy.CONFIG,),
)
def caddy_redirects_a_folder_to_itself(lab: Lab) -> None:
    """`redir /grafana* /grafana/` takes /grafana/ too."""
    text = "\tredir /grafana* /grafana/\n" + api(head="handle /grafana/*") + PAGES
    serve(lab, text, "/grafana/")


@caddy_scenario(
    outside="http.redirect-loop",
    server="server.redirect-loop",
    target="https://shop.example.com/grafana",
    differs=(caddy.CONFIG,),
)
def caddy_redirects_one_path_to_itself(lab: Lab) -> None:
    """`redir /grafana /grafana` lacks the slash at its end."""
    text = "\tredir /grafana /grafana\n" + api(head="handle /grafana/*") + PAGES
    serve(lab, text, "/grafana/")


@healthy_caddy(target="https://shop.example.com/grafana")
def caddy_redirects_one_path_to_its_folder(lab: Lab) -> None:
    text = "\tredir /grafana /grafana/\n" + api(head="handle /grafana/*") + PAGES
    serve(lab, text, "/grafana/")


@healthy_caddy(target="https://shop.example.com/grafana/")
def caddy_keeps_the_folder_of_an_application(lab: Lab) -> None:
    serve(lab, api(head="handle /grafana/*") + PAGES, "/grafana/", "/:302:/grafana/")


@healthy_caddy(target=USERS)
def caddy_rewrites_to_the_paths_of_the_application(lab: Lab) -> None:
    route = api("uri strip_prefix /api", "rewrite * /v1{uri}", head="route /api/*")
    serve(lab, route + PAGES, "/v1/users:json")


# Matchers that miss a path

SOCKET = "\thandle /ws {\n\t\treverse_proxy 127.0.0.1:3000\n\t}\n"

ROOT = "/srv/shop"
SHELL = '<!doctype html><title>Shop</title><div id="app"></div><script src="/app.js"></script>\n'
FILES = (
    f"\thandle {{\n\t\troot * {ROOT}\n\t\ttry_files {{path}} /index.html\n\t\tfile_server\n\t}}\n"
)


def files(lab: Lab) -> None:
    """An application in the browser, which reads data."""
    lab.server.write(f"{ROOT}/index.html", SHELL)
    lab.server.write(f"{ROOT}/app.js", 'fetch("/api/users").then(r => r.json());\n')
    lab.undo(lambda: lab.server.sh(f"rm -rf {ROOT}"))


@caddy_scenario(
    outside="http.page-for-api", server="server.path-not-handled", differs=(caddy.CONFIG,)
)
def caddy_matcher_misses_the_data(lab: Lab) -> None:
    """`handle /api`: the page of try_files comes in place of the data, by the bare name."""
    files(lab)
    serve(lab, api(head="handle /api") + SOCKET + FILES, "/api/users:json")


@caddy_scenario(
    outside="http.page-for-api", server="server.path-not-handled", differs=(caddy.CONFIG,)
)
def caddy_matcher_has_a_letter_too_many(lab: Lab) -> None:
    files(lab)
    serve(lab, api(head="handle /apis/*") + SOCKET + FILES, "/api/users:json")


@healthy_caddy()
def caddy_passes_the_data_on(lab: Lab) -> None:
    files(lab)
    serve(lab, api() + api(head="handle /apps/*") + FILES, "/api/users:json")


@caddy_scenario(
    outside="websocket.not-upgraded",
    server="server.path-not-handled",
    args=WS,
    manual="a person writes the route",
)
def caddy_files_answer_a_websocket(lab: Lab) -> None:
    """The application has /ws, and its route is for /api/* alone."""
    files(lab)
    serve(lab, api(port=3000) + FILES, "/api/users:json")


# What the page loads, by the bare name


@caddy_scenario(
    outside="http.page-for-api", server="server.caddy-files-first", differs=(caddy.CONFIG,)
)
def caddy_falls_back_before_the_data(lab: Lab) -> None:
    """`try_files` of the whole site comes before the `handle` of /api/*."""
    files(lab)
    bare = "".join(line.removeprefix("\t") for line in FILES.splitlines(keepends=True)[1:-1])
    serve(lab, api() + SOCKET + bare, "/api/users:json")


@caddy_scenario(
    outside="http.page-for-api", server="server.caddy-files-first", differs=(caddy.CONFIG,)
)
def caddy_falls_back_before_an_application_in_no_block(lab: Lab) -> None:
    """https://github.com/caddyserver/caddy/issues/3912: `reverse_proxy /api/*` beside the files."""
    files(lab)
    bare = "".join(line.removeprefix("\t") for line in FILES.splitlines(keepends=True)[1:-1])
    serve(lab, "\treverse_proxy /api/* 127.0.0.1:3001\n" + SOCKET + bare, "/api/users:json")


@caddy_scenario(
    outside="http.page-for-api", server="server.caddy-files-first", differs=(caddy.CONFIG,)
)
def caddy_falls_back_before_a_matcher_with_a_name(lab: Lab) -> None:
    """https://github.com/caddyserver/caddy/issues/5503: the matcher has a name, and fields are set
    for the application."""
    files(lab)
    bare = "".join(line.removeprefix("\t") for line in FILES.splitlines(keepends=True)[1:-1])
    named = "\t@api {\n\t\tpath /api/*\n\t}\n\treverse_proxy @api 127.0.0.1:3001 {\n"
    block = f"{named}\t\theader_up X-Real-IP {{remote_host}}\n\t}}\n"
    serve(lab, bare + SOCKET + block, "/api/users:json")


@caddy_scenario(
    outside="http.page-file-missing",
    server="server.caddy-folder-prefix",
    differs=(caddy.CONFIG,),
)
def caddy_looks_for_a_style_sheet_in_its_own_folder(lab: Lab) -> None:
    """`handle /static/*` with a folder of its own; the page at / asks for a file there."""
    static = "\thandle /static/* {\n\t\troot * /srv/static\n\t\tfile_server\n\t}\n"
    serve(lab, static + SOCKET + api(head="handle"), "/:/static/app.js")
    lab.server.write("/srv/static/app.js", "1;\n")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/static"))


def _static(lab: Lab, *lines: str) -> None:
    """The page at / asks for a file of the folder /srv/shop/static."""
    inner = "".join(f"\t\t{line}\n" for line in (*lines, "file_server"))
    static = f"\thandle_path /static/* {{\n{inner}\t}}\n"
    serve(lab, static + SOCKET + api(head="handle"), "/:/static/app.js")
    lab.server.write(f"{ROOT}/static/app.js", "1;\n")
    lab.undo(lambda: lab.server.sh(f"rm -rf {ROOT}"))


@caddy_scenario(
    outside="http.page-file-missing",
    server="server.caddy-folder-prefix",
    differs=(caddy.CONFIG,),
)
def caddy_looks_for_a_script_in_the_folder_above(lab: Lab) -> None:
    """`handle_path /static/*` takes the name of the folder off, and `root` is the folder above."""
    _static(lab, f"root * {ROOT}")


@caddy_scenario(
    outside=None,
    server="server.caddy-folder-prefix",
    target="https://shop.example.com/static/app.js",
    differs=(caddy.CONFIG,),
)
def caddy_looks_for_the_target_in_the_folder_above(lab: Lab) -> None:
    """Its address alone was asked for."""
    _static(lab, f"root * {ROOT}")


@healthy_caddy()
def caddy_looks_for_a_script_in_its_folder(lab: Lab) -> None:
    _static(lab, f"root * {ROOT}/static")


@healthy_caddy(target="https://shop.example.com/static/none.js")
def caddy_has_no_such_file_in_the_folder_above_either(lab: Lab) -> None:
    _static(lab, f"root * {ROOT}")
    lab.server.write(f"{ROOT}/static/app.js", "1;\n")


@caddy_scenario(
    outside="http.page-file-missing",
    server="server.rule-refuses",
    manual="a person changes the rule",
)
def caddy_refuses_a_script_of_the_page(lab: Lab) -> None:
    """A rule for hidden pages that takes the scripts too."""
    rule = "\t@closed path /wp-*\n\trespond @closed 403\n"
    proxy = "\treverse_proxy 127.0.0.1:3001\n"
    serve(lab, rule + SOCKET + proxy, "/:/wp-content/app.js", "/wp-content/app.js")


OUT = "\t@out not remote_ip {}\n\tabort @out\n"
PROGRAM = "\treverse_proxy 127.0.0.1:3001\n"


@caddy_scenario(
    outside="http.server-error",
    server="server.rule-refuses",
    manual="whom the rule is for, its owner knows",
)
def caddy_aborts_for_all_other_addresses(lab: Lab) -> None:
    """`abort` closes the connection: browsers show ERR_EMPTY_RESPONSE."""
    serve(lab, OUT.format("192.168.0.0/16") + SOCKET + PROGRAM, "/")


@healthy_caddy()
def caddy_aborts_for_addresses_of_nobody(lab: Lab) -> None:
    serve(lab, OUT.format("0.0.0.0/0") + SOCKET + PROGRAM, "/")


WELL_KNOWN = "/.well-known/matrix/server"
DOT = "\t@dot path */.*\n\trespond @dot 404\n"


@caddy_scenario(
    outside=None,
    server="server.rule-refuses",
    target=f"https://shop.example.com{WELL_KNOWN}",
    differs=(caddy.CONFIG,),
)
def caddy_refuses_what_is_well_known(lab: Lab) -> None:
    """A rule against names that begin with a dot, from a list of lines for Caddy."""
    serve(lab, DOT + SOCKET + "\treverse_proxy 127.0.0.1:3001\n", "/", WELL_KNOWN)


@healthy_caddy(target=f"https://shop.example.com{WELL_KNOWN}")
def caddy_refuses_hidden_files_alone(lab: Lab) -> None:
    rule = DOT.replace("path */.*", "{\n\t\tpath */.*\n\t\tnot path /.well-known/*\n\t}")
    serve(lab, rule + SOCKET + "\treverse_proxy 127.0.0.1:3001\n", "/", WELL_KNOWN)


@healthy_caddy()
def caddy_serves_scripts_beside_php(lab: Lab) -> None:
    server = lab.server
    lab.spawn(server, server.application("fpm_server", "127.0.0.1:9000"), 9000)
    files(lab)
    server.sh(f"rm {ROOT}/index.html")
    server.write(f"{ROOT}/index.php", "<?php\n")
    site = f"\troot * {ROOT}\n\tphp_fastcgi 127.0.0.1:9000\n\tfile_server\n"
    caddy.serve(lab, f"shop.example.com {{\n\ttls {PEM} {KEY}\n{SOCKET}{site}}}\n")


@caddy_scenario(outside=None, server="server.rule-refuses", differs=(caddy.CONFIG,))
def caddy_greets_before_the_application(lab: Lab) -> None:
    """`respond` of the first try stayed, and comes before `reverse_proxy`."""
    serve(lab, SOCKET + '\trespond "Hello"\n\treverse_proxy 127.0.0.1:3001\n', "/")


@healthy_caddy()
def caddy_greets_at_one_path(lab: Lab) -> None:
    serve(lab, SOCKET + '\trespond /health "ok"\n\treverse_proxy 127.0.0.1:3001\n', "/")


def _files(lab: Lab, text: str) -> None:
    lab.undo(lambda: lab.server.sh("rm -rf /srv/pages"))
    page = "<!doctype html><title>Shop</title><p>All kinds of tea, and the pots.</p>\n"
    for name in ("index", "about", "new/about"):
        lab.server.write(f"/srv/pages/{name}.html", page)
    own = "\troot * /srv/pages\n\treverse_proxy /ws 127.0.0.1:3000\n"
    caddy.serve(lab, f"shop.example.com {{\n\ttls {PEM} {KEY}\n{own}{text}}}\n")


@caddy_scenario(
    outside=None,
    server="server.page-missing",
    target="https://shop.example.com/about",
    differs=(caddy.CONFIG,),
)
def caddy_has_the_page_with_an_ending(lab: Lab) -> None:
    """Links of a site that a generator made leave .html out."""
    _files(lab, "\tfile_server\n")


@healthy_caddy(target="https://shop.example.com/about")
def caddy_adds_the_ending_of_a_page(lab: Lab) -> None:
    _files(lab, "\ttry_files {path} {path}.html\n\tfile_server\n")


@caddy_scenario(
    outside=None,
    server="server.page-missing",
    target="https://shop.example.com/old/about.html",
    manual="a person knows the right path",
)
def caddy_rewrites_a_path_to_no_file(lab: Lab) -> None:
    """{uri} is the whole path: /new/old/about.html."""
    _files(lab, "\trewrite /old/* /new{uri}\n\tfile_server\n")


@healthy_caddy(target="https://shop.example.com/old/about.html")
def caddy_rewrites_a_path_to_a_file(lab: Lab) -> None:
    block = "\thandle_path /old/* {\n\t\trewrite * /new{uri}\n\t\tfile_server\n\t}\n"
    _files(lab, block)

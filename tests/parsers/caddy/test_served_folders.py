"""From which folder Caddy answers a request."""

from typing import Any

from diagnose.model.server_rules import ServedFolder
from diagnose.parsers.caddy.served_folders import passed_over_folder, served_folder
from diagnose.parsers.server_request import ServerRequest

HOST = "shop.example.com"
FILES = {"handler": "file_server"}
PROXY = {"handler": "reverse_proxy", "upstreams": [{"dial": "localhost:3001"}]}


def route(*handlers: dict[str, Any], **matchers: Any) -> dict[str, Any]:
    return {"handle": list(handlers)} | ({"match": [matchers]} if matchers else {})


def root(folder: str) -> dict[str, Any]:
    return {"handler": "vars", "root": folder}


def subroute(*routes: dict[str, Any]) -> dict[str, Any]:
    return {"handler": "subroute", "routes": list(routes)}


def tries(*files: str) -> dict[str, Any]:
    handler = {"handler": "rewrite", "uri": "{http.matchers.file.relative}"}
    return route(handler, file={"try_files": list(files)})


def document(*routes: dict[str, Any]) -> dict[str, Any]:
    site = route(subroute(*routes), host=[HOST]) | {"terminal": True}
    servers = {"srv0": {"listen": [":443"], "routes": [site]}}
    return {"apps": {"http": {"servers": servers}}}


def folder(path: str, *routes: dict[str, Any]) -> ServedFolder | None:
    return served_folder(document(*routes), ServerRequest(path, host=HOST))


def passed_over(path: str, *routes: dict[str, Any]) -> tuple[str, str]:
    return passed_over_folder(document(*routes), ServerRequest(path, host=HOST))


ANY = "{http.request.uri.path}"
DOCS = route(
    subroute(route(root("/srv/docs")), tries(ANY, "/index.html"), route(FILES)), path=["/docs/*"]
)
STRIPPED = route(
    subroute(
        route({"handler": "rewrite", "strip_path_prefix": "/docs"}),
        route(root("/srv/docs"), FILES),
    ),
    path=["/docs/*"],
)


def test_the_root_of_the_site_or_of_its_handle() -> None:
    site = (route(root("/srv/www")), DOCS, route(FILES))
    assert folder("/a", *site) == ServedFolder("/a", "/srv/www", "/a")
    found = folder("/docs/a", *site)
    assert found
    assert (found.root, found.path, found.prefix) == ("/srv/docs", "/docs/a", "/docs")
    assert found.fallback == "/index.html"


def test_a_prefix_that_is_taken_off() -> None:
    found = folder("/docs/a", STRIPPED)
    assert found
    assert (found.path, found.prefix) == ("/a", "")


def test_an_application_that_the_fallback_passes_by() -> None:
    site = (route(root("/srv/www")), tries(ANY, "/"), route(PROXY, path=["/api/*"]), route(FILES))
    found = folder("/api/users", *site)
    assert found
    assert (found.bypassed, found.matcher) == ("localhost:3001", "path /api/*")
    assert folder("/about", *site) == ServedFolder("/about", "/srv/www", "/about", fallback="/")


def test_an_application_that_a_rewrite_of_what_is_no_file_passes_by() -> None:
    rewrite = route({"handler": "rewrite", "uri": "/index.php?{query}"})
    missing = rewrite | {"match": [{"not": [{"file": {}}]}]}
    site = (route(root("/srv/www")), missing, route(PROXY, path=["/ws"]), route(FILES))
    found = folder("/ws", *site)
    assert found
    assert (found.bypassed, found.fallback, found.by_rewrite) == (
        "localhost:3001",
        "/index.php",
        True,
    )
    assert folder("/about", *site) is None, "it is rewritten to what is not followed"
    spared = missing | {"match": [{"not": [{"file": {}}, {"path": ["/ws"]}]}]}
    assert folder("/ws", site[0], spared, *site[2:]) is None


def test_none_where_an_application_answers_or_a_matcher_is_not_known() -> None:
    site = (route(root("/srv/www")), route(PROXY, path=["/api/*"]), route(FILES))
    assert folder("/api/users", *site) is None
    unknown = route(FILES, remote_ip={"ranges": ["10.0.0.0/8"]})
    assert folder("/", route(root("/srv/www")), unknown) is None
    assert folder("/", route(FILES)) == ServedFolder("/", "", "/")
    assert served_folder(None, ServerRequest("/", host=HOST)) is None


def test_an_application_behind_a_file_server_is_bypassed() -> None:
    api = route(PROXY, path=["/api/*"])
    everything = route(subroute(route(FILES)))
    for site in (
        (route(subroute(route(root("/srv")), route(FILES), api)),),
        (route(root("/srv")), everything | {"group": "group2"}, api),
        (route(root("/srv")), route(FILES), route(subroute(route(PROXY)), path=["/api/*"])),
    ):
        found = folder("/api/users", *site)
        assert found
        assert (found.bypassed, found.fallback) == ("localhost:3001", "")
        assert found.matcher.startswith("path")
        other = folder("/about", *site)
        assert other
        assert other.bypassed == ""


def test_an_application_in_the_same_group_or_for_everything_is_not_bypassed() -> None:
    files = route(subroute(route(FILES))) | {"group": "group2"}
    api = route(subroute(route(PROXY)), path=["/api/*"]) | {"group": "group2"}
    for site in ((files, api), (route(FILES), route(PROXY))):
        found = folder("/api/users", *site)
        assert found
        assert found.bypassed == ""


def test_a_fallback_that_takes_the_requests_of_a_handle() -> None:
    """`try_files` of the whole site, and the application in a `handle_path`."""
    short = {"handler": "rewrite", "strip_path_prefix": "/api"}
    api = route(subroute(route(short), route(PROXY)), path=["/api/*"]) | {"group": "group2"}
    site = (route(root("/srv/www")), tries(ANY, "/index.html"), api, route(FILES))
    found = folder("/api/users", *site)
    assert found
    assert (found.bypassed, found.matcher) == ("localhost:3001", "path /api/*")
    other = folder("/orders", *site)
    assert other
    assert other.bypassed == ""


APPLICATION = ("/srv/app", "localhost:3001")


def test_a_file_server_behind_an_application_is_passed_over() -> None:
    start = route(root("/srv/app"))
    files = route(FILES)
    for site in (
        (start, route(PROXY), files),
        (start, route(PROXY), route(FILES, path=["/static/*"])),
        (start, route(subroute(route(PROXY))) | {"group": "group2"}, files),
        (start, route(PROXY, FILES)),
        (route(PROXY), route(subroute(start, files), path=["/static/*"])),
        (route(subroute(start, route(PROXY), files)),),
    ):
        assert passed_over("/static/a.css", *site) == APPLICATION
        assert folder("/static/a.css", *site) is None


def test_none_is_passed_over_where_files_answer_or_the_way_is_not_known() -> None:
    start, files, none = route(root("/srv/app")), route(FILES), ("", "")
    php = PROXY | {"transport": {"protocol": "fastcgi"}}
    short = {"handler": "rewrite", "strip_path_prefix": "/static"}
    static = route(subroute(files), path=["/static/*"]) | {"group": "group2"}
    for site in (
        (start, static, route(subroute(route(PROXY))) | {"group": "group2"}, files),
        (start, route(PROXY)),
        (start, route(PROXY), route(FILES, path=["/media/*"])),
        (start, route(PROXY), route(FILES, remote_ip={"ranges": ["10.0.0.0/8"]})),
        (start, route(php), files),
        (start, route(short), route(PROXY), files),
        (start, route(PROXY), route(short), files),
        (start, tries(ANY, "/index.html"), route(PROXY), files),
        (route(PROXY), files),
        (start, route(PROXY), route({"handler": "static_response"}), files),
    ):
        assert passed_over("/static/a.css", *site) == none
    assert passed_over_folder(None, ServerRequest("/", host=HOST)) == none

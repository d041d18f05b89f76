"""Which of Caddy's own answers a request gets."""

from dataclasses import replace
from typing import Any

from diagnose.model.server_rules import AnsweringRule
from diagnose.model.web_servers import ServerFile
from diagnose.parsers.caddy.answering_rules import answering_rules, placed_rules
from diagnose.parsers.server_request import ServerRequest

HOST = "shop.example.com"
PAGE = ServerRequest("/", host=HOST)
PROXY = {"handler": "reverse_proxy", "upstreams": [{"dial": "127.0.0.1:3000"}]}
CLOSED = {"handler": "static_response", "status_code": 403}


def route(*handlers: dict[str, Any], **matchers: Any) -> dict[str, Any]:
    return {"handle": list(handlers)} | ({"match": [matchers]} if matchers else {})


def document(*routes: dict[str, Any]) -> dict[str, Any]:
    site = route({"handler": "subroute", "routes": list(routes)}, host=[HOST]) | {"terminal": True}
    servers = {"srv0": {"listen": [":443"], "routes": [site]}}
    return {"apps": {"http": {"servers": servers}}}


def answers(request: ServerRequest, *routes: dict[str, Any]) -> tuple[AnsweringRule, ...]:
    return answering_rules(document(*routes), request)


def states(request: ServerRequest, *routes: dict[str, Any]) -> list[tuple[int, tuple[str, ...]]]:
    return [(rule.status, rule.questions) for rule in answers(request, *routes)]


def test_an_application_that_answers_leaves_no_rule() -> None:
    assert answers(PAGE, route(PROXY)) == ()
    assert answers(PAGE, route(CLOSED, path=["/private/*"]), route(PROXY)) == ()
    assert answers(ServerRequest("/", host="example.org"), route(CLOSED)) == ()
    assert answers(ServerRequest("/", host=HOST, port=8443), route(CLOSED)) == ()


def test_a_rule_before_the_application() -> None:
    assert states(PAGE, route(CLOSED, path=["/*"]), route(PROXY)) == [(403, ())]
    assert states(PAGE, route(CLOSED, method=["GET"]), route(PROXY)) == [(403, ())]
    error = {"handler": "error", "status_code": "503"}
    assert states(PAGE, route(error), route(PROXY)) == [(503, ())]


def test_an_address_is_not_known() -> None:
    outside = route(CLOSED, **{"not": [{"remote_ip": {"ranges": ["10.0.0.0/8"]}}]})
    (rule,) = answers(PAGE, outside, route(PROXY))
    assert (rule.status, rule.questions) == (403, ("address",))
    assert rule.condition == "not remote_ip 10.0.0.0/8"


def test_a_password_is_asked_before_the_application() -> None:
    login = {"handler": "authentication", "providers": {"http_basic": {}}}
    socket = ServerRequest("/ws", host=HOST, websocket=True)
    (rule,) = answers(socket, route(login, PROXY))
    assert (rule.status, rule.websocket, rule.questions) == (401, True, ("login",))


def test_nothing_takes_the_request() -> None:
    only = route(PROXY, header={"Upgrade": ["websocket"], "Connection": ["*Upgrade*"]})
    (rule,) = answers(PAGE, only)
    assert (rule.status, rule.rule, rule.questions) == (200, "", ())
    assert "Upgrade websocket" in rule.condition
    assert answers(ServerRequest("/ws", host=HOST, websocket=True), only) == ()
    (other,) = answers(PAGE, route(PROXY, host=["shop.local"]))
    assert other.condition == "host shop.local"
    assert answers(PAGE, route({"handler": "file_server"})) == ()


def test_paths_are_changed_on_the_way() -> None:
    strip = {"handler": "rewrite", "strip_path_prefix": "/api"}
    closed = route({"handler": "subroute", "routes": [route(CLOSED, path=["/x"])]})
    own = ServerRequest("/api/x", host=HOST)
    assert states(own, route(strip), closed, route(PROXY)) == [(403, ())]


def test_of_a_group_one_route_is_taken() -> None:
    first = route(PROXY, path=["/*"]) | {"group": "g"}
    second = route(CLOSED) | {"group": "g"}
    assert answers(PAGE, first, second) == ()


def test_a_line_is_found_if_it_is_the_only_one() -> None:
    text = f"{HOST} {{\n\t@out not remote_ip 10.0.0.0/8\n\trespond @out 403\n}}\n"
    rules = answers(PAGE, route(CLOSED))
    (placed,) = placed_rules(rules, [ServerFile("/etc/caddy/Caddyfile", text)], "/")
    assert (placed.rule, placed.line) == ("respond @out 403", 3)
    (unplaced,) = placed_rules(rules, [ServerFile("Caddyfile", text + text)], "/")
    assert (unplaced.rule, unplaced.line) == ("respond 403", 0)


def test_hostile_documents_are_nothing() -> None:
    assert answering_rules(None, PAGE) == ()
    assert answering_rules({"apps": {"http": {"servers": [1]}}}, PAGE) == ()
    odd = route({"handler": "static_response", "status_code": {"x": 1}}, path="no list")
    assert states(PAGE, odd) == [(200, ())]
    nested: dict[str, Any] = route(CLOSED)
    for _ in range(40):
        nested = route({"handler": "subroute", "routes": [nested]})
    assert states(PAGE, nested) == []


def test_a_request_that_nothing_answers() -> None:
    """`root` and `php_fastcgi` without `file_server`: a style sheet is nobody's."""
    tries: dict[str, Any] = {"handler": "rewrite", "uri": "{http.matchers.file.relative}"}
    php = (
        route({"handler": "vars", "root": "/srv"}),
        route(tries, file={"try_files": ["{http.request.uri.path}", "index.php"]}),
        route({"handler": "reverse_proxy"}, path=["*.php"]),
    )
    style = replace(PAGE, path="/style.css")
    assert states(style, *php) == [(200, ())]
    assert states(style, *php, route({"handler": "file_server"})) == []
    unknown = route({"handler": "reverse_proxy"}, remote_ip={"ranges": ["10.0.0.0/8"]})
    assert states(style, unknown) == []
    assert states(style, route({"handler": "souin"})) == []


def test_the_application_that_a_rule_hides() -> None:
    """`respond` comes before `reverse_proxy`, and a `route` with it before a `handle`."""
    hello = {"handler": "static_response", "body": "ok"}
    (rule,) = answers(PAGE, route(hello), route(PROXY))
    assert answers(PAGE, route(hello, PROXY)) == (rule,)
    assert (rule.status, rule.bypassed, rule.condition) == (200, "127.0.0.1:3000", "")
    grouped = {"group": "group1"}
    inner = route({"handler": "subroute", "routes": [route(hello)]})
    behind = route({"handler": "subroute", "routes": [route(PROXY)]}, path=["/app/*"])
    (rule,) = answers(replace(PAGE, path="/app/"), inner, behind | grouped)
    assert rule.bypassed == "127.0.0.1:3000"
    (rule,) = answers(replace(PAGE, path="/"), inner, behind | grouped)
    assert rule.bypassed == ""
    (rule,) = answers(PAGE, inner | grouped, route(PROXY) | grouped)
    assert rule.bypassed == ""

from diagnose.parsers.caddy.protocols import decided_routes

REDIR: dict[str, object] = {"handler": "static_response", "status_code": 301}


def route(*sets: dict[str, object]) -> dict[str, object]:
    return {"match": list(sets), "handle": [REDIR]}


def test_a_matcher_that_is_always_true_goes_and_a_route_that_none_takes_too() -> None:
    plain = route({"protocol": "http"})
    assert decided_routes([plain], "http") == [{"match": None, "handle": [REDIR]}]
    assert decided_routes([plain], "https") == []


def test_other_matchers_of_the_set_stay() -> None:
    both = route({"protocol": "http", "path": ["/a"]})
    assert decided_routes([both], "http") == [route({"path": ["/a"]})]
    either = route({"protocol": "https"}, {"path": ["/a"]})
    assert decided_routes([either], "http") == [route({"path": ["/a"]})]
    for protocol in ("grpc", "http/2+"):
        assert decided_routes([route({"protocol": protocol})], "http") == [
            route({"protocol": protocol})
        ]


def test_a_negated_matcher_is_decided() -> None:
    denied = route({"not": [{"protocol": "https"}]})
    assert decided_routes([denied], "https") == []
    assert decided_routes([denied], "http") == [{"match": None, "handle": [REDIR]}]
    some = route({"not": [{"protocol": "https", "path": ["/a"]}]})
    assert decided_routes([some], "https") == [route({"not": [{"path": ["/a"]}]})]


def test_routes_in_handlers_are_decided_too_to_a_depth() -> None:
    inner: dict[str, object] = {"handler": "subroute", "routes": [route({"protocol": "http"})]}
    (outer,) = decided_routes([{"handle": [inner]}], "http")
    assert outer["handle"] == [
        {"handler": "subroute", "routes": [{"match": None, "handle": [REDIR]}]}
    ]
    deep: dict[str, object] = {"handle": [REDIR]}
    for _ in range(200):
        deep = {"handle": [{"handler": "subroute", "routes": [deep]}]}
    assert decided_routes([deep], "http")
    odd: list[dict[str, object]] = [{"match": "a", "handle": 3}, {}]
    assert decided_routes(odd, "http") == odd

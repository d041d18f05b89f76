"""The requests of scripts for other origins, and what browsers ask before them."""

import pytest

from diagnose.parsers.cross_origin_calls import CrossOriginCall, cross_origin_calls

API = "https://api.example.com"


@pytest.mark.parametrize(
    ("script", "call"),
    [
        (f'fetch("{API}/items").then(read)', CrossOriginCall(f"{API}/items")),
        (
            f"const apiUrl='{API}:8007';fetch(`${{apiUrl}}/me`, {{credentials: 'include'}})",
            CrossOriginCall(f"{API}:8007/me", with_cookies=True),
        ),
        (
            f"const A = '{API}/'; fetch(A + '/login', {{method: 'POST', headers: "
            "{'Content-Type': 'application/json'}, body: JSON.stringify({a: 1})})",
            CrossOriginCall(f"{API}/login", "POST", ("content-type",)),
        ),
        (
            f'const http = axios.create({{baseURL: "{API}/v1", withCredentials: !0}});'
            'http.get("/me")',
            CrossOriginCall(f"{API}/v1/me", with_cookies=True),
        ),
        (f'x.open("GET", "{API}/a?b=1", true)', CrossOriginCall(f"{API}/a")),
        (f'$.ajax({{url: "{API}/x", type: "PUT"}})', CrossOriginCall(f"{API}/x", "PUT")),
        (
            f'axios.post("{API}/x", {{q: 1}})',
            CrossOriginCall(f"{API}/x", "POST", ("content-type",)),
        ),
        (
            f'fetch("{API}/x", {{headers: {{Authorization: token, "X-Tenant": "a"}}}})',
            CrossOriginCall(f"{API}/x", "GET", ("authorization", "x-tenant")),
        ),
        (f'new EventSource("{API}/events")', CrossOriginCall(f"{API}/events")),
        (f"say(\"it's\", 'a'); fetch('{API}/x')", CrossOriginCall(f"{API}/x")),
        (f"if (device) {{ fetch('{API}/x') }}", CrossOriginCall(f"{API}/x")),
        (f"const a = '{API}'; if (a === b) fetch(a + '/x', options)", CrossOriginCall(f"{API}/x")),
    ],
)
def test_a_request(script: str, call: CrossOriginCall) -> None:
    assert cross_origin_calls(script) == (call,)


@pytest.mark.parametrize(
    "script",
    [
        f'fetch("{API}/logout")',
        f'fetch("{API}/ping", {{mode: "no-cors"}})',
        f'fetch("{API}/save", {{method: "POST", body: form}})',
        f'// fetch("{API}/old")\n',
        f'const dev = "{API}"; router.get("/items")',
        f'const http = axios.create({{baseURL: "{API}"}}); map.get("/items")',
        f'navigate("{API}/items")',
        f'const a = "{API}", b = 1; a = "https://b.example.com"; fetch(`${{a}}/items`)',
        f"let a = '/api'; if (remote) {{ a = '{API}' }} fetch(a + '/items')",
        f"const a = '{API}'; function load(a) {{ return fetch(a + '/items') }}",
        f"const a = '{API}'; [b].map(a => fetch(a + '/items'))",
        f"const shown = \"fetch('{API}/items')\";",
        f"say('Call fetch(`{API}/items`) first')",
        f"if (DEBUG) {{ fetch('{API}/items') }}",
        f"if (mode === 'development') fetch('{API}/items')",
        f"if (location.hostname === 'localhost') {{ fetch('{API}/items') }}",
        f"const quiet = {{mode: 'no-cors'}}; fetch('{API}/items', quiet)",
        f"$.getJSON('{API}/items?callback=?', read)",
        f"$.ajax({{url: '{API}/items', dataType: 'jsonp'}})",
        'fetch("/items")',
        "fetch(`${unknown}/items`)",
    ],
)
def test_no_request_that_may_be_sent(script: str) -> None:
    """It ends a session, needs no permission, is sent without asking, or has no address."""
    assert cross_origin_calls(script) == ()


def test_which_needs_a_preflight() -> None:
    assert not CrossOriginCall(f"{API}/x").needs_preflight
    assert not CrossOriginCall(f"{API}/x", "POST").needs_preflight
    assert CrossOriginCall(f"{API}/x", "PUT").needs_preflight
    assert CrossOriginCall(f"{API}/x", fields=("authorization",)).needs_preflight


@pytest.mark.parametrize("part", ["fetch(", 'a.get("/', "`${a}", 'a="https://', "{", "A"])
def test_any_text_is_read(part: str) -> None:
    cross_origin_calls(part * 20_000)

"""What scripts of pages read, as builders write it."""

import pytest

from diagnose.parsers.data_paths import MAX_PATHS, data_paths_in, sent_paths_in


@pytest.mark.parametrize(
    "script",
    [
        'fetch("/auth/me").then(r=>r.json())',
        "fetch('/auth/me', {credentials: 'include'})",
        "fetch(`/auth/me`,{headers:{accept:'application/json'}})",
        'await axios.get("/auth/me")',
        '$.getJSON("/auth/me", show)',
        'x.open("GET","/auth/me",!0)',
    ],
)
def test_a_path_that_is_read(script: str) -> None:
    assert data_paths_in(script) == ("/auth/me",)


def test_the_address_of_graphql() -> None:
    assert data_paths_in('new HttpLink({uri:"/graphql"})') == ("/graphql",)
    assert not data_paths_in('{uri:"/pictures"}')


@pytest.mark.parametrize(
    "script",
    [
        'fetch("/auth/me", {method: "POST", body})',
        'fetch("/auth/logout")',
        'axios.get("/cart/clear")',
        'fetch("/config.json")',
        'fetch("/items?page=2")',
        "fetch(`/users/${id}`)",
        'fetch("//cdn.example.net/x")',
        'fetch("https://shop.example.com/x")',
        'routes.get("/settings")',
        '// fetch("/auth/me")',
        "",
    ],
)
def test_what_is_no_plain_read_is_left_out(script: str) -> None:
    assert not data_paths_in(script)


def test_a_bounded_number_of_paths() -> None:
    script = "".join(f'fetch("/data/{number}");' for number in range(100))
    assert len(data_paths_in(script)) == MAX_PATHS


@pytest.mark.parametrize(
    "script",
    [
        "fetch('/api/login', {method: 'POST', body: form})",
        'fetch("/api/login", { headers: h, "method":"POST" })',
        "$.post('/api/login', data)",
        'axios.post("/api/login", data)',
    ],
)
def test_paths_to_which_data_is_sent(script: str) -> None:
    assert sent_paths_in(script) == ("/api/login",)


@pytest.mark.parametrize(
    "script",
    [
        "fetch('/api/login')",
        "fetch('/api/login', {method: 'GET'})",
        "fetch(base + '/api/login', {method: 'POST'})",
        "// fetch('/api/login', {method: 'POST'})",
        'api.post("/login", data)',
        'axios.defaults.baseURL = "/api"; axios.post("/login", data)',
        "fetch(`/api/${id}`, {method: 'POST'})",
    ],
)
def test_nothing_is_sent_to_a_path_that_is_not_known(script: str) -> None:
    assert not sent_paths_in(script)


@pytest.mark.parametrize(
    "base",
    [
        "axios.defaults.baseURL='https://shop.example.com:3443';",
        "const api=axios.create({timeout:5,baseURL:import.meta.env.VITE_API});",
        "export default{baseURL:process.env.API_URL};",
        "$.ajaxSetup({url:'https://api.example.com/'});",
    ],
)
def test_a_client_with_a_base_of_its_own_asks_elsewhere(base: str) -> None:
    """Issue 426 of Binaryify/NeteaseCloudMusicApi."""
    script = f"{base}axios.get('/login').then(r=>axios.get('/user/subcount'))"
    assert not data_paths_in(script)
    assert data_paths_in(f"{base}fetch('/user/subcount')") == ("/user/subcount",)


@pytest.mark.parametrize(
    "base", ["axios.defaults.baseURL='/';", "axios.create({baseURL:''})", "r={baseURL:a,url:u};"]
)
def test_a_base_that_is_the_root(base: str) -> None:
    assert data_paths_in(f"{base}axios.get('/user/subcount')") == ("/user/subcount",)

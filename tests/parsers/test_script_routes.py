import pytest

from diagnose.parsers.script_routes import MAX_ROUTES, is_routed, route_source, routes_in


def test_the_table_of_a_router() -> None:
    script = """r({routes:[{path:'/login'},{path:"/users/:id"},{path: `/about`},{"path":"/a.b"}])"""
    assert routes_in(script) == ("/login", "/users/:id", "/about", "/a.b")
    assert routes_in('<Route path="/a"/><Route path="/b"/>') == ("/a", "/b")


@pytest.mark.parametrize(
    "script",
    [
        "io({path:'/socket.io'})",
        "cookie.set('a', 1, {path:'/'}); io({path:'/live'})",
        "[{path:'/a'},{path:'/a'}]",
        "[{path:'/:all'},{path:'/*'},{path:'users'}]",
        "// [{path:'/a'},{path:'/b'}]",
        "xpath:'/a/b' imgpath='/c'",
        "a({path:'/pets',method:'GET'});b({path:'/users',method:'POST',body:x})",
        "request({path:`/pets`});request({path:`/users`})",
    ],
)
def test_no_table(script: str) -> None:
    assert routes_in(script) == ()


def test_a_table_is_bounded() -> None:
    assert len(routes_in("".join(f"{{path:'/p{number}'}}," for number in range(999)))) == MAX_ROUTES


@pytest.mark.parametrize(
    ("path", "route", "expected"),
    [
        ("/login", "/login", True),
        ("/login/", "/login", True),
        ("/users/7", "/users/:id", True),
        ("/users/", "/users/:id", False),
        ("/users/7/edit", "/users/:id", False),
        ("/Login", "/login", False),
    ],
)
def test_a_page_of_the_table(path: str, route: str, expected: bool) -> None:
    assert is_routed(path, route) is expected


@pytest.mark.parametrize(
    ("script", "source"),
    [
        ('r({routes:[{path:"/login"},{path:"/users/:id"}]})', "route"),
        ('[{path:"users",children:[]}]', ""),
        ('[{path:"users/7"}]', "route"),
        ('h(Link,{to:"/users/7"})', "route"),
        ('router.push("/users/7/")', "route"),
        ('list.push("users/7")', ""),
        ('fetch("/users/7")', ""),
        ('this.request({path:`/users/7`,method:"GET",format:"json"})', ""),
        ('this.request({method:"GET",path:"/users/7"})', ""),
        ('http.get({host:h,path:"/users/7"},f)', ""),
        ('Cookies.set("a",1,{path:"/users/7",expires:7})', ""),
        ('a({href:"/users/7",download:true})', ""),
        ('r([{path:"/users/7",component:()=>import("./a.js"),meta:{method:"x"}}])', "route"),
        ('// {path:"/users/7"}\\n', ""),
        ("h(BrowserRouter)", "router"),
        ('h(BrowserRouter);r([{path:"/a"},{path:"/b"}])', ""),
        ('window.history.pushState({},"",u)', "router"),
    ],
)
def test_how_a_script_shows_a_page(script: str, source: str) -> None:
    assert route_source(script, "/users/7") == source


def test_the_first_page_is_no_route() -> None:
    assert route_source('{path:""}', "/") == ""


@pytest.mark.parametrize(
    "script",
    ["Backbone.history.start({pushState: true})", 'new VueRouter({mode:"history"})',
     "$locationProvider.html5Mode(true)"],
)  # fmt: skip
def test_a_script_that_switches_such_addresses_on(script: str) -> None:
    assert route_source(script, "/orders/12") == "history"
    assert route_source(script.replace("true", "false").replace('history"', 'hash"'), "/a") != (
        "history"
    )

from diagnose.model.traefik import EntryPoint
from diagnose.parsers.server_request import ServerRequest
from diagnose.parsers.traefik import configuration as parsers

STATIC = """\
entryPoints:
  web:
    address: ":80"
    http:
      redirections:
        entryPoint: {to: websecure, scheme: https}
  websecure:
    address: ":443/tcp"
    http:
      tls: {}
certificatesResolvers:
  le: {acme: {storage: acme.json}}
providers:
  file: {directory: /etc/traefik/dynamic}
"""
DYNAMIC = """\
http:
  routers:
    shop:
      rule: "Host(`shop.example.com`)"
      entryPoints: [websecure]
      service: shop
      middlewares: [auth]
      tls: {certResolver: le}
  services:
    shop:
      loadBalancer:
        servers: [{url: "http://127.0.0.1:3000"}]
"""
PAGE = ServerRequest("/", host="shop.example.com")


def points(flags: dict[str, str] | None = None) -> tuple[EntryPoint, ...]:
    return parsers.entry_points(parsers.decode("traefik.yml", STATIC), flags or {})


def test_entry_points_of_a_file_and_of_a_command_line() -> None:
    web, secure = points()
    assert (web.name, web.port, web.tls, web.redirects_to) == ("web", 80, False, "websecure")
    assert (secure.port, secure.tls) == (443, True)
    title = "traefik --entrypoints.web.address=:8000 --entryPoints.web.http.tls.certResolver=le"
    (own,) = parsers.entry_points(None, parsers.flags_of(title))
    assert (own.port, own.tls, own.resolver) == (8000, True, "le")


def test_toml_is_the_same() -> None:
    text = '[entryPoints]\n  [entryPoints.web]\n    address = ":80"\n'
    (web,) = parsers.entry_points(parsers.decode("traefik.toml", text), {})
    assert (web.name, web.port) == ("web", 80)


def test_routers_of_files_with_what_they_name_and_is_nowhere() -> None:
    parts = parsers.merged([parsers.decode("a.yml", DYNAMIC)])
    (router,) = parsers.routers_of(parts, points(), PAGE)
    assert (router.takes, router.has_name, router.tls) == (True, True, True)
    assert (router.status, router.errors) == (
        "disabled",
        ('middleware "auth@file" does not exist',),
    )
    whole = DYNAMIC.replace("      middlewares: [auth]\n", "")
    parts = parsers.merged([parsers.decode("a.yml", whole)])
    routers = parsers.routers_of(parts, points(), PAGE)
    (site,) = parsers.sites_of(parts, points(), routers)
    assert (site.names, site.sockets[0].port) == (("shop.example.com",), 443)
    assert (site.routes[0].host, site.routes[0].port) == ("127.0.0.1", 3000)


def test_a_service_that_is_a_list_has_the_name_that_traefik_reads() -> None:
    document = parsers.decode("a.yml", "http: {routers: {a: {rule: Host(`a`), service: [shop]}}}")
    (router,) = parsers.routers_of(parsers.merged([document]), points(), PAGE)
    assert router.errors == ('the service "║24║shop@file" does not exist',)


def test_routers_of_the_api() -> None:
    text = (
        '{"routers":{"shop@docker":{"entryPoints":["web"],"service":"shop",'
        '"rule":"Host(`shop.example.com`)","status":"disabled",'
        '"error":["the service \\"shop@docker\\" does not exist"]},'
        '"api@internal":{"rule":"PathPrefix(`/api`)"}},"services":{}}'
    )
    parts = parsers.decode_api(text)
    assert isinstance(parts, dict)
    (router,) = parsers.routers_of(parts, points(), PAGE)
    assert (router.status, router.tls) == ("disabled", False)
    assert router.errors[0].startswith("the service")


def test_where_the_files_and_resolvers_are() -> None:
    static = parsers.decode("traefik.yml", STATIC)
    assert parsers.include_patterns(static, {})[0] == "/etc/traefik/dynamic/*.yml"
    assert parsers.resolvers(static, {}) == ("le",)
    flags = parsers.flags_of("traefik --providers.file.filename=/etc/traefik/d.toml")
    assert "/etc/traefik/d.toml" in parsers.include_patterns(None, flags)


def test_hostile_texts_are_nothing() -> None:
    assert parsers.decode("a.yml", "a: [") is None
    assert parsers.decode("a.yml", "!!python/object/apply:os.system ['true']") is None
    assert parsers.decode("a.yml", "x" * 400_000) is None
    assert parsers.decode("a.toml", "= 1") is None
    assert parsers.decode_api("[") is None
    assert parsers.routers_of({"routers": {"a": 1}}, (), PAGE)[0].takes is None
    assert parsers.routers_of({"routers": [1]}, (), PAGE) == ()
    bomb = "a: &a [x,x]\n" + "".join(f"b{n}: &b{n} [*a,*a,*a]\n" for n in range(5))
    assert parsers.merged([parsers.decode("a.yml", bomb)])["routers"] == {}
    assert parsers.entry_points({"entryPoints": {"web": {"address": 5}}}, {}) == ()


def test_what_runs_says_its_errors_itself() -> None:
    """Traefik's API names the service of a file's router without its provider (Traefik 3.7.15)."""
    text = (
        '{"routers":{"shop@file":{"entryPoints":["websecure"],"service":"shop",'
        '"rule":"Host(`shop.example.com`)","tls":{},"status":"enabled"}},'
        '"services":{"shop@file":{"loadBalancer":{"servers":[{"url":"http://127.0.0.1:3000"}]}}}}'
    )
    parts = parsers.decode_api(text)
    assert isinstance(parts, dict)
    routers = parsers.routers_of(parts, points(), PAGE)
    assert (routers[0].status, routers[0].errors) == ("enabled", ())
    assert parsers.sites_of(parts, points(), routers)[0].routes[0].port == 3000


def test_what_a_router_names_of_a_provider() -> None:
    named = DYNAMIC.replace("[auth]", "[auth@docker]")
    parts = parsers.merged([parsers.decode("a.yml", named)])
    (router,) = parsers.routers_of(parts, points(), PAGE)
    assert router.errors == ('middleware "auth@docker" does not exist',)
    unread = parsers.Reading(frozenset({"docker"}), 3)
    assert parsers.routers_of(parts, points(), PAGE, unread)[0].errors == ()


def test_a_rule_that_is_not_taken() -> None:
    quoted = DYNAMIC.replace("Host(`shop.example.com`)", "Host('shop.example.com')")
    quoted = quoted.replace("      middlewares: [auth]\n", "")
    parts = parsers.merged([parsers.decode("a.yml", quoted)])
    (router,) = parsers.routers_of(parts, points(), PAGE, parsers.Reading(version=3))
    assert router.errors == (
        "error while parsing rule Host('shop.example.com'): illegal rune literal",
    )


def test_a_route_has_its_line_and_what_is_verified() -> None:
    whole = DYNAMIC.replace("      middlewares: [auth]\n", "").replace("http://127", "https://127")

    def site(text: str, files: dict[str, str]) -> tuple[str, int, str]:
        parts = parsers.merged([parsers.decode("a.yml", text)])
        routers = parsers.routers_of(parts, points(), PAGE)
        ((route,),) = (
            site.routes for site in parsers.sites_of(parts, points(), routers, files, True)
        )
        return route.file, route.line, route.verify

    assert site(whole, {"a.yml": whole}) == ("a.yml", 11, "all")
    assert site(whole, {"a.yml": whole, "b.yml": whole}) == ("", 0, "all")
    own = whole.replace("loadBalancer:\n", "loadBalancer:\n        serversTransport: own\n")
    assert site(own, {}) == ("", 0, "")


def test_what_the_static_configuration_says_of_applications_and_files() -> None:
    static = parsers.decode("traefik.yml", STATIC)
    assert parsers.verifies_applications(static, {})
    assert not parsers.verifies_applications({"serversTransport": {"insecureSkipVerify": True}}, {})
    flags = parsers.flags_of("traefik --serversTransport.insecureSkipVerify=true")
    assert not parsers.verifies_applications(static, flags)
    assert parsers.is_watched(static, {})
    assert not parsers.is_watched({"providers": {"file": {"watch": False}}}, {})


def test_variables_of_the_environment_are_options() -> None:
    text = "TRAEFIK_ENTRYPOINTS_WEBSECURE_ADDRESS=:443\nTRAEFIK_PROVIDERS_DOCKER\n"
    flags = parsers.flags_of_variables(text)
    assert flags == {"entrypoints.websecure.address": ":443", "providers.docker": "true"}
    (own,) = parsers.entry_points(None, flags)
    assert (own.name, own.port) == ("websecure", 443)
    assert parsers.flags_of_variables("") == {}

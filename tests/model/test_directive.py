from diagnose.model.nginx import Directive


def test_the_text_of_a_directive_has_its_name_and_its_parameters() -> None:
    location = Directive("location", ("=", "/api"), "/etc/nginx/nginx.conf", 3)
    assert location.text == "location = /api"
    assert Directive("internal", (), "/etc/nginx/nginx.conf", 4).text == "internal"

from diagnose.parsers.apache.loading import (
    ConfigSource,
    LoadedConfig,
    environment,
    include_patterns,
    load,
    parameters_of,
    server_root,
)

MAIN = "/etc/httpd/conf/httpd.conf"


def loaded(text: str, *modules: str, **others: str) -> LoadedConfig:
    texts = {MAIN: text} | {f"/etc/httpd/{name}.conf": other for name, other in others.items()}
    matches = {"/etc/httpd/*.conf": tuple(texts)[1:], "/etc/httpd/missing.conf": ()}
    return load(MAIN, ConfigSource(texts, matches), "/etc/httpd", {"PORT": "8080"}, modules)


def names(config: LoadedConfig) -> list[str]:
    return [" ".join((directive.name, *directive.args)) for directive in config.main]


def test_includes_are_replaced_by_their_files_in_order() -> None:
    config = loaded("Include *.conf\nListen 80\nIncludeOptional missing.conf", a="A 1", b="B 2")
    assert names(config) == ["a 1", "b 2", "listen 80"]
    assert config.complete


def test_a_file_that_was_not_read_is_said() -> None:
    assert not loaded("Include elsewhere/*.conf").complete
    assert not load(MAIN, ConfigSource({}, {}), "/etc/httpd", {}).complete


def test_a_circle_of_includes_ends() -> None:
    texts, matches = {MAIN: f"Include {MAIN}\nListen 80\n"}, {MAIN: (MAIN,)}
    assert not load(MAIN, ConfigSource(texts, matches), "/", {}).complete


def test_sections_depend_on_modules_and_parameters() -> None:
    text = (
        "<IfModule mod_ssl.c>\nListen 443\n</IfModule>\n"
        "<IfModule !ssl_module>\nListen 81\n</IfModule>\n"
        "<IfDefine TEST>\nListen 82\n</IfDefine>\nDefine TEST x\n"
        "<IfDefine TEST>\nListen 83\n</IfDefine>\n<IfVersion < 2.2>\nListen 84\n</IfVersion>\n"
    )
    assert names(loaded(text)) == ["listen 81", "listen 83"]
    assert names(loaded(text, "ssl")) == ["listen 443", "listen 83"]
    assert names(loaded(f"LoadModule ssl_module x.so\n{text}"))[0] == "listen 443"


def test_variables_are_replaced_and_unknown_ones_stay() -> None:
    text = "Define NAME shop.example.com\nServerName ${NAME}\nListen ${PORT}\nLog ${OTHER}"
    assert names(loaded(text)) == ["servername shop.example.com", "listen 8080", "log ${OTHER}"]


MACRO = "<Macro M $a $ab>\n<VirtualHost *:$ab>\nServerName $a\n</VirtualHost>\n</Macro>\n"


def test_a_macro_has_the_arguments_of_each_use() -> None:
    config = loaded(f"{MACRO}Use M x 80\nUse m y 81\nUndefMacro M")
    assert config.complete
    first, second = config.main
    assert (first.args, second.args) == (("*:80",), ("*:81",))
    assert first.block
    assert second.block
    assert (first.line, first.stop, first.block[0].args) == (2, 4, ("x",))
    assert second.block[0].args == ("y",)


def test_a_macro_that_is_not_known_or_calls_itself_is_said() -> None:
    assert not loaded("Use M x").complete
    assert not loaded(f"{MACRO}Use M x").complete
    assert not loaded(f"{MACRO}UndefMacro M\nUse M x 80").complete
    assert not loaded("<Macro M>\nUse M\nUse M\n</Macro>\nUse M").complete


def test_what_the_reader_must_read_is_found_in_the_text() -> None:
    text = "Include conf.d/*.conf\n<IfModule x>\nIncludeOptional /opt/${A}/\n</IfModule>"
    expected = ("/etc/httpd/conf.d/*.conf", "/opt/b/*")
    assert include_patterns(text, "/etc/httpd", {"A": "b"}) == expected
    assert server_root('ServerRoot "/srv"', "/x") == "/srv"
    assert server_root("", "/x") == "/x"


def test_debians_variables() -> None:
    text = "export APACHE_RUN_DIR=/var/run/apache2$SUFFIX\nexport APACHE_RUN_USER=www-data\n"
    assert environment(text) == {
        "APACHE_RUN_DIR": "/var/run/apache2",
        "APACHE_RUN_USER": "www-data",
    }


def test_the_parameters_that_sections_ask_for() -> None:
    text = '<IfDefine SHOP>\n</IfDefine>\n  <ifdefine "B">\n<IfDefine !C>\n# <IfDefine D>\n'
    assert parameters_of([text, "<IfDefine SHOP>"]) == ("SHOP", "B")

"""The http: addresses of the site itself on which a script builds its requests."""

import pytest

from diagnose.parsers.plain_bases import plain_bases_in
from diagnose.parsers.script_urls import may_have_plain_base

HOST = "shop.example.com"
OWN = f"http://{HOST}"


@pytest.mark.parametrize(
    ("script", "url"),
    [
        # ruoyi-vue-pro, issue 436: the address reaches axios over two names.
        (
            f'const base="{OWN}";\nexport const config={{base_url:base+"/admin-api"}};\n'
            "const service=axios.create({baseURL:config.base_url});",
            OWN,
        ),
        (f'const base = "{OWN}/api";\nfetch(`${{base}}/items`);', f"{OWN}/api"),
        (f'let url="{OWN}:8080/api";x.open("GET", url + "/a");', f"{OWN}:8080/api"),
        (
            'const host=window.location.host;axios.create({baseURL:"http://"+host+"/api"})',
            f"{OWN}/api",
        ),
        ("fetch(`http://${window.location.hostname}/api/x`)", f"{OWN}/api/x"),
        (
            'var root = "http://" + location.host;\n$.ajax({type: "GET", url: root + "/a"})',
            f"{OWN}/",
        ),
        (f'axios.defaults.baseURL = "{OWN}/api"', f"{OWN}/api"),
        (f'var e="{OWN}";fetch(e+"/a")', OWN),
        ('const b="http://"+location.hostname+":8080";fetch(b+"/a")', f"{OWN}:8080/"),
        ("fetch(`http://${location.hostname}:8080/a`)", f"{OWN}:8080/a"),
        (f"uni.request({{url: '{OWN}/login', method: 'POST'}})", f"{OWN}/login"),
        # A library in the same file knows of https.
        (f'const base="{OWN}";fetch(base);' + ";" * 400 + "a.protocol===b.protocol", OWN),
    ],
)
def test_an_address_that_reaches_a_request(script: str, url: str) -> None:
    assert may_have_plain_base(script, HOST)
    assert plain_bases_in(script, HOST) == (url,)


@pytest.mark.parametrize(
    "script",
    [
        # The script chooses.
        'const s=location.protocol==="https:"?"https://":"http://";fetch(s+location.host)',
        'const b=secure?"https://"+location.host:"http://"+location.host;fetch(b)',
        f'const base = ok ? other : "{OWN}";fetch(base)',
        f'let b = "{OWN}"; if (location.protocol === "https:") b = "https://x.example";fetch(b)',
        # Asked where it runs, the script takes another address; or it is a developer's.
        'const b="http://"+location.hostname+":80";if(location.port==="51"){fetch(b+"/a")}',
        f'let b="{OWN}";if(process.env.MODE==="dev"){{fetch(b+"/a")}}',
        f'const base=location.hostname==="localhost"?x:y;const o="{OWN}";fetch(o)',
        # Nobody requests it.
        f'const home = "{OWN}";location.href = home;',
        f'const meta = {{canonical: "{OWN}/"}};document.title = meta.canonical;',
        f'// const base = "{OWN}";\nfetch(base)',
        f'const devBase = 1, dev = "{OWN}";fetch(dev)',
        # Another host, an address for development, or one of another function.
        'const base = "http://api.example.org";fetch(base)',
        'const base = "http://localhost:8080";fetch(base)',
        f'const base = "http://{HOST}.example.org";fetch(base)',
        f'var e="{OWN}";' + "f();" * 200 + 'fetch(e+"/a")',
        'const host = settings.host;fetch("http://" + host + "/a")',
        f'fetch("https://{HOST}/a")',
    ],
)
def test_what_is_no_plain_request_of_the_site(script: str) -> None:
    assert plain_bases_in(script, HOST) == ()


@pytest.mark.parametrize(
    "unit",
    [
        "'http://'+",
        "a=b+",
        "fetch(",
        "base:base+",
        "a.open('GET',",
        "axios({",
        "x='http://shop.example.com';",
    ],
)
def test_a_long_script(unit: str) -> None:
    plain_bases_in(unit * (200_000 // len(unit)), HOST)

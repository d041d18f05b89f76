import pytest

from diagnose.parsers.lone_visitor import tells_lone_visitor


@pytest.mark.parametrize(
    "text",
    [
        "everyone can access my site except for me",
        "only I can't open the site, it works on mobile data",
        "the site works with VPN, from my home network it times out",
        "connection refused only from my office",
        "others can open it",
        "nur bei mir geht die Seite nicht",
        "chez moi ça marche en 4G",
        "solo yo no puedo entrar",
        "только у меня не открывается",
        "只有我打不开，别人都能打开",
        "用手机流量可以访问，家里的宽带不行",
        "自分だけ見られません",
        "danach ist die Seite von zu Hause gar nicht mehr erreichbar",
        "da casa mia il sito non si apre più",
        "desde mi casa ya no responde",
        "it was fine, then suddenly nothing from my home connection",
        "the site times out, on 4G it opens",
        "сайтът не се зарежда при мен, а от телефона през мобилния интернет работи",
        "az oldal nálam nem töltődik be, mobilneten működik",
        "strona nie otwiera się u mnie, przez internet mobilny działa",
        "site bende açılmıyor, mobil internetle çalışıyor",
        "site-ul nu se deschide acasă, pe date mobile merge",
        "de chez moi le site ne répond plus, mais par le téléphone (4G) il s'affiche",
        "depuis le bureau plus rien, par la 4G ça passe",
        "via la 5G le site s'ouvre, à la maison non",
        "da casa non si apre, con il 4G sì",
        "desde la oficina no responde, con 4G sí",
        "de casa não abre, pelo 4G abre",
        "из дома сайт не открывается, через 4G открывается",
    ],
)
def test_one_person_alone(text: str) -> None:
    assert tells_lone_visitor(text)


@pytest.mark.parametrize(
    "text",
    [
        "the site cannot be opened",
        "сайтът не се отваря нито у дома, нито през мобилен интернет",
        "die Seite lädt auf dem PC nicht, mit LTE auch nicht",
        "przez internet mobilny strona działa wolno",
        "connect() failed (111: Connection refused) while connecting to upstream",
        "only the images do not load",
        "nobody can open the site, not on mobile either",
        "it does not open on mobile",
        "网站打不开",
        "nothing from the logs",
        "on my phone it does not open",
        "die Seite ist nicht mehr erreichbar",
        "只有域名访问时报错 502",
        "Request timed out for all users",
        "le site ne répond plus",
        "le site ne répond plus, ni sur le téléphone ni sur l'ordinateur",
        "el sitio no responde en el móvil",
        "сайт не открывается",
    ],
)
def test_everybody_or_nothing_told(text: str) -> None:
    assert not tells_lone_visitor(text)

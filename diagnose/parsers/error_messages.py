"""Find the site in an error message that a person pasted. No I/O.

It is a message of a browser, curl, wget, openssl, Python, Node, Java, Go, PHP, .NET, certbot, or of
nginx's error log. What the message says is wrong is read by `diagnose.parsers.symptoms`.

The messages are those of the programs' own sources and translations;
`tests/support/error_messages.py` has an example of each.
"""

import re
from collections.abc import Iterator

from diagnose.model.addresses import is_private
from diagnose.model.frozen import frozen
from diagnose.model.symptom import FEWEST_WORDS, MESSAGE_MARKS
from diagnose.parsers.address_roles import without_roles
from diagnose.parsers.asking_pages import asking_page
from diagnose.parsers.framing_words import is_framing, text_beside_framing
from diagnose.parsers.leading_words import leads_to
from diagnose.parsers.pasted_text import condensed

_HOST = (
    r"(?P<host>(?:[\w-]{1,63}\.){1,20}[\w-]{1,63}|localhost|\[[0-9a-fA-F:.]{2,45}\]"
    r"|(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{1,4})"
)
_PORT = r"(?P<port>\d{1,5})"
_QUOTE = r"[\"'‘“«]?"

#: nginx's error log (ngx_http_log_error): the URLs in it are the application's, not the site's.
_NGINX_LINE = re.compile(r', request: "\S+ (?P<path>/\S*) HTTP/[\d.]+".*, host: "(?P<host>[^"\s]+)')

#: The same for a request without a Host, or a line that was cut: the block's name.
_NGINX_SERVER = re.compile(
    r", server: (?P<host>(?:[\w-]{1,63}\.){1,20}[a-z]{2,24}), "
    r'request: "\S+ (?P<path>/\S*) HTTP/[\d.]+"'
)


#: A log of requests whose lines are JSON, the fields in any order: Caddy's, Traefik's, and what
#: people let nginx write.
_JSON_HOST = re.compile(
    r'"(?:host|http_host|RequestHost)" ?: ?"'
    r'(?P<host>(?:[\w-]{1,63}\.){1,20}[a-z][\w-]{1,62}(?::\d{1,5})?)"'
)
_JSON_PATH = re.compile(r'"(?:uri|request_uri|RequestPath)" ?: ?"(?P<path>/[^"\s?]{0,500})')

#: Addresses in the lines of Apache, Caddy and HAProxy that are the visitor's or the application's.
_LOG_ADDRESSES = re.compile(
    r"\[(?:client|remote) [^\]]{1,80}\]|\S{3,60}:\d{1,5} \[\d{2}/\w{3}/\d{4}|dial tcp \S{1,80}"
    # The client of a server in Python
    r"|SSL Error on \d{1,6} \([^)]{1,80}\)"
    # Fields of a request that HAProxy has in its log
    r"|\{\|?[\d.:|]{3,80}\}"
    r"|remote server \S{1,80}|\[ConfigProxy\] .{0,400}?E[A-Z]{4,12} \S{1,80}"
    r"|connect to \S{1,80} \([^)]{0,80}\)|lookup failure for: \S{1,80}"
    r"|(?:cannot bind socket|could not bind to address)[^\[\d]{0,60}\[?\S{1,60}"
    r"|(?:request body failed to|ssl support for) \S{1,80} \(\S{1,60}\)(?: from \S{1,60})?"
    # The client of a program's log: uvicorn, Werkzeug, Gin, Rails, Daphne and Tornado
    r"|\(?'?\d{1,3}(?:\.\d{1,3}){3}'?[:,]? ?\d{0,5}\)? - (?=[-\"'\[])"
    r"|\| {1,16}\d{1,3}(?:\.\d{1,3}){3} {1,4}\|"
    r"|\bfor \d{1,3}(?:\.\d{1,3}){3} at \d|(?<=[ \t])[(\[]\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?[)\]]"
    # nginx: the application's name
    r"|host not found in upstream \S{1,300}|no resolver defined to resolve \S{1,300}"
    r"|\S{1,300} could not be resolved \(\d|while resolving, resolver: \S{1,80}"
    # BoringSSL, and with it Dart: a place in its source
    r"|\(\w{1,40}\.cc:\d{1,5}\)"
)

#: A line of a proxy: the address in it is that of the application.
_OF_PROXY = re.compile(
    r"\[ConfigProxy\]|\bproxy error: |(?:Gateway Timeout|Bad Gateway)' caused by"
)
#: certbot and the certificate authority: the challenge's URL in it holds a token.
_CERTBOT_LINE = re.compile(
    r"(?:Domain: {1,9}|http-01 challenge for |Challenge failed for domain |Fetching https?://"
    r"|Attempting to renew cert \("
    r"|Invalid response from https?://|looking up (?:A|AAAA|CAA) for |CAA record for )HOST".replace(
        "HOST", _HOST
    )
)
#: Apache's error log has the page that asked; it is mostly one of the same site.
_APACHE_REFERRER = re.compile(rf"\bAH\d{{5}}: .{{0,2000}}, referer: https?://{_HOST}")
#: From where visitors come to any site: search engines and networks of people.
_WELL_KNOWN = re.compile(
    r"(?:.+\.)?(?:google|bing|yahoo|duckduckgo|yandex|baidu|ecosia|startpage|qwant|naver|sogou|so"
    r"|brave|facebook|instagram|twitter|x|t|linkedin|lnkd|reddit|youtube|pinterest|tiktok|weibo"
    r"|zhihu|vk|chatgpt|perplexity|github|gitlab|wikipedia|medium)\.(?:[a-z]{2,3}\.)?[a-z]{2,5}"
)
#: A certificate of certbot: its folder has the name of the site.
_CERTBOT_FOLDER = re.compile(
    r"/letsencrypt/(?:live|archive)/(?P<host>(?:[\w-]{1,63}\.){1,20}[\w-]+)/"
)

_URL = re.compile(
    r"(?<![A-Za-z0-9])(?:https?|wss?)://[^\s\"'<>`，。；！？、（）【】“”「」]+", re.IGNORECASE
)
#: Words before a URL that leads to a documentation, and sites that hold nothing else: a message is
#: never about these, unless it names no other site.
_BEFORE_DOCUMENTATION = re.compile(
    r"(?:details here|more info\w*|information check|documentation|see|visit|refer to|详见|参见"
    r"|参考)[:：]?\s*(?:at |the )?$"
    # "I followed the guide of nginx at", "按照这篇教程": a verb, and what is read
    r"|\b(?:follow(?:ed|ing|s)?|according to|based on|as in|per|us(?:ed|ing)|read|from) "
    r"(?:[\w.-]{1,20} ){0,4}?(?:guide|tutorial|docs?|article|instructions|steps|how-?to|readme"
    r"|manual|blog post|gist|example)s?(?: [\w.-]{1,16}){0,4}[:：]?\s*[(<\[]?$"
    r"|(?:按照?|按着|根据|跟着|参照|照着)[^，。；!！?？]{0,24}$",
    re.IGNORECASE,
)
#: The line, or the line and the column, that a browser's console puts behind the address of a page
#: or a script, and how its lines go on.
_LINE_OF_SOURCE = re.compile(r"(https?://[^/?#]{1,300}/[^?#]{0,1000}?)(:\d{1,7}(?::\d{1,7})?)")
_CONSOLE_LINE = re.compile(
    r"[)\s]{1,3}(?:Refused|Uncaught|\[\w{1,16}\]|Access to|Failed|Mixed Content|Error|WebSocket"
    r"|Content[- ]Security|Loading|Executing|Permissions|Connecting|Framing|Unsafe"
    r"|(?:GET|POST) http)"
)
#: The machine itself: where it stands beside a site, it is the application's address, or what a
#: link is wrong with.
_INNER = re.compile(
    r"(?:https?|wss?)://(?:localhost|127\.\d|10\.\d|192\.168\.\d|172\.(?:1[6-9]|2\d|3[01])\.\d|\[::1\])"
    r"(?:[\d.:/]|$)",
    re.IGNORECASE,
)
#: Words after a URL that works: it is another URL of the message that fails. "works for a minute"
#: and "works only over http" are no such words.
_AFTER_WORKING = re.compile(
    r"[)\"']?,? (?:(?:itself|still|also|does|now) ){0,2}"
    r"(?:(?:works?|opens|loads|is|returns|answers|gives|shows) )?"
    r"(?:works?|fine|ok|okay|well|working|reachable|correctly|(?:with )?200(?: ok)?)"
    r"(?=[,.;)]|$| (?:but|while|and|whereas)\b)"
    r"| ?(?:都|也|是)?(?:可以|能够?)?(?:没问题|正常|可以|能够?(?=访问|打开|用))"
    r"(?:地?(?:访问|打开|返回|用))?的?"
    r"(?=[，。；,;]|但|而|$)",
    re.IGNORECASE,
)
#: Safari names the page first ("Origin https://… is not allowed"), Chrome the scope of a service
#: worker: behind it stands what was asked for.
_BEFORE_ASKING = re.compile(
    r"(?:^|[^m] )Origin ['\"]?$|\bscope \(['\"]$|\bframe with origin ['\"]$"
)
#: Dart writes port 0 where an address has none: "https://example.com:0/ws#".
_WITHOUT_PORT = re.compile(r"(?<=[\w.\]]):0(?=[/?#]|$)")
_DOCUMENTATION = re.compile(
    r"https?://(?:[\w.-]+\.)?(?:curl\.se|curl\.haxx\.se|readthedocs\.io|developer\.mozilla\.org"
    r"|support\.mozilla\.org|mzl\.la|nodejs\.org|crbug\.com|chromestatus\.com|goo\.gl|aka\.ms"
    r"|support\.google\.com|learn\.microsoft\.com|go\.microsoft\.com|letsencrypt\.org|eff\.org"
    r"|tools\.ietf\.org|rfc-editor\.org|stackoverflow\.com|docs\.python\.org|reactjs\.org)(?:[/:]|$)",
    re.IGNORECASE,
)
#: A host name in words: all of it in lower case, unlike a class, and no file.
_NAME_IN_WORDS = re.compile(
    r"(?<![\w./@:=\\-])(?<!Connecting to )(?<!bind\(\) to )(?<!client: )(?<!server: )"
    r"((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,6}[a-z]{2,24}"
    r"|(?:\d{1,3}\.){3}\d{1,3})(:\d{1,5})?(?![\w/\\@.-]*[A-Z(=]|[\w-])",
    re.ASCII,
)
#: Top-level domains of two letters that are endings of files: it is not safe to say which is meant.
_FILES = frozenset(("py", "rb", "rs", "cs", "sh", "js", "ts", "md", "so", "go", "gz"))
#: Common longer ones (IANA, "Root Zone Database"; RFC 2606, RFC 6761). A name that ends otherwise
#: may be one of a program ("self.protocol"): its URL has to be given.
_DOMAINS = frozenset(
    """com org net edu gov mil int info biz name pro app dev xyz top site online shop store club vip
    cloud tech live life world space website fun link work wang ltd group email agency studio blog
    news wiki chat art design media network systems services solutions company academy software
    digital games icu ink red pub ren mobi asia test example invalid local internal lan intranet
    corp home arpa""".split()  # noqa: SIM905
)

_MESSAGES = tuple(
    re.compile(pattern.replace("HOST", _HOST).replace("PORT", _PORT).replace("QUOTE", _QUOTE))
    for pattern in (
        # curl, wget, openssl
        r"[Ff]ailed to connect to HOST port PORT",
        r"connect to HOST port PORT",
        r"in connection to HOST:PORT",
        r"Could not resolve host: HOST",
        r"target host name QUOTEHOST",
        r"Connecting to HOST (?:\([^)]*\))?(?:\|[^|]*\|)?:PORT\.\.\. (?:failed|connected)",
        r"Connecting To HOST\.\.\.Could not open connection to the host, on port PORT",
        r"unable to resolve host address QUOTEHOST",
        r"cannot verify HOST's certificate",
        r"requested host name QUOTEHOST",
        r"-connect HOST:PORT",
        # Python
        r"(?P<scheme>HTTPS?)ConnectionPool\(host='HOST', port=PORT\)"
        r"(?:.{0,80}with url: (?P<path>/\S*))?",
        r"Cannot connect to host HOST:PORT",
        r"Hostname mismatch, certificate is not valid for 'HOST'",
        # Node
        r"connect E[A-Z]+ HOST:PORT",
        r"getaddrinfo E[A-Z_]+ HOST",
        r"altnames: Host: HOST\. is not",
        # Go
        r"dial tcp HOST:PORT: ",
        r"dial tcp: lookup HOST[ :]",
        r"certificate is (?:not )?valid for .{0,500}, not HOST",
        # A browser's console, where it was copied as a whole
        r"(?<![\w./])HOST(?P<path>/[^\s:]{0,500}):\d{1,6}(?::\d{1,6})?\s{1,3}"
        r"Failed to load resource",
        # Vite, Next.js
        r"This host \(QUOTEHOST",
        # Rails
        r"Blocked hosts?: HOST(?::\d{1,5})?",
        r"`origin` header with value `(?!localhost|127\.|10\.|192\.168\.)HOST",
        # PHP, .NET
        r"(?:ssl|tls|tcp)://HOST:PORT",
        r"getaddrinfo for HOST failed",
        r"(?:known|refused|refused it|respond\w*|time|unreachable|host)\.? \(HOST:PORT\)",
        # Java
        r"UnknownHostException: HOST",
        r"Connect to HOST:PORT",
        r"No subject alternative DNS name matching HOST found",
        r"Connection (?:refused|timed out)[^:]{0,40}: HOST/[\d.:]+:PORT",
        r"[Ff]ailed to connect to HOST/[\d.:\[\]a-f]{2,45}:PORT",
        r"[Ff]ailed to connect to HOST/[\d.:\[\]a-f]{2,45} \(port PORT\)",
        r"[Ff]ailed to connect to /?HOST ?\(port PORT\)",
        r"Hostname HOST not verified",
        r"should be <HOST>",
        r"didn[’']t match: <HOST> !=",
        r"Opening connection to HOST:PORT",
        # nslookup, dig, host
        r"[Cc]an't find HOST: ",
        r"\n;HOST\.\s{1,40}IN\s",
        r"Host HOST not found: ",
        # dnspython, Perl, monitoring, Caddy, Traefik
        r"_acme-challenge\.HOST",
        r"the query HOST\. IN ",
        r"Can't connect to HOST:PORT",
        r"Certificate 'HOST' expired",
        r"\"identifier\": ?\"HOST\"",
        r"(?:certificates? for (?:the )?domains? |for (?:the )?domains? (?=[\[\\\"']))"
        r"\[?(?:\\?[\"'])?HOST(?:\\?[\"'])?",
        r"no certificate available for 'HOST'",
        r"remote name could not be resolved: 'HOST'",
        r"未能解析此远程名称: ?'HOST'",
        # Chromium, in English and Chinese
        r"HOST (?:refused to connect|took too long to respond|unexpectedly closed the connection"
        r"|redirected you too many times|is currently unable to handle this request"
        r"|sent an invalid response|uses an unsupported protocol|didn[’']t send any data"
        r"|normally uses encryption|is unreachable|didn[’']t accept your login)",
        r"prove that it is HOST; its",
        r"[Aa]ttackers might be trying to steal your information from HOST\b",
        r"(?:cannot|attempted to) (?:visit|reach) HOST\b",
        r"攻击者可能会试图从 ?HOST ?窃取",
        r"HOST[’']s server IP address could not be found",
        r"HOST ?(?:拒绝了我们的连接请求|的响应时间过长|意外终止了连接|将您重定向的次数过多"
        r"|目前无法处理此请求|发送了无效的响应|发送的响应无效|使用了不受支持的协议|未发送任何数据"
        r"|拒绝了?连接|花了太长时间)",
        r"(?:找不到|无法找到) ?HOST ?的服务器 ?IP",
        # Firefox, in other languages
        r"HOST (?:verwendet ein ungültiges Sicherheitszertifikat"
        r"|utilise un certificat de sécurité invalide|usa un certificado de seguridad no válido"
        r"|usa um certificado de segurança inválido"
        r"|utilizza un certificato di sicurezza non valido|использует недействительный сертификат"
        r"|używa nieprawidłowego certyfikatu|gebruikt een ongeldig beveiligingscertificaat)",
        r"(?:nicht gültig für|pas valide pour|no es válido para|não é válido para|non è valido per"
        r"|недействителен для|nieważny dla|niet geldig voor) QUOTEHOST",
        # Firefox and Safari, in English and Chinese
        r"[Tt]he server at HOST",
        r"during a connection to HOST",
        r"HOST uses an invalid security certificate",
        r"connect to the server QUOTEHOST",
        r"server at HOST\.",
        r"find the server QUOTEHOST",
        r"connection to the server QUOTEHOST",
        r"无法建立到 ?HOST ?服务器的连接",
        r"连接到? ?HOST ?时发生错误",
        r"服务器[“\"]HOST",
        r"HOST ?使用了无效的安全证书",
        r"无法连接(?:到)?服务器[“\"]?HOST",
    )
)

#: What shows that a text is an error message, although it names no site.
_NAMELESS = re.compile(
    r"net::ERR_|\bERR_[A-Z_]{4,}|\bcurl: \(\d+\)|\berrno[ =:]|[Ee]rror:|\bSSL_|\bPKIX|certificate"
    r"|\bE(?:CONN|HOST|TIMED|NOTFOUND|AI_)[A-Z]*|WebSocket connection|证书|无法访问"
)

#: What a program writes into its log: the class of an exception (Java, .NET, Python, Ruby, PHP), a
#: level before the text, or how such lines begin.
_OF_PROGRAM = re.compile(
    r"\b[A-Z]\w{0,80}(?:Exception|Error|NotFound)\b(?=[:;,(\s]|$)"
    r"|^[a-z]\w{0,40}(?:\.\w{1,60}){1,8}\.[A-Z]\w{2,80}: "
    r"|^\W{0,4}(?:ERROR|CRITICAL|FATAL|SEVERE|EMERG|error|critical|crit|fatal|panic|emerg)\b(?!\.\w)\W"
    r"|^(?:Caused by|Reason|Traceback|Exception in|Unhandled exception)\b|SQLSTATE\[|^\*\* \("
    r"|PHP (?:Fatal|Parse|Warning|Notice)|^Whitelabel Error Page|\bCould not resolve placeholder\b"
    r"|^Failed to (?:find|load|start|bind|open|boot|import|configure|initiali[sz]e)\b"
    r"|\bnot supported for this route\b"
)


@frozen
class NamedSite:
    """The site that a message names, as a target ("https://example.com:8443/ws",
    "example.com:443"). `others` are further hosts in it, which are left alone. `is_url` is True if
    its URL stood in the message."""

    target: str
    others: tuple[str, ...] = ()
    is_url: bool = False


def named_site(text: str) -> NamedSite | None:
    """Return the site that an error message names, or None if it names none."""
    text = condensed(text)
    words = without_roles(text)
    site = _site_of_log_line(text) or _site_by_url(words) or _site_by_message(words)
    if site is None and (match := _APACHE_REFERRER.search(text)):
        is_foreign = _WELL_KNOWN.fullmatch(match["host"].lower())
        return None if is_foreign else NamedSite(match["host"])
    if site is None and (match := _CERTBOT_FOLDER.search(text)):
        return NamedSite(re.sub(r"-\d{4}$", "", match["host"]))
    return site


def names_in_words(text: str) -> tuple[str, ...]:
    """Return what may be hosts in a text that is no known message, each once, with their ports."""
    matches = _NAME_IN_WORDS.finditer(_LOG_ADDRESSES.sub(" ", without_roles(condensed(text))))
    named = [match for match in matches if _is_host(match[1])]
    # A name to which another one leads is not the one that was asked for.
    named.sort(key=lambda match: leads_to(match.string[max(match.start() - 40, 0) : match.start()]))
    return tuple(dict.fromkeys(f"{match[1]}{match[2] or ''}" for match in named))


def tells_of_a_site(text: str) -> bool:
    """Return whether words of which nothing is known are about one site: a sentence, or words in
    another script. Two or three words are a slip in a command line."""
    words = text.split()
    is_told = not text.isascii() or len(words) >= FEWEST_WORDS
    is_option = any(word.startswith("-") for word in words)
    return (
        is_told
        and not is_option
        and not MESSAGE_MARKS & set(text)
        and len(names_in_words(text)) == 1
    )


def is_documentation(url: str) -> bool:
    """Return whether a URL is that of a page which messages refer to."""
    return _DOCUMENTATION.match(url) is not None


#: Programs and abbreviations that look like hosts.
_NO_HOSTS = frozenset(
    """socket.io engine.io node.js next.js vue.js asp.net ado.net vb.net ml.net m.in p.ej p.ex
    m.fl s.th et.al mod.rs n.b""".split()  # noqa: SIM905
)


def _is_host(name: str) -> bool:
    """Return whether a name with dots is a host and not a file, a unit, or a name in a program; nor
    all addresses, which are listened on and never visited."""
    if name == "0.0.0.0" or name in _NO_HOSTS:
        return False
    last = name.rpartition(".")[2]
    is_domain = last in _DOMAINS or len(last) == 2
    return last.isdigit() or (is_domain and last not in _FILES)


def _site_of_log_line(text: str) -> NamedSite | None:
    if match := _NGINX_LINE.search(text):
        return NamedSite(f"https://{match['host']}{match['path']}")
    if match := _NGINX_SERVER.search(text):
        return NamedSite(f"https://{match['host']}{match['path']}")
    if (host := _JSON_HOST.search(text)) and (path := _JSON_PATH.search(text)):
        return NamedSite(f"https://{host['host']}{path['path']}")
    if match := _CERTBOT_LINE.search(text):
        return NamedSite(match["host"].rstrip("."))
    return None


def _site_by_url(text: str) -> NamedSite | None:
    """Return the first URL in a message, those of documentations last."""
    urls = list(_urls(text))
    if not urls or (is_documentation(urls[0]) and _site_by_message(text)):
        return None
    framed = names_in_words(text_beside_framing(text, urls))
    if len(framed) == 1:
        return NamedSite(framed[0], (_host_of(urls[0]),))
    host = _host_of(urls[0])
    other_hosts = dict.fromkeys(map(_host_of, urls[1:]))
    is_other = (
        other_host
        for other_host in other_hosts
        if other_host != host and not is_documentation(f"https://{other_host}")
    )
    return NamedSite(urls[0], tuple(is_other), is_url=True)


def named_urls(text: str) -> tuple[str, ...]:
    """Return the URLs in a message, each once, those of documentations last."""
    return tuple(dict.fromkeys(_urls(condensed(text))))


def _urls(text: str) -> Iterator[str]:
    """Yield the URLs in a message: those that fail, those of pages that ask for them, those of the
    machine itself, those that work, those of documentations."""
    working: list[str] = []
    asking: list[str] = []
    inner: list[str] = []
    references: list[str] = []
    matches = list(_URL.finditer(text))
    page = asking_page(text) if len(matches) > 1 else None
    for match in matches:
        url = _cut_at_prose(match[0]).rstrip(".,;:)]}")
        end = match.start() + len(url)
        url = _without_line(_WITHOUT_PORT.sub("", url), text[end : end + 40])
        before = text[max(match.start() - 80, 0) : match.start()]
        if not re.search(r"\w", _host_of(url)):
            continue  # "https://****/": who pasted it has hidden the name
        is_reference = _BEFORE_DOCUMENTATION.search(before) is not None
        if is_reference or is_documentation(url):
            references += () if is_reference and is_documentation(url) else (url,)
        elif _AFTER_WORKING.match(text[end : end + 60]):
            working.append(url)
        elif _INNER.match(url):
            inner.append(url)
        elif (
            _BEFORE_ASKING.search(before)
            or (page is not None and match.start() == page[0])
            or leads_to(before)
            or is_framing(before, text[end : end + 80])
        ):
            asking.append(url)
        else:
            yield url
    yield from asking
    yield from inner
    yield from working
    yield from references


def _without_line(url: str, after: str) -> str:
    """Return an address without the line of its source that a console puts behind it. A path may
    end so itself: what follows the number, or a name of a file before it, shows which it is."""
    match = _LINE_OF_SOURCE.fullmatch(url)
    if match is None:
        return url
    is_file = re.search(r"/$|\.[a-z]{2,5}$", match[1]) is not None
    return match[1] if is_file or _CONSOLE_LINE.match(after) else url


#: Ideographs: Chinese is written without blanks, so that a sentence may follow a URL.
_IDEOGRAPH = re.compile(r"[\u3400-\u9fff]")


def _cut_at_prose(url: str) -> str:
    """Cut a URL where a Chinese sentence follows it. A name in Chinese stays."""
    scheme, _, remainder = url.partition("://")
    authority = re.match(r"[^/?#]*", remainder)
    host = authority[0] if authority else ""
    ideograph = _IDEOGRAPH.search(remainder, len(host))
    if re.search(r"[a-z0-9][\u3400-\u9fff]+$", host, re.IGNORECASE):
        ideograph = _IDEOGRAPH.search(remainder)
    return f"{scheme}://{remainder[: ideograph.start()] if ideograph else remainder}"


def _host_of(url: str) -> str:
    authority = re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]
    return authority.rpartition("@")[2].lower()


def _site_by_message(text: str) -> NamedSite | None:
    matches = (message.search(text) for message in _MESSAGES)
    match = next(filter(None, matches), None)
    if match is None:
        return None
    parts = match.groupdict()
    host = parts["host"].strip("[].")
    if is_private(host) and _OF_PROXY.search(text):
        return None
    authority = f"[{host}]" if ":" in host else host
    authority += f":{parts['port']}" if parts.get("port") else ""
    scheme = f"{parts['scheme'].lower()}://" if parts.get("scheme") else ""
    return NamedSite(f"{scheme}{authority}{parts.get('path') or ''}")


def is_error_message(text: str) -> bool:
    """Return whether a text looks like an error message."""
    line = condensed(text)
    if any(pattern.search(line) for pattern in (_NAMELESS, _OF_PROGRAM)):
        return True
    # Imported late: few messages are a program's own about what it lacks.
    from diagnose.parsers.linux.program_lacks import program_lack_of
    from diagnose.parsers.log_reasons import log_reasons

    return program_lack_of(line) is not None or bool(log_reasons(line, ""))

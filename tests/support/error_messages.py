"""Error messages as programs print them, with what they say and the site that they name.

The texts are from the programs' own sources and translations, and from real runs in the laboratory
(tests/lab/test_pasted_messages.py). `docs/error-messages.md` is made of this table:
`python -m tests.support.error_messages`.
"""

from pathlib import Path

from diagnose.i18n.symptoms import symptom_name
from diagnose.model.symptom import Symptom
from tests.support.browser_messages import BROWSER_MESSAGES, WSS, Example
from tests.support.client_messages import CLIENT_MESSAGES
from tests.support.further_messages import FURTHER_MESSAGES
from tests.support.program_messages import PROGRAM_MESSAGES
from tests.support.websocket_messages import WEBSOCKET_MESSAGES

PAGE = Path(__file__).parents[2] / "docs" / "error-messages.md"

QUESTIONS: dict[str, tuple[Example, ...]] = {
    "A question": (
        Example("why does my site https://shop.example.com/ say 502", "status", number=502),
        Example("why does shop.example.com say connection refused", "refused"),
        Example("shop.example.com is down", "unusable"),
        Example("alle Besucher haben dieselbe IP 127.0.0.1 shop.example.com", "visitor-address"),
        Example("works on the LAN but not from outside", "not-outside", ""),
        Example("works directly on port 3000 but not through nginx", "not-through-proxy", ""),
        Example("http能访问，https不能访问", "not-over-https", ""),
        Example("用IP可以访问，用域名访问不了", "not-by-name", ""),
        Example("我的网站 https://shop.example.com/ 打不开，提示 连接被拒绝", "refused"),
        Example("shop.example.com 无法正常访问", "unusable"),
        Example("我的网站https://shop.example.com打不开，怎么办？", "unusable"),
        Example("https://shop.example.com/ 证书过期了", "certificate-expired"),
        Example("shop.example.com证书过期", "certificate-expired"),
        Example("shop.example.com 返回502错误", "status", number=502),
        Example("wss://shop.example.com/ws 连接失败，错误码 1006", "websocket-closed", WSS, 1006),
        Example("https://shop.example.com/ 504 Gateway Time-out", "status", number=504),
        Example("NET::ERR_CERT_COMMON_NAME_INVALID", "certificate-name", ""),
        Example("ECONNREFUSED", "refused", ""),
        Example("curl: (7) Failed to connect to shop.example.com port 443: Connexion refusée", "refused"),
        Example("Внутренняя ошибка сервера на сайте shop.example.com", "status", number=500),
        Example("Error code: 0x80072EE7", "name", ""),
        Example("nach dem Deployment sehe ich noch die alte Seite", "cached", ""),
        Example("no puedo iniciar sesion en shop.example.com", "login"),
        Example("http funktioniert, https nicht", "not-over-https", ""),
        Example("por ip funciona mas pelo domínio não abre", "not-by-name", ""),
        Example("en local ça marche mais pas de l'extérieur", "not-outside", ""),
        Example("напрямую по порту 8080 работает, через nginx нет", "not-through-proxy", ""),
        Example("di chrome bisa dibuka tapi di firefox tidak", "some-visitors", ""),
        Example("خطأ 502 عند فتح الموقع", "status", "", 502),
        Example("WebSocketの接続がすぐ切れる", "websocket-closed", ""),
        Example("The gateway did not receive a timely response from the upstream server", "status", "", 504),
        Example("证书链不完整", "certificate-issuer", ""),
        Example("https://shop.example.com/about 刷新页面404", "status", "https://shop.example.com:443/about", 404),
        Example("wss://shop.example.com/ws 用nginx反代后报错400", "websocket-status", WSS, 400),
        Example("WebSocket 报错 502", "websocket-status", "", 502),
        Example("400: Bad Request", "status", "", 400),
        Example("https://shop.example.com/dav/a.txt 409 Conflict", "status", "https://shop.example.com:443/dav/a.txt", 409),
        Example("422 Unprocessable Entity", "status", "", 422),
        Example("401 Authorization Required", "status", "", 401),
        Example("Invalid SSL certificate Error code 526", "status", "", 526),
        Example("[EROR] websocket connect err: websocket: origin not allowed", "websocket", ""),
        Example("422 The change you requested was rejected.", "csrf", ""),
        Example('{"code":1,"message":"Session ID unknown"}', "websocket", ""),
        Example("Received X-Forwarded-For header from an untrusted proxy 203.0.113.10", "application", ""),
        Example("Refused to connect to 'https://api.example.com/v1' because it violates the following Content "
                "Security Policy directive: \"default-src 'self'\".", "csp", ""),
        Example("Creating a worker from 'blob:https://shop.example.com/5d2c' violates the following Content "
                "Security Policy directive: \"script-src 'self'\".", "csp"),
        Example("Error: No Connection with that ID: Status code '404'", "websocket", ""),
        Example('Blocked request. This host ("shop.example.com") is not allowed. To allow this host, add '
                '"shop.example.com" to `server.allowedHosts` in vite.config.js.', "application"),
        Example("[webpack-dev-server] Invalid Host/Origin header", "application", ""),
        Example("`x-forwarded-host` header with value `127.0.0.1:3001` does not match `origin` header "
                "with value `shop.example.com` from a forwarded Server Actions request.", "csrf"),
        Example("Invalid character found in the request target. The valid characters are defined in "
                "RFC 7230 and RFC 3986", "status", "", 400),
        Example("Access to fetch at 'http://192.168.1.5:8080/api' from origin 'https://shop.example.com' "
                "has been blocked by CORS policy: The request client is not a secure context and the "
                "resource is in more-private address space `private`", "wrong-address"),
        Example("Chunked stream has ended unexpectedly: no chunk size", "incomplete", ""),
        Example("AH01102: error reading status line from remote server 127.0.0.1:3000",
                "upstream-closed", ""),
        Example("proxy: error reading status line from remote server 127.0.0.1", "upstream-closed", ""),
        Example('upstream sent duplicate header line: "Transfer-Encoding: chunked", previous value: '
                '"Transfer-Encoding: chunked"', "upstream-closed", ""),
        Example("Error: Failed to start the transport 'ServerSentEvents'", "websocket", ""),
        Example("Error 522: Connection timed out", "status", "", 522),
        Example("SSL handshake failed\nError code 525", "status", "", 525),
        Example("React app deployed with nginx, 404 when I refresh the page", "status", "", 404),
        Example('{"code":404,"msg":"Cannot POST //login"}', "status", "", 404),
        Example('{"timestamp":"2026-05-01T08:00:00","status":500,"path":"/api"}', "status", "", 500),
        Example("https://shop.example.com/ post的接口全部405", "status", number=405),
        Example("https://shop.example.com/ Error 400: redirect_uri_mismatch", "login-address"),
        Example("Invalid parameter: redirect_uri", "login-address", ""),
        Example("error=invalid_redirect_uri, redirect_uri=http://shop.example.com/sso/callback",
                "login-address", "https://shop.example.com:443/"),
        Example("Googlebot bekommt 403 von https://shop.example.com/", "status", number=403),
        Example("The redirect URI in the request: https://shop.example.com/signin did not match a "
                "registered redirect URI.", "login-address", "https://shop.example.com:443/signin"),
        Example("https://shop.example.com/ basic auth prompt keeps popping up", "status", number=401),
        Example("shop.example.com 反复弹出验证窗口", "status", number=401),
        Example("AADSTS50011: The redirect URI 'http://shop.example.com/cb' specified in the request does "
                "not match", "login-address", "http://shop.example.com:80/cb"),
        Example("微信登录 redirect_uri 参数错误", "login-address", ""),
        Example("上传失败 413", "status", "", 413),
        Example("https://shop.example.com/ 登录失败（502）", "status", number=502),
        Example("https://shop.example.com/ upload failed: 413", "status", number=413),
        Example("We're sorry but shop doesn't work properly without JavaScript enabled. "
                "https://shop.example.com/prod-api/user", "data",
                "https://shop.example.com:443/prod-api/user"),
        Example("wss 连接失败", "websocket", ""),
        Example("websocket 一分钟自动断开", "websocket-closed", ""),
        Example("WebSocket connection silently drops after 60 seconds of inactivity",
                "websocket-closed", ""),
        Example("my websocket disconnects after 60 seconds", "websocket-closed", ""),
        Example("the socket reconnects every 1 minute", "websocket-closed", ""),
        Example("wss gets closed after exactly 60s", "websocket-closed", ""),
        Example("WebSocket closed in exactly 60 seconds", "websocket-closed", ""),
        Example("my websocket disconnects every minute behind nginx", "websocket-closed", ""),
        Example("websocket 一分钟就断了", "websocket-closed", ""),
        Example("403 Request Entity Too Large", "body-size", ""),
        Example("413 Request Entity Too Large", "status", "", 413),
        Example("my POST request times out after 60 seconds behind nginx", "timeout", ""),
        Example("long running requests are cut at 60 seconds", "timeout", ""),
        Example("请求超过60秒就报错", "timeout", ""),
        Example("登录后 502，重试也一样", "status", "", 502),
        Example("upstream prematurely closed connection while reading upstream", "incomplete", ""),
        Example("nginx 日志里大量 499 状态码", "status", "", 499),
        Example("lots of 499 in the nginx access log", "status", "", 499),
        Example("https://shop.example.com/ 此网站无法提供安全连接", "tls"),
        Example("登录后又跳回登录页 session 丢失", "cookie", ""),
        Example("a new sessionID for every request behind the reverse proxy", "cookie", ""),
        Example("https://shop.example.com/ 页面中文乱码", "characters"),
        Example("https://shop.example.com/pay/notify 收不到支付宝异步通知", "callback",
                "https://shop.example.com:443/pay/notify"),
        Example("微信支付回调失败", "callback", ""),
        Example("没有收到微信支付的回调", "callback", ""),
        Example("负载均衡健康检查异常", "callback", ""),
        Example("my PayPal IPN is not received", "callback", ""),
        Example("our webhook is never called: https://shop.example.com/hook", "callback",
                "https://shop.example.com:443/hook"),
        Example("the payment callback never arrives", "callback", ""),
        Example("the load balancer health check fails", "callback", ""),
        Example("rpc error: code = Unavailable desc = connection error: desc = \"error reading server "
                "preface: http2: frame too large\"", "grpc", ""),
        Example("Error: 14 UNAVAILABLE: No connection established", "grpc", ""),
        Example("transport: authentication handshake failed: credentials: cannot check peer: missing "
                "selected ALPN property", "grpc", ""),
        Example("io.grpc.StatusRuntimeException: UNAVAILABLE: HTTP status code 502", "status", "", 502),
        Example("https://shop.example.com/ 用 nginx 代理 grpc 调用失败", "grpc"),
        Example("https://shop.example.com/ webhook returns 404", "status", number=404),
        Example("微信登录回调地址不匹配", "login-address", ""),
        Example("SSL_do_handshake() failed (SSL: error:0A0000EA:SSL routines::callback failed) while SSL "
                "handshaking, client: 198.51.100.7, server: 0.0.0.0:443", "tls-name", ""),
        Example("n8n at https://shop.example.com/ says Connection Lost", "websocket"),
        Example(
            "https://shop.example.com/ Grafana has failed to load its application files",
            "application",
        ),
        Example("https://shop.example.com/ logs 127.0.0.1 for every visitor", "visitor-address"),
        Example("后端获取不到真实 IP", "visitor-address", ""),
        Example("the token header is null in the backend", "request-field", ""),
        Example("https://shop.example.com/ 请求头 app_id 后端获取不到", "request-field"),
        Example("X-Frame-Options header missing on https://shop.example.com/", "response-field"),
        Example("Strict-Transport-Security Header Not Set", "response-field", ""),
        Example("Content Security Policy (CSP) Header Not Set", "response-field", ""),
        Example("Missing Anti-clickjacking Header", "response-field", ""),
        Example("The X-Content-Type-Options header is not set.", "response-field", ""),
        Example("No HSTS header found", "response-field", ""),
        Example("检测到目标X-Content-Type-Options响应头缺失", "response-field", ""),
        Example("https://shop.example.com/ is missing security headers", "response-field"),
        Example("the answers of the chat come all at once", "stream", ""),
        Example("https://shop.example.com/ 流式输出变成一次性返回", "stream"),
        Example("nginx downloads the page instead of displaying it", "download", ""),
        Example("https://shop.example.com/ 页面直接下载", "download"),
        Example("visitors are logged in as somebody else", "cached", ""),
        Example("https://shop.example.com/ 更新后还是旧页面", "cached"),
        Example("cannot upload large videos", "upload", ""),
        Example("https://shop.example.com/ 上传大文件失败", "upload"),
        Example("everybody can download my .env file", "hidden-file", ""),
        Example("https://shop.example.com/ 的 .git 目录可以被访问到", "hidden-file"),
        Example("the page fails every now and then", "sometimes", ""),
        Example("https://shop.example.com/ 时好时坏", "sometimes"),
        Example("why is https://shop.example.com/ so slow", "slow"),
        Example("shop.example.com 图片加载不出来", "page-files"),
        Example("https://shop.example.com/ ChunkLoadError: Loading chunk 319 failed.", "page-files"),
        Example("white screen after npm run build", "blank", ""),
        Example("https://shop.example.com/ shows the nginx welcome page", "wrong-site"),
        Example("https://shop.example.com/ shows the blog instead of the shop", "wrong-site"),
        Example("shop.example.com 地址栏显示不安全", "not-secure"),
        Example("the links in the page start with http", "wrong-address", ""),
        Example("修改配置不生效", "not-loaded", ""),
        Example("I renewed the certificate and the browser still shows the old one", "certificate-outdated", ""),
        Example("POST 请求变成了 GET", "method", ""),
        Example("videos do not seek on an iPhone", "ranges", ""),
        Example("不带www打不开", "other-name", ""),
        Example("https://shop.example.com/ 部分地区打不开", "some-visitors"),
        Example("域名被备案拦截", "filing", ""),
        Example("after logging in I still appear logged out", "login", ""),
        Example("登录之后没有反应", "login", ""),
        Example("404 /chat/api/status", "status", "", 404),
        Example("the login window of the browser keeps coming back", "status", "", 401),
    ),
    "French, German, Spanish, Russian": (
        Example("le site redirige en boucle", "redirects", ""),
        Example("https://shop.example.com/ trop de redirections", "redirects"),
        Example("le certificat a expiré", "certificate-expired", ""),
        Example("le site est inaccessible depuis l'extérieur", "not-outside", ""),
        Example("Erreur 502 après la connexion", "status", "", 502),
        Example("https://shop.example.com/ ne s'ouvre pas", "unusable"),
        Example("zu viele Weiterleitungen", "redirects", ""),
        Example("Das Zertifikat ist abgelaufen", "certificate-expired", ""),
        Example("Fehler 502 nach dem Anmelden", "status", "", 502),
        Example("https://shop.example.com/ ist nicht erreichbar", "unusable"),
        Example("Die Seite lädt sehr langsam", "slow", ""),
        Example("Verbindung abgelehnt", "refused", ""),
        Example("demasiadas redirecciones", "redirects", ""),
        Example("el certificado ha caducado", "certificate-expired", ""),
        Example("la página carga muy lento", "slow", ""),
        Example("la página no abre, error 503", "status", "", 503),
        Example("https://shop.example.com/ página en blanco", "blank"),
        Example("слишком много перенаправлений", "redirects", ""),
        Example("срок действия сертификата истек", "certificate-expired", ""),
        Example("сайт открывается только через VPN", "not-outside", ""),
        Example("ошибка 502 после входа", "status", "", 502),
        Example("сайт не открывается", "unusable", ""),
        Example("https://shop.example.com/ превышено время ожидания", "timeout"),
    ),
}  # fmt: skip
MESSAGES = {
    **BROWSER_MESSAGES,
    **PROGRAM_MESSAGES,
    **CLIENT_MESSAGES,
    **WEBSOCKET_MESSAGES,
    **FURTHER_MESSAGES,
    **QUESTIONS,
}


def page() -> str:
    """Return docs/error-messages.md."""
    lines = [
        "# Error messages that may be pasted",
        "",
        "`diagnose 'MESSAGE'` reads the site from a message and what the message says, diagnoses the "
        "site, and answers: whether the cause that it names is that of the message. Where a message "
        "names no site, the site is given as well: `diagnose https://shop.example.com/ 'MESSAGE'`.",
        "",
        "The site is read from nginx's `host:`, certbot's `Domain:`, a URL, or the place where a "
        "program names it. URLs of documentation are not targets. Of several sites the report says "
        "which one was read, and which were not. Passwords, and secrets in the query of a URL, are "
        "left out: they are neither shown nor sent.",
        "",
        "This page is made of the table of the tests (`python -m tests.support.error_messages`).",
    ]  # fmt: skip
    for program, examples in MESSAGES.items():
        lines += ["", f"## {program}", "", "| Message | Read as |", "|---|---|"]
        lines += [f"| {_cell(example.message)} | {_name(example)} |" for example in examples]
    return "\n".join(lines) + "\n"


def _cell(message: str) -> str:
    text = " ".join(message.split()).replace("|", "\\|")
    return f"`{text}`"


def _name(example: Example) -> str:
    return symptom_name(Symptom(example.kind, "", example.number), "en")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")

"""Complaints in people's own words, as they stand in threads, English and Chinese."""

import pytest

from diagnose.model.symptom import Symptom, SymptomKind
from diagnose.parsers.complaints import fails_at_times
from diagnose.parsers.symptoms import symptom_of

COMPLAINTS: dict[SymptomKind, str] = {
    "visitor-address": """
logs show 127.0.0.1 for everybody
all users have the same IP
the access logs show 172.18.0.1 for every request
behind nginx the user IP addresses recorded in the system are always shown as 127.0.0.1
rate limit hits everybody
all hits on my server are coming from same IP as the server
the proxy doesn't show the true IP address
client IP shown as NGINX IP
logs show client IP as host itself
the front page displays 127.0.0.1 instead of the real IP
fail2ban bans the proxy
the application logs 127.0.0.1 for every visitor
nginx反向代理后, 后台日志打印的ip全为 127.0.0.1
后台日志的 IP 全是 127.0.0.1
获取不到真实 IP
使用nginx代理后无法获取真实IP
为啥日志记录的是127.0.0.1啊
面板订阅记录一直的显示127.0.0.1
后端拿不到真实访问IP, 只能拿到docker网桥的IP
后端只能获取到nginx的IP地址
the request will always come from localhost
all traffic appears to come from 172.18.0.1
後端拿不到真實IP，都是127.0.0.1
the application sees 127.0.0.1 as the client ip""",
    "data": """
a fediverse server asks with Accept: application/activity+json, application/ld+json and gets HTML
curl -H 'Accept: application/json' gives the html page
the endpoint answers HTML instead of JSON""",
    "http2": """
NSPOSIXErrorDomain:100 in Safari
Die Operation konnte nicht abgeschlossen werden. Protokollfehler""",
    "body-size": """
Body exceeded 1 MB limit
org.springframework.web.multipart.MaxUploadSizeExceededException: Maximum upload size exceeded
Request body too large. The max request body size is 30000000 bytes.
Multipart body length limit 134217728 exceeded.""",
    "request-field": """
rest_cannot_edit: Sorry, you are not allowed to edit this post
$_SERVER['HTTP_AUTHORIZATION'] is empty
the bearer token is not received by the application
token_id header gets lost
请求头 user_name 丢失
Token失效，无法从 Request header 中 正常获取到Token值
token is null in the backend
header Access-Token missing on backend
headers with underscores are stripped by default
Nginx 不支持“_”符号，导致Token 验证失效
nginx 默认会忽略带下划线的参数
header names that contain underscores never arrive
nginx drops the api_key header
nginx drops HTTP headers with underscores
header not forwarded to backend
the authentication headers don't reach the server
when nginx proxies the request the header Authorization is lost
Authorization header is missing
{"error":"missing Authorization header"}
custom header is not passed to the backend by nginx
请求头 token 获取不到
自定义请求头中包含下划线的请求头丢失
无法从 Request header 中 正常获取到Token值
后端拿不到 header 里的 token
转发后 header 丢失
后端获取不到请求头 app_id
the headers aren't going thru the proxy
Authorization not being set in the header
the authorization header in the subrequest is missed""",
    "stream": """
SSE breaks when behind a buffering proxy
EventSource only works in the first six tabs, the seventh keeps loading forever
SSE 打开第七个标签页就一直转圈
the screen comes in bursts
nginx SSE keeps reconnecting
the stream stops after 60 seconds
the remote desktop comes in bursts
log output arrives only in batches
nginx代理时流式输出的问题
SSE arrives all at once
the server dumps all the output only once after 20 seconds
chat answers come all at once behind nginx
stuck at "processing…"
the UI freezes on "processing..." when the first chat message is received
the streaming response never reaches the client
the typing effect does not work
streaming doesnt work for me
the proxy is buffering all the events and pushing them after the last one
it buffers the entire response
回答不是一个字一个字出来，而是等半天一下子全出来
SSE does not work behind nginx
the response is not streamed, it is buffered until it is complete
EventSource events only arrive when the connection closes
使用nginx代理后打字机效果消失
本地nginx代理后没有流式输出效果
流式输出是一段一段的，不是一个字一个字
是一下子输出整个结果
流式输出 一次性返回
等AI回答完再一次性返回""",
    "download": """
json shows as download
nginx browser downloads the page instead of displaying it
nginx downloads PHP files instead of rendering them
it downloads a file called "download"
when I call one of the vhosts it downloads the index.php file
asking me if i wanna download an 'octet-stream' type file
sends the site to browsers as a download rather than displaying it
the browser shows the raw PHP code
the browser prompts me to download the page
nginx不返回数据，而是下载
访问页面直接下载文件
打开网页变成下载
php 不解析直接下载
页面显示源代码""",
    "cached": """
users are stuck on the older version for a while
visitors see an older page until they reload
the old index.html is cached by the browser
browsers keep index.html
old code is still served after a deployment
users are logged in as another user
I'm being logged as a different user
everyone is logged in as the same user
members cannot log in if logged out, and cannot log out if logged in
the homepage still shows cached old version for logged-out users
changes only visible after clearing browser cache
old version after deployment until cache is cleared
visitors see the old styles until they press ctrl+f5
the new look only comes after a force reload
they are logged in the profile of the person who logged in first
更新后还是旧页面
升级后需重新登录才能看到新页面
浏览器刷新仍展示旧页面
部署后要清缓存才能看到新内容
登录后变成别人的账号
无法退出登录""",
    "incomplete": """
downloads are terminated at the 1 GB mark
responses bigger than a few hundred kB are constantly truncated
大文件不能完整下载
下载到1G后自动停止
下载的zip文件异常结束
通过 nginx 代理下载超过 1GB 的文件失败，网络错误
文件下载不完整
下载大文件到一半中断
总是下载到一定的大小就下载不动
large downloads fail after 1 GB
the download stops at 1 GB behind nginx
downloads are cut off
the file gets truncated at 64 KB
图片只显示一半
网页加载不完整
Download failed - Network error
we get truncated downloads of zip files""",
    "upload": """
cant upload pictures behind the proxy
Permission denied @ dir_s_mkdir - /srv/app/public/system/media_attachments
上傳檔案失敗
cannot upload large videos
upload of large videos fails, photos work
upload via web hangs at completion when using nginx as reverse proxy
the upload gets stuck at 100%
file upload stops at 99.9%
uploading 500 MB files fails
uploads time out
can only upload very small files
上传大文件失败
使用Nginx反代后无法上传文件
大文件不能上传
上传文件要么是卡在处理中
上传视频失败
150MB file not uploading""",
    "sometimes": """
the site is intermittently not reachable
every now and then the page fails
refreshing fixes it
sometimes the page does not load
网站偶尔打不开
网站时好时坏
刷新几次就好""",
}  # fmt: skip

#: Other complaints that have some of these words.
OTHERS: dict[str, SymptomKind | None] = {
    "upload failed: 413": "status",
    "random 502 errors": "status",
    "my client IP 192.0.2.7 gets 403 Forbidden": "status",
    "connect to 192.168.1.4 port 443 failed: Connection refused": "refused",
    "the response header X-Frame-Options is missing": "response-field",
    "Request header field token is not allowed by Access-Control-Allow-Headers": "cors",
    "SSL 证书生成失败": "acme",
    "宝塔面板申请Let's Encrypt证书失败": "acme",
    "certificate issuance failed for my domain": "acme",
    "could not obtain a Let's Encrypt certificate": "acme",
    "the download is slow": "slow",
    "下载速度慢": "slow",
    "downloads fail after two minutes": "incomplete",
    "my site is very slow since yesterday": "slow",
    "Strict-Transport-Security header is missing": "response-field",
    "bind() to 0.0.0.0:80 failed (98: Address already in use)": "port-in-use",
    "unknown directive \"stream\" nginx: [emerg]": "nginx-config",
    "websocket connection to all users failed": "websocket",
    "the logo is not shown on the page": "page-files",
    "the certificate has expired on the login page": "certificate-expired",
    "the cert has already expired this morning": "certificate-expired",
    "the certificate ran out almost 20 days ago": "certificate-expired",
    "listen tcp6 [2001:db8::1]:12345: bind: cannot assign requested address": "address-unavailable",
    "手机浏览器提示证书风险": "certificate",
    "Unexpected character (at character 1) /auth/login ^": "data",
    "the connections to port 5984 are simply refused": "refused",
    "旧版执行升级命令后报错502": "status",
    "端口500无法访问": "unusable",
    "域名解析好像挂了": "name",
    "buffering all the way": None,
    "页面打不开": "unusable",
    "login does not work after migration": "login",
    "请求超时": "timeout",
    # Another kind has these words as well, and means something else.
    "通过公网ip:8080打开管理页面，显示网页无法连接": "not-connected",
    "用公网IP无法访问": "not-outside",
    "通过公网IP+3010访问失败": "not-outside",
    "客户端IP获取失败": "visitor-address",
    "Cloudflare proxy breaks HTTPS, infinite redirect": "redirects",
    "308 redirect too many times": "redirects",
    "Firefox 提示不信任 需要更新证书链": "certificate-issuer",
    "静态资源加载404": "page-files",
    "修改完nginx的配置文件不生效": "not-loaded",
    "SSE 断断续续按块式输出": "stream",
    "提示“您的连接并不安全”": "certificate",
    "真机调试时SSL证书问题": "certificate",
    "SSL证书申请中": None,
    "failed (111: connection refused) while connecting to upstream": "upstream-refused",
    "I get a login screen loop": "cookie",
    "又创建了一个session，并且强制客户端登陆": "cookie",
    "a redirect to https, so it will loop": "redirects",
    "never ending 301 even over https": "redirects",
    "our live chat is dropped at the 60-second mark": "websocket-closed",
    "the chat is closed after 2 minutes of silence": "websocket-closed",
    "the shop closes at 6 pm": None,
    # nginx in the words is not whose address is seen.
    "every request behind nginx gets a new session id": "cookie",
    "all requests through nginx are slow": "slow",
    "each user of the proxy is logged out": None,
    "balance random": None,
    "sometimes the style sheets are loaded over http": "mixed-content",
    # A proxy waited, and says so with its status.
    "it always reports a timeout, error 504": "status",
    "频繁报超时504错误": "status",
    "timeout of 500 ms exceeded": "timeout",
    "we received 500 requests": None,
    "i have 1 visitor with 400.000 pageviews": None,
    "WebSocket 连接每隔 60 秒必断，code: 1006异常关闭": "websocket-closed",
    "curl: (92) HTTP/2 stream 1 was not closed cleanly: INTERNAL_ERROR (err 2)": "incomplete",
    "curl: (92) HTTP/2 stream 1 was not closed cleanly: PROTOCOL_ERROR (err 1)": "http2",
    "docker 容器 address unreachable": "unreachable",
}  # fmt: skip
EXAMPLES = [(kind, line) for kind, text in COMPLAINTS.items() for line in text.strip().split("\n")]


def kind_of(text: str) -> str | None:
    symptom = symptom_of(text)
    return symptom.kind if symptom else None


@pytest.mark.parametrize(("kind", "words"), EXAMPLES)
def test_a_complaint_is_understood_with_and_without_an_address(kind: str, words: str) -> None:
    assert kind_of(words) == kind
    assert kind_of(f"https://shop.example.com/ {words}") == kind


@pytest.mark.parametrize(("words", "kind"), list(OTHERS.items()))
def test_another_complaint_is_none_of_these(words: str, kind: str | None) -> None:
    assert kind_of(words) == kind


@pytest.mark.parametrize(
    "words",
    [
        "the refresh was not working on the url routes",
        "React routes break after a refresh",
        "Page not found",
        "Cannot GET /about",
        "访问目录里面的文件 会找不到文件",
        "刷新页面提示页面不存在",
        "网站跳转404",
        "当访问 https://shop.example.com/api 时 404",
    ],
)
def test_a_missing_page_is_one_without_its_status_too(words: str) -> None:
    symptom = symptom_of(words)
    assert symptom
    assert (symptom.kind, symptom.number) == ("status", 404)


@pytest.mark.parametrize(
    "words",
    [
        "采用nginx反代并开启auth_basic验证后nginx反复要求验证或者登陆界面不工作",
        "nginx keeps asking for the basic auth password again and again",
        "basic auth prompt keeps popping up after login",
        "browser keeps prompting for username and password",
        "反复弹出验证窗口",
        "登录框反复弹出",
        "https://shop.example.com/ 浏览器一直弹窗要求输入用户名密码",
    ],
)
def test_a_window_for_a_password_that_comes_again_is_a_401(words: str) -> None:
    """Issue 105 of 869413421/chatgpt-web."""
    symptom = symptom_of(words)
    assert symptom
    assert (symptom.kind, symptom.number) == ("status", 401)


@pytest.mark.parametrize(
    "words",
    [
        "一直提示密码错误",
        "keeps asking me to log in again",
        "登录后一直跳回登录",
        "session is lost after login, and a popup says so",
        "the page keeps showing a popup with an error",
        "验证码一直弹出",
    ],
)
def test_other_words_of_a_login_are_no_401(words: str) -> None:
    symptom = symptom_of(words)
    assert symptom is None or symptom.number is None


@pytest.mark.parametrize(
    "words", ["refreshing the page fixes it", "the refresh button does not work", "没有文件夹权限"]
)
def test_other_words_of_a_refresh_say_nothing_of_a_missing_page(words: str) -> None:
    symptom = symptom_of(words)
    assert symptom is None or symptom.number is None


@pytest.mark.parametrize(
    "word",
    [
        "header ",
        "refresh ",
        "routes not found ",
        "upload ",
        "download ",
        "ip 都 ",
        "stream ",
        "client ip ",
        "等",
    ],
)
def test_many_words_are_no_complaint(word: str) -> None:
    assert kind_of(word * 6_000) is None


def test_a_long_message_is_kept_whole() -> None:
    """What a person says of the time stands far from the words of the program."""
    filling = (
        "We run a shop behind nginx, and our customers tell us about it since last Monday. " * 2
    )
    message = f"502 every now and then. {filling}"
    symptom = symptom_of(message)
    assert symptom
    assert len(symptom.shown) < 130
    assert symptom.text == message.strip()
    symptom = symptom_of(f"It fails now and then. {filling} upstream prematurely closed connection")
    assert symptom
    assert "now and then" not in symptom.shown
    assert fails_at_times(symptom)
    short = symptom_of("502 Bad Gateway")
    assert short
    assert (short.shown, short.excerpt) == (short.text, "")


@pytest.mark.parametrize(
    ("symptom", "is_said"),
    [
        (Symptom("status", "502 Bad Gateway every now and then", 502), True),
        (Symptom("sometimes", "the site is unstable"), True),
        (Symptom("status", "偶尔 502", 502), True),
        (Symptom("status", "502 Bad Gateway", 502), False),
    ],
)
def test_what_fails_at_times_is_said_beside_a_status(symptom: Symptom, is_said: bool) -> None:
    assert fails_at_times(symptom) is is_said


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("a login window for everybody", 401),
        ("the shop asks everybody for a password", 401),
        ("the whole site wants a password since the update", 401),
        ("整个网站都要求输入密码", 401),
        ("the password is asked for in a dialog of the application", None),
        ("everybody can reset the password", None),
    ],
)
def test_a_password_for_everybody_is_a_401(text: str, status: int | None) -> None:
    symptom = symptom_of(text)
    assert (symptom.number if symptom and symptom.kind == "status" else None) == status

"""What a visitor sees or an administrator notices, in words without a program's message."""

import pytest

from diagnose.model.symptom import SymptomKind
from diagnose.parsers.symptoms import message_symptom, symptom_of
from diagnose.parsers.target import parse_target

VISIBLE: dict[SymptomKind, str] = {
    "frame": """
embedding in another site does not work""",
    "characters": """
umlauts are broken""",
    "http2": """
http2 protocol error""",
    "certificate-untrusted": """
java client cannot connect, pkix
intermediate missing on android""",
    "certificate-name": """
the browser says the certificate belongs to another site
certificate is for a different domain""",
    "slow": """
long pauses while a page loads
网站加载很慢，首屏要等10秒
the site is very slow to load, 20 seconds for the first byte
Page takes 30 seconds to load
TTFB is 5s
首次打开要十几秒
每次请求都很慢，大概5秒
pages take ages to open from outside
响应时间感觉有点长
需要四到五秒才能把网站打开
website extremely slow through nginx, fast directly
直接访问后端很快，经过nginx很慢
5 second delay on every request
一直转圈打不开""",
    "page-files": """
the admin panel is unstyled
returns index.html for js files
it is returning the same 4kB of html for / but also for every asset called from /
every css file returns the same html
所有静态资源都返回首页
使用二级目录代理时无法请求到静态资源
css和js都访问不到
网站打开很慢，图片加载不出来
images are not loading
图片不显示
css not loading after switching to https
样式丢失，页面很乱
WordPress css broken behind reverse proxy
After adding SSL the images disappeared
page looks like plain HTML without styling
the login page appears without CSS
反代后样式全没了
图标都变成方块了
样式没出来
不显示封面图片
some proxied pages have issues related to graphics
the settings pages show up as plain text
there are avatars of accounts that do not even load
no files can be loaded in the second folder
ui loads but there is no theme, just text and links
ChunkLoadError: Loading chunk 319 failed.
Failed to fetch dynamically imported module: https://shop.example.com/assets/Home-8d2.js
Importing a module script failed.
反向代理后,http访问正常,https访问会丢css样式
after the update my static files stopped working""",
    "blank": """
I deployed Next.js 14 with PM2, homepage is blank, on localhost:3000 it is fine
the favicon is fine but the page is totally blank
it goes completely white after a second
nothing shows on the page
返回了一个空的html页面
页面空白
white screen after deploy
blank page in production, works locally
React app shows a white page after npm run build
nothing renders, console is empty
站点打开是空白页
打开网页一片空白，F12没有报错
just full of blank after a click on the button
Application error: a client-side exception has occurred""",
    "wrong-site": """
shows the blog instead of the shop
zeigt den Blog statt des Shops
affiche le blog au lieu de la boutique
muestra la página de bienvenida y no la tienda
I always end up on the mailcow page
lande ich immer auf der Mailcow Seite
je tombe toujours sur la page de phpMyAdmin
siempre me sale la pagina de Plesk
shows the phpMyAdmin page instead of my website
subdomain shows main site
Why is my domain still going to the wrong server?
after migration the domain opens the old hosting
it keeps hitting the old server instead of the new one
I moved to a new VPS but the old server still answers
还是旧网站
域名还是访问旧服务器
迁移后打开的还是原来的网站
换了服务器，访问还是以前的服务器
域名解析到了错误的服务器
I get the apache welcome screen over HTTPS
the website opens different with https and without https
two domains in different folders, both are showing the same site
the proxy serves the first random domain
second domain redirects to the first vhost
I can access one of the sites with a different domain
nginx welcome page shows instead of my site
显示 Welcome to nginx!
访问域名显示的是另一个网站
my domain shows another site's content
wrong site is displayed on https
域名打开后跳到了nginx默认页面
绑定域名后访问的是宝塔默认站点
two domains on one server, second domain shows the first site
visiting domain B shows domain A
https of site2 opens site1""",
    "not-secure": """
浏览器提示不安全
browser says Not Secure even though I have a certificate
小锁没有出现，提示不安全
chrome shows red not secure triangle
地址栏显示不安全
Firefox says connection is partially encrypted
证书安装好了还是显示不安全
http://www.shop.example.com/ is not redirected to https
http does not redirect to https
http 没有自动跳转到 https
打开 http 不会跳转https""",
    "wrong-address": """
menu links are missing the subfolder
it sends the http version of the url instead of the https one
登录后的重定向有问题
在输入账号和密码登录后会跳转到http协议
redirects to http instead of https
重定向到http
redirect to port 8080
跳转后带了8080端口
跳转到内网IP
it redirects me to the internal IP 10.0.0.5
after login I am sent to http://localhost:8080/
登录成功后跳转到了 http://127.0.0.1:8080
加斜杠后端口丢失
登录后跳转到 http://shop.example.com/user，81端口没了，跑80端口去了，自然就404了
after login it loses the port and I get 404 Not Found
URL loses port number after redirect
redirect keeps adding :8443
app gets http instead of https url
生成的链接是http的
links are generated with http
urls contain port 8080
generated links use internal hostname
OAuth callback url is http
emails contain localhost links
pagination links are http
swagger uses http scheme
it adds the slash, but the protocol is changed to http
I changed the URL at the server settings, but I got a redirect error
pictures are still using the old domain instead of the new
in the href of the link the IP address of the server behind the proxy is referenced
every link returns to the backend server, the links are on the backend
a 303 with the location header stripped
enable https redirect error port
登录后会调转到 http://192.168.1.10:8080""",
    "not-loaded": """
nginx -t ok but changes have no effect
修改配置不生效
nginx reload 没有效果
I changed nginx.conf but nothing happens
nginx ignores my server block
my vhost file is not used
改了配置重启也没用
location 规则不生效""",
    "certificate-outdated": """
no reload was performed, resulting in nginx still using the old version of the certificate
nginx 仍在使用旧版本的证书
the cert is renewed, but my browser says expired
still serving old certificate after renew
证书更新了但是浏览器还是旧的
renewed the cert but browser still shows expired
I replaced the certificate files and still get the old one
续期后浏览器还是提示过期
the browser is still showing the old date, I have renewed the certificate
申请续期之后浏览器浏览还显示之前的日期
续签成功了，但是证书有效期没变
浏览器里的有效期还是原来的，证书已经更新了
renewed with acme.sh, browser still shows the same expiry date
the expiry date has not changed after certbot renewed""",
    "login-address": """
        "redirect_uri" calls "http...callback" instead of "https...callback"
        redirect_uri is generated with http and not https
the OAuth2 redirect URI uses http behind the proxy""",
    "mixed-content": """
the css URLs are still http, so the css is not loaded
stylesheets are loaded over http
some assets like your style sheet still come in on http
images are sent over http
the frame was blocked; the content must be served over HTTPS""",
    "method": """
the redirect is losing POST data
the form is redirected from POST to a GET
req.body is empty after the redirect
POST becomes GET after redirect
POST 请求变成 GET
POST body is empty behind nginx
the form data is lost after redirect to https""",
    "ranges": """
the GUI shows, but wont play movies
playback through the proxy is not working
seeking does not work
can't seek forward in videos
反代后不能播放视频
无法加载视频，音频
video does not seek on iPhone
iphone 视频无法播放
mp4 will not seek in Safari
视频不能拖动进度条""",
    "other-name": """
only works with www, without www fails
不带www打不开
www版本打不开
the subdomain does not work with ssl
泛域名证书二级域名不能用
example.com works but www.example.com does not
www.example.com 可以，example.com 不行""",
    "some-visitors": """
works on Chrome, not on iPhone Safari
API works in Postman but not in browser
postman可以，浏览器不行
curl works, browser doesn't
浏览器可以，curl 不行
在PC上访问没问题，但是朋友的手机上打不开
the site is inaccessible over IPv6
some portion of your visitors cannot reach it
安卓手机打不开，电脑可以
微信里打不开
site works for some users only
部分用户打不开
ipv6 users cannot connect
mobile data cannot open but wifi works
4G打不开，wifi可以
只有移动网络打不开
only Android users get the certificate error
iOS app can't connect, Android works
公司网络打不开，手机热点可以
部分地区无法访问
联通打不开 电信正常
works in the office but not from home
works from home, not from the office
colleagues in the office cannot open the site""",
    "certificate": """
traefik default cert
The website can't be accessed because of some SSL problems
my browser told me not to visit it because there was a problem with its certificate
the SSL cert is invalid which is breaking the website
I get certificate error in Chrome and Edge
This site cannot be loaded due to a certificate
a warning that the ssl certificate is not valid""",
    "filing": """
阿里云备案拦截""",
    "not-over-https": """
http://shop.example.com能访问，https://shop.example.com不能访问
配置证书后无法通过HTTPS访问
works on http but not on https
http能访问，https不能访问
https 访问不了
使用HTTPS协议加域名时首页无法加载
port 80 works but 443 doesn't
only works over http
if I disable SSL everything is fine, if I enable SSL it can't be opened
只能使用http访问，无法使用https访问""",
    "not-outside": """
内网可以，外网打不开
can't access from outside, works on localhost
外网无法访问，内网可以
本地curl正常，外网打不开
I can only reach it from the local network
does not work outside the local network
from outside, the page never opens, on the LAN it is fine
用公网IP无法访问""",
    "not-by-name": """
works with IP but not with domain
用IP可以访问，用域名访问不了
I can only reach my IP and not my domain
My site only works with the IP address
通过192.168.1.5可以打开，但是域名打不开""",
    "not-through-proxy": """
website works fine on port 8080 but not through nginx
the app loads directly on ip:3000 but I get nothing via the reverse proxy
直接访问ip:端口正常，反代后打不开
without nginx everything is fine, behind nginx I get an error""",
    "unusable": """
Caddy not responding
前端增加nginx 代理后访问异常
This Site Can Not Be Reached
unable to communicate with the server
Caddy not serving webpage
https://192.0.2.4 works but https://shop.example.com does not
https://shop.example.com 访问失败
I cant get it to work behind nginx
使用反向代理后服务器就不能用域名访问
微信小程序 request:fail
users in China cannot access
The service fails to respond when accessed via the reverse proxy
the server fails to start after a reboot
I am not able to save the general settings
无法保存设置
部分反向代理失效
连接服务器失败，请重试
端口放行了还是访问不了
服务器能ping通但网站打不开
ping ok but site doesn't open
域名解析正常但打不开
刚买的域名打不开
重启后网站打不开
docker container not reachable via nginx
can't reach the app through the reverse proxy
反向代理不成功
请求失败
Network Error
服务不可用""",
    "application": """
Invalid Host header
DisallowedHost at /
Access through untrusted domain""",
    "login": """
nothing happens when I click on login
it asks for username and password all the time
when I logged in I was redirected to the login page
the login is successful but it still shows the login page
it always redirects to the same login page
页面刷新了,但还是登录页面
after logging in, I still appear logged out
running behind a reverse proxy breaks login
my browser just goes empty after i entered the password, nothing pops out
after pressing "sign in" the browser remains at the same page
can't login, the application keeps trying to open http
反代后无法登录
登录之后没有反应
the page loads but if i input the password nothing happens
The initial page loads but i can't get past the login
通过反向代理的域名打开后同样的账号密码登录就错误
点击管理员页面就会提示未登录
登录成功之后闪一下又跳登录页了
访问首页未登录时，跳转到登录页，然后一直不断重定向到登录页
every time I try to log in I automatically get logged out
it throws me out right away, kicking me out
反向代理论坛时，账号密码登录，点登录之后页面刷新，账号没登上
点击登录按钮没反应
登录后又退出了
login just refreshes the page""",
    "csrf": """
the form says session expired
page expired when I submit the form
a CSRF error is sent
CSRF failure through the reverse proxy
phpmyadmin token mismatch""",
    "cookie": """
no cookie in the browser, only on the server
secure cookies behind a reverse proxy
unable to use secure cookies
the frontend does not see the session cookie
反代后刷新后又让重新登录
login does not persist, logged out after every request
cookies not being set in production
cookie 设置不上
每次刷新都要重新登录""",
    "data": """
the site liefert nur die Startseite statt JSON
/api/find always returns the home page instead of JSON
/api/find renvoie la page d'accueil au lieu du JSON
/api/find devuelve la página de inicio en vez de JSON
/api/find 总是返回首页而不是 JSON
api requests return index.html
接口返回的是html""",
    "websocket": """
graphql subscriptions fail
real-time updates don't work
kernel does not connect jupyter
ws 一直重连
websocket 连不上
it gets stuck "Reconnecting"
I keep getting "Status: Not Connected"
终端一直显示连接中
实时日志不刷新，要手动刷新页面
the chat does not update until a manual page refresh
UI constantly reloads when running behind reverse proxy
I can enter a message but it doesn´t appear on the chat""",
    "acme": """
dns challenge fails
renewals fail since I moved to a new server
certbot renew fails
Certs fail to renew: certbot renew throws errors that it can't complete the challenge (404 error)
let's encrypt challenge gets 404
证书续签 404
acme 验证失败""",
    "nginx-start": """
nginx won't reload
systemctl start nginx fails with exit-code
nginx起不来，提示端口被占用""",
    "server-start": """
httpd.service 启动失败
apache2 won't start after the update""",
    "nginx-config": """
unknown directive "http2"
could not build server_names_hash""",
    "incomplete": """
file transfers stop at 1.1 GB
the file completes at 2.5 GB of 3.5 GB
download stops at 1GB
下载到一半就断了""",
    "timeout": """
requests hang forever
请求一直挂起
infinite rotating loading circle in the middle of the screen
the page never stops loading
spinning blue wheel
stuck on the loading screen""",
    "closed": """
通过域名访问提示与服务器链接中断
lost connection to server, repeating in 1 second
the connection goes down
connection closes immediately""",
    "cors": """
OPTIONS request fails
preflight fails
the interface cannot be accessed across domains""",
    "not-connected": """
nginx is not listening on port 80
every time no connection
端口没有监听
telnet 443 不通
port 443 closed
防火墙关了可以访问""",
}
STATUSES = {
    "静态文件403": 403,
    "static files 404": 404,
    "404 for static files": 404,
    "css 404": 404,
    "handshake 400": 400,
    "ACME requests 404": 404,
    "导致上传后获取文件数据失败，接口提示404": 404,
    "重启服务器后502": 502,
    "cloudflare 526": 526,
    "googlebot blocked 403": 403,
    "OPTIONS 405": 405,
    "网关超时": 504,
    "错误的网关": 502,
    "服务器内部错误": 500,
    "access denied": 403,
    "You don't have permission to access this resource.": 403,
    "I am not allowed to view this page": 403,
    "域名打开直接502bad gateway": 502,
    "旧版执行升级命令后，域名打开直接502bad gateway": 502,
    "面板突然502打不开了": 502,
    "数据库也搬了，系统配置404": 404,
    "网站突然504": 504,
    "The main page is throwing error `500 Oops! Something went wrong...`": 500,
}


@pytest.mark.parametrize(
    ("kind", "text"),
    [(kind, text) for kind, texts in VISIBLE.items() for text in texts.strip().splitlines()],
)
def test_what_is_seen(kind: SymptomKind, text: str) -> None:
    symptom = symptom_of(text)
    assert symptom
    assert symptom.kind == kind


@pytest.mark.parametrize(("text", "status"), STATUSES.items())
def test_words_of_a_status(text: str, status: int) -> None:
    symptom = symptom_of(text)
    assert symptom
    assert (symptom.kind, symptom.number) == ("status", status)


@pytest.mark.parametrize(
    "text",
    [
        "how do I put nginx in front of my application",
        "slow.example.com",
        "https://blank.example.com/empty-page",
        "see www.example.com for the configuration",
        "怎样配置反向代理",
        "I waited 500 ms",
        "500 files for one site",
        "第404页",
        "最多500用户",
        "超过500并发",
        "错误日志有500条",
        "监听在503端口",
        "a bunch of content was blocked",
        "there is no problem with the certificate",
    ],
)
def test_nothing_is_wrong(text: str) -> None:
    assert symptom_of(text) is None


def test_a_certificate_for_a_different_host() -> None:
    symptom = symptom_of("the certificate presented is for a different host than the one I typed")
    assert symptom
    assert symptom.kind == "certificate-name"


@pytest.mark.parametrize("text", ["shows a blank page", "页面空白", "very slow"])
def test_they_are_no_message_of_a_program(text: str) -> None:
    assert message_symptom(text) is None


@pytest.mark.parametrize("name", ["空白.com", "没反应.网站", "样式错乱.example.com"])
def test_a_name_of_such_words_is_a_target(name: str) -> None:
    target = parse_target(name)
    assert target.symptom is None
    assert target.host.startswith("xn--")


def test_a_sentence_with_a_name_is_a_message() -> None:
    target = parse_target("访问shop.example.com页面空白")
    assert target.symptom
    assert (target.host, target.symptom.kind) == ("shop.example.com", "blank")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("httpd.service启动失败", "server-start"),
        ("页面CORS报错", "cors"),
        ("nginx转发vnc黑屏", "websocket"),
        ("使用nginx反代后websocket连接失败", "websocket"),
    ],
)
def test_a_chinese_character_ends_a_latin_word(words: str, kind: str) -> None:
    symptom = symptom_of(words)
    assert symptom
    assert (symptom.kind, symptom.text) == (kind, words)


def test_a_blank_that_is_missing_changes_no_words_that_are_understood() -> None:
    written = "登陆成功但是不会跳转，点击后台会跳到login页面。使用IP访问不会出现这种情况"
    symptom = symptom_of(written)
    assert symptom
    assert (symptom.kind, symptom.text) == ("wrong-address", written)
    assert symptom_of("我的网站是shop网站") is None
    hidden = symptom_of("请求/api?token=abcdef0123456789abcdef报CORS错误")
    assert hidden
    assert "abcdef0123456789" not in hidden.text


@pytest.mark.parametrize(
    "text",
    [
        "after certbot renewed the certificate the site gives 404",
        "I followed the tutorial for certbot, now the site gives 404",
        "the page 404 since we use let's encrypt",
        "证书续签后网站404",
        "证书申请成功，网站404",
    ],
)
def test_a_status_behind_a_renewal_is_that_of_a_page(text: str) -> None:
    symptom = symptom_of(text)
    assert symptom
    assert (symptom.kind, symptom.number) == ("status", 404)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("My site shows an SSL certificate error in the browser", "certificate"),
        ("SSL certificate error: certificate has expired", "certificate-expired"),
        ("400 Bad Request The SSL certificate error nginx", "tls-client-certificate-rejected"),
        ("The SSL certificate error", "tls-client-certificate-rejected"),
    ],
)
def test_an_error_of_a_certificate_is_rarely_about_the_visitors(words: str, kind: str) -> None:
    symptom = symptom_of(words)
    assert symptom
    assert symptom.kind == kind


@pytest.mark.parametrize(
    "words",
    [
        "I always get back to the nextcloud login page",
        "after I log in it always shows the jellyfin page",
        "ich lande immer auf der Login-Seite von Nextcloud",
        "opens the nextcloud login instead of my site",
    ],
)
def test_a_login_of_the_program_itself_is_no_other_site(words: str) -> None:
    symptom = symptom_of(words)
    assert symptom is None or symptom.kind != "wrong-site"

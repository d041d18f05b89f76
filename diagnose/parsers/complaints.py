"""What people say in their own words is wrong, where no program has a message for it. No I/O.

Each class of complaints has the ways in which people put it in threads, in English and Chinese;
`tests/parsers/test_complaints.py` has an example of each.
"""

from diagnose.model.symptom import Symptom, SymptomKind
from diagnose.parsers.lazy_pattern import lazy_pattern

#: A message with the status of an error says more by that. "500 MB" is a size.
_NO_STATUS = r"(?s:^(?!.{0,6000}(?<![0-9A-Za-z_.])(?:4\d\d|5\d\d)(?! ?[KMG]i?B?\b)(?![0-9A-Za-z_.个张条兆秒])))"
_UPLOAD = (
    r"(?:can(?:not|[’']t| not)|unable to|fail(?:s|ed|ing)? to|not able to|(?:do|does|did|wo)(?:n[’']t| not)) upload"
    r"|upload(?:s|ing|ed|er)?\b.{0,60}?(?:fail|stuck|stop|hang|freez|error|abort|n[’']t work|not work"
    r"|never (?:finish|complete)|tim(?:es|ed|ing|e) ?out|interrupt|reset|break|not possible|impossible)"
    r"|(?:\bnot|n[’']t) (?:being )?upload(?:ing|ed)\b"
    # Ruby, PHP, Python: the program may not write what it was sent
    r"|Permission denied @ (?:dir_s_mkdir|rb_sysopen|rb_file_s_rename|apply2files)|Unable to create (?:a |the )?directory|Unable to write (?:in|to|file)"
    r"|(?:large|big|huge|larger|bigger) (?:file|video|image|photo|picture|upload|attachment)s?"
    r".{0,40}?(?:fail|stuck|can[’']?t|n[’']t (?:work|go)|error)"
    r"|(?:fail|error|stuck|stop|hang)\w{0,4}\b.{0,30}?\bupload|only upload (?:very |really )?(?:small|tiny)"
    r"|上传.{0,24}?(?:失败|不了|不上|报错|出错|卡|中断|超时|不成功|没反应|没有反应|错误|异常)"
    r"|upload(?:s|ing|ed|er)?\b.{0,60}?(?:starts? (?:over|again|from)|begins? again|(?:not|n[’']t) resum\w{1,4}|progress\b.{0,40}?100 ?%)"
    r"|(?:not|n[’']t) resume (?:the |an? |my )?upload|断点续传.{0,12}?(?:失败|无效|不了|不能|不行|没)|上传.{0,30}?(?:从头|重新(?:上传|开始))"
    r"|只能(?:上)?传(?:很|较|比较|一些|非常)?小|上传.{0,24}?(?:卡死|卡住)|(?:无法|不能|没法|没办法).{0,6}?上传|(?:文件|视频|附件|图片|照片).{0,8}?传不(?:上|了)"
)
#: How a download ends early. "Failed to download" of a package manager names a file of its own.
_CUT_DOWNLOAD = (
    r"\bdownload(?:s|ing|ed)?\b.{0,60}?(?:\bfail(?:s|ed|ing)?\b|stop(?:s|ped)\b|terminat\w{0,3}|abort\w{0,3}|interrupt\w{0,3}|truncat\w{0,3}"
    r"|cut (?:off|short)|incomplete|corrupt\w{0,3}|hangs?\b|stuck|stall\w{0,3}|breaks? off|never (?:finish|complet)\w{0,3}"
    r"|not (?:finish|complet)\w{0,3}|network error)"
    r"|\b(?:files?|pages?|images?|responses?|scripts?|json)\b.{0,60}?\b(?:truncated|cut off|incomplete)\b"
    r"|(?:页面|网页|图片|文件|响应|脚本|json).{0,10}?(?:不完整|不全|截断|(?:显示|加载|返回)了?一半)"
    r"|\b(?:pages?|sites?|loading)\b[^.;\n]{0,30}?\b(?:in the middle(?! of)|half ?way|only partially)\b|\bonly (?:partially|partly|half) load(?:s|ed)?\b"
    r"|(?:incomplete|truncated|partial|interrupted|corrupt(?:ed)?|only part of the) downloads?\b"
    r"|下载.{0,24}?(?:失败|中断|不完整|不全|不下来|不动|卡住|断开|断掉|一半|出错|报错|损坏|被截断|网络错误|异常|停止)"
    r"|(?:不能|无法|没法)完整.{0,4}?(?:下载|接收|加载)"
)

#: An address that stands for many visitors: of this machine, a private network (RFC 1918).
_PRIVATE = r"(?:127\.0\.\d|::1\b|(?<![\d.])(?:10|172\.(?:1[6-9]|2\d|3[01])|192\.168)\.\d|localhost|docker(?:'s)? (?:gateway|bridge))"
_INNER_ADDRESS = (
    rf"(?:{_PRIVATE}|docker|gateway|bridge|proxy|nginx|npm\b|router|load ?balancer|cloudflare|traefik|haproxy"
    r"|host itself|server itself)"
)
_VISITOR_IP = (
    r"(?:real|client|clients|visitors?|users?|original|true|actual|source|external|remote|public)"
    r"(?:[’']s?)?[ -](?:client |user |visitor |source )?(?:ips?|ip[- ]address(?:es)?)\b"
)

#: In this order. They are looked for behind the messages of programs and before those of
#: connections, which are often told beside them ("the upload times out").
COMPLAINTS: tuple[tuple[SymptomKind, str], ...] = (
    ("visitor-address", _VISITOR_IP + r"(?:.{0,60}?(?:\b(?:not|never|lost|missing|instead|wrong|incorrect|same)\b|n[’']t\b|always)"
        r"|.{0,40}?\b(?:is|are|as|shows?|shown|becomes?|to)\b.{0,30}?" + _INNER_ADDRESS + r")"
        r"|(?:can(?:not|[’']t)|unable to|doesn[’']t|not|how to) (?:get|see|show|receive|pass|log|obtain|forward|find)\w{0,4}"
        r" (?:the |a |my )?" + _VISITOR_IP +
        r"|\b(?:visitors?|users?|clients?|hits|page ?views|log entries)\b.{0,40}?\b(?:is|are|has|have|from|shows?|appears?|as|with)\b(?:(?!sent|redirect|forward).){0,20}?"
        r"(?:\bip(?:s|[- ]?address(?:es)?)? of (?:the|my|our|this) (?:web |reverse |nginx )?(?:server|proxy|load balancer)\b"
        r"|\b(?:server|proxy|load balancer)[’']?s? (?:own )?ip\b)"
        # Every request behind nginx has nginx in its words, and mostly another fault.
        r"|\b(?:all|every|each|same|always|only|everybody|everyone)\b.{0,60}?\b(?:ips?|(?:ip|remote|source|client) address(?:es)?)\b.{0,50}?"
        + _INNER_ADDRESS +
        r"|\b(?:all|every|each|same|always|only|everybody|everyone)\b.{0,60}?\b(?:address(?:es)?|requests?|logs?|hits|users|visitors|clients?)\b.{0,50}?"
        + _PRIVATE +
        r"|\b(?:requests?|hits|connections?|users?|visitors?|clients?|traffic)\b.{0,30}?\b(?:com(?:e|es|ing)|originat\w{1,3}|appears?|seems?)\b.{0,20}?\b(?:from|as)\b.{0,16}?"
        + _PRIVATE +
        r"|\b(?:sees?|shows?|gets?|logs?) (?:only )?(?:the )?(?:proxy|nginx|docker|gateway|cloudflare|load ?balancer|traefik|caddy)(?:[’']s|server)? ips?\b"
        r"|\b(?:logs?|logged|admin panel|dashboard|backend)\b.{0,30}?\b(?:shows?|see|sees|says?|has|have|only|as)\b.{0,40}?(?:127\.0\.0\.1|"
        r"172\.(?:1[6-9]|2\d|3[01])\.\d|192\.168\.\d|(?<![\d.])10\.\d{1,3}\.\d)"
        r"|(?:127\.0\.0\.1|172\.(?:1[6-9]|2\d|3[01])[\d.]{2,8}|192\.168[\d.]{2,8}|(?<![\d.])10\.\d[\d.]{2,9})(?: is (?:shown|logged|displayed))? (?:for|instead of) (?:all|every|each|the (?:real|client|visitor|user)|real|client)"
        r"|(?:users|visitors|clients|requests|hits)\b.{0,40}?\b(?:(?:the )?same|one) ip\b"
        r"|\b(?:sees?|shows?|gets?|logs?|reports?)\b.{0,20}?" + _PRIVATE + r".{0,16}?\bas (?:the )?(?:client|visitor|user|remote|source)[’'s]{0,2} ?(?:ip|address)\b"
        r"|rate[- ]?limit\w{0,4}\b.{0,40}?\b(?:every(?:body|one|thing| ?user)|all (?:users|visitors|clients))"
        r"|\b(?:every(?:body|one| ?user)|all (?:\w+ )?(?:users|visitors|clients))\b.{0,40}?\brate[- ]?limit"
        r"|'option forwardfor' ignored\b|ERR_ERL_UNEXPECTED_X_FORWARDED_FOR|'trust proxy' setting is false|所有.{0,4}(?:用户|访客|人).{0,10}限流"
        r"|\blog(?:s|ged|ging|[- ]?files?)?\b.{0,60}?\b(?:sees?|shows?|gets?|has|have|only|always|instead|with)\b.{0,24}?"
        r"\b(?:internal|private|docker|container|bridge|gateway|proxy)(?:[’']s)?(?: network)? (?:ips?|ip[- ]address(?:es)?)\b"
        r"|\b(?:immer|nur|überall)\b.{0,24}?\b(?:intern|privat|lokal|gleich|selb|Docker)\w{0,3}[- ]IP\b"
        r"|\b(?:siempre|solo|sólo|toujours|sempre)\b.{0,30}?\bIP (?:interna|privada|local|interne|privée|locale|d(?:el|u|o) (?:contenedor|proxy|conteneur))\b"
        r"|(?:всегда|только|у всех)\b.{0,30}?(?:внутренн|локальн|один|одинаков)\w{0,4} ip\b"
        r"|(?<!\ba )(?:\b(?:sees?|shows?|gets?|logs?|stores?|saves?|records?|has|displays?|is|are|lists?) (?:always|only|just)|\b(?:always|only|just) (?:sees?|shows?|gets?|logs?|stores?|saves?|records?|has|displays?|lists?)) (?:the )?(?:ip(?:[- ]address)?|address) of (?:the |my |our )?(?:reverse |inner |outer )?(?:proxy|nginx|load ?balancer|gateway|container|traefik|haproxy|caddy)\b"
        r"|\bREMOTE_ADDR\b.{0,30}?\b(?:is|shows?|has|always|only)\b.{0,30}?(?:127\.0\.0\.1|\bproxy|\bnginx|localhost|" + _PRIVATE + r")"
        r"|\b(?:zeigt|steht|sieht|protokolliert|speichert)\b.{0,24}?\b(?:nur|immer)\b.{0,20}?\b(?:IP(?:-Adresse)?|Adresse) des (?:Reverse[- ])?Prox\w{1,3}"
        r"|\b(?:muestra|ve|registra|mostra|registra|affiche|voit|enregistre)\b.{0,30}?\b(?:la |a |o |l[’'])?(?:dirección|direccion|endereço|adresse|IP)(?: IP)? d(?:el|u|o) (?:reverse )?proxy\b"
        r"|fail2ban.{0,30}?\bban\w{0,4}\b.{0,30}?(?:proxy|nginx|itself|itsself|own|everybody|everyone|gateway|cloudflare)"
        r"|(?:真实|真正|客户端|访客|用户|访问者|来源|源|外网|公网)的?(?:真实)?(?:访问|客户端)?\s?(?:ip|地址)(?![:：]\d)(?!.{0,20}?(?:无法|不能)(?:访问|连接|打开))(?!.{0,20}?(?:访问|连接|打开)(?:失败|错误|不到|不了|不通)).{0,20}?(?:不到|不对|不正确|错误|丢失|失败|都是|全是|全部|一样|相同|变成|显示|无法|不能|是127|为127)"
        r"|(?:获取|拿|取|得|看|记录)不(?:到|了).{0,12}?(?:ip|地址)|(?:无法|不能|没法|怎么|如何|只能)(?:正确)?(?:获取|拿到|得到|记录|看到).{0,10}?(?:真实|客户端|用户|访客|来源|源).{0,8}?(?:ip|地址)"
        r"|(?:ip|地址).{0,8}?(?:全|都|总|一直|均|变成).{0,8}?(?:127\.|172\.|192\.168|10\.|::1|内网|网关|容器|docker|代理|本机|一样|同一)"
        r"|(?:日志|记录|后台|显示).{0,16}?(?:127\.0\.0\.1|172\.\d|192\.168\.\d|内网 ?ip|网关 ?ip)"
        r"|只能(?:获取|拿|得|看)到?.{0,14}?(?:ip|地址)|限流.{0,12}?(?:所有|全部|大家)"),
    ("request-field", r"\b(?:can ?not|can[’']?t|could ?n[’']?t|unable to|not able to) (?:send|pass|forward|receive|read)\b.{0,40}?\b(?:as an? |custom |request |http |auth\w{0,12} |token )headers?\b"
        r"|(?:authorization|access[-_ ]?token|token|api[-_ ]?key|bearer|custom|request|auth)\W{0,4}(?:http |request )?headers?\b.{0,30}?"
        r"\b(?:missing|null|lost|undefined|empty|stripped|dropped|removed|missed|not (?:being )?(?:found|set|present|received|passed|forwarded|sent|provided|reach\w*|arriv\w*)|disappear\w*)"
        r"|\brest_cannot_(?:edit|create|delete|view)\b|\bjwt_auth_no_auth_header\b"
        r"|\bHTTP_AUTHORIZATION\b.{0,24}?(?:empty|null|missing|undefined|not set|lost|为空|没有|取不到|获取不到)"
        r"|\b(?:bearer|basic|jwt|auth\w{0,12}) (?:tokens?|credentials|login) (?:is |are |was )?(?:not |never )(?:received|passed|forwarded|arriv\w{1,3})"
        r"|(?:missing|no|lost|without) (?:an? |the )?[\"'`]?(?:authorization|access[-_]?token|token|api[-_ ]?key|bearer|auth)[\"'`]? (?:http |request )?header"
        r"|(?<!response )\bheaders?\b(?! (?:in|of) (?:the )?response).{0,40}?\b(?:missing|null|lost|not (?:received|passed|forw\w*|reach\w*|arriv\w*|available)|disappear\w*|stripped|dropped|removed)\b"
        r".{0,40}?\b(?:backend|upstream|application|app|server|api|controller|request|node|php|django|flask|spring|proxy|nginx|apache)\b"
        r"|\bheaders? (?:are|is)(?: ?n[’']?t| not) (?:being )?(?:going|getting|coming|pass|forward|reach|sent|received)\w{0,3}|\bauthorization (?:is )?not (?:being )?(?:set|sent|passed|forwarded|received)"
        r"|\bheaders? (?:do(?:es)? ?(?:n[’']?t|not)|never) (?:reach|arrive|get (?:to|through))|\bheader (?:name )?[\w-]{1,40} (?:is|gets?|was) (?:lost|missing|null|dropped|removed)"
        r"|(?:nginx|apache|proxy|haproxy|caddy)\b.{0,30}?\b(?:drops?|strips?|removes?|ignores?|loses?|(?:does ?n[’']t|does not|not) (?:pass|forward)\w{0,3})\b.{0,40}?\bheaders?\b"
        r"|\b[A-Za-z0-9]{1,30}_[\w-]{1,40} headers? (?:is|are|gets?|got|was|were|disappears?)(?: (?:lost|missing|null|dropped|removed|stripped|empty))?\b"
        r"|(?<!sec-websocket-)headers? with (?:an? )?(?:underscores?|dots?)|\b(?:token|getHeader)\b.{0,30}?\b(?:is|are|returns?) (?:always )?(?:null|undefined|empty)\b"
        r"|(?:请求头|header|头部|请求参数头).{0,30}?(?:不到|丢失|丢了|为空|为 ?null|被过滤|被忽略|没有传|不见|没了|丢弃|缺失)"
        r"|(?:获取|拿|取|接收|收|读)不到.{0,20}?(?:请求头|header|token|authorization)"
        r"|(?:无法|不能|没法)从? ?.{0,12}?(?:请求头|header).{0,12}?(?:获取|拿|取|读)|(?:token|authorization).{0,20}?(?:获取不到|拿不到|取不到|收不到|为空|为 ?null|丢失|丢了|没有传)|(?:下划线|点号).{0,12}?(?:header|请求头)"
        r"|nginx.{0,12}?(?:不支持|不识别|不认|不允许|丢弃|丢掉|忽略|过滤|去掉|吞掉?)\w{0,3}.{0,12}?(?:下划线|[“\"'‘「]_[”\"'’」])"
        r"|(?:token|header|headers|field)s? names?\b.{0,24}?\bunderscores?|\bunderscores? in (?:the |a |http |request )*(?:header|token|field)"),
    ("stream", r"\b(?:sse|event[- ]?streams?|streams?|streamed|streaming|server[- ]sent events?|eventsource|chat\w{0,4}|answers?|repl(?:y|ies)|responses?|tokens?|output|messages?|"
        r"progress(?: bar)?|text|lines?|events?)\b.{0,80}?(?:all at once|at once\b|in one (?:go|chunk|piece|shot|block)|only (?:after|when|at the end)|not (?:being )?stream\w{0,4}"
        r"|until (?:it|everything|the \w{1,12}|they) (?:is|are|has|have)? ?(?:completed?|finished|finishes|done|ends?|closed)|\bbuffered\b)"
        r"|\b(?:remote desktop|stream|output|messages?|text|lines?|events?|logs?|tokens?|data|screen|display)\b.{0,30}?\b(?:comes?|arrives?|appears?|updates?|is sent|sent) (?:only )?in (?:bursts|batches)\b"
        r"|(?:画面|输出|日志|消息|数据|远程桌面).{0,8}?(?:一阵一阵|一批一批|断断续续)"
        r"|\bbuffer(?:s|ing)\b (?:up )?(?:all |every |the (?:whole |entire |complete )?)(?:of )?(?:the )?(?:sse |server[- ]sent )?(?:events?|messages?|chunks?|tokens?|responses?|stream|output|answers?)\b"
        r"|\b(?:screen|text|output|data|answers?|messages?|updates?) (?:comes?|arrives?|appears?) in (?:bursts|blocks|chunks|batches)\b"
        # Browsers open six connections at most to one name over HTTP/1.1.
        r"|\b(?:sse|eventsource|event[- ]?streams?|server[- ]sent events?)\b.{0,80}?\b(?:tabs?|windows)\b|\b(?:tabs?|windows)\b.{0,60}?\b(?:sse|eventsource|event[- ]?streams?|server[- ]sent events?)\b"
        r"|(?:sse|eventsource|event-stream).{0,24}?(?:标签页?|窗口|页签)|(?:标签页?|窗口|页签).{0,24}?(?:sse|eventsource|event-stream)"
        r"|(?:typing|typewriter) effect|(?<!video )(?<!live )(?<!hls )\b(?:sse|eventsource|streaming|server[- ]sent events)\b.{0,12}?(?:is not|isn[’']?t|do(?:es|did)? ?n[’']?t|did ?n[’']?t|does not|not|never|stop\w{0,4})\b"
        r".{0,6}?\b(?:work|stream|arriv)\w{0,3}|\bstream did ?n[’']?t work|only (?:once|enters?|after|arrives?|comes?)\b.{0,40}?after (?:the )?(?:completion|\d{1,3} seconds?|everything|the end)|(?:events?|messages?|answers?|chunks?)\b only (?:arrive|come|appear)\w{0,1} (?:when|after|at)|(?:stuck|freezes|hangs|stays) (?:at|on|in) [\"'“]?(?:processing|thinking|generating|typing)|no streaming\b|\bstream\w{0,4}\b.{0,30}?\b(?:never|does ?n[’']?t|not) (?:reach|arriv)"
        r"|\b(?:sse|eventsource|server[- ]sent events|event[- ]?streams?)\b.{0,60}?\b(?:buffer\w{0,3}|breaks?|broken|fails?|hangs?|disconnect\w{0,3}|reconnect\w{0,3}|stuck|time[sd]? ?out|clos\w{1,3}|lost|no data|(?:not|n[’']t) \w{0,5} ?receiv\w{1,4})\b"
        r"|(?<!video )\bstream(?:s|ing)?\b.{0,16}?\b(?:stops?|stopped|ends?|ended|cuts? off|is cut|breaks?|dies|closes|disconnects?|times out)\b.{0,16}?\b(?:after|at|every)\b.{0,12}?\d"
        r"|(?:流式(?:输出|返回|响应|传输|接口)?|\bsse).{0,6}?的?问题|流式.{0,20}?(?:不|没|无|失效|一次|一下|卡|慢|消失|变成|一段)|(?:没有|不是|不能|无法|无)流式|一次性(?:返回|输出|显示|吐出|推送|全部)|(?:不是|没有|不能|无法|不会|而非).{0,3}?(?:一个字一个字|一个个字|逐字|逐步|一点一点|一行一行|一段一段)|一下子?.{0,2}?(?:全|都|全部).{0,2}?(?:出来|出现|显示|返回)|打字机?(?:效果|特效)"
        r"|一下子?(?:就)?(?:全部|得到|返回|输出|显示|出来)|(?:sse|eventsource|event-stream).{0,16}?(?:不|没|失|卡|缓)|等.{0,12}?(?:完|结束|全部).{0,8}?(?:才|再|一次)(?:一次性)?(?:返回|输出|显示|收到)|(?:按|成|一)块.{0,4}?(?:输出|返回|吐|显示)"),
    ("download", r"\b(?:json|pdfs?|images?|videos?|svg|pages?|html|xml|text) (?:files? )?(?:shows?|opens?|comes?|is served|are served) (?:up )?as (?:an? )?downloads?\b|\bdownload(?:s|ed|ing)?\b.{0,60}?(?:instead of|rather than)|(?:instead of|rather than) (?:be(?:ing)? )?(?:display|show|render|execut|open|runn?|play|pars|process|interpret|view|load)\w{0,4}\b.{0,60}?\bdownload"
        r"|\b(?:pages?|site|website|index(?:\.\w{1,5})?|browser|php(?: files?)?|html(?: files?)?|url|homepage|nginx|it)\b.{0,20}?\b(?:just|automatically|simply|always|only|wants to|tries to|asks? (?:me )?to|prompts? (?:me )?to|"
        r"keeps|(?:is|gets?|are) (?:being )?)\s?(?:automatically )?download(?:s|ed|ing)?\b|\b(?:index|home)\.\w{2,5} (?:is |gets )?download"
        r"|\b(?:nginx|apache|php|browser|page|site|it) (?:just )?downloads? (?:the |a |an |my )?(?:\S{1,20} )?(?:file|page|index\S{0,5}|html)\b(?! (?:very |too )?(?:slow|fast))|(?:octet-stream|dms file)|(?:shows?|shown|displays?|displayed|see|seeing|prints?|outputs?|sees) (?:me |only |just )?(?:the |as )?(?:raw|php|plain|source|html) (?:php |html |source )?(?:code|source|text|html)"
        r"|(?:source|raw|php) (?:code|html|text) (?:is |gets |are )?(?:shown|displayed|instead|printed)"
        r"|(?:直接|变成|自动|而是|却|成了|就是?|提示|弹出)(?:是)?(?:让)?了?下载(?!失败|不|慢|速度|超时|中断)|下载.{0,16}?而不是|不(?:显示|解析|执行|预览|渲染).{0,16}?下载|(?:显示|看到|返回|输出).{0,4}?(?:源码|源代码|php ?代码|纯文本)"),
    ("cached", r"(?:everyone|everybody|all users|all visitors) (?:is|are|gets?) (?:logged|signed) in (?:as|with) (?:the )?(?:same|one|my|first)|logged (?:in )?(?:as|into) (?:a |an |the )?(?:some(?:body|one) else|different|an?other|other|wrong)|log(?:s|ged|ging)?[- ]?in.{0,60}?(?:another|someone else|somebody else|different|other) (?:person|users?|accounts?|customers?|profile)"
        r"|(?:another|different|wrong|each) (?:other[’']s|users?[’']s?|persons?[’']s?|customers?[’']s?|people[’']s)|other (?:users?[’']?|people[’']?s?|customers?[’']?) ?(?:data|accounts?|sessions?|carts?|pages?|profiles?|names?|content)"
        r"|logged (?:in(?:to)? |to )?(?:the )?profile of|(?:can(?:not|[’']t)|unable to|not able to) log(?:ged)? ?(?:out|off)|sessions? (?:are |is |get )?(?:swap|mix|leak|shared)|still logged in after"
        r"|\ban old (?:version|page|build|bundle) (?:\w{1,6} )?(?:is|was|gets?) (?:still |being )?(?:delivered|served|shown|displayed|loaded|returned)|\b(?:yesterday|last week|last month)[’']s (?:version|page|build|content)\b|(?<!an )\b(?:old|stale|outdated|previous|cached) (?:styles?(?:heets?)?|design|layout|scripts?|code|ui|front-?end|versions?|pages?|builds?|bundles?|content|site|website|html|css|js|assets|data)\b"
        r"|\b(?:users?|visitors?|customers?|people|browsers?|everyone|they) (?:\w{1,8} ){0,3}?(?:stuck|see|sees|seeing|gets?|getting|keeps?|have|has|left|shown|served|loads?) (?:\w{1,8} ){0,2}?(?:the |an )older (?:code|ui|front-?end|versions?|pages?|builds?|bundles?|content|site|website)\b(?! of\b)"
        r"|\bbrowsers? (?:\w{1,8} ){0,2}?(?:keeps?|caches?|cached|caching|holds?|remembers?) (?:\w{1,8} ){0,2}?(?:index\.html?|html)\b|\bindex\.html? (?:\w{1,8} ){0,2}?(?:cached|kept) (?:\w{1,8} ){0,2}?browsers?\b"
        r"|\bbrowsers? .{0,16}?\b(?:not|never|n[’']t) (?:\w{1,8} ){0,1}?(?:pick(?:ing|ed)? up|see|load|fetch|get)\w{0,3} (?:the |our |my |a |an )?(?:new|latest|current) (?:release|version|build|deploy\w{0,5}|page|site|code)"
        r"|\b(?:old|stale|outdated|previous|cached) (?:app |application )?shell\b|service[- ]?workers?\b.{0,60}?\b(?:old|stale|outdated|cach\w{1,3})\b|\bpwa .{0,30}?(?:not|never|n[’']t) (?:get |be |being )?updat\w{1,3}\b"
        r"|(?:until|unless|without|have to|need to|must|only after|visible after) .{0,20}?clear\w{0,4} .{0,24}?cache|(?:hard|force)[- ](?:refresh|reload)|(?:until|unless|without|only after) .{0,30}?(?:ctrl|shift) ?\+ ?(?:shift ?\+ ?)?(?:f5|r\b|reload)|(?:changes|updates?|deploy\w{0,6}) (?:are |is |do |does )?(?:not|n[’']t|don[’']t|only) (?:be )?(?:visible|shown|appear|show|reflect)\w{0,3}"
        r"|(?:登录|登陆|看到|显示|进入|变成|返回)(?:的)?(?:了|成|到|是)?.{0,8}?(?:别人|他人|其他人|其他用户|另一个(?:人|用户|账号)|别的(?:用户|账号))|串号|串(?:账号|用户|session|数据)|退出(?:登录)?(?:不了|不掉|后还|后仍)|(?:无法|不能)(?:退出|注销)"
        r"|退不出|[旧老](?:版本|页面|代码|内容|数据|文件|样式|样子|版)|(?:要|需要?|必须|得|除非).{0,6}?清(?:除|空|理)?.{0,8}?缓存|清.{0,10}?缓存.{0,6}?(?:才|后才|就好|就正常)|强制刷新|才能看到新"
        r"|(?:更新|部署|发布|修改|升级)(?:完|了)?(?!.{0,10}?(?:配置|\.conf))(?:后|之后|以后)?.{0,16}?(?:没有?变化|没有?生效|没有?更新|不生效|不更新|还是(?:旧|老|原来|以前|之前))"),
    ("incomplete", f"{_NO_STATUS}(?s:.{{0,6000}}?)(?:{_CUT_DOWNLOAD})"),
    ("upload", f"{_NO_STATUS}(?s:.{{0,6000}}?)(?:{_UPLOAD})"),
)  # fmt: skip

#: Words that say that it fails at times alone.
_AT_TIMES = (
    r"\b(?:sometimes|occasional(?:ly)?|intermittent(?:ly)?|randomly|random (?:[45]\d\d|errors?|fail\w{1,5}|disconnect\w{0,5}|drops?|time-?outs?|resets?|behaviou?r|crashes|requests?|issues?)|sporadic(?:ally)?|(?:every )?now and then|from time to time|once in a while"
    r"|every (?:other|second|few) (?:request|refresh|reload|time|visit)s?|half of (?:the |my |all )?requests|flaky|flakil?y"
    r"|(?:refresh|reload|retry)(?:ing|es)?(?: the page| it)? (?:fixes|helps|works|solves)|not always|works (?:again )?after (?:a |some )?(?:refresh|reload|retry)\w{0,3})\b"
    r"|偶尔|偶发|偶现|间歇|时好时坏|时不时|时而|有时|不定时|不定期|断断续续|随机(?:性)?(?:出现|报|失败|502|504)|刷新(?:一下|几次|页面|几下)?.{0,2}?(?:就|又|后)(?:好|正常|恢复|可以)|一会儿?好"
)  # fmt: skip
#: They are looked for last: a message mostly says what fails, too. The first is what services that
#: call the site say: payments, webhooks, health checks.
VAGUE_COMPLAINTS: tuple[tuple[SymptomKind, str], ...] = (
    ("callback", r"\b(?:could not|cannot|failed to|unable to) (?:send|deliver|post)\b.{0,12}?\bwebhook|(?:webhook|(?<!OAuth )(?<!login )callback|\bIPN|notify_url|(?:payment|order|server) notification|health ?check)"
        r"s?\b.{0,60}?(?:fail|unhealthy|(?:TLS|SSL) error|\bdown\b|unreachable|(?:not|never|n[’']t) (?:be |being )?(?:receiv|call|deliver|arriv"
        r"|reach|work|trigger|sent|pass)|can(?:not|[’']t) (?:be )?(?:reach|connect|deliver))"
        # Stripe, GitHub, Slack, Telegram, Meta
        r"|\btrouble (?:sending|delivering) (?:\w{1,16} )?(?:requests|webhooks|events|notifications)\b|\bcouldn[’']t deliver this payload"
        r"|\bdidn[’']t respond with the value of the challenge\b|\bHTTP status code of [1-5]\d\d\b.{0,300}?\bwhen \w{1,20} requested it"
        r"|\bWrong response from the webhook\b|\bcallback URL or verify token couldn[’']t be validated"
        r"|(?:(?:not|never|n[’']t) (?:receiv\w*|get\w*|reach\w*)|fail\w* to (?:deliver|send|call|reach)|\bno) (?:\w{1,12} ){0,4}"
        r"(?:webhook|callback|IPN\b|notify_url|payment notification)"
        r"|(?:收|接收?)不到.{0,16}(?:通知|回调|推送)|(?:没有?|未)(?:接?收|得)到.{0,16}(?:回调|通知|推送)|(?:未|没有?|不|无法)(?:触发|执行)?回调"
        r"|(?:回调|(?:支付|异步|微信|支付宝|退款)\S{0,6}通知|健康检查|webhook).{0,12}?(?:失败|不成功|不?通过?不了|不通|收不到|(?:没有?|未)(?:接?收到|到达|触发|执行|反应|通过)"
        r"|无响应|异常|不正常)"),
    ("sometimes", _AT_TIMES),
)  # fmt: skip

_SAYS_AT_TIMES = lazy_pattern(f"(?i:{_AT_TIMES})")


def fails_at_times(symptom: Symptom) -> bool:
    """Return whether a message says that something fails at times alone ("502 every now and
    then")."""
    return symptom.kind == "sometimes" or bool(_SAYS_AT_TIMES.search(symptom.text))


#: A page that is missing, in words without the status: what a reload of a route of a script gets.
_MISSING_PAGE = lazy_pattern(
    r"(?i:(?:refresh|reload)\w{0,4}\b.{0,60}?(?:not work|n[’']?t work|break|fail|crash|not found).{0,40}?\b(?:routes?|urls?|sub-?pages?|router)\b"
    r"|\b(?:routes?|urls?|sub-?pages?|router)\b.{0,60}?(?:not work|n[’']?t work|break|fail|not found)\w{0,3}\b.{0,30}?\b(?:refresh|reload)"
    r"|\b(?:unable to|could(?: not|n[’']t)|can(?:not|[’']t)) find (?:the |this )?(?:\w{1,12} )?(?:file|page|resource)\b"
    r"|\b(?:refresh|reload)\w{0,4}\b.{0,60}?\bnot found\b|\bF5\b.{0,40}?\bnot found\b"
    r"|\b(?:all|every|other|sub)[- ]?(?:\w{1,8} )?(?:others?|pages?|links?|urls?|routes?) (?:\w{1,8} ){0,2}?not found\b"
    r"|\b(?:page|url|route|address) (?:is |was |could )?not (?:be )?found\b|\bCannot (?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) /"
    r"|\bNo (?:mapping|route)s? (?:found )?(?:for|match(?:es|ing)?)? ?\[?[\"']?(?:GET|HEAD)\b"
    r"|(?:找不到|没有).{0,2}?(?:该|这个?|此)?(?:文件|页面|资源|路由)(?!夹)|(?:页面|文件|路由|资源)(?:.{0,4}?不存在|找不到)|刷新.{0,12}?(?:找不到|不存在))"
)  # fmt: skip


def says_page_is_missing(words: str) -> str:
    """Return the words by which a message says that a page is missing; "" if it does not."""
    match = _MISSING_PAGE.search(words)
    return match[0] if match else ""


#: A browser's window for a password (RFC 9110 section 11.6.1) that comes again and again. An
#: application's own form is another matter, which these words do not name.
_PASSWORD_WINDOW = lazy_pattern(
    r"(?i:basic.?auth|auth_?basic|htpasswd|prompt|pop-?up|pops up|dialog|弹|窗口|对话框"
    r"|\b(?:log-?in|sign-?in|password) (?:window|box)\b)"
)
_PASSWORD_AGAIN = lazy_pattern(
    r"(?i:(?:\b(?:keeps?|kept|constantly|repeatedly|continually|always) .{0,30}?\b(?:ask|prompt|popp?|show)\w{0,4}\b"
    r".{0,40}?\b(?:password|credentials|username|authenticat\w{1,4}|basic auth|prompt)\b"
    r"|\b(?:password|credentials?|basic auth\w{0,10}|authentication|username)\b.{0,20}?\b(?:prompt|pop-?up|dialog|window)s?\b"
    r".{0,40}?\b(?:again|keeps?|loops?|over and over|repeatedly|every time)\b"
    r"|\b(?:log-?in|sign-?in) (?:prompt|pop-?up|window|box)s?\b.{0,40}?\b(?:keeps?|loops?|over and over|again and again|repeatedly)\b"
    r"|\bask\w{0,3} .{0,20}?\b(?:password|credentials|username)\b.{0,40}?\b(?:again and again|over and over|repeatedly|in a loop)\b"
    r"|(?:反复|一直|不断|不停|总是|重复|循环|又|再次).{0,6}?(?:要求|弹出?|提示|需要).{0,8}?(?:验证(?!码)|认证|用户名|密码(?!错)|登[录陆]框)"
    r"|(?:验证|认证|密码|登[录陆])(?:窗口|框|对话框).{0,8}?(?:反复|一直|不断|不停|总是|重复)))"
)  # fmt: skip


#: A password that everybody is asked for, where none is meant.
_PASSWORD_FOR_ALL = lazy_pattern(
    r"(?i:\b(?:login|password|sign-?in|basic.?auth) (?:window|prompt|pop-?up|dialog)\b.{0,40}?"
    r"\bfor (?:everybody|everyone|all|every (?:visitor|page|user))\b"
    r"|\b(?:everybody|everyone|every (?:visitor|user|page)|(?:whole|entire) (?:site|shop|website))\b"
    r".{0,30}?\b(?:asks?|asked|wants?|needs?|prompts?|prompted)\b.{0,20}?\b(?:password|credentials)\b"
    r"|\bask(?:s|ing)? (?:everybody|everyone|all (?:visitors|users)|every (?:visitor|user)) for (?:an? |the )?password\b"
    r"|(?:所有人|每个人|所有访客|整个(?:网站|站点)|所有页面).{0,8}?(?:要求|需要|弹出|都要).{0,6}?(?:密码|登[录陆]框|认证))"
)  # fmt: skip


def says_password_is_asked_again(words: str) -> str:
    """Return the words by which a message says that the browser's window for a password comes again
    and again, as after each 401, or that everybody is asked for one; "" if it does not."""
    match = _PASSWORD_AGAIN.search(words)
    if match and _PASSWORD_WINDOW.search(words):
        return match[0]
    match = _PASSWORD_FOR_ALL.search(words)
    return match[0] if match else ""

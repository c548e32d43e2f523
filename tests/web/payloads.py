"""Hostile texts: markup, attributes, addresses, encodings and directions that must all come out as plain text."""

from itertools import product
from typing import Final

_TAGS: Final = (
    "<script>{js}</script>",
    "<ScRiPt >{js}</sCrIpT>",
    "<script src=//evil.example/x.js></script>",
    '<img src=x onerror="{js}">',
    "<img src=`x` onerror={js}//",
    "<svg onload={js}>",
    "<svg><script>{js}</script></svg>",
    "<svg><animate onbegin={js} attributeName=x dur=1s>",
    "<body onload={js}>",
    "<iframe srcdoc='<script>{js}</script>'></iframe>",
    "<iframe src=javascript:{js}></iframe>",
    "<object data=javascript:{js}></object>",
    "<embed src=javascript:{js}>",
    "<a href=javascript:{js}>x</a>",
    "<form action=javascript:{js}><button>x</button></form>",
    "<details open ontoggle={js}>",
    "<input autofocus onfocus={js}>",
    "<select autofocus onfocus={js}>",
    "<video><source onerror={js}></video>",
    "<audio src=x onerror={js}>",
    "<marquee onstart={js}>",
    "<math><mi xlink:href=javascript:{js}>x</mi></math>",
    "<meta http-equiv=refresh content='0;url=javascript:{js}'>",
    "<base href=//evil.example/>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css';</style>",
    "<style>*{{background:url(//evil.example/x)}}</style>",
    "<div hx-get=/sign-out hx-trigger=load>x</div>",
    "<div hx-on:load={js} data-hx-on:load={js}>x</div>",
    "<div hx-sse:connect=//evil.example/events>x</div>",
    "<noscript><p title='</noscript><img src=x onerror={js}>'>",
    "<textarea></textarea><script>{js}</script>",
    "<xmp><img src=x onerror={js}></xmp>",
    "<template><script>{js}</script></template>",
)
_BREAKS: Final = ("{payload}", '"><{payload}', "'>{payload}", "</blockquote>{payload}", "--></title></script>{payload}")
_ODD: Final = (
    "{{7*7}}",
    "{% include '/etc/passwd' %}",
    "${alert(1)}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "\u202e<script>alert(1)</script>\u202c",
    "<scr\u200bipt>alert(1)</scr\u200bipt>",
    "<a\x0bhref=javascript:alert(1)>x</a>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "JaVaScRiPt&colon;alert(1)",
    "\r\nSet-Cookie: fretwatch=x",
    "x" * 3000,
    "]]><script>alert(1)</script>",
)

PAYLOADS: Final = tuple(
    pattern.format(payload=tag.format(js="alert(document.domain)")) for tag, pattern in product(_TAGS, _BREAKS)
) + tuple(text for text in _ODD)
ADDRESSES: Final = (
    "javascript:alert(1)",
    " javascript:alert(1)",
    "java\nscript:alert(1)",
    "JAVASCRIPT:alert(1)",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "//evil.example/x",
    "blob:https://evil.example/1",
    'https://social.example/"onmouseover="alert(1)',
    "https://social.example/'><script>alert(1)</script>",
)

"""Own rules for what libinjection does not look for, as one literal table.

Each is linear in the value (no nested or overlapping repetition; repeats that may start anywhere
are bounded), and is tried only when one of its `needs` occurs, which a plain sentence rarely does.
They were tuned on prose until they left it alone; docs/reference/injection.md has the figures.
"""

from __future__ import annotations

import re

from msgspec import Struct

PLAIN, HTML, CODE = "plain", "html", "code"
PROFILES = (PLAIN, HTML, CODE)
TEXT = frozenset({PLAIN, HTML})
ALWAYS = frozenset(PROFILES)


class Rule(Struct, frozen=True):
    """A row: `id` is the fingerprint in the record.

    Args:
        id: stable name.
        weakness: the CWE number.
        needs: the rule is tried when any of these occurs in the value.
        pattern: regular expression, case-insensitive, searched in the value.
        profiles: the kinds of text (`x-yett-text`) it is for.
    """

    id: str
    weakness: int
    needs: tuple[str, ...]
    pattern: str
    profiles: frozenset[str] = TEXT


# MongoDB query and update operators that change what is asked, and `$where`, which runs a script.
_OPERATORS = (
    "where|ne|eq|gte?|lte?|n?in|regex|exists|expr|function|accumulator|or|and|not|nor|elemMatch"
    "|mod|all|size|type|text|jsonSchema|set|unset|inc|push|pull|rename|lookup|out|merge"
)
# What a template engine would evaluate rather than print: a call, a member, a filter, arithmetic.
_EXPRESSION = r"[^{}\n]{0,200}[.(\[|*'\"+/=^@~]"

RULES: tuple[Rule, ...] = (
    # NUL truncates in C (CWE-158); backspace and escape rewrite a terminal that shows a log.
    Rule("control", 158, ("\x00", "\x08", "\x1b"), r"[\x00\x08\x1b]", ALWAYS),
    # Log4Shell (CVE-2021-44228) and its nested spellings `${${lower:j}ndi:`.
    Rule(
        "lookup",
        917,
        ("${",),
        r"\$\{(?:\$\{|jndi:|env:|sys:|java:|lower:|upper:|script:|dns:|url:|date:|base64|::-|:-)",
        ALWAYS,
    ),
    Rule(
        "prototype",
        1321,
        ("__proto__", "rototype"),
        r"__proto__|\bconstructor\b[\s.\[\]'\"]{1,8}prototype\b",
    ),
    Rule(
        "nosql-operator",
        943,
        ("$",),
        rf"(?:[{{,\[]|\A)\s{{0,40}}[\"']?\$(?:{_OPERATORS})\b[\"']?\s{{0,40}}[:\]]",
    ),
    Rule(
        "nosql-script",
        943,
        ("this.", "db.", ";"),
        r"\bthis\.\w{1,64}\s{0,9}(?:[=!]=|\.(?:match|test|indexOf|substr|charAt)\b)"
        r"|\bdb\.\w{1,64}\.(?:find|insert|drop|remove|update|delete|save|aggregate)\w{0,9}\("
        r"|;\s{0,9}return\s{0,9}\(?\s{0,9}(?:true|!0|1\b|this\b|''|\"\"|'a'=='a)",
    ),
    Rule(
        "traversal",
        22,
        ("..",),
        r"(?:\A\s{0,9}|[/\\]|%2f|%5c)(?:\.\.[/\\;]+){2}"
        r"|\A\s{0,9}(?:file:)?[/\\]{0,3}\.\.(?:[/\\]|;/|%2f|%5c|%c0%af|%252f)"
        r"|(?:\.\.(?:%2f|%5c|%c0%af|%252f|%c1%9c|;/|[/\\]{2})){1}"
        r"|[\w/\\]\.\.[/\\]\.\.[/\\]",
    ),
    Rule(
        "traversal-encoded",
        22,
        ("%",),
        r"%(?:25)?2e%(?:25)?2e(?:[/\\;]|%(?:25)?2f|%(?:25)?5c)|%c0%ae|%uff0e|%e0%80%ae",
    ),
    # A path that is the whole value: nobody writes only this in a comment field.
    Rule(
        "system-file",
        22,
        ("/", "\\"),
        r"\A\s{0,9}(?:[a-z]:)?[/\\]+(?:etc[/\\]+(?:passwd|shadow|hosts|group|sudoers|ssh[/\\])"
        r"|proc[/\\]+(?:self|\d+|version|cmdline)|root[/\\]+\.|var[/\\]+(?:log|run)[/\\]+(?:secrets"
        r"|auth|apache|nginx)|windows[/\\]+(?:win\.ini|system32)|boot\.ini|winnt[/\\])",
    ),
    # A value that ends the header it is copied into (CWE-113): only field names that matter.
    Rule(
        "header",
        113,
        ("\r", "\n"),
        r"[\r\n][ \t]{0,9}(?:(?:set-cookie|location|content-(?:type|length|disposition)|refresh"
        r"|transfer-encoding|access-control-allow-origin|x-[a-z-]{1,40}|bcc|host)[ \t]{0,9}:\s{0,9}"
        r"\S|http/\d(?:\.\d)? \d{3}|(?:get|post|put|delete) /\S{0,200} http/)",
        frozenset({PLAIN}),
    ),
    Rule(
        "template",
        1336,
        ("{", "<%"),
        rf"\{{\{{{_EXPRESSION}[^{{}}\n]{{0,200}}\}}\}}"
        r"|\{\{\s{0,9}(?:config|self|request|settings|session|_self|this|dump|app|env)\s{0,9}\}\}"
        r"|\{%\s{0,9}-?\s{0,9}(?:set|if|for|import|include|extends|debug|macro|block|raw)\b"
        rf"|[$#*%@]\{{{_EXPRESSION}[^{{}}\n]{{0,200}}\}}"
        r"|\$\{(?:config|self|request|settings|session|class|7\w{0,9})\}"
        r"|#(?:set|evaluate|include|parse)\s{0,9}\(\s{0,9}[$'\"]"
        r"|<%[=@!#\s][^<]{0,200}%>|<#(?:assign|include|import)\b|\[\[\$\{|__\$\{",
    ),
    # Expression languages of Java frameworks; `%{(#` is Struts (CVE-2017-5638).
    Rule(
        "expression",
        917,
        ("{", "("),
        r"%\{\(?[#']|\bT\(java\.|#(?:_memberAccess|context|application)\b"
        r"|\bjava\.lang\.(?:Runtime|ProcessBuilder|System)\b|\bgetRuntime\(\)|__import__\(|__class__\b"
        r"|__globals__\b|__subclasses__\b|\bos\.(?:popen|system)\(|\bprocess\.mainModule\b"
        r"|\brequire\(['\"]child_process",
    ),
    # Metadata services in any spelling of the address; `//user@169.254.169.254` too.
    Rule(
        "metadata-url",
        918,
        ("//",),
        r"//[^\s/]{0,80}(?:169\.254\.(?:169\.254|170\.2)|metadata\.google\.internal|metadata/computeM"
        r"|100\.100\.100\.200|\[?fd00:ec2::254|2852039166|0xa9fea9fe|0xa9\.0xfe|0251\.0376"
        r"|025177524776|169\.254\.43518|\[::ffff:a9fe:a9fe|\[::ffff:169\.254"
        r"|169\.254\.169\.254\.nip\.io)",
    ),
    # Schemes and hosts a server should not be sent to, when the whole value is the address.
    Rule(
        "internal-url",
        918,
        (":/", ":\\", "://"),
        r"\A[\s\"'<(]{0,9}(?:url:)?(?:(?:file|gopher|dict|ldaps?|tftp|sftp|jar|netdoc|phar|php|expect"
        r"|zip|glob|ogg|ssh2|local_file|unix|rmi|iiop|s?mb):[/\\]{1,3}"
        r"|(?:https?|ftp|ws):[/\\]{2}(?:[^\s/@]{0,80}@)?"
        r"(?:localhost|127\.\d|0\.0\.0\.0|0x7f|017700000001|2130706433|0177\.|\[?::1|\[::\]"
        r"|\[::ffff:7f|\[::ffff:127|127\.1|0[:/]|localtest\.me|[\w.-]{1,60}\.(?:nip|sslip)\.io"
        r"|kubernetes\.default))",
    ),
    Rule("php-wrapper", 98, ("php:", "data:", "PHP:"), r"php://(?:filter|input)|data://text/plain"),
    # Browsers ignore control characters inside a scheme: `java\tscript:` (CWE-79).
    Rule(
        "script-url",
        79,
        (":", "&"),
        r"\A[\s\x01-\x20'\"]{0,9}(?:j\s{0,3}a\s{0,3}v\s{0,3}a|v\s{0,3}b|l\s{0,3}i\s{0,3}v\s{0,3}e)"
        r"\s{0,3}s\s{0,3}c\s{0,3}r\s{0,3}i\s{0,3}p\s{0,3}t\s{0,3}(?::|&colon;|&#0*58|&#x0*3a)"
        r"|\bjavascript:\s{0,9}(?:/[/*]|\w{1,40}\s{0,3}[(`.=\[]|[\[({`'\"%])"
        r"|\A\s{0,9}data:(?:text/html|text/xml|image/svg|application/xhtml)"
        r"|&\#(?:x0*6a|0*106);?(?:a|&\#(?:x0*61|0*97);?)",
    ),
    # A script that was not put between tags: breaks out of a string in a script block.
    Rule(
        "script",
        79,
        ("(", "`"),
        r"[;'\"`}\)\-+]\s{0,9}(?:alert|confirm|prompt|eval|setTimeout|fetch|import|atob|print"
        r"|document\.\w{1,20}|window\.\w{1,20}|location(?:\.\w{1,20})?)"
        r"\s{0,9}(?:\(|`|=)[^\n]{0,200}(?:[)'\"`/]|//)"
        r"|\A\s{0,9}(?:(?:top|self|window|parent)\[?[.'\"]{0,2})?(?:alert|confirm|prompt|eval)"
        r"(?:['\"]\])?\s{0,9}(?:\(|`)"
        r"|\bString\.fromCharCode\(|\bdocument\.(?:cookie|domain|write)\b"
        r"|\[\]\[[\"'(]|\bconstructor\.constructor\(|\bonerror\s{0,9}=\s{0,9}(?:alert|eval)",
    ),
    # The command after a separator, with an argument that gives it away (CWE-78).
    Rule(
        "command",
        78,
        (";", "|", "&", "`", "$(", "\n"),
        r"(?:[;|&`\n]|\$\()\s{0,9}(?:/(?:usr/)?bin/)?(?:cat\s{1,9}[/\\.~]|cat\$ifs|cat<|type\s{1,9}"
        r"[a-z]:\\|(?:wget|curl)\s{1,9}(?:-\w{1,9}\s{1,9}){0,3}(?:https?:|\$|\d)|n(?:c|cat|etcat)\s"
        r"{1,9}(?:-|\d)|(?:ba|da|z|k)?sh\s{1,9}-[ci]|whoami\b|id\s{0,9}(?:[;|&`)#]|\Z)"
        r"|uname(?:\s{1,9}-a|\s{0,9}(?:[;|&`)]|\Z))|ping\s{1,9}-[cnti]|sleep\s{1,9}\d|rm\s{1,9}-[rf]"
        r"|powershell\b|cmd(?:\.exe)?\s{0,9}/c|ls\s{1,9}(?:-\w|/)|ls\s{0,9}(?:[;|&`)]|\Z)"
        r"|ifconfig\b|nslookup\s|net\s{1,9}user\b|dir\s{1,9}[a-z]:|echo\s{1,9}[^\n]{1,80}[|>]"
        r"|(?:python|perl|ruby|php|node)\d?\s{1,9}-[cer]\s|env\s{0,9}(?:[;|&`)]|\Z)"
        r"|/etc/passwd|mkfifo\s|chmod\s{1,9}[+\d])",
    ),
    Rule("shellshock", 78, ("()",), r"\(\)\s{0,9}\{\s{0,9}:?;?\s{0,9}\}?\s{0,9};", ALWAYS),
    Rule("xml-entity", 611, ("<!", "<xi"), r"<!entity\b|<!doctype[^>]{0,200}\[|<xi:include\b"),
    Rule("server-include", 97, ("<!--#",), r"<!--#(?:exec|include|echo|printenv|config|set)\b"),
    Rule(
        "ldap-filter",
        90,
        (")(", "*)", "(|", "(&"),
        r"\)\s{0,9}\(\s{0,9}(?:[|&!]\s{0,9}\(?)?\s{0,9}[\w-]{1,40}\s{0,3}[~<>]?=|\*\)\)"
        r"|\A\s{0,9}\*?\(\s{0,3}[|&]\s{0,3}\([\w-]{1,40}=|\)\(\s{0,3}[&|!]\s{0,3}[()]"
        r"|\*\)\s{0,3}\(",
    ),
    # A serialised object that a language would bring to life (CWE-502).
    Rule(
        "object",
        502,
        ("rO0AB", ":{", "!!", "aced0005", "(lp", "cos\n", "gASV"),
        r"\ArO0AB[\w+/=]{8}|\Aaced0005|\b[OC]:\+?\d{1,5}:\"[\w\\]{1,200}\":\d{1,5}:\{"
        r"|!!(?:python|ruby|javax?|com)[./]|\A(?:gASV|gAN[\w])[\w+/=]{12}|\Ac(?:os|posix|nt)\nsystem",
    ),
    # What libinjection's fingerprints leave out: JSON functions, time-based and stacked calls.
    Rule(
        "sql-function",
        89,
        ("(", ";", "@@"),
        r"['\")\d;]\s{0,9}(?:and|or|xor|\|\||&&|,|;|\+|-|\*|union|having|where)[\s(+]{0,9}(?:select|"
        r"if|case|not|exists)?[\s(+]{0,9}(?:json_\w{1,40}|extractvalue|updatexml|sleep|benchmark"
        r"|pg_sleep|randomblob|load_file|xp_cmdshell|utl_\w{1,40}\.\w{1,40}|dbms_\w{1,40}\.\w{1,40})"
        r"\s{0,9}\(|;\s{0,9}(?:waitfor\s{1,9}delay\b|(?:drop|alter|truncate)\s{1,9}(?:table|database)"
        r"\b|exec(?:ute)?\s{1,9}(?:master|xp_|sp_|immediate\b)|shutdown\b\s{0,9}(?:--|;|\Z)"
        r"|copy\s{1,9}\w{1,40}\s{1,9}(?:from|to)\s{1,9}program)",
    ),
)

# Keys of objects the contract leaves open (CWE-1321, CWE-943).
DANGEROUS_KEYS = frozenset({"__proto__", "__defineGetter__", "__defineSetter__", "$where"})
OPERATOR_KEY = re.compile(rf"(?:\A|[.\[])\$(?:{_OPERATORS})\b|\[__proto__\]|\A__proto__[.\[]")


class Compiled(Struct, frozen=True):
    """A rule ready to run: what must occur, and the search."""

    needs: tuple[str, ...]
    search: re.Pattern[str]
    fingerprint: str


def compile_rules(profile: str) -> tuple[Compiled, ...]:
    """Compile the rules of one profile, in the table's order."""
    return tuple(
        Compiled(rule.needs, re.compile(rule.pattern, re.IGNORECASE), f"rule:{rule.id}")
        for rule in RULES
        if profile in rule.profiles
    )

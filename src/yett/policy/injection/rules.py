"""Own rules for what libinjection does not look for, as one literal table.

Each is linear in the value (no nested or overlapping repetition; repeats that may start anywhere
are bounded), and is tried only when one of its `needs` occurs, which a plain sentence rarely does.
They were tuned on prose until they left it alone; docs/reference/injection.md has the figures.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

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
        sparks: characters of which a match has at least one (see `find_sparks`).
        needs: the rule is tried when any of these occurs in the value in lower case.
        pattern: regular expression, searched in the value in lower case (which lets `re` skip to
            its first letters; it does not with `IGNORECASE`).
        profiles: the kinds of text (`x-yett-text`) it is for.
        first: a part of every match that `re` can skip to where it cannot for the whole.
    """

    id: str
    weakness: int
    sparks: str
    needs: tuple[str, ...]
    pattern: str
    profiles: frozenset[str] = TEXT
    first: str = ""


# MongoDB query and update operators that change what is asked, and `$where`, which runs a script.
_OPERATORS = (
    "where|ne|eq|gte?|lte?|n?in|regex|exists|expr|function|accumulator|or|and|not|nor|elemmatch"
    "|mod|all|size|type|text|jsonschema|set|unset|inc|push|pull|rename|lookup|out|merge"
)
# What a template engine would evaluate rather than print: a call, a member, a filter, arithmetic.
# The lookahead finds the end first: two repeats in a row would be quadratic.
_EXPRESSION = r"(?=[^{}\n]{0,400}\})[^{}\n]{0,200}?[.(\[|*'\"+/=^@~]"

RULES: tuple[Rule, ...] = (
    # NUL truncates in C (CWE-158); backspace and escape rewrite a terminal that shows a log.
    Rule("control", 158, "\x00\x08\x1b", ("\x00", "\x08", "\x1b"), r"[\x00\x08\x1b]", ALWAYS),
    # Log4Shell (CVE-2021-44228) and its nested spellings `${${lower:j}ndi:`.
    Rule(
        "lookup",
        917,
        "$",
        ("${",),
        r"\$\{(?:\$\{|jndi:|env:|sys:|java:|lower:|upper:|script:|dns:|url:|date:|base64|::-|:-)",
        ALWAYS,
    ),
    Rule(
        "prototype",
        1321,
        "_[",
        ("__proto__", "rototype"),
        r"__proto__|\bconstructor['\"\]]{0,3}[.\[]['\"]{0,2}prototype\b",
    ),
    Rule(
        "nosql-operator",
        943,
        "$",
        ("$",),
        rf"(?:[{{,\[]|\A)\s{{0,40}}[\"']?\$(?:{_OPERATORS})\b[\"']?\s{{0,40}}[:\]]",
    ),
    Rule(
        "nosql-script",
        943,
        "(=;",
        ("this.", "db.", "return"),
        r"\bthis\.\w{1,64}\s{0,9}(?:[=!]=|\.(?:match|test|indexof|substr|charat)\()"
        r"|\bdb\.\w{1,64}\.(?:find|insert|drop|remove|update|delete|save|aggregate)\w{0,9}\("
        r"|;\s{0,9}return\s{0,9}\(?\s{0,9}(?:true|!0|1\b|this\b|''|\"\"|'a'=='a)",
    ),
    Rule(
        "traversal",
        22,
        "/\\%",
        ("..",),
        r"(?:\A\s{0,9}|[/\\]|%2f|%5c)(?:\.\.[/\\;]+){2}"
        r"|\A\s{0,9}(?:file:)?[/\\]{0,3}\.\.(?:[/\\]|;/|%2f|%5c|%c0%af|%252f)\S"
        r"|(?:\.\.(?:%2f|%5c|%c0%af|%252f|%c1%9c|;/|[/\\]{2})){1}"
        r"|[\w/\\]\.\.[/\\]\.\.[/\\]",
    ),
    Rule(
        "traversal-encoded",
        22,
        "%",
        ("%",),
        r"%(?:25)?2e%(?:25)?2e(?:[/\\;]|%(?:25)?2f|%(?:25)?5c)|%c0%ae|%uff0e|%e0%80%ae",
    ),
    # A path that is the whole value: nobody writes only this in a comment field.
    Rule(
        "system-file",
        22,
        "/\\",
        ("/", "\\"),
        r"\A\s{0,9}(?:[a-z]:)?[/\\]+(?:etc[/\\]+(?:passwd|shadow|hosts|group|sudoers|ssh[/\\])"
        r"|proc[/\\]+(?:self|\d+|version|cmdline)|root[/\\]+\.|var[/\\]+(?:log|run)[/\\]+(?:secrets"
        r"|auth|apache|nginx)|windows[/\\]+(?:win\.ini|system32)|boot\.ini|winnt[/\\])",
    ),
    # A value that ends the header it is copied into (CWE-113): only field names that matter.
    Rule(
        "header",
        113,
        "\r\n",
        ("\r", "\n"),
        r"[\r\n][ \t]{0,9}(?:(?:set-cookie|location|content-(?:type|length|disposition)|refresh"
        r"|transfer-encoding|access-control-allow-origin|x-[a-z-]{1,40}|bcc|host)[ \t]{0,9}:\s{0,9}"
        r"\S|http/\d(?:\.\d)? \d{3}|(?:get|post|put|delete) /\S{0,200} http/)",
        frozenset({PLAIN}),
    ),
    Rule(
        "template",
        1336,
        "{<#",
        ("{", "<%", "<#", "#"),
        rf"\{{\{{{_EXPRESSION}"
        r"|\{\{\s{0,9}(?:config|self|request|settings|session|_self|this|dump|app|env)\s{0,9}\}\}"
        r"|\{%\s{0,9}-?\s{0,9}(?:set|if|for|import|include|extends|debug|macro|block|raw)\b"
        rf"|[$#*%@]\{{{_EXPRESSION}"
        r"|\$\{(?:config|self|request|settings|session|class|7\w{0,9})\}"
        r"|#(?:set|evaluate|include|parse)\s{0,9}\(\s{0,9}[$'\"]"
        r"|<%[=@!#\s][^<]{0,200}%>|<#(?:assign|include|import)\b|\[\[\$\{|__\$\{",
    ),
    # Expression languages of Java frameworks; `%{(#` is Struts (CVE-2017-5638).
    Rule(
        "expression",
        917,
        "({_#",
        (
            "%{",
            "java.lang",
            "t(java",
            "getruntime",
            "_memberaccess",
            "#context",
            "#application",
            "__",
            "os.popen",
            "os.system",
            "mainmodule",
            "child_process",
        ),
        r"%\{\(?[#']|\bt\(java\.|#(?:_memberaccess|context|application)\b"
        r"|\bjava\.lang\.(?:runtime|processbuilder|system)\b|\bgetruntime\(\)|__import__\(|__class__\b"
        r"|__globals__\b|__subclasses__\b|\bos\.(?:popen|system)\(|\bprocess\.mainmodule\b"
        r"|\brequire\(['\"]child_process",
    ),
    # Metadata services in any spelling of the address; `//user@169.254.169.254` too.
    Rule(
        "metadata-url",
        918,
        "/",
        ("//",),
        r"//[^\s/]{0,80}(?:169\.254\.(?:169\.254|170\.2)|metadata\.google\.internal|metadata/computem"
        r"|100\.100\.100\.200|\[?fd00:ec2::254|2852039166|0xa9fea9fe|0xa9\.0xfe|0251\.0376"
        r"|025177524776|169\.254\.43518|\[::ffff:a9fe:a9fe|\[::ffff:169\.254"
        r"|169\.254\.169\.254\.nip\.io)",
    ),
    # Schemes and hosts a server should not be sent to, when the whole value is the address.
    Rule(
        "internal-url",
        918,
        "/\\",
        (":/", ":\\", "://"),
        r"\A[\s\"'<(]{0,9}(?:(?:url|jar|view-source):){0,2}(?:(?:file|gopher|dict|ldaps?|tftp|sftp|jar|netdoc|phar|php|expect"
        r"|zip|glob|ogg|ssh2|local_file|unix|rmi|iiop|s?mb):[/\\]{1,3}"
        r"|(?:https?|ftp|ws):[/\\]{2}(?:[^\s/@]{0,80}@)?"
        r"(?:localhost|127\.\d|0\.0\.0\.0|0x7f|017700000001|2130706433|0177\.|\[?::1|\[::\]"
        r"|\[::ffff:7f|\[::ffff:127|127\.1|0[:/]|localtest\.me|[\w.-]{1,60}\.(?:nip|sslip)\.io"
        r"|kubernetes\.default))",
    ),
    Rule("php-wrapper", 98, "/", ("php:", "data:"), r"php://(?:filter|input)|data://text/plain"),
    # Browsers ignore control characters inside a scheme: `java\tscript:` (CWE-79).
    Rule(
        "script-url",
        79,
        ":&",
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
        "(`=[+",
        (
            "alert",
            "confirm",
            "prompt",
            "eval",
            "settimeout",
            "atob",
            "fetch(",
            "import(",
            "print()",
            "fromcharcode",
            "document.",
            ".location",
            "[][",
            "constructor.c",
            "onerror",
        ),
        r"[;'\"`}\)\-+] {0,3}(?:(?:alert|confirm|prompt|eval|settimeout|atob)[(`]"
        r"|(?:fetch|import)\([`'\"/]|print\(\))"
        r"|\A\s{0,9}(?:(?:top|self|window|parent)\[?[.'\"]{0,2})?(?:alert|confirm|prompt|eval)"
        r"(?:['\"]\])?[(`]"
        r"|\bstring\.fromcharcode\(|\bdocument\.(?:cookie|domain|write)\b"
        r"|\b(?:document|window|self|top|parent)\.location(?:\.href)?\s{0,9}=[^=]"
        r"|\[\]\[[\"'(]|\bconstructor\.constructor\(|\bonerror\s{0,9}=\s{0,9}(?:alert|eval)",
    ),
    # The command after a separator, with an argument that gives it away (CWE-78). It starts with a
    # set of characters, not with a choice, so that `re` skips to them: 0.2 us where it took 1.2.
    Rule(
        "command",
        78,
        ";|&`(\n",
        (";", "|", "&", "`", "$(", "\n"),
        r"[;|&`\n(](?:(?<!\()|(?<=\$\())[ \t]{0,9}+(?=[a-z/])(?:/(?:usr/)?bin/)?(?:"
        r"cat\s{1,9}[/\\.~]|cat\$ifs|cat<|type\s{1,9}[a-z]:\\"
        r"|(?:wget|curl)\s{1,9}(?:-\w{1,9}\s{1,9}){0,3}(?:https?:|\$|\d)|n(?:c|cat|etcat)\s{1,9}(?:-|\d)"
        r"|(?:ba|da|z|k)?sh\s{1,9}-[ci]|whoami\b|id\s{0,9}(?:[;|&`)#]|\Z)"
        r"|uname(?:\s{1,9}-a|\s{0,9}(?:[;|&`)]|\Z))|ping\s{1,9}-[cnti]|sleep\s{1,9}\d|rm\s{1,9}-[rf]"
        r"|powershell\b|cmd(?:\.exe)?\s{0,9}/c|ls\s{1,9}(?:-\w|/)|ls\s{0,9}(?:[;|&`)]|\Z)"
        r"|ifconfig\b|nslookup\s|net\s{1,9}user\b|dir\s{1,9}[a-z]:|echo\s{1,9}+[^\n|>]{1,80}+[|>]"
        r"|(?:python|perl|ruby|php|node)\d?\s{1,9}-[cer]\s|env\s{0,9}(?:[;|&`)]|\Z)"
        r"|/etc/passwd|mkfifo\s|chmod\s{1,9}[+\d])",
    ),
    Rule("shellshock", 78, ")", ("()",), r"\(\)\s{0,9}\{\s{0,9}:?;?\s{0,9}\}?\s{0,9};", ALWAYS),
    Rule(
        "xml-entity", 611, "<", ("<!", "<xi"), r"<!entity\b|<!doctype[^<>]{0,200}\[|<xi:include\b"
    ),
    Rule(
        "server-include", 97, "<", ("<!--#",), r"<!--#(?:exec|include|echo|printenv|config|set)\b"
    ),
    Rule(
        "ldap-filter",
        90,
        "()",
        (")(", "*)", "(|", "(&"),
        r"\)\s{0,9}\(\s{0,9}(?:[|&!]\s{0,9}\(?)?\s{0,9}[\w-]{1,40}\s{0,3}[~<>]?=|\*\)\)"
        r"|\A\s{0,9}\*?\(\s{0,3}[|&]\s{0,3}\([\w-]{1,40}=|\)\(\s{0,3}[&|!]\s{0,3}[()]",
    ),
    # A serialised object that a language would bring to life (CWE-502).
    Rule(
        "object",
        502,
        "{/+=\n",
        ("ro0ab", ":{", "!!", "aced0005", "(lp", "cos\n", "gasv"),
        r"\Aro0ab[\w+/=]{8}|\Aaced0005|\b[oc]:\+?\d{1,5}:\"[\w\\]{1,200}\":\d{1,5}:\{"
        r"|!!(?:python|ruby|javax?|com)[./]|\A(?:gasv|gan[\w])[\w+/=]{12}|\Ac(?:os|posix|nt)\nsystem",
    ),
    # What libinjection does not read: a tag inside a tag, CDATA, a form that posts elsewhere.
    Rule(
        "markup",
        79,
        "<",
        ("<",),
        r"<\W{0,3}script\b|<form\b[^<>]{0,200}\baction\s{0,9}=",
    ),
    # What its fingerprints leave out, from here on: JSON and spatial functions, sleeping ones.
    Rule(
        "sql-function",
        89,
        "(",
        (
            "json_",
            "extractvalue",
            "updatexml",
            "sleep",
            "benchmark",
            "randomblob",
            "load_",
            "xp_cmdshell",
            "utl_",
            "gtid_",
            "dbms_",
            "st_",
            "geometrycollection",
            "polygon",
            "linestring",
            "make_set",
            "xmltype",
            "analyse",
        ),
        r"(?:['\")\d]|\A)\s{0,9}+(?:and|or|xor|\|\||&&|,|;|\+|-|\*|union|having|where)[\s(+]{0,9}+"
        r"(?:(?:select|if|case|not|exists)[\s(+]{1,9}+)?(?:json_\w{1,40}|extractvalue|updatexml|sleep"
        r"|benchmark|pg_sleep|randomblob|load_file|xp_cmdshell|utl_\w{1,40}\.\w{1,40}|gtid_\w{1,40}"
        r"|dbms_\w{1,40}\.\w{1,40}|st_\w{1,40}|geometrycollection|(?:multi)?(?:polygon|linestring)"
        r"|make_set|xmltype|load_extension)\s{0,9}\(|\bprocedure\s{1,9}analyse\b",
    ),
    Rule(
        "sql-stacked",
        89,
        ";",
        (";",),
        r"(?:['\")\d]|\A)\s{0,9}+;\s{0,9}+(?:waitfor\s{1,9}delay\b|(?:drop|alter|truncate|create)\s{1,9}"
        r"(?:table|database|user|role|view|function|trigger|index)\b|grant\s{1,9}\w{1,20}\s{1,9}on\b"
        r"|insert\s{1,9}into\b|delete\s{1,9}from\b|update\s{1,9}\w{1,64}\s{1,9}set\b|pragma\s{1,9}\w"
        r"|(?:vacuum|rollback|commit|shutdown)\b\s{0,9}(?:--|;|#|\Z)|exec(?:ute)?\s{1,9}(?:master|xp_"
        r"|sp_|immediate\b)|attach\s{1,9}database\b|copy\s{1,9}\w{1,64}\s{1,9}(?:from|to)\s{1,9}program"
        r"|select(?:/\*|\s{1,9}(?:\*|\d|'|@|\w{1,40}\(|\w{1,64}\s{1,9}from\b)))",
        first=r";\s{0,9}+(?:waitfor|drop|alter|truncate|create|grant|insert|delete|update|pragma"
        r"|vacuum|rollback|commit|shutdown|exec|attach|copy|select)",
    ),
    # A condition after a closing quote, or after a number that is the start of the value.
    Rule(
        "sql-condition",
        89,
        "'",
        ("'",),
        r"'\s{0,9}(?:collate\s{1,9}\w{1,40}\s{1,9})?(?:or|and|\|\||&&)\s{1,9}['\w.]{1,60}\s{0,9}"
        r"(?:[=<>]|!=|(?:not\s{1,9})?(?:like|ilike|glob|rlike|regexp|similar\s{1,9}to)\b)\s{0,9}['\d(%@]",
    ),
    # A number that starts the value, and a condition behind it.
    Rule(
        "sql-number",
        89,
        "",
        ("=", "<", ">", " or ", " xor ", " and "),
        r"\A\s{0,9}-?\d{1,20}\){0,9}\s{1,9}(?:x?or|and)\s{1,9}(?:not\s{1,9})?(?:(?:true|false|\d+)\s{0,9}"
        r"(?:\Z|--|#)|\w{1,64}\s{0,9}[=<>]{1,3}\s{0,9}[\w']{1,64}\s{0,9}(?:\Z|--|#|;))",
    ),
    # One word, a closing quote and a comment: the rest of the query is cut off.
    Rule(
        "sql-comment",
        89,
        "'\"/",
        ("--", "#", "/*"),
        r"\A[^'\"\s]{0,64}['\"]\){0,9}\s{0,9};?\s{0,9}(?:--[\s-]{0,9}|#\s{0,9}|/\*\s{0,9})\Z"
        r"|\w/\*\*/\w",
    ),
)

# Keys of objects the contract leaves open (CWE-1321, CWE-943).
DANGEROUS_KEYS = frozenset({"__proto__", "__defineGetter__", "__defineSetter__", "$where"})
OPERATOR_KEY = re.compile(rf"(?i)(?:\A|[.\[])\$(?:{_OPERATORS})\b|\[__proto__\]|\A__proto__[.\[]")


# One pass finds which sparks a value has: most sentences have none, or an apostrophe (0.3 us). From
# here on it is quicker to delete all else: 0.7 us for 150 characters, the expression takes 1.2.
LONG_CHARS = 80
SPARKS = re.compile(r"[\x00\x08\x1b\r\n${%;|&`<>\\()\[:/#='\"_+]")
ALL_SPARKS = frozenset("\x00\x08\x1b\r\n${%;|&`<>\\()[:/#='\"_+")
_NO_SPARKS = bytes(set(range(256)) - {ord(spark) for spark in ALL_SPARKS})
# Two more that are no character: a name, and a number at the start.
PROTOTYPE, NUMBER = "rototype", "0"
_MORE = {"prototype": {PROTOTYPE}, "sql-number": {NUMBER}}

# What must occur, the search, the fingerprint.
Compiled = tuple[tuple[str, ...], Callable[[str], Any], str]


def compile_rules(profile: str) -> Callable[[frozenset[str]], tuple[Compiled, ...]]:
    """Compile one profile: the sparks of a value -> the rules that may match, in table order."""
    table = [
        (
            _MORE.get(rule.id, set()).union(rule.sparks),
            (rule.needs, make_search(rule), f"rule:{rule.id}"),
        )
        for rule in RULES
        if profile in rule.profiles
    ]

    @functools.lru_cache(maxsize=4096)
    def candidates(found: frozenset[str]) -> tuple[Compiled, ...]:
        return tuple(
            (needs, search, fingerprint)
            for sparks, (wanted, search, fingerprint) in table
            if sparks & found and (needs := _open_needs(wanted, found)) is not None
        )

    return candidates


def make_search(rule: Rule) -> Callable[[str], Any]:
    """Return what searches a value in lower case."""
    search = re.compile(rule.pattern, re.ASCII).search
    if not rule.first:
        return search
    first = re.compile(rule.first, re.ASCII).search
    return lambda lower: first(lower) and search(lower)


def _open_needs(needs: tuple[str, ...], found: frozenset[str]) -> tuple[str, ...] | None:
    """What is left to look for when these sparks are known; None when the rule cannot match.

    A need that is one spark is there or not; one that holds a spark that is not there is not.
    """
    if not found.isdisjoint(needs):
        return ("",)  # in every text
    missing = ALL_SPARKS - found - {"("}  # which `find_sparks` leaves out where it is prose
    return tuple(need for need in needs if missing.isdisjoint(need)) or None


def find_sparks(lower: str) -> frozenset[str]:
    """List what a value in lower case has that a rule could start from."""
    found = SPARKS.findall(lower) if len(lower) < LONG_CHARS else _left(lower)
    if PROTOTYPE in lower:
        found.append(PROTOTYPE)
    if lower.lstrip(" -")[:1].isdecimal():
        found.append(NUMBER)
    # A bracket after a space is prose; every rule that starts from one wants a name before it.
    if "(" in found and lower.count("(") == lower.count(" ("):
        return frozenset(found) - {"("}
    return frozenset(found)


def _left(lower: str) -> list[str]:
    # A lone surrogate cannot come from UTF-8, but a scan must never raise.
    data = lower.encode("utf-8", "surrogatepass")
    return list(data.translate(None, _NO_SPARKS).decode("ascii"))

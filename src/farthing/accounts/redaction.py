"""Redaction: what looks like a person's data or a secret is taken out of a text, before the text goes anywhere.

Rules look at one text at a time. Bodies are JSON, so they are read first: an escaped `@` is an `@`, a text inside a text
(the arguments of a tool) is looked into, and what stands under a name like `password` goes whole. What a rule does not
know, or what is spread over several texts, it does not find: redaction makes content less sensitive, never harmless.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from farthing.wire.lenient import UNREADABLE


class Rule(NamedTuple):
    """What is taken out, and the word that stands there instead."""

    name: str
    pattern: re.Pattern[str]
    needs: tuple[str, ...] = ()
    """A text that has none of these, whatever their case, has no match: the cheap look before the dear one."""
    holds: Callable[[str], bool] | None = None
    """Whether a match is one after all: a checksum."""


def _luhn(match: str) -> bool:
    """The check digit of card numbers (ISO/IEC 7812-1)."""
    digits = [int(digit) for digit in match if digit.isdigit()][::-1]
    return sum(digits[::2]) % 10 == -sum(2 * digit - 9 * (digit > 4) for digit in digits[1::2]) % 10


def _iban(match: str) -> bool:
    """The check digits of account numbers (ISO 13616: modulo 97)."""
    text = match.replace(" ", "")
    if not 15 <= len(text) <= 34:
        return False
    return int("".join(str(int(letter, 36)) for letter in text[4:] + text[:4])) % 97 == 1


_STARTS = (
    "sk-", "fk_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "xox", "akia", "asia", "aiza", "glpat-", "hf_", "eyj",
)  # fmt: skip
_PRIVATE_KEY = r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.{0,20000}?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)"
_TOKENS = (
    r"(?<![A-Za-z0-9])(?:sk-[A-Za-z0-9_-]{16,}|fk_[A-Za-z0-9]{4,}_[A-Za-z0-9]{16,}|gh[pousr]_[A-Za-z0-9]{20,}"
    r"|github_pat_[A-Za-z0-9_]{20,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|AIza[A-Za-z0-9_-]{30,}"
    r"|glpat-[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{20,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,})"
)
_BEARER = r"(?i:\b(?:bearer|basic) )[A-Za-z0-9._~+/=-]{16,}"
_NAMED = (
    r"(?i:\b(?:api[_-]?key|secret|password|passwd|token|credential)s?)[\"']?\s{0,3}[:=]\s{0,3}[\"']?[^\s\"',;]{6,200}"
)
_EMAIL = r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"
_IBAN = r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])"
_CARD = r"(?<![\dA-Za-z])\d(?:[ -]?\d){12,18}(?![\dA-Za-z])"
_PHONE = r"(?<![\w.])(?:(?:\+|00)\d(?:[ ().-]{0,2}\d){7,14}|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})(?!\w)"

BUILT_IN = (
    Rule("secret", re.compile(_TOKENS), _STARTS),
    Rule("secret", re.compile(_BEARER), ("bearer ", "basic ")),
    Rule("secret", re.compile(_NAMED), ("key", "secret", "passw", "token", "credential")),
    Rule("email", re.compile(_EMAIL), ("@",)),
    Rule("iban", re.compile(_IBAN), holds=_iban),
    Rule("card", re.compile(_CARD), holds=_luhn),
    Rule("phone", re.compile(_PHONE)),
)
"""In the order in which they are tried, on each stretch of lines."""
_WHOLE = Rule("secret", re.compile(_PRIVATE_KEY, re.DOTALL), ("private key",))
"""Goes over many lines."""
_STRETCH = 8_192
"""Characters that are looked at in one go, or one line where that is longer: then whoever waits for the interpreter has it."""
_SECRET_NAME = re.compile(
    r"(?i)^(?:api[_-]?key|.{0,40}secret|password|passwd|.{0,40}[_-]token|authorization|credentials?)$"
)
_MEDIA = re.compile(r"data:[\w.+/-]{1,60};base64,")
_LONG_BASE64 = re.compile(r"[A-Za-z0-9+/=_-]{4096,}")
_EMBEDDED = ("{", "[")
_DEEPEST = 64


class Redactor:
    """Built-in rules, and the operator's own. Counts what it took out. Used by one thread at a time."""

    def __init__(self, own: Iterable[str] = (), breathe: Callable[[], object] = lambda: None) -> None:
        """`own` are regular expressions; what they match becomes `[redacted]`. `breathe` is called again and again within
        long texts, so that other threads have their turn."""
        self._breathe = breathe
        self._since = 0
        self._rules = (*BUILT_IN, *(Rule("redacted", re.compile(pattern)) for pattern in own))
        self.taken_out = 0

    def body(self, raw: bytes) -> str:
        """A JSON body, redacted, as JSON; what is no JSON is redacted as one text."""
        try:
            value = msgspec.json.decode(raw)
        except UNREADABLE:
            return self.text(raw.decode("utf-8", "replace"))
        return msgspec.json.encode(self.value(value)).decode()

    def value(self, value: Any, depth: int = 0) -> Any:
        """Every text in a decoded JSON value, redacted."""
        if depth > _DEEPEST:
            return "[too deep]"
        match value:
            case str():
                return self._inner(value, depth)
            case dict():
                return {self.text(name): self._under(name, each, depth) for name, each in value.items()}
            case list():
                return [self.value(each, depth + 1) for each in value]
            case int() if not isinstance(value, bool) and abs(value) >= 10**12:
                shown = self.text(str(value))
                return value if shown == str(value) else shown
            case _:
                return value

    def text(self, text: str) -> str:
        """One text, redacted."""
        text = self._applied(_WHOLE, text, text.lower())
        if len(text) <= _STRETCH:
            return self._stretch(text)
        return "".join(map(self._stretch, _stretches(text)))

    def _stretch(self, text: str) -> str:
        self._since += len(text)
        if self._since > _STRETCH:
            self._since = 0
            self._breathe()
        lower = text.lower()
        for rule in self._rules:
            text = self._applied(rule, text, lower)
        return text

    def _applied(self, rule: Rule, text: str, lower: str) -> str:
        if rule.needs and not any(needed in lower for needed in rule.needs):
            return text
        return rule.pattern.sub(lambda found: self._word(rule, found[0]), text)

    def _under(self, name: str, value: Any, depth: int) -> Any:
        if isinstance(value, str) and value and _SECRET_NAME.match(name):
            self.taken_out += 1
            return "[secret]"
        return self.value(value, depth + 1)

    def _inner(self, text: str, depth: int) -> str:
        """A text that may be an image, or JSON itself."""
        if _MEDIA.match(text) or _LONG_BASE64.fullmatch(text):
            return f"[{len(text):,} characters of media]"
        if text.startswith(_EMBEDDED):
            try:
                inside = msgspec.json.decode(text)
            except UNREADABLE:
                return self.text(text)
            return msgspec.json.encode(self.value(inside, depth + 1)).decode()
        return self.text(text)

    def _word(self, rule: Rule, match: str) -> str:
        if rule.holds is not None and not rule.holds(match):
            return match
        self.taken_out += 1
        return f"[{rule.name}]"


def _stretches(text: str) -> Iterator[str]:
    """A long text in stretches of whole lines."""
    begun = 0
    while begun < len(text):
        end = text.find("\n", begun + _STRETCH) + 1 or len(text)
        yield text[begun:end]
        begun = end


def flaw_of(pattern: str) -> str:
    """Why an operator's own pattern cannot be used, in words; "" where it can."""
    if len(pattern) > 500:
        return "is longer than 500 characters"
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        return f"is no regular expression: {error}"
    if compiled.search("") is not None:
        return "matches nothing at all, which is everywhere"
    return "repeats a repetition, which can take for ever; write it without `(…+)+`" if _NESTED.search(pattern) else ""


_NESTED = re.compile(r"[+*}]\)[+*{]")


def names() -> Iterator[str]:
    """What the built-in rules take out."""
    yield from dict.fromkeys(rule.name for rule in BUILT_IN)

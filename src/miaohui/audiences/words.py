"""The words of a condition: where each begins, and which ones mean something to the language.

Punctuation may come from a Chinese keyboard: （ ） ， ≥ ≤ ≠ “ ” ‘ ’ read as their narrow sisters.
"""

import re
from typing import Literal

from msgspec import Struct

from miaohui.audiences.mistakes import BadCondition
from miaohui.text import Text

RESERVED = frozenset(
    {"and", "or", "not", "is", "in", "where", "tag", "everybody"}
    | {"count", "sum", "never", "last", "days_since", "within", "between"}
)
WORD = re.compile(r"-?\w[\w\-.:+]*")
_SIGN = re.compile(r">=|<=|!=|==|[()（）,，<>=＝≥≤≠＞＜]")
_SIGNS = {
    "（": "(",
    "）": ")",
    "，": ",",
    "＝": "=",
    "==": "=",
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "＞": ">",
    "＜": "<",
}
_QUOTES = {"'": "'", '"': '"', "‘": "’", "“": "”"}


class Token(Struct, frozen=True):
    """`value` is what the token means: a sign in ASCII, a text without its quotes; empty for the end."""

    kind: Literal["word", "text", "sign", "end"]
    value: str
    offset: int
    length: int

    def is_(self, *meanings: str) -> bool:
        """Whether this is one of the signs or reserved words."""
        return (self.kind == "sign" and self.value in meanings) or (
            self.kind == "word" and self.value.lower() in meanings and self.value.lower() in RESERVED
        )

    def free(self) -> bool:
        """Whether this can be a name or a value: in quotes, or a word the language does not use."""
        return self.kind == "text" or (self.kind == "word" and self.value.lower() not in RESERVED)


def tokens(text: str) -> list[Token]:
    """The tokens of `text`, the end included. BadCondition at a quote that is not closed or a sign nobody knows."""
    found, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        if text[at] in _QUOTES:
            token = _quoted(text, at)
        elif sign := _SIGN.match(text, at):
            token = Token("sign", _SIGNS.get(sign[0], sign[0]), at, len(sign[0]))
        elif word := WORD.match(text, at):
            token = Token("word", word[0], at, len(word[0]))
        else:
            raise BadCondition(text, at, 1, (Text("词、数字或引号中的文字", "a word, a number or a text in quotes"),))
        found.append(token)
        at += token.length
    return [*found, Token("end", "", len(text), 0)]


def quoted(value: str) -> str:
    """`value` as a condition writes it: bare if it is one free word, else in quotes."""
    if WORD.fullmatch(value) and value.lower() not in RESERVED:
        return value
    return "'" + value.replace("'", "''") + "'"


def _quoted(text: str, at: int) -> Token:
    close, value, i = _QUOTES[text[at]], "", at + 1
    while i < len(text):
        if text[i] != close:
            value += text[i]
        elif text[i + 1 : i + 2] == close:
            value += close
            i += 1
        else:
            return Token("text", value, at, i + 1 - at)
        i += 1
    raise BadCondition(text, at, len(text) - at, (Text(f"结尾的 {close}", f"a closing {close}"),))

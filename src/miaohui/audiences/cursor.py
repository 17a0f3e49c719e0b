"""Going through the words of a condition: take what fits, say what was expected where it does not.

`language` is the grammar; this is its hand. Whatever is refused is a `BadCondition` at the token where the hand is.
"""

import re
from collections.abc import Callable, Iterable
from typing import Literal, NoReturn, TypeVar

from miaohui.audiences.known import Known
from miaohui.audiences.mistakes import BadCondition, Hint, nearest_word
from miaohui.audiences.words import Token, tokens
from miaohui.money import exponent, to_minor
from miaohui.text import Text

_WHOLE = re.compile(r"-?[0-9](_?[0-9]){0,14}")
_AMOUNT = re.compile(r"-?[0-9](_?[0-9]){0,14}(\.[0-9]+)?")
T = TypeVar("T")


class Cursor:
    """A place among the tokens of `text`; each method reads what its name says and leaves the place behind it."""

    def __init__(self, text: str, known: Known) -> None:
        self.text, self.known = text, known
        self.tokens, self.at = tokens(text), 0
        self.hints: list[Hint] = []

    def sign(self, *signs: str) -> str:
        """One of the signs."""
        token = self.here
        if not self.take(*signs):
            self.fail(token, *map(sign_text, signs))
        return token.value

    def whole(self) -> int:
        """A whole number; 1_000 may be written."""
        token = self.here
        if token.kind != "word" or not _WHOLE.fullmatch(token.value):
            self.fail(token, Text("整数", "a whole number"))
        self.at += 1
        return int(token.value)

    def amount(self) -> int:
        """A decimal in the workspace's currency, in its smallest unit."""
        token, currency = self.here, self.known.currency
        digits = exponent(currency)
        try:
            if not _AMOUNT.fullmatch(token.value):
                raise ValueError
            minor = to_minor(token.value.replace("_", ""), currency)
        except ValueError:
            example = "99" if digits == 0 else "99." + "0" * digits
            self.fail(token, Text(f"{currency} 金额，如 {example}", f"an amount in {currency} such as {example}"))
        self.at += 1
        return minor

    def name(self, expected: Text) -> Token:
        """A free word or a text in quotes."""
        token = self.here
        if not token.free() or not 1 <= len(token.value) <= 100:
            self.fail(token, expected)
        self.at += 1
        return token

    @property
    def here(self) -> Token:
        """The next token."""
        return self.tokens[self.at]

    def take(self, *meanings: str) -> bool:
        """Read the next token if it is one of the signs or reserved words."""
        if self.here.is_(*meanings):
            self.at += 1
            return True
        return False

    def need(self, meaning: str, *also: str) -> None:
        """Read `meaning`; `also` could have stood here as well."""
        if not self.take(meaning):
            self.fail(self.here, *map(sign_text, (meaning, *also)))

    def hint(self, token: Token, sentence: Text, words: Iterable[str]) -> None:
        """Note that the data does not know this word."""
        self.hints.append(Hint(token.offset, token.length, sentence, nearest_word(token.value, words)))

    def fail(self, token: Token, *expected: Text, nearest: str = "") -> NoReturn:
        """Refuse the text at `token`; `nearest` is looked for among expected words, if it is not given."""
        if not nearest and token.kind == "word":
            nearest = nearest_word(token.value, [word.en for word in expected if word.zh == word.en])
        raise BadCondition(self.text, token.offset, token.length, expected, nearest)

    def several(self, joint: Literal["and", "or"], item: Callable[[], T]) -> tuple[T, ...]:
        """One or more items with the same word between them."""
        found = [item()]
        while self.take(joint):
            found.append(item())
        return tuple(found)


def sign_text(sign: str) -> Text:
    """A sign or reserved word, as something that was expected."""
    return Text(sign, sign)

"""The page that says no: raised by handlers and guards, shown by `error_page`."""

from litestar.exceptions import HTTPException

from miaohui.text import Text


class PageError(HTTPException):
    """A page that says no: HTTP status, a title, a sentence with the remedy."""

    def __init__(self, status: int, title: Text, sentence: Text) -> None:
        super().__init__(detail=sentence.en, status_code=status)
        self.title, self.sentence = title, sentence


def missing(title: Text) -> PageError:
    """404 for a thing that is not there: `raise missing(Text("没有活动 tea", "There is no campaign tea"))`."""
    return PageError(
        404, title, Text("它可能已改名，或地址写错了。", "It may have another name, or the address has a slip.")
    )

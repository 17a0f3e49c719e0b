"""What the server takes from this room: its handlers, and what must hold for every answer of the site."""

from miaohui.pages.error_page import EXCEPTION_HANDLERS
from miaohui.pages.language import choose_language
from miaohui.pages.security import secure
from miaohui.pages.static import static_file

HANDLERS = [choose_language, static_file]

__all__ = ["EXCEPTION_HANDLERS", "HANDLERS", "secure"]

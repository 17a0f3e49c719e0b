"""Who may do what, and who did what: operators with roles, their sessions, the shop's API keys, the audit log.

`operators` keeps the people, `roles` says what a role may do, `login` and `sessions` let them in, `keys` lets
programs in, and `audit` remembers every change, written in the transaction of the change itself.
"""

from miaohui.text import Text


class TeamRefusal(Exception):
    """A change of the team that its rules forbid; `text` says what is wrong and what to do, nothing was changed."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text

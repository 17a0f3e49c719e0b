"""How a customer's browser becomes known: by a link that the shop signs, which we turn into a cookie.

    the shop's link    ...?c=<shop's id of the customer>&t=<until when, seconds since 1970>&s=<hex>
                       s = HMAC-SHA256 of "<c>.<t>" under the shop's link key (`link_key`); good for at most 24 hours
    our cookie         <customer>.<until when>.<nonce>.<hex>, HMAC of the first three, for 30 days

The keys belong to one workspace, so that a link or cookie of another is worth nothing. Set the cookie with SameSite=Lax and
HttpOnly. A share link carries inviter and party and never signs anybody in.
"""

import re
import secrets
from urllib.parse import urlencode
from uuid import UUID

from miaohui.vault import Vault

COOKIE = "miaohui_customer"
LINK_VALID_S = 24 * 3600
COOKIE_VALID_S = 30 * 24 * 3600
CLOCKS_APART_S = 300
"""How far the shop's clock may be ahead of ours."""

_LINK, _COOKIE = "link", "cookie"
_SECONDS = re.compile(r"[0-9]{1,12}")


def link_key(vault: Vault) -> str:
    """The key with which the shop signs links, in hex: shown to admins, to be kept on the shop's server."""
    return vault.key(_LINK).hex()


def make_link(vault: Vault, page: str, shop_id: str, now_ms: int) -> str:
    """`page` with the query that signs in the customer whom the shop calls `shop_id`, for 24 hours."""
    until = str(now_ms // 1000 + LINK_VALID_S)
    return f"{page}?{urlencode({'c': shop_id, 't': until, 's': vault.sign(_LINK, f'{shop_id}.{until}')})}"


def read_link(vault: Vault, c: str, t: str, s: str, now_ms: int) -> str | None:
    """The shop's id of the customer, from the three parts of a link; None if it is not the shop's, or is too old.

    A link that would be good for more than 24 hours is not taken either.
    """
    if not c or not _SECONDS.fullmatch(t) or not vault.signed(_LINK, f"{c}.{t}", s):
        return None
    left_s = int(t) - now_ms // 1000
    return c if 0 < left_s <= LINK_VALID_S + CLOCKS_APART_S else None


def make_cookie(vault: Vault, customer: str, now_ms: int) -> str:
    """The cookie's value for a customer (internal id), good for 30 days."""
    content = f"{customer}.{now_ms // 1000 + COOKIE_VALID_S}.{secrets.token_hex(8)}"
    return f"{content}.{vault.sign(_COOKIE, content)}"


def customer_of(vault: Vault, cookie: str, now_ms: int) -> str | None:
    """The internal id of the cookie's customer; None if we did not make it, or it is too old."""
    content, _, signature = cookie.rpartition(".")
    if not vault.signed(_COOKIE, content, signature):
        return None
    customer, until, _ = content.split(".")
    assert str(UUID(customer)) == customer, customer
    return customer if now_ms // 1000 < int(until) else None

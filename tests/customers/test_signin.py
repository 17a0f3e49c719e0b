"""Links and cookies: ours are taken, everything else is nobody."""

import hashlib
import hmac
from urllib.parse import parse_qs, urlsplit

import pytest

from miaohui.customers.signin import COOKIE_VALID_S, customer_of, link_key, make_cookie, make_link, read_link
from miaohui.vault import Vault

NOW_MS = 1_790_000_000_000
DAY_S = 86_400
CUSTOMER = "01890a5d-ac96-774b-bcce-b302099a8057"


def parts(link: str) -> tuple[str, str, str]:
    query = parse_qs(urlsplit(link).query)
    return query["c"][0], query["t"][0], query["s"][0]


@pytest.mark.parametrize("shop_id", ["1228", "a.b&c=d", "顾客 7", "x." * 50])
def test_a_link_says_who_comes(vault: Vault, shop_id: str) -> None:
    link = make_link(vault, "https://fair.example/c/spring", shop_id, NOW_MS)
    assert link.startswith("https://fair.example/c/spring?c=")
    assert read_link(vault, *parts(link), NOW_MS) == shop_id


def test_a_shop_signs_with_the_link_key_alone(vault: Vault) -> None:
    until = str(NOW_MS // 1000 + 600)
    signature = hmac.new(bytes.fromhex(link_key(vault)), f"1228.{until}".encode(), hashlib.sha256).hexdigest()
    assert read_link(vault, "1228", until, signature, NOW_MS) == "1228"


def test_a_link_ends_after_a_day_and_cannot_be_changed(vault: Vault) -> None:
    c, t, s = parts(make_link(vault, "/c", "1228", NOW_MS))
    assert int(t) == NOW_MS // 1000 + DAY_S
    assert read_link(vault, c, t, s, NOW_MS + (DAY_S - 1) * 1000) == "1228"
    assert read_link(vault, c, t, s, NOW_MS + DAY_S * 1000) is None
    for other in [
        ("1229", t, s),
        (c, str(int(t) + 1), s),
        (c, t, s[:-1]),
        (c, t, ""),
        (c, t, "é" * 64),
        (c, "soon", s),
        ("", t, s),
    ]:
        assert read_link(vault, *other, NOW_MS) is None
    assert read_link(Vault(bytes(range(32)), "other"), c, t, s, NOW_MS) is None


def test_a_link_for_longer_than_a_day_is_not_taken(vault: Vault) -> None:
    link = make_link(vault, "/c", "1228", NOW_MS)
    assert read_link(vault, *parts(link), NOW_MS - 300_000) == "1228"
    assert read_link(vault, *parts(link), NOW_MS - 301_000) is None


def test_a_cookie_says_who_it_is_for_thirty_days(vault: Vault) -> None:
    cookie = make_cookie(vault, CUSTOMER, NOW_MS)
    assert customer_of(vault, cookie, NOW_MS + (COOKIE_VALID_S - 1) * 1000) == CUSTOMER
    assert customer_of(vault, cookie, NOW_MS + COOKIE_VALID_S * 1000) is None
    assert make_cookie(vault, CUSTOMER, NOW_MS) != cookie


def test_a_changed_cookie_is_nobody(vault: Vault) -> None:
    cookie = make_cookie(vault, CUSTOMER, NOW_MS)
    customer, until, nonce, signature = cookie.split(".")
    stranger = CUSTOMER[:-1] + "8"
    for other in [
        "",
        "...",
        "é",
        cookie[:-1],
        f"{stranger}.{until}.{nonce}.{signature}",
        f"{customer}.{int(until) + 1}.{nonce}.{signature}",
        f"{customer}.{until}.{nonce}0.{signature}",
        f"{customer}.{until}.{nonce}.{vault.sign('link', f'{customer}.{until}.{nonce}')}",
    ]:
        assert customer_of(vault, other, NOW_MS) is None
    assert customer_of(Vault(bytes(range(32)), "other"), cookie, NOW_MS) is None

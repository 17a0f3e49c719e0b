"""How a webhook's receiver knows that it was us: `Miaohui-Signature: t=1790000000,v1=<hex>`.

`v1` is HMAC-SHA256, under the webhook's secret, of the time in seconds, a dot, and the body's bytes. The time is signed too,
so that an old delivery that somebody caught cannot be sent again later: a receiver refuses what is older than `AGE_MAX_S`.
"""

import hashlib
import hmac
import re

HEADER = "Miaohui-Signature"
DELIVERY_HEADER = "Miaohui-Delivery"
AGE_MAX_S = 300

_FORM = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


def sign(secret: str, at_s: int, body: bytes) -> str:
    """The header's value for `body`, sent `at_s` seconds after 1970."""
    return f"t={at_s},v1={_digest(secret, at_s, body)}"


def is_ours(secret: str, header: str, body: bytes, now_s: int) -> bool:
    """Whether the header signs these bytes with this secret, at most `AGE_MAX_S` ago."""
    form = _FORM.fullmatch(header)
    if form is None or abs(now_s - int(form[1])) > AGE_MAX_S:
        return False
    return hmac.compare_digest(_digest(secret, int(form[1]), body), form[2])


def _digest(secret: str, at_s: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()

"""The example of docs/how-to/webhooks.md does what the page says."""

import re
import time
from pathlib import Path

from miaohui.events.signature import sign

PAGE = Path(__file__).parents[2] / "docs/how-to/webhooks.md"


def test_the_example_tells_our_deliveries_from_others():
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names = {}
    exec(code, names)
    is_from_miaohui = names["is_from_miaohui"]
    body, now_s = b'{"delivery": "1", "events": []}', int(time.time())
    assert is_from_miaohui("secret", sign("secret", now_s, body), body)
    assert not is_from_miaohui("secret", sign("other", now_s, body), body)
    assert not is_from_miaohui("secret", sign("secret", now_s, body), body + b" ")
    assert not is_from_miaohui("secret", sign("secret", now_s - 301, body), body)
    assert not is_from_miaohui("secret", "", body)
    assert not is_from_miaohui("secret", "t=x,v1=", body)

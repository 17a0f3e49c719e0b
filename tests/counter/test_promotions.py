"""Promotions at the counter: the checkout shows what a cart costs and why, and places the order with exactly that."""

import asyncpg
from playwright.async_api import Browser, expect

from miaohui.counter import orders
from miaohui.host.audit import audit
from miaohui.host.setup import proofs
from miaohui.pricing.effects import Gift, GiftItem, Nth, Percent, Reduction, Tier
from miaohui.review.books import running
from miaohui.text import Text
from miaohui.vault import Vault
from tests.browser import sound
from tests.counter.test_counter import send
from tests.fair_scene import MILK, PASTA, fair, setup, the_plays

FULL = Reduction(tiers=(Tier(at_least=1000, off_minor=200), Tier(at_least=2000, off_minor=500)))

HALF = Nth(off_ppm=500_000, same_sku=True)


def promotions():
    """10.00 gives 2.00, 20.00 gives 5.00; the second milk at half price; a code; a gift from 15.00 on."""
    code = {"gives": (Percent(off_ppm=100_000),), "codes": ("YEAR26",), "show_code": True, "per_customer": 1}
    cheese = Gift(items=(GiftItem(sku="1106523", value_minor=529),))
    gift = {"gives": (cheese,), "from_minor": 1500, "gift_stock": 20, "refund": "forfeit_gift"}
    titles = {"1106523": Text("切达干酪", "Cheddar cheese")}
    return [
        setup("promotion", "full", Text("满减", "Full reduction"), gives=(FULL,)),
        setup("promotion", "second", Text("第二件半价", "Second half price"), gives=(HALF,)),
        setup("promotion", "code", Text("新年暗号", "The code"), **code),
        setup("promotion", "gift", Text("满额送奶酪", "Cheese as a gift"), titles=titles, **gift),
    ]


async def test_the_checkout_prices_the_basket_and_the_order_is_placed_at_that(
    database: asyncpg.Pool, vault: Vault, chromium: Browser
) -> None:
    async with fair(database, vault, [*the_plays(), *promotions()], stock={"1106523": 50}) as scene:
        text = "".join(f"[plays.{one.play}]\n" for one in (*promotions(), *the_plays()))
        await database.execute(
            "insert into campaign_version (campaign, version, text, by) values ('fair', 2, $1, 'lin')", text
        )
        await database.execute("update campaign set version = 2, approved = 2")
        visitor = await scene.comes(chromium, "1228", "en")
        page = visitor.page
        await page.goto("/c/fair")
        await expect(page.locator("body")).to_contain_text("$5.00 off from $20.00 on")
        await expect(page.locator("body")).to_contain_text("YEAR26")
        await sound(visitor)
        await page.goto("/c/fair/gift")
        await expect(page.locator("body")).to_contain_text("a gift: Cheddar cheese from $15.00 on")
        await sound(visitor)

        await page.goto("/counter")
        # two pasta: 7.98 - 2.00 (half of 3.99, rounded half up) = 5.98, less 0.60 by the code: 5.38
        await expect(page.locator("#basket")).to_contain_text("from $2.69 each for 2 with code YEAR26")
        await sound(visitor)
        basket = f"n.{PASTA.sku}=2&n.{MILK.sku}=2"
        await page.goto(f"/counter/checkout?{basket}")
        # 7.98 + 6.98 = 14.96; pasta 2.00 and milk 1.75 (half of 3.49) off the pairs: 11.21; 2.00 off: 9.21
        await expect(page.locator(".receipt")).to_contain_text("Second half price")
        await expect(page.locator(".receipt tfoot")).to_contain_text("$9.21")
        await expect(page.locator("body")).to_contain_text("more for a gift")
        await page.get_by_label("Code").fill("nothing")
        await page.get_by_role("button", name="Use").click()
        await expect(page.get_by_role("status")).to_have_text("There is no such code")
        await page.get_by_label("Code").fill("year26")
        await page.get_by_role("button", name="Use").click()
        await expect(page.locator(".receipt tfoot")).to_contain_text("$8.29")
        await sound(visitor)
        await page.get_by_role("button", name="Place the order").click()
        await expect(page.locator(".receipt tfoot")).to_contain_text("$8.29")
        await sound(visitor)
        await page.goto(f"/counter/checkout?{basket}&code=year26")
        await expect(page.get_by_role("status")).to_have_text("Limited to 1 per customer, and used")
        await visitor.leave()

        async with scene.phone("718") as phone:
            fields = {f"n.{PASTA.sku}": "5", "order": "K9", "total": "1"}
            refused = await send(phone, "/counter/orders", **fields)
            assert (refused.status_code, "It comes to $13.95 now, not $0.01" in refused.text) == (409, True)
            # 19.95 - 2 x 2.00 (1.995 rounds half up) = 15.95 - 2.00 = 13.95, and the cheese
            placed = await send(phone, "/counter/orders", **(fields | {"total": "1395"}))
            assert placed.headers["location"] == "/counter/orders/K9", placed.text
            kept = await orders.one(database, "K9")
            assert kept is not None
            assert [(item.sku, item.quantity, item.list_minor) for item in kept.items] == [
                (PASTA.sku, 5, 1995),
                ("1106523", 1, 0),
            ]
            assert kept.total_minor == 1395
            await send(phone, "/counter/orders/K9/pay")
            await send(phone, "/counter/orders/K9/refund")
            kept = await orders.one(database, "K9")
            assert kept is not None
            assert (kept.status, kept.refunded_minor) == ("refunded", 1395)
        checked = await audit(database)
        assert [(check.name, check.findings) for check in checked if check.findings] == []
        made = {one.play: one for one in await running(database, "fair")}
        assert [proof.pool for proof in proofs(made["full"])] == ["spent", "used"]
        assert [proof.pool for proof in proofs(made["gift"])] == ["spent", "used", "given_1"]

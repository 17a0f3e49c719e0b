"""Boxes that are not there: two plays cannot sell the same one, and the shop must have what is set aside."""
# ruff: noqa: E501 - sentences are read across

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.campaign.places import Path
from miaohui.ledger.accounts import sku_key
from miaohui.preflight._look import pools
from miaohui.preflight._rule import Edit, Finding, Findings, Fix, hint, stop
from miaohui.text import Text

TITLE = Text("商品与库存", "Products and stock")
SAYS = {
    "not_in_shop": stop(
        Text("店铺没有商品 {value}", "The shop has no product {value}"),
        Text("改正 sku，或先导入该商品", "Correct `sku`, or import the product first"),
    ),
    "no_price": stop(
        Text("{value} 没有标价：店铺和文件里都没写", "{value} has no list price, neither in the shop nor here"),
        Text("在 [products.{value}] 写上 price", "Write `price` in [products.{value}]"),
    ),
    "other_currency": stop(
        Text("商品 {value} 的标价是 {theirs}，活动用 {ours}", "{value} is priced in {theirs}, the campaign in {ours}"),
        Text("在 [products.{value}] 用 {ours} 写上 price，或改活动货币", "Write `price` in {ours} in [products.{value}], or change the campaign's currency"),
    ),
    "shop_not_asked": hint(
        Text("没有与店铺的商品核对", "The products were not compared with the shop's"),
        Text("在系统里打开此文件即会核对", "They are when the document is opened in Miaohui"),
    ),
    "more_than_shop": stop(
        Text("店铺只有 {there} 件 {value}，文件写了 {wanted} 件", "The shop has {there} of {value}; the document says {wanted}"),
        Text("改 stock，或先补货", "Correct `stock`, or restock first"),
        Text("不够的部分会在开放时被拒绝", "What is missing is refused at the opening"),
    ),
    "over_stock": stop(
        Text("各玩法要 {value} 的 {wanted} 件，只有 {there} 件", "The plays need {wanted} of {value}; there are {there}"),
        Text("减少玩法的 stock，或增加商品的 stock", "Lower the plays' stock, or raise the product's"),
        Text("同一件货不能卖两次", "No box is sold twice"),
    ),
}  # fmt: skip


def find(document: Document, facts: Facts) -> Findings:
    """Products that the shop has not, or not in that number."""
    yield from _products(document, facts)
    for name, entry in document.products.items():
        sku = entry.sku or name
        shop = facts.products.get(sku) if facts.products else None
        there = entry.stock if entry.stock is not None or shop is None else shop.stock
        takers = [(play, pool.amount) for play, pool in pools(document) if pool.source == sku_key(sku) and pool.amount]
        wanted = sum(amount for _, amount in takers)
        if there is not None and wanted > there:
            said = {"value": name, "wanted": str(wanted), "there": str(there)}
            yield Finding(("products", name), "over_stock", said, _lowered(document, takers, wanted - there))


def _products(document: Document, facts: Facts) -> Findings:
    if facts.products is None:
        if document.products:
            yield Finding(("products",), "shop_not_asked")
        return
    for name, entry in document.products.items():
        path: Path = ("products", name)
        shop = facts.products.get(entry.sku or name)
        if shop is None:
            yield Finding((*path, "sku"), "not_in_shop", {"value": entry.sku or name})
            continue
        if entry.price_minor is None and shop.list_price_minor is None:
            yield Finding(path, "no_price", {"value": name})
        elif entry.price_minor is None and shop.currency != document.currency:
            yield Finding(path, "other_currency", {"value": name, "theirs": shop.currency, "ours": document.currency})
        if entry.stock is not None and shop.stock is not None and entry.stock > shop.stock:
            said = {"value": name, "wanted": str(entry.stock), "there": str(shop.stock)}
            yield Finding((*path, "stock"), "more_than_shop", said, _set((*path, "stock"), shop.stock))


def _lowered(document: Document, takers: list[tuple[str, int]], missing: int) -> Fix | None:
    """The play that takes most takes less, if that is enough and it says its stock itself."""
    play, amount = max(takers, key=lambda taker: taker[1])
    if amount <= missing or getattr(document.plays[play].rules, "stock", None) != amount:
        return None
    return _set(("plays", play, "stock"), amount - missing)


def _set(path: Path, pieces: int) -> Fix | None:
    return Fix(Text(f"改为 {pieces}", f"Set to {pieces}"), (Edit(path, str(pieces)),)) if pieces > 0 else None

"""Everything that can be wrong with a document: code, how bad it is, what is said, and what helps.

A *stop* must be put right before the campaign can be submitted; a *warn* should be read; a *hint* is for information. Texts are
filled with the offending value.
"""
# ruff: noqa: E501 - a table is read across

from typing import Literal

from msgspec import Struct

from miaohui.text import Text

Level = Literal["stop", "warn", "hint"]


class Kept(Struct, frozen=True):
    """What is said about one code: what is wrong, what to do."""

    level: Level
    what: Text
    remedy: Text


def _stop(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Kept:
    return Kept("stop", Text(zh, en), Text(remedy_zh, remedy_en))


def _warn(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Kept:
    return Kept("warn", Text(zh, en), Text(remedy_zh, remedy_en))


def _hint(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Kept:
    return Kept("hint", Text(zh, en), Text(remedy_zh, remedy_en))


CODES: dict[str, Kept] = {
    # form
    "syntax": _stop("这不是合法的 TOML：{value}", "This is not TOML: {value}", "检查引号、括号和等号", "Look at the quotes, brackets and equals signs of this line"),
    "unknown_key": _stop("没有 {key} 这一项", "There is no key called {key}", "{known}", "{known}"),
    "missing_key": _stop("缺少 {key}", "{key} is missing", "补上 {key}：{expected}", "Add {key}: {expected}"),
    "wrong_type": _stop("{value} 不对：应为{expected}", "{value} does not fit here: expected {expected}", "改写为{expected}", "Write {expected}"),
    "bad_choice": _stop("{value} 不是可选值", "{value} is not one of the choices", "从中选一个：{known}", "Choose one of {known}"),
    "too_small": _stop("{value} 太小：至少 {limit}", "{value} is too small: at least {limit}", "改为不小于 {limit} 的值", "Write {limit} or more"),
    "too_large": _stop("{value} 太大：至多 {limit}", "{value} is too large: at most {limit}", "改为不大于 {limit} 的值", "Write {limit} or less"),
    "bad_name": _stop("{value} 不能用作名称", "{value} cannot be a name here", "用小写字母、数字和连字符，以字母开头，至多 {limit} 个", "Use small letters, digits and hyphens, beginning with a letter, {limit} at most"),
    "bad_text": _stop("{value} 的写法不对", "{value} is not written as it should be", "应符合 {expected}", "It must match {expected}"),
    "too_short_text": _stop("这里要写字", "There must be something written here", "写上内容", "Write something"),
    "missing_language": _stop("{key} 缺少{language}文本", "{key} has no {language} text", "顾客看到的文字要写中英文：{{ zh = \"…\", en = \"…\" }}", "What customers read stands in both languages: {{ zh = \"…\", en = \"…\" }}"),
    "too_few": _stop("{key} 至少要有 {limit} 项", "{key} needs at least {limit}", "补足 {limit} 项", "Add more, up to {limit}"),
    "too_many_digits": _stop("{value} 的小数位多于 {currency} 的最小单位", "{value} has more digits than {currency} carries", "小数点后至多 {limit} 位", "Write at most {limit} digits after the point"),
    "percent_digits": _stop("百分比 {value} 的小数位太多", "{value} percent has too many digits", "小数点后至多 4 位", "Write at most 4 digits after the point"),
    "bad_offer": _stop("看不懂优惠 {value}", "{value} is not an offer", "写成 \"40.00 off 199.00\"（满减）或 \"5.00 off\"（立减）", "Write \"40.00 off 199.00\", or \"5.00 off\" for any basket"),
    "bad_rate": _stop("看不懂频率 {value}", "{value} is not a rate", "写成 \"10 per 10 s\"，10 秒内至多 10 次", "Write \"10 per 10 s\": at most 10 in 10 seconds"),
    "bad_time": _stop("看不懂时间 {value}", "{value} is not a time", "写成 2026-09-20T20:00:00，或 \"live + 1 day 20:00\"", "Write 2026-09-20T20:00:00, or \"live + 1 day 20:00\""),
    "bad_window": _stop("看不懂时段 {value}", "{value} is not a window", "写成 \"live 20:00 for 30 minutes\"", "Write \"live 20:00 for 30 minutes\""),
    "no_such_time": _stop("{zone} 在 {value} 拨快时钟，没有这个时刻", "{value} does not exist in {zone}: the clocks skip it", "改为 {instead}，或另选时刻", "Write {instead}, or choose another time"),
    "unknown_zone": _stop("没有时区 {value}", "There is no time zone called {value}", "写 IANA 名称，如 {known}", "Write its IANA name, such as {known}"),
    "unknown_currency": _stop("没有货币 {value}", "There is no currency called {value}", "写 ISO 4217 代码，如 CNY、USD", "Write its ISO 4217 code, such as CNY or USD"),
    # names that refer to something
    "unknown_phase": _stop("没有阶段 {value}", "There is no phase called {value}", "{known}", "{known}"),
    "unknown_play": _stop("没有玩法 {value}", "There is no play called {value}", "{known}", "{known}"),
    "unknown_audience": _stop("没有人群 {value}", "There is no audience called {value}", "{known}", "{known}"),
    "unknown_product": _stop("没有商品 {value}", "There is no product called {value}", "{known}", "{known}"),
    "unknown_play_here": _stop("本活动没有玩法 {value}", "This campaign has no play called {value}", "{known}", "{known}"),
    "unknown_goal": _stop("没有目标 {value}", "There is no goal called {value}", "{known}", "{known}"),
    "unknown_content": _warn("没有内容 {value}", "There is no content called {value}", "{known}", "{known}"),
    "unknown_merchant": _stop("没有商家 {value}", "There is no merchant called {value}", "{known}", "{known}"),
    "unknown_task": _warn("没有任务 {value}", "There is no task called {value}", "{known}", "{known}"),
    "unknown_person": _warn("团队里没有 {value}", "Nobody on the team is called {value}", "{known}", "{known}"),
    "not_in_shop": _stop("店铺没有商品 {value}", "The shop has no product {value}", "改正 sku，或先导入该商品", "Correct `sku`, or import the product first"),
    "no_price": _stop("{value} 没有标价：店铺和文件里都没写", "{value} has no list price, neither in the shop nor here", "在 [products.{value}] 写上 price", "Write `price` in [products.{value}]"),
    "other_currency": _stop("商品 {value} 的标价是 {theirs}，活动用 {ours}", "{value} is priced in {theirs}, the campaign in {ours}", "在 [products.{value}] 用 {ours} 写上 price，或改活动货币", "Write `price` in {ours} in [products.{value}], or change the campaign's currency"),
    "shop_not_asked": _hint("没有与店铺的商品核对", "The products were not compared with the shop's", "在系统里打开此文件即会核对", "They are when the document is opened in Miaohui"),
    # rules that the document's own form cannot say
    "rules_refused": _stop("{value}", "{value}", "照所说的改正", "Correct what the sentence names"),
    "bad_audience": _stop("人群条件看不懂：{value}", "The condition cannot be read: {value}", "改正 >>> 之后：{condition}", "Correct what follows the mark: {condition}"),
    "word_not_in_data": _hint("{value}", "{value}", "{near}", "{near}"),
    "not_run_yet": _hint("{key}：本版本保存并检查，但不执行", "{key} is kept and checked, but not run by this version", "照常写，以后的版本会执行", "Leave it: a later version runs it"),
    # what is well written and still wrong
    "phases_out_of_order": _stop("{later}（{later_at}）不晚于 {earlier}（{earlier_at}）", "{later} ({later_at}) does not come after {earlier} ({earlier_at})", "阶段按此顺序：prepare、warm_up、live、wrap_up、review", "Phases follow each other: prepare, warm_up, live, wrap_up, review"),
    "closes_before_opening": _stop("{value} 的结束不晚于开始", "{value} ends before it opens", "改 opens 或 closes", "Change `opens` or `closes`"),
    "outside_phases": _stop("{value} 不在 {first} 到 {last} 之间", "{value} is not between {first} and {last}", "玩法在预热到收尾之间开放：改时间，或改 [phases]", "Plays run from warm-up to wrap-up: move it, or the phases"),
    "window_outside_play": _stop("时段 {value} 不在玩法开放时间内（{first} 到 {last}）", "The window {value} is not within the play's own ({first} to {last})", "移动时段，或改 opens、closes", "Move the window, or change `opens` or `closes`"),
    "windows_overlap": _stop("时段 {value} 与 {other} 重叠", "The windows {value} and {other} overlap", "让一个在另一个之后开始", "Let one begin when the other has ended"),
    "never_reached": _warn("{value} 永远轮不到：everybody 在它前面", "{value} is never reached: everybody stands before it", "把 everybody 放在最后", "Put everybody last: the first match wins"),
    "over_stock": _stop("各玩法要 {value} 的 {wanted} 件，只有 {there} 件", "The plays need {wanted} of {value}; there are {there}", "减少玩法的 stock，或增加商品的 stock", "Lower the plays' stock, or raise the product's"),
    "more_than_shop": _stop("店铺只有 {there} 件 {value}，文件写了 {wanted} 件", "The shop has {there} of {value}; the document says {wanted}", "改 stock，或先补货", "Correct `stock`, or restock first"),
    "over_budget": _stop("各玩法要从预算拿 {wanted}，预算只有 {there}", "The plays take {wanted} from the budget; it is {there}", "提高 budget.total，或降低玩法的预算和数量", "Raise budget.total, or lower the plays' budgets and counts"),
    "worst_cost_over_budget": _warn("最坏情况要花 {wanted}，预算 {there}", "At worst the plays cost {wanted}; the budget is {there}", "预算用完就不再发放；不想提前结束就提高预算", "Promises end when the budget does: raise it if they should not end early"),
    "lines_over_budget": _warn("预算明细合计 {wanted}，总额 {there}", "The budget lines add up to {wanted}; the total is {there}", "提高 budget.total，或减少明细", "Raise budget.total, or lower the lines"),
    "below_cost": _warn("{value} 卖 {price}，成本 {cost}：每件亏 {loss}", "{value} sells at {price} and costs {cost}: {loss} lost on each", "确认是引流款，或提高价格", "Be sure that is meant, or raise the price"),
    "no_control": _warn("没有对照组：复盘只能说“活动期间”", "There is no control group: the review can only say \"during the campaign\"", "写 [control] share = 5", "Write [control] share = 5"),
    "no_warm_up": _warn("没有预热", "There is no warm-up", "在 [phases] 写 warm_up，至少提前几天", "Write warm_up in [phases], some days before live"),
    "in_the_past": _stop("{value} 已经过去", "{value} has already passed", "改 [phases]", "Move the phases"),
    "no_plays": _warn("没有玩法", "There are no plays", "至少加一个 [plays.<名称>]", "Add at least one [plays.<name>]"),
    "over_100_percent": _stop("{key} 合计 {value} %，超过 100 %", "{key} adds up to {value} percent, more than 100", "减到 100 % 以内", "Bring it down to 100"),
    "goal_circle": _stop("目标 {value} 绕回自己", "The goal {value} leads back to itself", "目标是树：去掉这个引用", "Goals are a tree: take this reference out"),
    "goal_without_measure": _stop("目标 {value} 没有衡量方式", "The goal {value} has no measure", "写 measure，从中选：{known}；或用 is 写成其他目标的乘积", "Write `measure`, one of {known}, or `is` as a product of other goals"),
    "task_circle": _stop("任务互相等待：{value}", "The tasks wait for each other: {value}", "去掉其中一个 after", "Take one `after` out"),
}  # fmt: skip

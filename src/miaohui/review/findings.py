"""The sentences of a review: a judgement, the figures it stands on, the next step. Nothing here claims an effect."""

from datetime import date

from babel.dates import format_date
from msgspec.structs import replace

from miaohui.money import Money
from miaohui.review.figures import Check, Finding, GoalReview, Review
from miaohui.text import Text


def percent(part: int, whole: int) -> str:
    """One decimal: 1041 of 1077 is "96.7%"; "-" of nothing."""
    return f"{part * 100 / whole:.1f}%" if whole else "-"


def day(on_date: date) -> Text:
    """8月8日 / 8 Aug 2017, with the year."""
    return Text(
        format_date(on_date, "y年M月d日", locale="zh_CN"),
        format_date(on_date, "d MMM y", locale="en_US"),
    )


def money(minor: int, currency: str) -> Text:
    """An amount in both languages, in whole units."""
    shown = Money(minor, currency)
    return Text(shown.text("zh", cents=False), shown.text("en", cents=False))


def of_past(review: Review) -> Review:
    """A past campaign's review with its findings."""
    found = [_promoted(review), _coupons(review)]
    if review.days:
        found.append(_best_day(review))
    if review.covered_days < review.days_in_window:
        found.append(_uncovered(review))
    return replace(review, findings=tuple(found))


def of_live(review: Review, control: int) -> Review:
    """A live campaign's review with its findings; `control`: how many customers were left alone to compare with."""
    found = [_books(review.checks)] if review.checks else []
    goal = _so_far if review.covered_days < review.days_in_window else _goal
    found += [goal(each, review) for each in review.goals if each.reached_ppm is not None]
    if review.coupons_issued:
        found.append(_issued(review))
    if review.days:
        found.append(_best_day(review))
    return replace(review, findings=(*found, _control(control)))


def _promoted(review: Review) -> Finding:
    bought, reached = review.bought_promoted or 0, review.reached or 0
    share = percent(bought, reached)
    return Finding(
        kind="people",
        tone="note",
        evidence="observed",
        judgement=Text(
            f"触达的 {reached:,} 户中，{bought:,} 户（{share}）在活动期间买过活动商品",
            f"{bought:,} of {reached:,} reached households ({share}) bought a promoted product during the campaign",
        ),
        because=Text(
            "活动期间的付款订单里，至少一行是活动券对应的商品",
            "At least one line of a paid order in the window is a product of the campaign's coupons",
        ),
        next=Text(
            "没有对照组，看不出多少是活动带来的：下次留出对照组",
            "Without a control group nobody can say how much the campaign caused: keep one next time",
        ),
    )


def _coupons(review: Review) -> Finding:
    redeemed, reached, used = review.redeemed or 0, review.reached or 0, review.redemptions or 0
    share = percent(redeemed, reached)
    return Finding(
        kind="content",
        tone="note",
        evidence="observed",
        judgement=Text(
            f"{redeemed:,} 户（触达的 {share}）用了券，共 {used:,} 张",
            f"{redeemed:,} households ({share} of those reached) used {used:,} coupons",
        ),
        because=Text(
            f"活动有 {review.coupons or 0:,} 种券；发了多少张，数据中没有",
            f"The campaign had {review.coupons or 0:,} different coupons; how many were given out is not in the data",
        ),
        next=Text(
            "下次记录发券数，才能算用券率",
            "Record the coupons given out next time, so that the share used can be told",
        ),
    )


def _best_day(review: Review) -> Finding:
    best = max(review.days, key=lambda d: (d.sales_minor, d.on_date))
    when, sales = day(best.on_date), money(best.sales_minor, review.currency)
    who = Text("触达顾客的", "of reached customers ") if review.history else Text("活动", "of the campaign ")
    return Finding(
        kind="process",
        tone="note",
        evidence="observed",
        judgement=Text(
            f"{who.zh}销售额最高的一天是 {when.zh}：{sales.zh}",
            f"The best day for sales {who.en}was {when.en}: {sales.en}",
        ),
        because=Text(
            f"当天 {best.orders:,} 单，{best.customers:,} 位顾客",
            f"{best.orders:,} orders of {best.customers:,} customers",
        ),
        next=Text("安排人手和备货时参考这一天", "Plan people and stock around such a day"),
    )


def _uncovered(review: Review) -> Finding:
    return Finding(
        kind="material",
        tone="bad",
        evidence="observed",
        judgement=Text(
            f"活动 {review.days_in_window} 天中，数据只有 {review.covered_days} 天",
            f"The data covers {review.covered_days} of the campaign's {review.days_in_window} days",
        ),
        because=Text("数据只有一年", "The data is one year long"),
        next=Text("不要与完整的活动比较", "Do not compare it with a campaign that is whole"),
    )


def _books(checks: tuple[Check, ...]) -> Finding:
    wrong = [check for check in checks if check.difference]
    if not wrong:
        return Finding(
            kind="process",
            tone="good",
            evidence="measured",
            judgement=Text("账本与事件一致", "Ledger and events agree"),
            because=Text(
                f"比对 {len(checks)} 项，差额都是 0", f"{len(checks)} figures compared, every difference is 0"
            ),
            next=Text("无需处理", "Nothing to do"),
        )
    first = wrong[0]
    return Finding(
        kind="process",
        tone="bad",
        evidence="measured",
        judgement=Text(f"账本与事件有 {len(wrong)} 项不一致", f"Ledger and events differ in {len(wrong)} figures"),
        because=Text(
            f"{first.account}：账本 {first.ledger:,}，事件 {first.events + first.simulated:,}",
            f"{first.account}: ledger {first.ledger:,}, events {first.events + first.simulated:,}",
        ),
        next=Text(
            "运行 miaohui audit 查明原因；以账本为准", "Run miaohui audit to find the cause; the ledger is right"
        ),
    )


def _so_far(goal: GoalReview, review: Review) -> Finding:
    """A goal while the campaign runs: beside the time that has passed, and never yet a failure."""
    assert goal.reached_ppm is not None
    share, passed = f"{goal.reached_ppm / 10_000:.1f}%", percent(review.covered_days, review.days_in_window)
    done = goal.reached_ppm >= 1_000_000
    return Finding(
        kind="people" if goal.role == "execution" else "content",
        tone="good" if done else "note",
        evidence="measured",
        judgement=Text(
            f"{goal.title.zh}到目前为止完成 {share}，时间过了 {passed}",
            f"{_capital(goal.title.en)}: {share} of the target so far, {passed} of the days",
        ),
        because=Text(f"目标 {goal.target:,}，目前 {goal.actual:,}", f"Target {goal.target:,}, so far {goal.actual:,}"),
        next=Text("目标已达成", "The target is reached")
        if done
        else Text("在作战室看差在哪一步", "See in the war room which step is short"),
    )


def _goal(goal: GoalReview, review: Review) -> Finding:
    assert goal.reached_ppm is not None
    share = f"{goal.reached_ppm / 10_000:.1f}%"
    done = goal.reached_ppm >= 1_000_000
    return Finding(
        kind="people" if goal.role == "execution" else "content",
        tone="good" if done else "bad",
        evidence="measured",
        judgement=Text(
            f"{goal.title.zh}{'达成' if done else '未达成'}：{share}",
            f"{_capital(goal.title.en)}: {share} of the target",
        ),
        because=Text(f"目标 {goal.target:,}，实际 {goal.actual:,}", f"Target {goal.target:,}, actual {goal.actual:,}"),
        next=Text("沿用做法", "Do it again")
        if done
        else Text("找出差在哪一步", "Find the step of the funnel that fell short"),
    )


def _issued(review: Review) -> Finding:
    issued, used = review.coupons_issued or 0, review.coupons_used or 0
    share = percent(used, issued)
    return Finding(
        kind="content",
        tone="note",
        evidence="measured",
        judgement=Text(
            f"领走 {issued:,} 张券，用了 {used:,} 张（{share}）",
            f"{used:,} of {issued:,} coupons taken were used ({share})",
        ),
        because=Text("退回的券不算已用", "A coupon that came back does not count as used"),
        next=Text("未用的券到期前提醒", "Remind those whose coupon will expire"),
    )


def _control(control: int) -> Finding:
    if control:
        return Finding(
            kind="people",
            tone="note",
            evidence="observed",
            judgement=Text(f"留出了 {control:,} 位对照顾客", f"{control:,} customers were left alone to compare with"),
            because=Text(
                "对照组没有收到消息；对所有人开放的玩法他们也能参加",
                "They got no message; plays that are open to everybody were open to them",
            ),
            next=Text("本版本不计算两组的差别", "The difference of the two groups is not computed by this version"),
        )
    return Finding(
        kind="people",
        tone="bad",
        evidence="observed",
        judgement=Text(
            "没有对照组，只能说“活动期间”",
            "There was no control group: the figures are of the time of the campaign, not caused by it",
        ),
        because=Text("文档的 [control] 没有留出顾客", "[control] of the document left nobody alone"),
        next=Text("下次在 [control] 写 share = 5", "Write share = 5 under [control] next time"),
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

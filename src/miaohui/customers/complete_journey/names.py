"""Names of the data's products as people read them.

The data writes "FRZN NOVELTIES/WTR ICE", "4 PK/4.4 OZ". A title is the product type, else the category, else the department,
in sentence case with the usual shop abbreviations spelt out, then the package size: "Apple sauce, 50 oz". A type that says
little stands behind its category: "Pasta sauce: premium, 26 oz"; a bracket that the data cut off is left out. The data is in
English; the Chinese title puts the department's Chinese name before it, so that a shelf is recognised at a glance.
"""

import re

_SPELT_OUT = {
    "ACC": "accessories", "ASST": "assorted", "BEVERAG": "beverage", "BKD": "baked", "BN": "beans", "BRD": "breaded",
    "BRKFST": "breakfast", "BTL": "bottle", "CAR": "carrier", "CHICK": "chicken", "CKYS": "cookies", "CNDY": "candy",
    "COFF": "coffee", "CRKR": "crackers", "DISPOSIBLE": "disposable", "DNRS": "dinners", "DRNK": "drink",
    "DRNKS": "drinks", "DRSNG": "dressing", "FD": "food", "FEM": "feminine", "FLVRD": "flavoured", "FRZN": "frozen",
    "HBC": "health and beauty", "HISP": "Hispanic", "HYGN": "hygiene", "MARIN": "marinade", "MISC": "miscellaneous",
    "MLT": "multi", "NAPKINS": "napkins", "PCKGD": "packaged", "PHYSICANS": "physicians", "PKG": "package",
    "PKT": "packet", "PORTON": "portion", "PPK": "prepacked", "PREPORTND": "preportioned", "PRESLC": "presliced",
    "PROD": "products", "REFRGRATD": "refrigerated", "REFRIG": "refrigerated", "SFT": "soft", "SNKS": "snacks",
    "SPLY": "supply", "SPRD": "spread", "STAMPABL": "stampable", "SUPP": "supplement", "SWEETNERS": "sweeteners",
    "SWT": "sweet", "UNFLVRD": "unflavoured", "VAC": "vacuum", "VEG": "vegetables", "WTR": "water",
}  # fmt: skip
_PROPER = {
    "american", "chinese", "christmas", "easter", "english", "french", "german", "greek", "halloween", "hispanic", "italian",
    "mexican", "oriental", "revlon", "maybelline", "spanish", "valentine",
}  # fmt: skip
_DEPARTMENT_ZH = {
    "AUTOMOTIVE": "汽车用品", "CHARITABLE CONT": "公益", "CHEF SHOPPE": "厨师小店", "CNTRL/STORE SUP": "门店用品",
    "COSMETICS": "美妆", "COUPON": "优惠券", "DELI": "熟食", "DRUG GM": "日用百货", "ELECT &PLUMBING": "水电",
    "FLORAL": "鲜花绿植", "FROZEN GROCERY": "冷冻食品", "FUEL": "燃油", "GARDEN CENTER": "园艺", "GM MERCH EXP": "百货",
    "GROCERY": "食品杂货", "HOUSEWARES": "家居", "MEAT": "鲜肉", "MEAT-PCKGD": "包装肉品", "MISCELLANEOUS": "其他",
    "NUTRITION": "营养健康", "PASTRY": "面包糕点", "PHOTO & VIDEO": "影像", "POSTAL CENTER": "邮政", "PRODUCE": "蔬果",
    "PROD-WHS SALES": "仓储蔬果", "RESTAURANT": "餐饮", "SALAD BAR": "沙拉吧", "SEAFOOD": "海鲜",
    "SEAFOOD-PCKGD": "包装海鲜", "SPIRITS": "酒类", "TOYS": "玩具", "TRAVEL & LEISURE": "旅行休闲",
}  # fmt: skip
_VAGUE = {
    "ACTIVITY", "ANGUS", "BLENDS", "CONTINUITY", "DECOR", "DRY", "ECONOMY", "ENHANCED", "FRESH", "KITS", "LEAN", "LOAVE",
    "MAINSTREAM", "MARINATED", "MISC", "MISCELLANEOUS", "NOVELTIES", "PAILS", "PANTRY", "PATTIES", "PLUSH", "PRE-COOKED",
    "PREMIUM", "PRIMAL", "PROMO", "PROMOTIONAL", "QUARTS", "SEASONAL", "TRADITIONAL", "VALUE",
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z]+")


def readable(written: str) -> str:
    """ "FRUIT - SHELF STABLE" -> "Fruit, shelf stable"; "BREAD:ITALIAN/FRENCH" -> "Bread: Italian/French"."""
    text = re.sub(r"\s+-\s*|-\s+", ", ", " ".join(written.split()))
    text = re.sub(r"\s*:\s*", ": ", text)
    text = re.sub(r"\s*&\s*", " & ", text)
    if "(" in text and ")" not in text:
        text = text[: text.index("(")]
    text = _WORD.sub(_word, text).strip(" ,:")
    return text[:1].upper() + text[1:]


def title(sku: str, department: str, category: str, type: str, size: str) -> tuple[str, str]:
    """(zh, en) of one product; any part but `sku` may be empty."""
    kind = f"{category}: {type}" if type in _VAGUE and category else type or category or department
    name = readable(kind) or f"Product {sku}"
    measure = " ".join(size.split()).lower()
    en = f"{name}, {measure}" if measure else name
    shelf = _DEPARTMENT_ZH.get(department, "")
    return (f"{shelf}·{en}" if shelf else en), en


def _word(found: "re.Match[str]") -> str:
    word = _SPELT_OUT.get(found[0].upper(), found[0].lower())
    return word.capitalize() if word in _PROPER else word

"""Pictures of goods, by the words of their category: our own drawings, `pages/static/goods/<name>.svg`.

A shop that sends product photographs shows those; this is what stands there as long as it does not.
"""

_WORDS = {
    "frozen": "FROZEN FRZN ICE",
    "seafood": "SEAFOOD FISH SHRIMP SALMON TUNA",
    "meat": "MEAT BEEF PORK CHICKEN TURKEY BACON HAM HOTDOGS SAUSAGE LAMB POULTRY",
    "dairy": "MILK CHEESE CHEESES YOGURT EGGS BUTTER DAIRY CREAMS",
    "bread": "BREAD BAKED BAKERY PASTRY COOKIES CAKES ROLLS BUNS PIES DONUTS TORTILLAS",
    "drink": "DRINKS DRINK JUICE JUICES WATER COFFEE TEA TEAS BEERS ALES WINE LIQUOR BEVERAGE BEVERAGES SPIRITS",
    "snack": "SNACK SNACKS CANDY CHIPS CRACKERS NUTS POPCORN CHOCOLATE",
    "produce": "PRODUCE FRUIT FRUITS VEGETABLES VEGETABLE SALAD BERRIES APPLES BANANAS POTATOES ONIONS TOMATOES CITRUS"
    " MELONS GRAPES CARROTS PEPPERS MUSHROOMS TROPICAL CORN",
    "flower": "FLORAL FLOWERS PLANTS",
    "household": "DRUG PAPER TISSUE TOWELS DETERGENTS LAUNDRY HOUSEHOLD CLEANERS SOAP DIAPERS PET COSMETICS HAIR ORAL GM"
    " FILM BATTERIES MAGAZINE VITAMINS",
}
_PICTURE = {word: name for name, words in _WORDS.items() for word in words.split()}


def picture(category: str) -> str:
    """The picture for a category such as "FLUID MILK PRODUCTS": "dairy"; "grocery" for what no word tells."""
    words = "".join(c if c.isalpha() else " " for c in category.upper()).split()
    return next((_PICTURE[word] for word in words if word in _PICTURE), "grocery")

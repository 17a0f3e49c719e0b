"""The marketing calendar: which days are coming, which of them are workdays, and when work on each must start.

rule        "every year on lunar 8-15" -> days;  `lunar`: the Chinese calendar and its solar terms
workdays    who works when: days off and make-up workdays of China as they were announced, other countries by their law
days.toml   the days everybody knows, with their sources;  `known` reads them
almanac     all occasions of a window: the known days, the operators' own, days off abroad
lead        how long a campaign of each class takes to prepare;  `backwards`: from the day itself to the first day of work
store       what operators add: days of their own, days off, lead times; archived, never deleted
sheet       days from a CSV file, bad rows set aside;  `feed`: the calendar for other programs (iCalendar)
"""

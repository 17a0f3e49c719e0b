"""Operators' pages: the frame, the log-in, the team, the ledger, and what campaigns need.

To add a page:
1. A module `console/<name>.py` with its handlers and a list `HANDLERS`; name the permission that it needs:

       @get("/campaigns", guards=[needs("campaign.view")])
       async def campaigns(request: AnyRequest, workspace: TheWorkspace) -> Response[str]:
           return show(request, "console/campaigns.html", campaigns=...)

   `operator: TheOperator` is who is logged in; parts of the address are `FromPath[str]`, `FromQuery[str]`.
   Handlers that change something are `@post`; the router already refuses forms of other sites. After a change answer
   `see_other(request, path, Text(...))`: the next page says it once. A thing that is not there: `raise missing(Text(...))`.
2. A template `console/templates/<name>.html` that extends `console/frame.html` and fills the blocks `title`, `crumbs`,
   `main` (and `head`, `scripts` for `<script src defer>`); its parts come from `console/parts.html`:

       {% extends "console/frame.html" %}
       {% import "console/parts.html" as ui with context %}

   Nothing inline: no `style=`, no `<script>` text, no `on...=`; the browser would refuse it. Forms hold `{{ csrf_field }}`.
3. The module's name in `PAGES` of `console/site.py`; a link in the side bar is an `Entry` in `console/frame.py`. Pages of one
   campaign pass `within=Group(title, entries)` to `show`. A new permission goes to `team/roles.py`.
4. A test that opens it: `tests/browser.py` has an operator's browser, and `sound(page)` for overflow, axe and foreign requests.

Vendored libraries are added to a page by `{{ asset('console/vendor/echarts.min.js') }}`; see `console/vendor.py`.
ECharts: give tooltips `renderMode: "richText"`, because HTML tooltips need inline styles.
"""

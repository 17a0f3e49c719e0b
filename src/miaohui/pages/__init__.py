"""What all pages share: rendering, language, icons, numbers and dates, static files, forms, errors, security headers.

A room of pages (console, storefront, counter) is a folder of the package with `templates/` and `static/`; it
imports this room and never another one. What a handler needs:

    from miaohui.pages.render import page, see_other
    from miaohui.pages.forms import from_this_site

    @get("/c/{campaign:str}/wallet")
    async def wallet(request: AnyRequest, workspace: Workspace) -> Response[str]:
        return page(request, "storefront/wallet.html", coupons=...)      # storefront/templates/wallet.html

    @post("/c/{campaign:str}/claim", guards=[from_this_site])             # the form holds {{ csrf_field }}
    async def claim(request: AnyRequest) -> Redirect:
        return see_other(request, "/c/tea/wallet", Text("已领取", "Claimed"))   # a flash message on the next page

What a template has, besides the handler's own words: see `render`. Wiring of the app: `HANDLERS`,
`before_send=[secure]` and `exception_handlers=EXCEPTION_HANDLERS`, all three from `miaohui.pages.site`; the
workspace lies in `app.state.workspace`.
"""

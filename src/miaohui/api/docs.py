"""The API's description: GET /api/v1/openapi.json for programs, /docs for people, who can try every call there.

The page is Swagger UI, from this machine and under the same strict policy as every other page.
"""

from litestar import Response, get

from miaohui.api.openapi import document
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import page


@get("/api/v1/openapi.json", include_in_schema=False, sync_to_thread=False)
def openapi() -> Response[bytes]:
    """The OpenAPI document."""
    return Response(document(), media_type="application/json", headers={"Cache-Control": "no-cache"})


@get("/docs", include_in_schema=False, sync_to_thread=False)
def docs(request: AnyRequest) -> Response[str]:
    """The document as a page."""
    return page(request, "api/docs.html")


HANDLERS = [openapi, docs]

"""The HTTP API under /api/v1. `hot` is the path of actions and orders; everything else is Litestar handlers by room."""

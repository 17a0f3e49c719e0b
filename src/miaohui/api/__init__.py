"""The HTTP API under /api/v1. `hot` is the path of actions and orders; everything else is Litestar handlers, a module a room;
`refusals` says who may call and how a no looks."""

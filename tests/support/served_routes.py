"""The routes of the application, as their functions declare them."""

from heed.serving.app import make_app
from heed.serving.auth.routes import declared_routes

ROUTES = declared_routes(make_app(lambda: None).routes)
GUARDED = tuple(route for route in ROUTES if route.requirement.scope is not None)
# A request from this machine needs no key for the others.
KEYED = tuple(route for route in GUARDED if not route.requirement.local)

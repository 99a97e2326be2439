"""The dashboard: Dutch pages for municipal officers, analysts and school boards.

Rendered on the server, without script, from released cells only. A page type is a module in
``pages/`` that makes a view, and a template that shows it.
"""

from publisher.dashboard.routes import dashboard_router

__all__ = ["dashboard_router"]

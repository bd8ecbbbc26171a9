"""The web process: the runtime's routes, the pages and the labs, joined into one Flask app."""

from alc_app.runtime.loading import loading

with loading():
    import alc_app.web.factory  # noqa: F401 - whoever imports anything of the web process needs it all

"""The receiver for a WSGI server: `gunicorn wsgi:app`."""

from bridge import serving

app = serving.app()

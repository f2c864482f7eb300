"""Start the sandbox alone: ``python -m sandbox``."""

from __future__ import annotations

import argparse

from aiohttp import web

from sandbox.app import create_app


def main() -> None:
    """Read the arguments and serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8002)
    parser.add_argument("--webhook-url", default="http://127.0.0.1:8000/webhooks/whatsapp")
    parser.add_argument("--app-secret", default="sandbox-only")
    parser.add_argument("--access-token", default="sandbox-only")
    parser.add_argument("--phone-number-id", default="100000000000001")
    given = parser.parse_args()
    app = create_app(
        webhook_url=given.webhook_url,
        app_secret=given.app_secret,
        access_token=given.access_token,
        phone_number_id=given.phone_number_id,
    )
    web.run_app(app, host=given.host, port=given.port, access_log=None, shutdown_timeout=5)


if __name__ == "__main__":
    main()

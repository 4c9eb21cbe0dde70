"""Runs scim2-server in memory and prints its base URL. The bearer token is in SCIM_TOKEN."""

import logging
import os

from scim2_server.backend import InMemoryBackend
from scim2_server.provider import SCIMProvider
from scim2_server.utils import load_default_resource_types, load_default_schemas
from werkzeug.serving import WSGIRequestHandler, make_server


class KeepAlive(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"


def main():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = SCIMProvider(InMemoryBackend())
    for schema in load_default_schemas().values():
        app.register_schema(schema)
    for resource_type in load_default_resource_types().values():
        app.register_resource_type(resource_type)
    app.register_bearer_token(os.environ["SCIM_TOKEN"])
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=KeepAlive)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

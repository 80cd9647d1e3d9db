"""Runs moto's server, one request at a time, on a free port, and prints its address.

moto looks whether a key is taken, and stores the object, in two steps. In its own server, which has a thread for each
request, two writers can both find the key free; S3 itself lets only one of them through.
"""

import os
import sys

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=False)
print(f"Running on http://127.0.0.1:{server.port}", flush=True)
sys.stderr = open(os.devnull, "w")  # A line for each request.
server.serve_forever()
